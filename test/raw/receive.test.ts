/** The receiving half: what it leaves behind, and when it gives up. */
import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import {duplexPair, Transform, Writable} from 'node:stream';
import test from 'node:test';
import {receive, Replies, type Receiving} from '../../source/raw/receive.js';

const gather = () => {
	const chunks: Buffer[] = [];
	const output = new Writable({
		write(chunk: Buffer, _encoding, done) {
			chunks.push(chunk);
			done();
		},
	});
	return {output, text: () => Buffer.concat(chunks).toString()};
};

const countOf = (output: Writable): number => {
	let count = 0;
	for (const name of output.eventNames()) {
		count += output.listenerCount(name);
	}

	return count;
};

const upperCase = () =>
	new Transform({
		transform(chunk: Buffer, _encoding, done) {
			done(undefined, chunk.toString().toUpperCase());
		},
	});

const ways: ReadonlyArray<readonly [string, Omit<Receiving, 'output'>]> = [
	['as it comes', {}],
	['in bulk', {isDirect: true}],
	['for a screen', {createDisplay: upperCase}],
	['chunk by chunk', {replies: new Replies(99)}],
	['heard', {onHeard: async () => false}],
	[
		'heard, for a screen',
		{onHeard: async () => false, createDisplay: upperCase},
	],
];

for (const [way, receiving] of ways) {
	test(`receive: ${way}, many connections leave nothing on the output`, async () => {
		const {output, text} = gather();
		const before = countOf(output);
		for (let count = 0; count < 12; count++) {
			const [near, far] = duplexPair();
			const received = receive(near, {output, ...receiving});
			far.write('some ');
			far.end('more ');
			await received;
			near.destroy();
		}

		assert.equal(text().toLowerCase(), 'some more '.repeat(12));
		assert.equal(output.writableEnded, false);
		assert.equal(countOf(output), before);
	});

	test(`receive: ${way}, it ends with an error once the output is destroyed`, async () => {
		for (const isBefore of [true, false]) {
			const {output} = gather();
			const [near, far] = duplexPair();
			if (isBefore) {
				output.destroy();
			}

			const received = receive(near, {output, ...receiving});
			if (!isBefore) {
				output.destroy(new Error('nobody reads'));
			}

			output.on('error', () => undefined);
			far.write('some');
			await assert.rejects(received, Error);
			near.destroy();
		}
	});
}
