/** Histories in folders of their own, and entries for them. */
import {Buffer} from 'node:buffer';
import {mkdtempSync, readdirSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {frameLine} from '../../../source/protocol/codec.js';
import type {Message} from '../../../source/protocol/frame.js';
import {
	openHistory,
	type History,
	type HistoryOptions,
} from '../../../source/history/history.js';
import {FakeClock} from '../clock.js';
import type {Owner} from '../environment.js';

export const otterId = '0123456789abcdef';
export const heronId = 'fedcba9876543210';

export const messageOf = (
	seq: number,
	part: Partial<Message> = {},
): Message => ({
	type: 'message',
	seq,
	at: 1_767_000_000_000 + seq,
	from: 'otter',
	id: otterId,
	n: seq,
	text: `text ${seq}`,
	...part,
});

export const lineOf = (seq: number, part: Partial<Message> = {}): Buffer =>
	Buffer.from(frameLine(messageOf(seq, part)));

/** Message lines from one seq to another. */
export const linesOf = (first: number, last: number): Buffer =>
	Buffer.concat(
		Array.from({length: last - first + 1}, (_, index) => lineOf(first + index)),
	);

/** The seqs of some lines, by JSON.parse. */
export const seqsOf = (entries: Buffer | readonly Buffer[]): number[] =>
	(Array.isArray(entries) ? Buffer.concat(entries) : entries)
		.toString()
		.split('\n')
		.slice(0, -1)
		.map(line => (JSON.parse(line) as {seq: number}).seq);

export const range = (first: number, last: number): number[] =>
	Array.from({length: last - first + 1}, (_, index) => first + index);

/** A folder for one test, 0700. */
export const makeFolder = (owner: Owner, below = tmpdir()): string => {
	const folder = mkdtempSync(join(below, 'sockchat-history-'));
	owner.after(async () => {
		rmSync(folder, {recursive: true, force: true});
	});
	return folder;
};

export const makePath = (owner: Owner): string =>
	join(makeFolder(owner), 'room.jsonl');

/** The names in a history's folder, without its locks. */
export const namesBeside = (path: string): string[] =>
	readdirSync(join(path, '..'))
		.filter(name => !name.includes('.lock'))
		.toSorted();

export type Kept = {
	readonly history: History;
	readonly clock: FakeClock;
	readonly troubles: Error[];
	/** How often it reported that a failure is over. */
	mended(): number;
	/** The seq of the last entry that was appended. */
	readonly head: number;
	/** Appends messages from the head on, as one group. */
	append(count?: number): Promise<void>;
	/** Appends as many groups of one message each. */
	appendEach(count: number): Promise<void>;
};

export const stateAt = (head: number) => () => ({
	head,
	clients: [[otterId, head] as const],
});

export const open = async (
	path: string,
	options: Partial<HistoryOptions> = {},
): Promise<Kept> => {
	const clock = new FakeClock();
	const troubles: Error[] = [];
	let mended = 0;
	const history = await openHistory({
		path,
		fsync: 'interval',
		clock,
		onTrouble(error) {
			if (error) {
				troubles.push(error);
			} else {
				mended++;
			}
		},
		...options,
	});
	let {head} = history.recovered;
	const append = async (count = 1) => {
		const last = head + count;
		await history.append(linesOf(head + 1, last), stateAt(last));
		head = last;
	};

	return {
		history,
		clock,
		troubles,
		mended: () => mended,
		get head() {
			return head;
		},
		append,
		async appendEach(count) {
			for (let done = 0; done < count; done++) {
				await append();
			}
		},
	};
};

/** A history in a folder of its own; closed, then removed, with its owner. */
export const openNew = async (
	owner: Owner,
	options?: Partial<HistoryOptions>,
): Promise<Kept> => {
	const folder = mkdtempSync(join(tmpdir(), 'sockchat-history-'));
	const kept = await open(join(folder, 'room.jsonl'), options);
	owner.after(async () => {
		await kept.history.close();
		rmSync(folder, {recursive: true, force: true});
	});
	return kept;
};

/** Opens, looks, and closes again. */
export const look = async <Result>(
	path: string,
	see: (kept: Kept) => Result | Promise<Result>,
	options?: Partial<HistoryOptions>,
): Promise<Result> => {
	const kept = await open(path, options);
	try {
		return await see(kept);
	} finally {
		await kept.history.close();
	}
};
