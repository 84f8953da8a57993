/**
 * Measures a raw pipe beside nc, socat, ncat and Node's own `pipe`: a file
 * through a connection to a socat that discards it, and one from a socat to
 * /dev/null; each from the start of the program to its end.
 */
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {closeSync, openSync, truncateSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import process from 'node:process';
import {bin, script} from './contestants.js';
import {median} from './generator.js';
import {folder} from './native.js';
import {freePort} from './processes.js';
import type {Tools} from './tools.js';

export type PipeRow = {
	readonly name: string;
	/** Medians of all rounds. */
	readonly upMs: number;
	readonly downMs: number;
	/** Medians of the ratios to nc in the same round. */
	readonly ratio: {readonly up: number; readonly down: number};
};

const mebibytes = 512;

const clients: ReadonlyArray<
	readonly [name: string, command: (port: string) => readonly string[]]
> = [
	['nc', port => ['nc.openbsd', '-N', '127.0.0.1', port]],
	['sockchat', port => [process.execPath, bin, 'connect', '--raw', port]],
	['socat', port => ['socat', '-t', '60', '-', `TCP:127.0.0.1:${port}`]],
	['ncat', port => ['ncat', '127.0.0.1', port]],
	['`pipe` in Node', port => script('bare-pipe')(Number(port))],
];

/** A socat that moves bytes one way between a file and one connection. */
export const startFar = async (
	port: string,
	direction: 'up' | 'down',
	file: string,
) => {
	const listening = `TCP-LISTEN:${port},bind=127.0.0.1,reuseaddr`;
	const ends =
		direction === 'up'
			? [listening, 'OPEN:/dev/null']
			: [`OPEN:${file}`, listening];
	const far = spawn('socat', ['-d', '-d', '-u', '-b', '131072', ...ends], {
		stdio: ['ignore', 'ignore', 'pipe'],
	});
	let said = '';
	for await (const chunk of far.stderr) {
		said += String(chunk);
		if (said.includes('listening on')) {
			break;
		}
	}

	return far;
};

const runMs = async (
	command: (port: string) => readonly string[],
	direction: 'up' | 'down',
	file: string,
): Promise<number> => {
	const port = String(await freePort());
	const far = await startFar(port, direction, file);
	const input = openSync(direction === 'up' ? file : '/dev/null', 'r');
	const output = openSync('/dev/null', 'w');
	const [program, ...args] = command(port);
	const startedAt = performance.now();
	const near = spawn(program!, args, {stdio: [input, output, 'inherit']});
	const [code] = (await once(near, 'exit')) as [number];
	const elapsed = performance.now() - startedAt;
	closeSync(input);
	closeSync(output);
	far.kill();
	if (code !== 0) {
		throw new Error(`${program!} ended with ${code}.`);
	}

	return elapsed;
};

export const measurePipe = async ({rounds, say}: Tools) => {
	const file = join(folder, 'pipe');
	writeFileSync(file, '');
	truncateSync(file, mebibytes * 1024 * 1024);
	const measured = clients.map(([name]) => ({
		name,
		up: [] as number[],
		down: [] as number[],
	}));
	for (let round = 0; round < Math.max(rounds, 5); round++) {
		for (const direction of ['up', 'down'] as const) {
			for (const [index, [, command]] of clients.entries()) {
				measured[index]![direction].push(await runMs(command, direction, file));
			}
		}
	}

	const ofNc = (times: readonly number[], direction: 'up' | 'down') =>
		median(times.map((ms, round) => ms / measured[0]![direction][round]!));
	const rows = measured.map(({name, up, down}): PipeRow => ({
		name,
		upMs: median(up),
		downMs: median(down),
		ratio: {up: ofNc(up, 'up'), down: ofNc(down, 'down')},
	}));
	for (const {name, upMs, downMs, ratio} of rows) {
		say(
			`${name}: up ${upMs.toFixed(0)} ms (${ratio.up.toFixed(2)}×), down ${downMs.toFixed(0)} ms (${ratio.down.toFixed(2)}×)`,
		);
	}

	return {mebibytes, rows};
};
