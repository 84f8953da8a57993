/** TCP is a stream: whatever a read holds, the frames are the same. */
import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import {test} from 'node:test';
import {decodeServerFrame, frameLine} from '../../source/protocol/codec.js';
import type {ServerFrame} from '../../source/protocol/frame.js';
import {LineSplitter} from '../../source/protocol/lines.js';
import {createRandom, deadlineMs, sized} from '../helpers/faults/size.js';

const chunkings = sized(100_000, 5000);

const texts = ['', 'plain', 'é🦦 otter', '"\\\n\u2028\u0000', '漢'.repeat(40)];

const frames: readonly ServerFrame[] = [
	...texts.map((text, index): ServerFrame => ({
		type: 'message',
		seq: index + 1,
		at: 1_795_372_813_156,
		from: 'otter',
		id: 'cf34ce7861c372ab',
		n: index + 1,
		text: text || '.',
	})),
	{type: 'ping', id: 7},
	{type: 'gap', from: 3, to: 9},
	{type: 'bye', reason: 'shutdown'},
];

const bytes = Buffer.from(frames.map(frame => frameLine(frame)).join(''));

test(
	`faults: ${chunkings} random chunkings give identical frames`,
	{timeout: deadlineMs},
	t => {
		const random = createRandom(11);
		let chunks = 0;
		for (let round = 0; round < chunkings; round++) {
			const splitter = new LineSplitter(65_536);
			const found: unknown[] = [];
			// From byte by byte to nearly whole.
			const most = 1 + Math.floor(random() ** 3 * bytes.length);
			for (let at = 0; at < bytes.length; chunks++) {
				const end = at + Math.floor(random() * (most + 1));
				splitter.push(bytes.subarray(at, end), line => {
					const decoded = decodeServerFrame(line);
					found.push(decoded.kind === 'frame' ? decoded.frame : decoded);
				});
				at = end;
			}

			assert.equal(splitter.pendingBytes, 0);
			assert.deepEqual(found, frames, `chunking ${round}`);
		}

		t.diagnostic(`${chunkings} chunkings, ${chunks} chunks`);
	},
);
