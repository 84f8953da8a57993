/**
 * The lines of a history file.
 *
 * An entry is the same bytes as on the wire. Two other kinds of line exist: the
 * checkpoint that starts a file, and the sum after each group of lines written
 * together. No entry can contain the start of a sum: JSON escapes every quote in
 * a string.
 */
import {Buffer} from 'node:buffer';
import {crc32} from 'node:zlib';

const historyVersion = 1;

const sumStart = '{"type":"sum","crc":"';
const sumNeedle = Buffer.from(sumStart);
const sumEnd = Buffer.from('"}\n');

const crcDigits = 8;

/** The length of each sum line, LF included. */
export const sumBytes = sumStart.length + crcDigits + sumEnd.length;

const lf = 10;

/** A file's first line, so no older file needs to be read. */
export type Checkpoint = {
	/** The log's identity. */
	readonly logId: string;
	/** The seq of the last entry before this file. */
	readonly head: number;
	/** The highest n stored for each client's public id, oldest use first. */
	readonly clients: Iterable<readonly [id: string, n: number]>;
};

/** @param crc Of all bytes of the file before this line. */
export const sumLine = (crc: number): Buffer =>
	Buffer.from(`${sumStart}${crc.toString(16).padStart(crcDigits, '0')}"}\n`);

/** The next sum line's offset, whole or not; -1 if there is none. */
export const findSum = (bytes: Buffer, from: number): number =>
	bytes.indexOf(sumNeedle, from);

export const isSumAt = (bytes: Buffer, at: number): boolean =>
	bytes[at + 9] === sumNeedle[9] &&
	bytes.subarray(at, at + sumNeedle.length).equals(sumNeedle);

// By character code, as a start does this for each group.
const hexDigit = (byte: number | undefined): number => {
	if (byte === undefined || byte < 0x30 || byte > 0x66) {
		return -1;
	}

	if (byte <= 0x39) {
		return byte - 0x30;
	}

	return byte < 0x61 ? -1 : byte - 0x57;
};

/**
 * The crc in a sum line; undefined if the line isn't whole.
 *
 * @param at Where `findSum` found it.
 */
export const claimAt = (bytes: Buffer, at: number): number | undefined => {
	const digits = at + sumStart.length;
	let claim = 0;
	for (let index = 0; index < crcDigits; index++) {
		const digit = hexDigit(bytes[digits + index]);
		if (digit === -1) {
			return undefined;
		}

		claim = claim * 16 + digit;
	}

	const isEnded = sumEnd.every(
		(byte, index) => bytes[digits + crcDigits + index] === byte,
	);
	return isEnded ? claim : undefined;
};

/** Whether these bytes, or none, are the start of a sum line. */
export const isSumStart = (bytes: Buffer): boolean =>
	bytes.length < sumBytes &&
	bytes.every((byte, at) => {
		const digit = at - sumStart.length;
		return digit < 0
			? byte === sumNeedle[at]
			: digit < crcDigits
				? hexDigit(byte) !== -1
				: byte === sumEnd[digit - crcDigits];
	});

/** A checkpoint and its sum: a new file. */
export const checkpointGroup = ({logId, head, clients}: Checkpoint): Buffer => {
	const line = Buffer.from(
		`${JSON.stringify({
			type: 'checkpoint',
			v: historyVersion,
			log: logId,
			seq: head,
			clients: Object.fromEntries(clients),
		})}\n`,
	);
	return Buffer.concat([line, sumLine(crc32(line))]);
};

/** The first bytes of every history file. */
const checkpointStart = Buffer.from('{"type":"checkpoint","v":1,');

/** Whether a file may be the start of a history file, however short. */
export const beginsAsOurs = (bytes: Buffer): boolean => {
	const length = Math.min(bytes.length, checkpointStart.length);
	return bytes.subarray(0, length).equals(checkpointStart.subarray(0, length));
};

const checkpointLog = /^\{"type":"checkpoint","v":1,"log":"([^"\\]+)",/;

/** The log's identity in a file's first bytes. */
export const logIdIn = (bytes: Buffer): string | undefined =>
	checkpointLog.exec(bytes.toString('latin1'))?.[1];

export const isCount = (value: unknown): value is number =>
	Number.isSafeInteger(value) && (value as number) >= 0;

/** @returns Undefined if the line isn't a checkpoint of this version. */
export const parseCheckpoint = (
	line: string,
): (Checkpoint & {readonly clients: Map<string, number>}) | undefined => {
	if (!line.startsWith(checkpointStart.toString())) {
		return undefined;
	}

	let value: {log?: unknown; seq?: unknown; clients?: unknown};
	try {
		value = JSON.parse(line) as typeof value;
	} catch {
		return undefined;
	}

	const {log, seq, clients} = value;
	if (
		typeof log !== 'string' ||
		!isCount(seq) ||
		typeof clients !== 'object' ||
		clients === null
	) {
		return undefined;
	}

	const pairs = Object.entries(clients);
	return pairs.every((pair): pair is [string, number] => isCount(pair[1]))
		? {logId: log, head: seq, clients: new Map(pairs)}
		: undefined;
};

const entryHead = /\{"type":"[a-z]+","seq":(\d{1,16}),/y;
const entryHeadBytes = 64;

/** The seq of the entry line at an offset; undefined if none starts there. */
export const seqAt = (bytes: Buffer, at: number): number | undefined => {
	entryHead.lastIndex = 0;
	const found = entryHead.exec(
		bytes.toString('latin1', at, at + entryHeadBytes),
	);
	return found ? Number(found[1]) : undefined;
};

/** The seq of the last of these entry lines. */
export const lastSeqOf = (entries: Buffer): number | undefined =>
	seqAt(entries, entries.lastIndexOf(lf, -2) + 1);

/** Entry lines without the sum lines between them; all lines are whole. */
export const withoutSums = (bytes: Buffer): Buffer => {
	const parts: Buffer[] = [];
	let start = 0;
	let sum = findSum(bytes, 0);
	while (sum !== -1) {
		parts.push(bytes.subarray(start, sum));
		start = sum + sumBytes;
		sum = findSum(bytes, start);
	}

	parts.push(bytes.subarray(start));
	return Buffer.concat(parts);
};
