/** Measures the screen under a flood, and with a history of a million entries. */
import {connect} from 'node:net';
import {setTimeout as delay} from 'node:timers/promises';
import {startServer} from './contestants.js';
import {openPane, percentile, cpuSeconds, type Pane} from './pane.js';
import {memoryMb} from './processes.js';
import {measurePast} from './past.js';
import type {Tools} from './tools.js';

export type ScreenFlood = {
	readonly keyP50Ms: number;
	readonly keyP95Ms: number;
	/** The share of a core that the client used. */
	readonly cpuShare: number;
	readonly perSecond: number;
	readonly frames: number;
	/** Frames that show a message below a later one. */
	readonly disordered: number;
	readonly rssStartMb: number;
	/** After each million, and at the end. */
	readonly rss: ReadonlyArray<{readonly messages: number; readonly mb: number}>;
};

const perSecond = 10_000;
/** After the measured seconds; only the memory is measured there. */
const hurriedPerSecond = 40_000;
const rssEvery = 1_000_000;
const measuredMs = 12_000;
const betweenKeysMs = 60;

/** Sends `flood N` as a plain peer, at a fixed pace. */
const startFlood = (port: number) => {
	const socket = connect(port, '127.0.0.1');
	socket.setNoDelay(true);
	socket.resume();
	let said = 0;
	let pace = perSecond;
	let paceSince = performance.now();
	let saidBefore = 0;
	const timer = setInterval(() => {
		const due =
			saidBefore + ((performance.now() - paceSince) / 1000) * pace - said;
		if (due < 1 || socket.writableLength > 0) {
			return;
		}

		const lines = Array.from(
			{length: Math.min(1000, Math.floor(due))},
			() => `flood ${++said}\n`,
		);
		socket.write(lines.join(''));
	}, 5);
	return {
		said: () => said,
		hurry() {
			saidBefore = said;
			paceSince = performance.now();
			pace = hurriedPerSecond;
		},
		stop() {
			clearInterval(timer);
			socket.destroy();
		},
	};
};

const numbersOn = (screen: readonly string[]): number[] =>
	Array.from(screen.join('\n').matchAll(/flood (\d+)/g), ([, number]) =>
		Number(number),
	);

const isOrdered = (numbers: readonly number[]): boolean =>
	numbers.every((number, index) => index === 0 || number > numbers[index - 1]!);

/** Measures key presses one after another for a while. */
const typeForAWhile = async (pane: Pane): Promise<number[]> => {
	const times: number[] = [];
	const endsAt = performance.now() + measuredMs;
	let draft = '';
	while (performance.now() < endsAt) {
		draft = draft.length < 20 ? `${draft}k` : '';
		const wanted = draft;
		times.push(
			await pane.typeMs(draft === '' ? '\u0015' : 'k', screen => {
				const row = screen.find(each => each.includes('›')) ?? '';
				const typed = /›\s?(k*)/.exec(row)?.[1] ?? '';
				return typed === wanted;
			}),
		);
		await delay(betweenKeysMs);
	}

	return times;
};

const measureFlood = async (
	{contestants, say}: Tools,
	messages: number,
): Promise<ScreenFlood> => {
	const server = await startServer(
		contestants.find(({name}) => name === 'sockchat')!,
	);
	let frames = 0;
	let disordered = 0;
	const pane = openPane(
		['connect', '--port', String(server.port), '--nick', 'otter'],
		screen => {
			frames++;
			disordered += isOrdered(numbersOn(screen)) ? 0 : 1;
		},
	);
	let flood: ReturnType<typeof startFlood> | undefined;
	try {
		await pane.untilKeys();
		const rssStartMb = memoryMb(pane.pid, 'VmRSS');
		flood = startFlood(server.port);
		await pane.until(screen => numbersOn(screen).length > 0, 'flood');
		await delay(1000);
		const [cpuBefore, before, saidBefore] = [
			cpuSeconds(pane.pid),
			performance.now(),
			flood.said(),
		];
		const times = await typeForAWhile(pane);
		const seconds = (performance.now() - before) / 1000;
		const result = {
			keyP50Ms: percentile(times, 0.5),
			keyP95Ms: percentile(times, 0.95),
			cpuShare: (cpuSeconds(pane.pid) - cpuBefore) / seconds,
			perSecond: (flood.said() - saidBefore) / seconds,
		};
		flood.hurry();
		const rss: Array<{messages: number; mb: number}> = [];
		const noteRss = (said: number) => {
			rss.push({messages: said, mb: memoryMb(pane.pid, 'VmRSS')});
		};

		while (flood.said() < messages) {
			await delay(50);
			const said = flood.said();
			if (said < messages && said >= (rss.length + 1) * rssEvery) {
				noteRss(said);
			}
		}

		const end = flood.said();
		flood.stop();
		await pane.until(
			screen => (numbersOn(screen).at(-1) ?? 0) >= end - 1000,
			'the last of the flood',
		);
		noteRss(end);
		const flooded = {...result, frames, disordered, rssStartMb, rss};
		say(
			`${flooded.perSecond.toFixed(0)} a second: a key ${flooded.keyP50Ms.toFixed(1)} ms, p95 ${flooded.keyP95Ms.toFixed(1)}, ${(flooded.cpuShare * 100).toFixed(0)}% of a core, ${rssStartMb.toFixed(0)} MB, ${rss.map(({mb, ...after}) => `${mb.toFixed(0)} after ${after.messages}`).join(', ')}, ${disordered} of ${frames} frames out of order`,
		);
		return flooded;
	} finally {
		flood?.stop();
		await pane.close();
		await server.stop();
	}
};

export const measureScreen = async (tools: Tools) => ({
	flood: await measureFlood(tools, tools.messages),
	past: await measurePast(tools),
});
