/** A fault of ours is not reported to the peer that happened to be read. */
import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import {test} from 'node:test';
import {SockchatError} from '../../source/errors.js';
import {maxFrameBytes} from '../../source/protocol/frame.js';
import {FramedDialect} from '../../source/server/framed-dialect.js';
import type {Dialect, Peer} from '../../source/server/peer.js';
import {PlainDialect} from '../../source/server/plain-dialect.js';

/** A member whose first line runs into a fault. */
const openFaulty = (fault: SockchatError | undefined) => {
	const written: string[] = [];
	const ends: string[] = [];
	const peer = {
		name: '127.0.0.1:50000',
		state: {phase: 'open'},
		member: {id: 'f00d', nick: 'otter'},
		readLimiter: {
			countMessages() {
				if (fault) {
					throw fault;
				}
			},
		},
		hub: {clock: {monotonicMs: () => 0}},
		write(line: string) {
			written.push(line);
		},
		end(reason: string) {
			ends.push(reason);
		},
	} as unknown as Peer;
	return {peer, written, ends};
};

const dialects: ReadonlyArray<[name: string, of: (peer: Peer) => Dialect]> = [
	['framed', peer => new FramedDialect(peer)],
	['plain', peer => new PlainDialect(peer)],
];

for (const [name, of] of dialects) {
	test(`own faults: a ${name} peer is sent none`, () => {
		const fault = new SockchatError('ERR_LINE_TOO_LONG', 'Ours.');
		const {peer, written, ends} = openFaulty(fault);
		assert.throws(
			() => {
				of(peer).read(Buffer.from('{"type":"pong","id":1}\n'));
			},
			(error: unknown) => error === fault,
		);
		assert.deepEqual([written, ends], [[], []]);
	});

	test(`own faults: a ${name} peer's own is sent to it`, () => {
		const {peer, written, ends} = openFaulty(undefined);
		of(peer).read(Buffer.from('x'.repeat(maxFrameBytes + 1)));
		assert.match(written.join(''), /without a newline/);
		assert.deepEqual(ends, ['protocol']);
	});
}
