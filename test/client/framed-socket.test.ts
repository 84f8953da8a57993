import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import {PassThrough} from 'node:stream';
import {test} from 'node:test';
import {FramedSocket} from '../../source/client/framed-socket.js';
import {SockchatError} from '../../source/errors.js';
import {maxFrameBytes} from '../../source/protocol/frame.js';
import {MemoryLink} from '../../source/socket/link.js';

const open = (onFrame: () => void) => {
	const stream = new PassThrough();
	const garbage: string[] = [];
	const socket = new FramedSocket(new MemoryLink(stream), {
		onConnected: () => undefined,
		onHeard: () => undefined,
		onFrame,
		onGarbage({code}) {
			garbage.push(code);
		},
		onEnded: () => undefined,
	});
	return {
		garbage,
		socket,
		/** As the stream hands over a chunk. */
		read(text: string) {
			stream.emit('data', Buffer.from(text));
		},
	};
};

test("framed socket: what a listener throws is not the server's garbage", () => {
	// One of ours is the hard case: it looks like one of the splitter's.
	const mine = new SockchatError('ERR_LINE_TOO_LONG', 'Mine.');
	const {garbage, read} = open(() => {
		throw mine;
	});
	assert.throws(
		() => {
			read('{"type":"ping","id":1}\n');
		},
		(error: unknown) => error === mine,
	);
	assert.deepEqual(garbage, []);
});

test('framed socket: a line over the limit is garbage', () => {
	const {garbage, read} = open(() => undefined);
	read('x'.repeat(maxFrameBytes + 1));
	assert.deepEqual(garbage, ['ERR_LINE_TOO_LONG']);
});
