import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import {execFileSync} from 'node:child_process';
import {readFileSync, statSync, writeFileSync} from 'node:fs';
import {test} from 'node:test';
import {crc32} from 'node:zlib';
import {frameLine} from '../../source/protocol/codec.js';
import {historyPath} from '../../source/history/path.js';
import {
	heronId,
	lineOf,
	linesOf,
	look,
	makePath,
	namesBeside,
	open,
	otterId,
	stateAt,
} from '../helpers/history/kept.js';

test('history: starts empty, and returns the entries appended', async t => {
	const path = makePath(t);
	const kept = await open(path);
	const {recovered} = kept.history;
	assert.deepEqual(
		[recovered.head, kept.history.firstSeq, recovered.tailFirstSeq],
		[0, 1, 1],
	);
	assert.equal(recovered.tail.length, 0);
	const joined = Buffer.from(
		frameLine({type: 'joined', seq: 3, at: 1, nick: 'heron', id: heronId}),
	);
	const group = Buffer.concat([linesOf(1, 2), joined]);
	await kept.history.append(group, stateAt(3));
	const more = lineOf(4, {id: heronId, from: '"\\{Ü\u2028', n: 9});
	await kept.history.append(more, stateAt(4));
	await kept.history.close();

	await look(path, ({history}) => {
		const again = history.recovered;
		assert.equal(again.logId, recovered.logId);
		assert.equal(again.head, 4);
		assert.deepEqual(again.tail, Buffer.concat([group, more]));
		assert.equal(again.tailFirstSeq, 1);
		assert.deepEqual(
			[...again.lastN],
			[
				[otterId, 2],
				[heronId, 9],
			],
		);
		assert.deepEqual([again.cutBytes, again.cutLines], [0, 0]);
	});
});

test('history: its file is JSON lines, with a sum after each group', async t => {
	const path = makePath(t);
	await look(path, async ({append, history}) => {
		await append(2);
		await append();
		const text = readFileSync(path, 'utf8');
		const lines = text.split('\n');
		const {logId} = history.recovered;
		assert.deepEqual(JSON.parse(lines[0]!), {
			type: 'checkpoint',
			v: 1,
			log: logId,
			seq: 0,
			clients: {},
		});
		assert.deepEqual(
			lines.slice(0, -1).map(line => (JSON.parse(line) as {type: string}).type),
			['checkpoint', 'sum', 'message', 'message', 'sum', 'message', 'sum'],
		);
		const last = text.lastIndexOf('{"type":"sum"');
		assert.equal(
			(JSON.parse(text.slice(last)) as {crc: string}).crc,
			crc32(text.slice(0, last)).toString(16).padStart(8, '0'),
		);
	});
});

test('history: works with tail and grep', async t => {
	const path = makePath(t);
	await look(path, async ({appendEach}) => {
		await appendEach(3);
		assert.equal(
			execFileSync('grep', ['-c', '"type":"message"', path], {
				encoding: 'utf8',
			}),
			'3\n',
		);
	});
});

test('history: refuses an append during another, and one that skips a seq', async t => {
	await look(makePath(t), async ({history}) => {
		const first = history.append(lineOf(1), stateAt(1));
		await assert.rejects(history.append(lineOf(2), stateAt(2)), {
			code: 'ERR_INTERNAL',
		});
		await first;
		await assert.rejects(history.append(lineOf(3), stateAt(3)), {
			code: 'ERR_INTERNAL',
			message: /go on from 2/,
		});
		await assert.rejects(
			history.append(lineOf(2).subarray(0, -1), stateAt(2)),
			{code: 'ERR_INTERNAL'},
		);
		await history.append(lineOf(2), stateAt(2));
	});
});

test('history: a close waits for an append and refuses later ones', async t => {
	const path = makePath(t);
	const {history} = await open(path);
	const settled: string[] = [];
	const appended = history.append(lineOf(1), stateAt(1)).then(() => {
		settled.push('appended');
	});
	await history.close();
	settled.push('closed');
	await appended;
	assert.deepEqual(settled, ['appended', 'closed']);
	// Its descriptor may be reused for another file.
	await assert.rejects(history.append(lineOf(2), stateAt(2)), {
		code: 'ERR_INTERNAL',
	});
	await look(path, ({history: again}) => {
		assert.equal(again.recovered.head, 1);
	});
});

test('history: syncs once a second while entries are appended', async t => {
	await look(makePath(t), async ({append, clock, troubles}) => {
		assert.deepEqual(clock.delays, []);
		await append();
		await append();
		assert.deepEqual(clock.delays, [1000]);
		clock.advance(1000);
		assert.deepEqual(clock.delays, []);
		await append();
		assert.deepEqual(clock.delays, [1000]);
		assert.deepEqual(troubles, []);
	});
});

test('history: with always, it sets no timer', async t => {
	await look(
		makePath(t),
		async ({append, clock}) => {
			await append();
			assert.deepEqual(clock.delays, []);
		},
		{fsync: 'always'},
	);
});

test("history: refuses another kind of file, and doesn't change it", async t => {
	const path = makePath(t);
	for (const text of [
		'hello\n',
		'{"type":"message","seq":1}\n',
		'{"type":"checkpoint","v":2,"log":"x","seq":0,"clients":{}}\n',
		'\0'.repeat(100),
	]) {
		writeFileSync(path, text);
		await assert.rejects(open(path), {
			code: 'ERR_HISTORY',
			message: /can't be read by this sockchat.*--no-history/,
		});
		assert.equal(readFileSync(path, 'utf8'), text);
	}
});

test('history: starts anew in an empty file', async t => {
	const path = makePath(t);
	writeFileSync(path, '');
	await look(path, async ({append}) => append());
	assert.deepEqual(namesBeside(path), ['room.jsonl']);
	assert.equal(statSync(path).mode & 0o777, 0o600);
});

test('history: has a file for each address, in the state folder', () => {
	const env = {HOME: '/home/otter'};
	const folder = '/home/otter/.local/state/sockchat';
	assert.equal(
		historyPath('127.0.0.1:5001', env),
		`${folder}/127.0.0.1-5001.jsonl`,
	);
	assert.equal(
		historyPath('[::1]:5001', env),
		`${folder}/ip6-localhost-5001.jsonl`,
	);
	assert.equal(
		historyPath('127.0.0.1:5001', {...env, XDG_STATE_HOME: '/state'}),
		'/state/sockchat/127.0.0.1-5001.jsonl',
	);
	assert.equal(
		historyPath('127.0.0.1:5001', {...env, XDG_STATE_HOME: 'relative'}),
		`${folder}/127.0.0.1-5001.jsonl`,
	);
	assert.equal(historyPath('127.0.0.1:5001', {}), undefined);
	const socket = historyPath('/run/a room.sock', env)!;
	assert.match(socket, /\/unix-run-a-room\.sock-[\da-f]{8}\.jsonl$/);
	assert.notEqual(historyPath('/run/a-room.sock', env), socket);
	assert.match(
		historyPath(`/${'../'.repeat(80)}x`, env)!,
		/^\/home\/otter\/\.local\/state\/sockchat\/[^/]{1,90}\.jsonl$/,
	);
});
