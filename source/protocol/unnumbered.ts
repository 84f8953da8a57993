/**
 * Entries without their seq, as they are on the way into an order that is made
 * elsewhere. Each is the JSON of the entry in the codec's order of keys, so the
 * same seq makes the same bytes on every server.
 */
import {Buffer} from 'node:buffer';
import {decodeServerFrame, frameLine, readSimpleMessage} from './codec.js';
import {maxFrameBytes, type Entry, type Message} from './frame.js';

const none = '"seq":0,';

/** @param line An entry's line, with the seq 0. */
export const withoutSeq = (line: string): string => {
	const at = line.indexOf(none);
	return line.slice(0, at) + line.slice(at + none.length, -1);
};

/** @param line An entry's line in the log, without its LF. */
export const textOf = (line: string): string => line.replace(/"seq":\d+,/, '');

/** Its line in the log, LF included. */
export const withSeq = (entry: string, seq: number): string => {
	const at = entry.indexOf(',') + 1;
	return `${entry.slice(0, at)}"seq":${seq},${entry.slice(at)}\n`;
};

/** Of one UTF-16 unit in UTF-8. */
const maxUnitBytes = 3;

/**
 * Reads a message that our codec wrote and that has no escape in it, with the
 * same result as `readUnnumbered`, but in a third of the time.
 *
 * @returns Undefined for any other text.
 */
export const readSimpleUnnumbered = (
	text: string,
	seq: number,
): {readonly line: string; readonly entry: Message} | undefined => {
	const line = withSeq(text, seq);
	if (line.length * maxUnitBytes > maxFrameBytes) {
		return undefined;
	}

	const entry = readSimpleMessage(line.slice(0, -1));
	return entry && {line, entry};
};

const types = new Set(['message', 'joined', 'left', 'renamed']);

/**
 * Reads what another server wrote.
 *
 * @returns Its line, as our codec writes it; undefined if it isn't an entry.
 */
export const readUnnumbered = (
	text: string,
	seq: number,
): {readonly line: string; readonly entry: Entry} | undefined => {
	const line = withSeq(text, seq);
	const bytes = Buffer.from(line);
	if (bytes.length > maxFrameBytes || bytes.indexOf(10) !== bytes.length - 1) {
		return undefined;
	}

	const decoded = decodeServerFrame(bytes.subarray(0, -1));
	if (decoded.kind !== 'frame' || !types.has(decoded.frame.type)) {
		return undefined;
	}

	const entry = decoded.frame as Entry;
	return entry.seq === seq ? {line: frameLine(entry), entry} : undefined;
};
