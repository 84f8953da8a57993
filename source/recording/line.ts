/**
 * The lines of a recording. All but the head and `fin` are the events that
 * `--json` prints; lines of other types are skipped.
 */
import {Buffer} from 'node:buffer';
import {quoted} from '../errors.js';
import type {LinkType, Packet} from '../tcp/pcap.js';
import type {MessageKind} from '../event/link-facts.js';
import type {ChunkObject} from './chunk-objects.js';
import {parseRecordedLink, type RecordedLink} from './link.js';

/** Whose `out` is what: of a proxy's, it goes from the client to the target. */
export type RecordedSide = 'connect' | 'serve' | 'proxy';

export type RecordingHead = {
	readonly type: 'recording';
	readonly v: 1;
	readonly side: RecordedSide;
	/** Where it connected to, or was to listen. */
	readonly address: string;
	/** What carried the bytes; of a proxy's, to its target. */
	readonly link?: RecordedLink | undefined;
	readonly at: number;
};

export type Direction = 'in' | 'out';

/** `reset` is the direction whose sender sent RST, if that is known. */
export type RecordingLine =
	| ChunkObject
	| {
			readonly type: 'state';
			readonly phase: 'open';
			readonly at: number;
			readonly local?: string | undefined;
			readonly remote?: string | undefined;
	  }
	| {
			readonly type: 'state';
			readonly phase: 'closed';
			readonly at: number;
			readonly cause?: {readonly code: string; readonly message: string};
			readonly reset?: Direction | undefined;
	  }
	| {readonly type: 'accepted'; readonly at: number; readonly peer: string}
	| {
			readonly type: 'ended';
			readonly at: number;
			readonly peer: string;
			readonly reason: string;
			readonly reset?: Direction | undefined;
			readonly bytesIn: number;
			readonly bytesOut: number;
	  }
	/** Captured, with all of its headers. */
	| {
			readonly type: 'packet';
			readonly at: number;
			/** Microseconds since the epoch. */
			readonly atUs: number;
			readonly linkType: LinkType;
			/** Its length on the wire. */
			readonly length: number;
			readonly base64: string;
	  }
	/** A direction has ended. */
	| {
			readonly type: 'fin';
			readonly direction: Direction;
			readonly peer: string | undefined;
			readonly at: number;
	  };

/** What happened on a connection, whoever recorded it. */
export type Recorded =
	| {
			readonly type: 'open';
			readonly at: number;
			readonly peer: string;
			readonly local: string | undefined;
			readonly remote: string | undefined;
	  }
	| {
			readonly type: 'closed';
			readonly at: number;
			readonly peer: string;
			/** The direction whose sender sent RST, if one did and that is known. */
			readonly reset?: Direction | undefined;
	  }
	| {
			readonly type: 'chunk' | 'fin';
			readonly at: number;
			readonly peer: string;
			readonly direction: Direction;
			/** None for a FIN. */
			readonly bytes: Buffer;
			/** How a WebSocket message was sent. */
			readonly frame?: MessageKind | undefined;
	  };

export type CapturedPacket = {
	readonly type: 'packet';
	readonly packet: Packet;
};

/** What a line should have been, for a sentence. */
export type Wrong = {readonly expected: string};

export const isWrong = (value: object): value is Wrong => 'expected' in value;

const objectOf = (line: string): Record<string, unknown> | undefined => {
	try {
		const value: unknown = JSON.parse(line);
		return typeof value === 'object' && value !== null
			? (value as Record<string, unknown>)
			: undefined;
	} catch {
		return undefined;
	}
};

const textOf = (value: unknown): string | undefined =>
	typeof value === 'string' ? value : undefined;

export const parseHead = (line: string): RecordingHead | Wrong => {
	const head = objectOf(line);
	if (head?.['type'] !== 'recording') {
		return {expected: 'the head of a recording, {"type":"recording",…}'};
	}

	const {v, side, address, at} = head;
	if (v !== 1) {
		return {expected: 'version 1 of a recording, "v":1'};
	}

	if (side !== 'connect' && side !== 'serve' && side !== 'proxy') {
		return {expected: '"side" to be "connect", "serve" or "proxy"'};
	}

	if (typeof address !== 'string' || typeof at !== 'number') {
		return {expected: '"address" as a text and "at" as a number'};
	}

	// One without it is of TCP or a Unix domain socket as it is.
	const link =
		head['link'] === undefined ? undefined : parseRecordedLink(head['link']);
	return link && isWrong(link)
		? link
		: {type: 'recording', v, side, address, link, at};
};

