import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import {Duplex} from 'node:stream';
import {test} from 'node:test';
import {dial} from '../../../source/socket/dial.js';
import {writeTo} from '../../../source/socket/stream/write.js';
import {listenBare} from '../../helpers/scripted.js';
import {until} from '../../helpers/until.js';

const piece = Buffer.alloc(128 * 1024);

/** What became of each write, in order. */
const createNotes = () => {
	const notes: boolean[] = [];
	return {
		notes,
		note(error: unknown) {
			notes.push(!error);
		},
	};
};

test('write: one that destroy() cancels has failed', async t => {
	const {address} = await listenBare(t, socket => {
		socket.pause();
	});
	const {stream} = dial(address);
	t.after(() => stream.destroy());
	const {notes, note} = createNotes();
	let count = 0;
	while (stream.connecting || stream.writableLength === 0) {
		if (!stream.connecting) {
			writeTo(stream, piece, note);
			count++;
		}

		await new Promise(resolve => {
			setImmediate(resolve);
		});
	}

	await until(() => notes.length === count - 1, {what: 'all but the last'});
	stream.destroy();
	await until(() => notes.length === count, {what: 'the last'});
	assert.ok(notes.slice(0, -1).every(Boolean));
	assert.equal(notes.at(-1), false);
});

test('write: one that waits as in Node 22, where destroy() says that it is done', async () => {
	let finish = () => {};
	const stream = new Duplex({
		write(_chunk, _encoding, done) {
			finish = done;
		},
		destroy(error, done) {
			finish();
			done(error);
		},
	});
	const {notes, note} = createNotes();
	writeTo(stream, piece, note);
	finish();
	await until(() => notes.length === 1, {what: 'the first'});
	writeTo(stream, piece, note);
	stream.destroy();
	await until(() => notes.length === 2, {what: 'the second'});
	assert.deepEqual(notes, [true, false]);
});

test('write: one that the kernel took at once is done, also if destroy() comes before its callback', async t => {
	const {address} = await listenBare(t, socket => {
		socket.resume();
	});
	const {stream} = dial(address);
	t.after(() => stream.destroy());
	await until(() => !stream.connecting, {what: 'the connection'});
	const {notes, note} = createNotes();
	writeTo(stream, Buffer.from('hello'), note);
	stream.destroy();
	await until(() => notes.length === 1, {what: 'the callback'});
	assert.deepEqual(notes, [true]);
});
