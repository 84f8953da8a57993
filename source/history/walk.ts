/**
 * Over entries from one to the next, for what a room remembers of them: the
 * head, and for each client the last n. A start does this for each entry of a
 * file, so a line is not parsed unless it is of a shape that we don't write.
 */
import {Buffer} from 'node:buffer';
import {plainN, rememberedClients} from '../protocol/frame.js';
import {isCount} from './lines.js';

// As the codec writes a message, up to its text. Latin 1 serves: what is
// looked for is ASCII, and no byte of a longer UTF-8 sequence is.
const messageHead =
	/\{"type":"message","seq":(\d{1,16}),"at":\d+,"from":"(?:[^"\\\n]|\\.)*","id":"([\da-f]{16})","n":(\d{1,15}),"text":"/y;
const messageStart = '{"type":"message",';
const entryHead = /\{"type":"[a-z]+","seq":(\d{1,16}),/y;

type Entry = {
	readonly seq: number;
	/** Undefined where nobody said it. */
	readonly id: string | undefined;
	readonly n: number;
};

const parsed = (line: string, seq: number): Entry | undefined => {
	try {
		const {id, n} = JSON.parse(Buffer.from(line, 'latin1').toString()) as {
			id?: unknown;
			n?: unknown;
		};
		return typeof id === 'string' && isCount(n) ? {seq, id, n} : undefined;
	} catch {
		return undefined;
	}
};

const entryOf = (
	lines: string,
	start: number,
	end: number,
): Entry | undefined => {
	messageHead.lastIndex = start;
	const message = messageHead.exec(lines);
	if (message) {
		const [, seq, id, n] = message;
		return {seq: Number(seq), id, n: Number(n)};
	}

	entryHead.lastIndex = start;
	const head = entryHead.exec(lines);
	if (!head) {
		return undefined;
	}

	const seq = Number(head[1]);
	return lines.startsWith(messageStart, start)
		? parsed(lines.slice(start, end), seq)
		: {seq, id: undefined, n: 0};
};

// A slice of a string keeps the whole of it in memory, here a file.
const copyOf = (slice: string): string => Buffer.from(slice).toString();

/**
 * Walks whole entry lines, and notes for each client the last n in them.
 *
 * @param after The seq that the first of them follows.
 * @param lastN In the order of last use, as the room keeps it, and no more of
 * them.
 * @returns The last one's seq; undefined where a line is no entry, or not the
 * next one.
 */
export const walkEntries = (
	bytes: Buffer,
	after: number,
	lastN: Map<string, number>,
): number | undefined => {
	const lines = bytes.toString('latin1');
	const uses = new Map<string, {n: number; seq: number}>();
	let seq = after;
	let start = 0;
	while (start < lines.length) {
		const end = lines.indexOf('\n', start);
		const entry = end === -1 ? undefined : entryOf(lines, start, end);
		if (entry?.seq !== seq + 1) {
			return undefined;
		}

		seq++;
		start = end + 1;
		if (entry.id === undefined || entry.n === plainN) {
			continue;
		}

		const use = uses.get(entry.id);
		if (use) {
			use.n = entry.n;
			use.seq = seq;
		} else {
			uses.set(copyOf(entry.id), {n: entry.n, seq});
		}
	}

	for (const [id, {n}] of [...uses].toSorted(([, a], [, b]) => a.seq - b.seq)) {
		lastN.delete(id);
		lastN.set(id, n);
	}

	for (const id of lastN.keys()) {
		if (lastN.size <= rememberedClients) {
			break;
		}

		lastN.delete(id);
	}

	return seq;
};
