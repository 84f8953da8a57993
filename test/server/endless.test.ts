/** Endless input is cut off: a peer that was sent bye is not read for ever. */
import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import {test} from 'node:test';
import {FakeClock} from '../helpers/clock.js';
import {openHub} from '../helpers/room.js';
import {helloFrame, openPlain, type WirePeer} from '../helpers/wire-peer.js';

const mebibyte = 1024 * 1024;

// Far more than two kernel buffers hold.
const offeredBytes = 64 * mebibyte;

const chunk = Buffer.alloc(64 * 1024, 'x');

/** Writes for as long as the other end reads. */
const writeOn = (peer: WirePeer): void => {
	const {socket} = peer;
	const write = () => {
		while (socket.writable && socket.bytesWritten < offeredBytes) {
			if (!socket.write(chunk)) {
				return;
			}
		}
	};

	socket.on('drain', write);
	write();
};

const hello = `${JSON.stringify(helloFrame('heron'))}\n`;
const tooLong = 'without a newline; the limit is 65536';

const cases = [
	{of: 'a member', start: `${hello}{"type":"say","text":"`, told: tooLong},
	{of: 'a hello', start: '{"type":"hello","nick":"', told: tooLong},
	{of: 'what may become a hello', start: '{'.padEnd(2000), told: tooLong},
	{of: 'a plain peer', start: 'here\n', told: tooLong},
	{of: 'a plain peer without any newline', start: 'x', told: tooLong},
	{of: 'a web page', start: 'POST / HTTP/1.1\r\n', told: '400 Bad Request'},
];

for (const {of, start, told} of cases) {
	test(`endless: a line of ${of} is cut, and no more of it is read`, async t => {
		const clock = new FakeClock();
		const room = await openHub(t, {clock});
		const peer = await openPlain(t, room.address);
		peer.write(start);
		writeOn(peer);
		await peer.untilText(told);
		await peer.untilFin();
		const end = room.endOf(peer)!;
		await peer.until(
			'the server to stop reading, or to read it all',
			() => end.isPaused() || end.bytesRead >= offeredBytes,
		);
		clock.advance(1250);
		await peer.until('the end', () => end.destroyed);
		assert.ok(end.bytesRead <= mebibyte, `${end.bytesRead} bytes were read`);
	});
}

test('endless: a peer that is sent bye in the middle of a line, and ends, is read to the end', async t => {
	const room = await openHub(t, {clock: new FakeClock()});
	const peer = await openPlain(t, room.address);
	peer.write('x'.repeat(128 * 1024));
	await peer.untilFin();
	peer.end();
	await peer.untilClosed();
	assert.equal(peer.errorCode, undefined);
	assert.equal(room.of('ended').length, 1);
});
