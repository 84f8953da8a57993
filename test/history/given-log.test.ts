/** A history of a log whose order is made elsewhere, as by a relay. */
import assert from 'node:assert/strict';
import {readFileSync, truncateSync, writeFileSync} from 'node:fs';
import {test} from 'node:test';
import {lockIn} from '../helpers/history/damage.js';
import {
	linesOf,
	look,
	makePath,
	namesBeside,
	open,
	seqsOf,
	stateAt,
} from '../helpers/history/kept.js';

const log = {id: 'the-stream', head: 41};

test('history: begins in a given log, after its head', async t => {
	const path = makePath(t);
	const kept = await open(path, {log});
	assert.equal(kept.history.recovered.logId, log.id);
	assert.equal(kept.head, 41);
	await kept.append(2);
	await kept.history.close();
	await look(
		path,
		({history: {recovered}}) => {
			assert.equal(recovered.logId, log.id);
			assert.deepEqual(seqsOf(recovered.tail), [42, 43]);
		},
		{log: {id: log.id, head: 0}},
	);
});

test('history: refuses a file of another log, and leaves it as it was', async t => {
	const path = makePath(t);
	await look(path, async ({append}) => append(3));
	const before = readFileSync(path);
	await assert.rejects(open(path, {log}), {
		code: 'ERR_HISTORY',
		message: /holds another log than the relay's stream/,
	});
	assert.deepEqual(readFileSync(path), before);
});

test('history: a file without an entry takes a given log', async t => {
	const path = makePath(t);
	const empty = await open(path);
	await empty.history.close();
	const kept = await open(path, {log});
	assert.equal(kept.history.recovered.logId, log.id);
	assert.equal(kept.head, 41);
	await kept.append(2);
	await kept.history.close();
	assert.deepEqual(namesBeside(path), ['room.jsonl']);
	await look(
		path,
		({history: {recovered}}) => {
			assert.deepEqual(seqsOf(recovered.tail), [42, 43]);
		},
		{log},
	);
});

test('history: a given log goes on after what the file has, whatever was lost', async t => {
	const path = makePath(t);
	await look(path, async ({appendEach}) => appendEach(4), {log});
	// The last entry is cut off, group and all, and the lock says nothing.
	const text = readFileSync(path, 'utf8');
	truncateSync(path, text.lastIndexOf('{"type":"message"'));
	writeFileSync(lockIn(path), '');
	await look(
		path,
		async ({history, append, head}) => {
			const {recovered} = history;
			assert.equal(recovered.logId, log.id);
			assert.equal(recovered.isNextLog, false);
			assert.equal(head, 44);
			await append();
		},
		{log},
	);
});

test('history: moves on past entries that can never be had', async t => {
	const path = makePath(t);
	const kept = await open(path, {log: {id: 'a', head: 0}});
	await kept.append(3);
	await kept.history.moveTo({logId: 'a', head: 10, clients: [['x', 7]]});
	await kept.history.append(linesOf(11, 12), stateAt(12));
	assert.equal(await kept.history.read(4, 1000), undefined);
	const page = await kept.history.read(2, 1000);
	assert.deepEqual(page && seqsOf(page.entries), [2, 3]);
	await kept.history.close();
	assert.deepEqual(namesBeside(path), [
		'room.jsonl',
		'room.jsonl.000000000001',
	]);
	await look(path, ({history: {recovered}}) => {
		assert.deepEqual(seqsOf(recovered.tail), [11, 12]);
		assert.equal(recovered.lastN.get('x'), 7);
	});
});

test('history: takes another log while it has no entry', async t => {
	const path = makePath(t);
	const kept = await open(path);
	await kept.history.moveTo({logId: 'b', head: 5, clients: []});
	await kept.history.append(linesOf(6, 6), stateAt(6));
	await kept.history.close();
	assert.deepEqual(namesBeside(path), ['room.jsonl']);
	await look(path, ({history: {recovered}}) => {
		assert.equal(recovered.logId, 'b');
		assert.equal(recovered.head, 6);
		assert.equal(recovered.isNextLog, false);
	});
});
