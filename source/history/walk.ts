/**
 * Walks over entries to restore what a room remembers: the head, and each
 * client's last n. A start does this for each entry of a file, so a line is parsed
 * only if the codec doesn't write that shape.
 */
import {Buffer} from 'node:buffer';
import {plainN, rememberedClients} from '../protocol/frame.js';
import {isCount} from './lines.js';

// A message up to its text, as the codec writes it. Latin 1 will do: the pattern
// is ASCII, which no byte of a longer UTF-8 sequence is.
const messageHead =
	/\{"type":"message","seq":(\d{1,16}),"at":\d+,"from":"(?:[^"\\\n]|\\.)*","id":"([\da-f]{16})","n":(\d{1,15}),"text":"/y;
const messageStart = '{"type":"message",';
const entryHead = /\{"type":"[a-z]+","seq":(\d{1,16}),/y;

type Entry = {
	readonly seq: number;
	/** The sender; undefined if it isn't a message. */
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

// A slice would keep the whole string in memory: a file.
const copyOf = (slice: string): string => Buffer.from(slice).toString();

/**
 * Walks whole entry lines and records the last n of each client.
 *
 * @param after The seq before the first of them.
 * @param lastN In order of last use, and limited in size, as in the room.
 * @returns The last seq; undefined if a line isn't an entry, or not the next one.
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
