/** A peer that frames by hand (RFC 6455): it may say what no library does. */
import {Buffer} from 'node:buffer';
import {createHash} from 'node:crypto';
import type {Duplex} from 'node:stream';
import {until} from './until.js';

export const opcodes = {
	continuation: 0,
	text: 1,
	binary: 2,
	close: 8,
	ping: 9,
} as const;

export type FrameOptions = {
	/** Whether a message ends with it; it does by default. */
	readonly isLast?: boolean;
	/** As a client has to; zeros change no byte. */
	readonly isMasked?: boolean;
};

export const frameOf = (
	kind: keyof typeof opcodes,
	content: string | Uint8Array,
	{isLast = true, isMasked = false}: FrameOptions = {},
): Buffer => {
	const bytes = Buffer.from(content);
	const {length} = bytes;
	const long = length > 125 ? Buffer.alloc(8) : Buffer.alloc(0);
	if (length > 125) {
		long.writeBigUInt64BE(BigInt(length));
	}

	const head = Buffer.of(
		(isLast ? 0x80 : 0) + opcodes[kind],
		(isMasked ? 0x80 : 0) + (length > 125 ? 127 : length),
	);
	return Buffer.concat([head, long, Buffer.alloc(isMasked ? 4 : 0), bytes]);
};

export const closeFrame = (code: number, options?: FrameOptions): Buffer =>
	frameOf('close', Buffer.of(Math.floor(code / 256), code % 256), options);

/** Settles with a HTTP head; what follows it stays to be read. */
const untilHead = async (stream: Duplex): Promise<string> => {
	let head = '';
	const collect = (bytes: Buffer) => {
		head += bytes.toString('latin1');
	};

	stream.on('data', collect);
	await until(() => head.includes('\r\n\r\n'), {
		what: 'a head of HTTP',
		seen: () => head,
	});
	stream.off('data', collect);
	return head;
};

/** Answers the request of a client. */
export const acceptUpgrade = async (stream: Duplex): Promise<void> => {
	const head = await untilHead(stream);
	const key = /^sec-websocket-key: (.+)\r$/im.exec(head)?.[1] ?? '';
	const accept = createHash('sha1')
		.update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
		.digest('base64');
	stream.write(
		`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
	);
};

/** Asks a server. */
export const requestUpgrade = async (
	stream: Duplex,
	path = '/',
): Promise<void> => {
	stream.write(
		`GET ${path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${Buffer.alloc(16).toString('base64')}\r\n\r\n`,
	);
	await untilHead(stream);
};
