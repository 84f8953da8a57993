/** Measures an entry in a long history, and a row in a long peer table. */
import {Buffer} from 'node:buffer';
import {rmSync} from 'node:fs';
import {join} from 'node:path';
import {peerRow, now} from '../test/helpers/models.js';
import {peerTableRows, sortPeers} from '../source/ui/peers/peer-table.js';
import {median} from './generator.js';
import {folder} from './native.js';
import {entryLine, openPast, stateAt, writePast} from './past.js';
import type {Tools} from './tools.js';

export type EntryPoint = {
	readonly entries: number;
	/** Until its contents are known. */
	readonly openMs: number;
	/** For one more entry, in its own group. */
	readonly appendUs: number;
};

export type RowPoint = {
	readonly peers: number;
	/** For the visible rows of one frame. */
	readonly frameUs: number;
	/** Once a second, as the figures change. */
	readonly sortMs: number;
};

const appends = 500;
const frames = 300;

const since = (start: number): number => performance.now() - start;

const measureEntries = async (
	entries: number,
	rounds: number,
): Promise<EntryPoint> => {
	const place = join(folder, 'entries');
	const path = join(place, 'room.jsonl');
	await writePast(path, entries);
	const openMs: number[] = [];
	const appendUs: number[] = [];
	let seq = entries;
	for (let round = 0; round < rounds; round++) {
		const opened = performance.now();
		const history = await openPast(path);
		openMs.push(since(opened));
		const appended = performance.now();
		for (let count = 0; count < appends; count++) {
			seq++;
			const head = seq;
			await history.append(Buffer.from(entryLine(seq)), () => stateAt(head));
		}

		appendUs.push((since(appended) / appends) * 1000);
		await history.close();
	}

	rmSync(place, {recursive: true, force: true});
	return {entries, openMs: median(openMs), appendUs: median(appendUs)};
};

const measureRows = (count: number): RowPoint => {
	const peers = Array.from({length: count}, (_, index) =>
		peerRow({nick: `m${index}`, bytesIn: (index * 7919) % 100_003}),
	);
	const sortMs: number[] = [];
	const frameUs: number[] = [];
	const bytesIn = 7;
	for (let frame = 0; frame < frames; frame++) {
		const sorting = performance.now();
		const sorted = sortPeers(peers, bytesIn);
		sortMs.push(since(sorting));
		const drawing = performance.now();
		peerTableRows({
			peers: sorted,
			mode: 'room',
			sortedBy: bytesIn,
			top: 0,
			now,
			width: 100,
			height: 20,
		});
		frameUs.push(since(drawing) * 1000);
	}

	return {peers: count, frameUs: median(frameUs), sortMs: median(sortMs)};
};

export const measureSizes = async ({rounds, say}: Tools) => {
	const entries: EntryPoint[] = [];
	for (const count of [5000, 50_000, 500_000, 1_000_000]) {
		const point = await measureEntries(count, rounds);
		entries.push(point);
		say(
			`${count} entries: open ${point.openMs.toFixed(0)} ms, append ${point.appendUs.toFixed(0)} µs`,
		);
	}

	const rows = [10, 100, 1000, 10_000].map(count => measureRows(count));
	for (const {peers, frameUs, sortMs} of rows) {
		say(
			`${peers} peers: frame ${frameUs.toFixed(0)} µs, sort ${sortMs.toFixed(2)} ms`,
		);
	}

	return {entries, rows};
};
