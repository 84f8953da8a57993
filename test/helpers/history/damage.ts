/** Histories damaged from outside, and what must survive. */
import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import {
	existsSync,
	readFileSync,
	readdirSync,
	rmSync,
	writeFileSync,
} from 'node:fs';
import {join} from 'node:path';
import {frameLine} from '../../../source/protocol/codec.js';
import type {History} from '../../../source/history/history.js';
import type {SockchatError} from '../../../source/errors.js';
import {seqAt} from '../../../source/history/lines.js';
import type {Owner} from '../environment.js';
import {heronId, lineOf, look, makeFolder, otterId, range} from './kept.js';

/** The bytes of each file, by name without its folder. */
export type Files = ReadonlyMap<string, Buffer>;

export type Sample = {
	readonly path: string;
	readonly files: Files;
	readonly logId: string;
	/** Each entry's line; that of seq 1 is the first. */
	readonly lines: readonly Buffer[];
	/** The lock after the history was closed, or its server killed. */
	readonly locks: {readonly closed: string; readonly killed: string};
};

const folderOf = (path: string): string => join(path, '..');

const isLock = (name: string): boolean => name.includes('.lock');

export const filesIn = (path: string): Files =>
	new Map(
		readdirSync(folderOf(path))
			.filter(name => !isLock(name))
			.map(name => [name, readFileSync(join(folderOf(path), name))]),
	);

/** Its newest lock file. */
export const lockIn = (path: string): string =>
	join(
		folderOf(path),
		readdirSync(folderOf(path)).find(name => name.includes('.lock.'))!,
	);

/** What a killed server leaves in its lock: what it wrote while it ran. */
export const killedLock = (running: string): string =>
	running.replace(/"pid":\d+/, `"pid":${gonePid}`);

/** On a disk, thousands of starts take minutes. */
const inMemory = existsSync('/dev/shm') ? '/dev/shm' : undefined;

/** A pid that no process has: it is above the kernel's limit. */
const gonePid = 2 ** 30;

/**
 * Every kind of line, in groups of one to three, in three files. The one being
 * written holds entries: without any, no cut of it could lose one.
 */
export const makeSample = async (owner: Owner): Promise<Sample> => {
	const path = join(makeFolder(owner, inMemory), 'room.jsonl');
	const entry = (seq: number): Buffer => {
		const place = {seq, at: seq};
		const id = heronId;
		switch (seq % 5) {
			case 1: {
				const nick = 'heron';
				return Buffer.from(frameLine({type: 'joined', ...place, nick, id}));
			}

			case 3: {
				const names = {from: 'heron', to: 'wren'};
				return Buffer.from(
					frameLine({type: 'renamed', ...place, ...names, id}),
				);
			}

			case 4: {
				const who = {nick: 'wren', id, reason: 'quit'} as const;
				return Buffer.from(frameLine({type: 'left', ...place, ...who}));
			}

			default: {
				return lineOf(seq, {at: seq, text: `ü "${seq}"`});
			}
		}
	};

	const lines: Buffer[] = [];
	const logId = await look(
		path,
		async ({history}) => {
			for (const count of [1, 2, 1, 3, 1, 2, 1, 1, 1, 2, 1]) {
				const group = range(lines.length + 1, lines.length + count).map(entry);
				lines.push(...group);
				await history.append(Buffer.concat(group), () => ({
					head: lines.length,
					clients: [[otterId, lines.length] as const],
				}));
			}

			return history.recovered.logId;
		},
		{fileBytes: 600},
	);
	const closed = readFileSync(lockIn(path), 'utf8');
	const killed = killedLock(
		await look(path, () => readFileSync(lockIn(path), 'utf8')),
	);
	return {path, files: filesIn(path), logId, lines, locks: {closed, killed}};
};

/** Replaces all files, and the lock. */
export const place = (path: string, files: Files, lock: string): void => {
	for (const name of readdirSync(folderOf(path))) {
		rmSync(join(folderOf(path), name));
	}

	for (const [name, bytes] of files) {
		writeFileSync(join(folderOf(path), name), bytes, {mode: 0o600});
	}

	writeFileSync(`${path}.lock.1`, lock);
};