const notBase64: Wrong = {expected: '"base64" in base64 (RFC 4648, 4)'};

const parseMoved = (
	object: Record<string, unknown>,
	type: 'chunk' | 'fin',
	at: number,
): Recorded | Wrong => {
	const {direction, bytes, base64, frame} = object;
	if (direction !== 'in' && direction !== 'out') {
		return {expected: '"direction" to be "in" or "out"'};
	}

	const peer = textOf(object['peer']) ?? '';
	if (type === 'fin') {
		return {type, at, peer, direction, bytes: Buffer.alloc(0)};
	}

	const decoded = bytesIn(base64);
	if (!decoded) {
		return notBase64;
	}

	return decoded.length === bytes
		? {
				type,
				at,
				peer,
				direction,
				bytes: decoded,
				...((frame === 'text' || frame === 'binary') && {frame}),
			}
		: {expected: `"bytes" to be ${decoded.length}, as "base64" has them`};
};

/** A client's recording had it only in words at first, a server's not at all. */
const resetIn = ({
	reset,
	cause,
}: Record<string, unknown>): Direction | undefined => {
	if (reset === 'in' || reset === 'out') {
		return reset;
	}

	const message = textOf(
		(cause as Record<string, unknown> | undefined)?.['message'],
	);
	return message?.startsWith('ECONNRESET:') ? 'in' : undefined;
};

const linkTypes: ReadonlySet<unknown> = new Set<LinkType>([
	'EN10MB',
	'LINUX_SLL',
]);

const bytesIn = (base64: unknown): Buffer | undefined => {
	const bytes = Buffer.from(textOf(base64) ?? '', 'base64');
	return bytes.toString('base64') === base64 ? bytes : undefined;
};

const parsePacket = ({
	atUs,
	linkType,
	length,
	base64,
}: Record<string, unknown>): CapturedPacket | Wrong => {
	const bytes = bytesIn(base64);
	if (!bytes) {
		return notBase64;
	}

	return Number.isSafeInteger(atUs) &&
		Number.isSafeInteger(length) &&
		linkTypes.has(linkType)
		? {
				type: 'packet',
				packet: {
					atUs: atUs as number,
					linkType: linkType as LinkType,
					length: length as number,
					bytes,
				},
			}
		: {expected: '"atUs", "linkType" and "length" of a packet'};
};

/** @returns Undefined for a line that says nothing of a connection. */
export const parseLine = (
	line: string,
): Recorded | CapturedPacket | Wrong | undefined => {
	const object = objectOf(line);
	if (typeof object?.['type'] !== 'string') {
		return {expected: 'a JSON object with a "type", such as "chunk"'};
	}

	const {type, phase, at} = object;
	if (type === 'packet') {
		return parsePacket(object);
	}

	const isKnown =
		['chunk', 'fin', 'accepted', 'ended'].includes(type) ||
		(type === 'state' && (phase === 'open' || phase === 'closed'));
	if (!isKnown) {
		return undefined;
	}

	if (typeof at !== 'number') {
		return {expected: '"at" in milliseconds'};
	}

	if (type === 'chunk' || type === 'fin') {
		return parseMoved(object, type, at);
	}

	const peer = textOf(object['peer']) ?? '';
	return type === 'accepted' || phase === 'open'
		? {
				type: 'open',
				at,
				peer,
				local: textOf(object['local']),
				remote: textOf(object['remote']) ?? textOf(object['peer']),
			}
		: {type: 'closed', at, peer, reset: resetIn(object)};
};

export const wrongLine = (
	path: string,
	number: number,
	{expected}: Wrong,
	line: string,
	got = line === '' ? 'nothing' : quoted(line),
): string => `${path}, line ${number}: expected ${expected}; got ${got}.`;
