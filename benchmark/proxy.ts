/**
 * Measures the proxy beside socat: a file through each of them to a socat that
 * discards it, from the first connection to the end of the last program; and the
 * proxy alone, while it records what passes.
 */
import {randomBytes} from 'node:crypto';
import {spawn, type ChildProcess} from 'node:child_process';
import {once} from 'node:events';
import {
	readFileSync,
	rmSync,
	statSync,
	truncateSync,
	writeFileSync,
} from 'node:fs';
import {join} from 'node:path';
import process from 'node:process';
import {setTimeout as delay} from 'node:timers/promises';
import {bin} from './contestants.js';
import {median} from './generator.js';
import {folder} from './native.js';
import {startFar} from './pipe.js';
import {freePort, memoryMb} from './processes.js';
import type {Tools} from './tools.js';

export type ProxyRow = {
	readonly name: string;
	/** A median of all rounds, as all here. */
	readonly ms: number;
	/** Of the ratios to socat in the same round; it records nothing. */
	readonly ratio?: number;
	/** The peak of its memory. */
	readonly peakMb: number;
	/** What was recorded, and how large the recording is. */
	readonly recorded?: {readonly mebibytes: number; readonly fileMb: number};
};

const mebibytes = 512;
// It is text, as the bytes are in a recording twice: as base64 and as text.
const recordedMebibytes = 64;

type Relay = (from: string, to: string) => readonly string[];

const socat =
	(...flags: readonly string[]): Relay =>
	(from, to) => [
		'socat',
		...flags,
		`TCP-LISTEN:${from},bind=127.0.0.1,reuseaddr`,
		`TCP:127.0.0.1:${to}`,
	];

const proxy =
	(...flags: readonly string[]): Relay =>
	(from, to) => [process.execPath, bin, 'proxy', from, to, '--once', ...flags];

const relays: ReadonlyArray<readonly [name: string, command: Relay]> = [
	['socat', socat()],
	['socat -b 131072', socat('-b', '131072')],
	['sockchat proxy', proxy()],
	['sockchat proxy -q', proxy('-q')],
];

// A connection to see whether it listens would be the one that it serves.
const untilListening = async (
	port: string,
	program: ChildProcess,
): Promise<void> => {
	const place = Number(port).toString(16).toUpperCase().padStart(4, '0');
	const row = new RegExp(`: 0100007F:${place} \\S+ 0A `);
	while (!row.test(readFileSync('/proc/net/tcp', 'utf8'))) {
		if (program.exitCode !== null) {
			throw new Error(`${program.spawnfile} does not listen.`);
		}

		await delay(10);
	}
};

/** The peak of a process, polled until it has ended. */
const peakOf = async (child: ChildProcess): Promise<number> => {
	let peak = 0;
	while (child.exitCode === null && child.signalCode === null) {
		try {
			peak = Math.max(peak, memoryMb(child.pid!, 'VmHWM'));
		} catch {
			// It has just ended.
		}

		await delay(20);
	}

	return peak;
};

const passOnce = async (relay: Relay, file: string) => {
	const to = String(await freePort());
	const far = await startFar(to, 'up', file);
	const farEnd = once(far, 'exit');
	const from = String(await freePort());
	const [program, ...args] = relay(from, to);
	const middle = spawn(program!, args, {
		stdio: ['ignore', 'ignore', 'inherit'],
	});
	const middleEnd = once(middle, 'exit');
	const peak = peakOf(middle);
	await untilListening(from, middle);
	const startedAt = performance.now();
	const near = spawn(
		'socat',
		['-u', '-b', '131072', `OPEN:${file}`, `TCP:127.0.0.1:${from}`],
		{stdio: ['ignore', 'ignore', 'inherit']},
	);
	await Promise.all([once(near, 'exit'), middleEnd, farEnd]);
	const ms = performance.now() - startedAt;
	if (middle.exitCode !== 0) {
		throw new Error(`${program!} ended with ${middle.exitCode}.`);
	}

	return {ms, peakMb: await peak};
};

/** Lines of text with a few escapes, as logs have them. */
const writeText = (file: string): void => {
	const line = `${randomBytes(48).toString('base64')}\t"é"\n`;
	const mebibyte = line.repeat(Math.ceil(2 ** 20 / line.length));
	writeFileSync(file, mebibyte.repeat(recordedMebibytes));
};

export const measureProxy = async ({rounds, say}: Tools) => {
	const file = join(folder, 'pipe');
	const text = join(folder, 'text');
	const recording = join(folder, 'recording');
	writeFileSync(file, '');
	truncateSync(file, mebibytes * 1024 * 1024);
	writeText(text);
	const measured = relays.map(() => ({
		ms: [] as number[],
		peakMb: [] as number[],
	}));
	const recorded = {
		ms: [] as number[],
		peakMb: [] as number[],
		fileMb: [] as number[],
	};
	for (let round = 0; round < Math.max(rounds, 5); round++) {
		for (const [index, [, relay]] of relays.entries()) {
			const {ms, peakMb} = await passOnce(relay, file);
			measured[index]!.ms.push(ms);
			measured[index]!.peakMb.push(peakMb);
		}

		rmSync(recording, {force: true});
		const {ms, peakMb} = await passOnce(
			proxy('-q', '--record', recording),
			text,
		);
		recorded.ms.push(ms);
		recorded.peakMb.push(peakMb);
		recorded.fileMb.push(statSync(recording).size / 2 ** 20);
	}

	rmSync(recording);
	const rows: ProxyRow[] = relays.map(([name], index) => {
		const {ms, peakMb} = measured[index]!;
		return {
			name,
			ms: median(ms),
			ratio: median(ms.map((each, round) => each / measured[0]!.ms[round]!)),
			peakMb: median(peakMb),
		};
	});
	rows.push({
		name: 'sockchat proxy -q --record',
		ms: median(recorded.ms),
		peakMb: median(recorded.peakMb),
		recorded: {
			mebibytes: statSync(text).size / 2 ** 20,
			fileMb: median(recorded.fileMb),
		},
	});
	for (const {name, ms, ratio, peakMb} of rows) {
		say(
			`${name}: ${ms.toFixed(0)} ms${ratio === undefined ? '' : ` (${ratio.toFixed(2)}×)`}, ${peakMb.toFixed(0)} MB`,
		);
	}

	return {mebibytes, rows};
};
