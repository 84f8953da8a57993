/**
 * What is fuzzed: bytes through lines and codec on both sides, and through the
 * sniffing of a first chunk. It throws where a promise of theirs is broken.
 */
import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import {
	decodeClientFrame,
	decodeServerFrame,
	frameLine,
} from '../../source/protocol/codec.js';
import {sniff} from '../../source/protocol/foreign/sniff.js';
import {LineSplitter} from '../../source/protocol/lines.js';
import type {SockchatError} from '../../source/errors.js';

const limit = 4096;

/** The lines, and whether it ended as too long. */
const split = (chunks: readonly Buffer[]): readonly string[] => {
	const lines: string[] = [];
	const splitter = new LineSplitter(limit);
	let error: SockchatError | undefined;
	for (const chunk of chunks) {
		error ??= splitter.push(chunk, line => {
			lines.push(line.toString('latin1'));
		});
	}

	lines.push(error?.code ?? `rest ${splitter.takeRest().toString('latin1')}`);
	return lines;
};

export const fuzz = (bytes: Buffer): void => {
	sniff(Buffer.concat([bytes, Buffer.from('x')]));
	// The first byte says where the cuts are; the lines may not depend on it.
	const step = 1 + (bytes[0] ?? 0);
	const chunks: Buffer[] = [];
	for (let start = 0; start < bytes.length; start += step) {
		chunks.push(bytes.subarray(start, start + step));
	}

	const lines = split([bytes]);
	assert.deepEqual(split(chunks), lines);
	for (const line of lines) {
		for (const decode of [decodeClientFrame, decodeServerFrame]) {
			const decoded = decode(Buffer.from(line, 'latin1'));
			if (decoded.kind === 'frame') {
				assert.equal(
					Object.getPrototypeOf(decoded.frame),
					Object.prototype,
					'nothing was spread into it',
				);
				const again = decode(Buffer.from(frameLine(decoded.frame).trimEnd()));
				assert.deepEqual(again, decoded);
			} else if (decoded.kind === 'bad') {
				assert.equal(decoded.error.code, 'ERR_BAD_FRAME');
				assert.ok(decoded.error.message.isWellFormed());
				assert.ok(decoded.error.message.length < 400);
			}
		}
	}
};
