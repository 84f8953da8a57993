/** Measures the time of each key in a room with a history of a million entries. */
import {Buffer} from 'node:buffer';
import {mkdirSync, rmSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {setTimeout as delay} from 'node:timers/promises';
import {systemClock} from '../source/socket/clock.js';
import {openHistory} from '../source/history/history.js';
import {folder} from './native.js';
import {openPane, percentile, type Pane} from './pane.js';
import type {Tools} from './tools.js';

export type Past = {
	readonly entries: number;
	/** From the program's start to the newest entry on its screen. */
	readonly openMs: number;
	/** The 95th percentile of each. */
	readonly homeMs: number;
	readonly pageUpMs: number;
	readonly searchMs: number;
};

const entries = 1_000_000;
const groupOf = 5000;
const times = 20;
const id = '0123456789abcdef';

export const entryLine = (seq: number): string =>
	`${JSON.stringify({type: 'message', seq, at: 1_767_225_600_000 + seq, from: 'heron', id, n: seq, text: `entry ${seq}${seq % 50_000 === 7 ? ' needle' : ''}`})}\n`;

export const openPast = async (path: string) =>
	openHistory({
		path,
		fsync: 'interval',
		clock: systemClock,
		onTrouble(error) {
			if (error) {
				throw error;
			}
		},
	});

/** The history of a room with one sender. */
export const stateAt = (
	head: number,
): {head: number; clients: Array<[string, number]>} => ({
	head,
	clients: [[id, head]],
});

/** Written by the history's own writer, in larger groups than a room's. */
export const writePast = async (path: string, count: number): Promise<void> => {
	mkdirSync(dirname(path), {recursive: true, mode: 0o700});
	const history = await openPast(path);
	for (let seq = 1; seq <= count; seq += groupOf) {
		const lines = Array.from({length: groupOf}, (_, index) =>
			entryLine(seq + index),
		);
		const head = seq + groupOf - 1;
		await history.append(Buffer.from(lines.join('')), () => stateAt(head));
	}

	await history.close();
};

const firstEntry = (screen: readonly string[]): number | undefined => {
	const found = /entry (\d+)/.exec(screen.join('\n'))?.[1];
	return found === undefined ? undefined : Number(found);
};

const pageUp = '\u001B[5~';
const home = '\u001B[1~';
const escape = '\u001B';

const inPane = async (pane: Pane) => {
	const isAtEnd = (screen: readonly string[]) =>
		screen.some(row => row.includes(`entry ${entries}`));
	await pane.until(isAtEnd, 'newest entry');
	await pane.untilKeys();
	const homeMs: number[] = [];
	const pageUpMs: number[] = [];
	const searchMs: number[] = [];
	for (let index = 0; index < times; index++) {
		homeMs.push(
			await pane.typeMs(home, screen =>
				screen.some(row => /entry 1\b/.test(row)),
			),
		);
		await pane.typeMs(escape, isAtEnd);
		for (let page = 0; page < 3; page++) {
			const before = firstEntry(pane.screen());
			pageUpMs.push(
				await pane.typeMs(pageUp, screen => {
					const first = firstEntry(screen);
					return first !== undefined && first !== before;
				}),
			);
		}

		await pane.typeMs(escape, isAtEnd);
	}

	// Escape immediately followed by a key would be read as Alt and that key.
	await delay(200);
	for (let index = 0; index < times; index++) {
		const rare = `entry ${(index + 1) * 40_000}`;
		searchMs.push(
			await pane.typeMs(`/search ${rare}\r`, screen =>
				screen.some(row => row.includes(`with "${rare}"`)),
			),
		);
	}

	return {homeMs, pageUpMs, searchMs};
};

export const measurePast = async ({say}: Tools): Promise<Past> => {
	const path = join(folder, 'past', 'room.jsonl');
	await writePast(path, entries);
	const startedAt = performance.now();
	const pane = openPane(['serve', '--port', '0', '--history', path]);
	try {
		await pane.until(
			screen => screen.some(row => row.includes(`entry ${entries}`)),
			'newest entry',
		);
		const openMs = performance.now() - startedAt;
		const {homeMs, pageUpMs, searchMs} = await inPane(pane);
		const past = {
			entries,
			openMs,
			homeMs: percentile(homeMs, 0.95),
			pageUpMs: percentile(pageUpMs, 0.95),
			searchMs: percentile(searchMs, 0.95),
		};
		say(
			`${entries} entries: open ${openMs.toFixed(0)} ms; p95 of Home ${past.homeMs.toFixed(1)}, Page Up ${past.pageUpMs.toFixed(1)}, /search ${past.searchMs.toFixed(1)}`,
		);
		return past;
	} finally {
		await pane.close();
		rmSync(join(folder, 'past'), {recursive: true, force: true});
	}
};
