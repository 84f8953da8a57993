/**
 * What is done for a message, counted instead of timed: a regression shows on
 * the slowest machine. benchmark/ says what it costs.
 */
import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import test from 'node:test';
import {PeerConnection} from '../../source/server/peer-connection.js';
import {openCounted} from '../helpers/counted.js';

const texts = (count: number, of = 'text') =>
	Array.from({length: count}, (_, index) => `${of} ${index}`);

test('work: a turn is one write per member, however many messages it had', async () => {
	const {members, join, settle, forget} = openCounted();
	await join(20);
	forget();
	for (const talker of members.slice(0, 8)) {
		talker.say(...texts(100));
	}

	await settle();
	for (const {writes} of members) {
		assert.equal(writes.length, 1);
		assert.equal(writes[0]!.toString().split('\n').length, 801);
	}
});

test('work: no byte is copied for a member: all are handed the same memory', async () => {
	const {members, room, join, settle, forget} = openCounted();
	await join(20);
	forget();
	const before = room.log.end;
	members[0]!.say(...texts(100));
	await settle();
	const slice = room.log.slice(before);
	for (const {writes} of members) {
		assert.equal(writes[0]!.buffer, slice.buffer);
		assert.equal(writes[0]!.byteOffset, slice.byteOffset);
		assert.equal(writes[0]!.length, slice.length);
	}
});

test('work: a simple text is never encoded, and a chunk of them written once', async t => {
	const {members, join, settle} = openCounted();
	await join(20);
	const said = texts(100);
	const stringify = t.mock.method(JSON, 'stringify');
	const parse = t.mock.method(JSON, 'parse');
	const write = t.mock.method(Buffer.prototype as Buffer, 'write');
	members[0]!.say(...said);
	await settle();
	// Beside the talker's own; once a chunk its nick and its id.
	assert.equal(stringify.mock.callCount() - said.length, 2);
	assert.equal(parse.mock.callCount(), 0);
	assert.equal(write.mock.callCount(), 1);
});

test('work: a text that is not simple is parsed once and encoded once', async t => {
	const {members, join, settle} = openCounted();
	await join(20);
	const said = texts(10, 'é "quoted"');
	const stringify = t.mock.method(JSON, 'stringify');
	const parse = t.mock.method(JSON, 'parse');
	members[0]!.say(...said);
	await settle();
	assert.equal(parse.mock.callCount(), 10);
	assert.equal(stringify.mock.callCount() - said.length, 30);
});

test('work: above 200 members a join looks at nobody but the newcomer', async t => {
	const {members, join, forget} = openCounted();
	await join(250);
	forget();
	const pump = t.mock.method(PeerConnection.prototype, 'pump');
	await join(1);
	const lookedAt = pump.mock.calls.map(({this: session}) => session);
	assert.equal(new Set(lookedAt).size, 1);
	const written = members.map(({writes}) => writes.length);
	assert.deepEqual(
		written.slice(0, -1).filter(count => count > 0),
		[],
	);
	// Its welcome, together with its replay.
	assert.equal(written.at(-1), 1);
});

test('work: a host that shows nothing is sent nothing of the others', async () => {
	const {members, join, settle, forget} = openCounted(true);
	await join(2);
	forget();
	members[0]!.say(...texts(100));
	await settle();
	assert.equal(members[0]!.writes.length, 1);
	assert.equal(members[1]!.writes.length, 0);
});