/** A checkpoint alone is replaced by the next one, which says the same. */
const isWithoutEntry = (bytes: Buffer): boolean =>
	/^\{"type":"checkpoint".*\n\{"type":"sum".*\n$/.test(bytes.toString());

/** Each file's bytes are still in some file. */
export const assertNothingDeleted = (before: Files, path: string): void => {
	const after = [...filesIn(path).values()];
	for (const [name, bytes] of before) {
		assert.ok(
			isWithoutEntry(bytes) ||
				after.some(
					each =>
						each.length >= bytes.length &&
						each.subarray(0, bytes.length).equals(bytes),
				),
			`${name} is gone`,
		);
	}
};

/** The entries that a member gets from a seq on, by seq; gaps are left out. */
export const deliveredFrom = async (
	history: History,
	first: number,
): Promise<Map<number, Buffer>> => {
	const {head, tail, tailFirstSeq} = history.recovered;
	const delivered = new Map<number, Buffer>();
	const add = (entries: Buffer) => {
		for (let at = 0; at < entries.length;) {
			const end = entries.indexOf(10, at) + 1;
			delivered.set(seqAt(entries, at) ?? NaN, entries.subarray(at, end));
			at = end;
		}
	};

	let seq = Math.max(first, history.firstSeq);
	while (seq < tailFirstSeq) {
		const pages = await history.read(seq, 200);
		if (!pages || !(pages.nextSeq > seq)) {
			break;
		}

		add(pages.entries);
		seq = pages.nextSeq;
	}

	if (head >= tailFirstSeq) {
		add(tail);
	}

	return delivered;
};

export type Damage = {
	readonly what: string;
	readonly files: Files;
	/** Entries up to this one are in whole groups of whole files. */
	readonly wholeSeq: number;
	/** Whether it may be refused, because it no longer looks like a history. */
	readonly isForeign?: boolean;
};

export const assertKept = async (
	sample: Sample,
	{what, files, wholeSeq, isForeign = false}: Damage,
	lock: 'closed' | 'killed',
): Promise<void> => {
	const {path, logId, lines} = sample;
	place(path, files, sample.locks[lock]);
	const explain = `${what}, its server ${lock}`;
	try {
		const logs = await look(path, async ({history, append}) => {
			const {recovered} = history;
			if (recovered.logId === logId) {
				assert.equal(recovered.head, lines.length, explain);
			}

			assertNothingDeleted(files, path);
			const delivered = await deliveredFrom(history, 1);
			for (const [seq, line] of delivered) {
				assert.deepEqual(line, lines[seq - 1], `${explain}: entry ${seq}`);
			}

			for (let seq = 1; seq <= wholeSeq; seq++) {
				assert.ok(
					delivered.has(seq) || (await history.read(seq, 1)),
					`${explain}: entry ${seq} is not served`,
				);
			}

			await append();
			return {now: recovered.logId, head: recovered.head};
		});
		await look(path, ({history}) => {
			const {recovered} = history;
			assert.equal(recovered.logId, logs.now, explain);
			assert.equal(recovered.head, logs.head + 1, explain);
			assert.equal(recovered.damagedPath, undefined, explain);
		});
	} catch (error) {
		if (!isForeign || (error as SockchatError).code !== 'ERR_HISTORY') {
			throw new Error(`${explain}: ${String(error)}`, {cause: error});
		}

		assertNothingDeleted(files, path);
	}
};

const headBytes = '{"type":"checkpoint","v":1,'.length;

/** The last entry in a whole group before an offset of a file. */
export const wholeBefore = (files: Files, name: string, at: number): number => {
	// The closed ones by number, then FILE.
	const order = (each: string) => (each === 'room.jsonl' ? `${each}.~` : each);
	const ordered = [...files].toSorted(([a], [b]) =>
		order(a) < order(b) ? -1 : 1,
	);
	let whole = 0;
	for (const [each, bytes] of ordered) {
		const text = bytes.toString('latin1');
		let behind = 0;
		for (const {0: sum, index} of text.matchAll(/\{"type":"sum".*\n/g)) {
			if (each === name && index + sum.length > at) {
				return whole;
			}

			const seqs = [
				...text.slice(behind, index).matchAll(/"(?:\w+)","seq":(\d+)/g),
			];
			whole = Number(seqs.at(-1)?.[1] ?? whole);
			behind = index + sum.length;
		}
	}

	return whole;
};

type Lock = keyof Sample['locks'];

export const bothLocks: readonly Lock[] = ['closed', 'killed'];

/** @param cases Which changes of a byte to try, and with which lock. */
export const assertFlipsKept = async (
	sample: Sample,
	cases: (
		name: string,
		at: number,
	) => ReadonlyArray<readonly [mask: number, lock: Lock]>,
): Promise<number> => {
	const {files} = sample;
	let tried = 0;
	for (const [name, bytes] of files) {
		for (let at = 0; at < bytes.length; at++) {
			for (const [mask, lock] of cases(name, at)) {
				const changed = Buffer.from(bytes);
				changed[at]! ^= mask;
				const damage = {
					what: `${name} at ${at} ^ ${mask}`,
					files: new Map(files).set(name, changed),
					wholeSeq: wholeBefore(files, name, at),
					isForeign: at < headBytes,
				};
				await assertKept(sample, damage, lock);
				tried++;
			}
		}
	}

	return tried;
};
