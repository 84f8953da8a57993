/** When what waits reaches the disk. */
import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import {
	appendFileSync,
	copyFileSync,
	readdirSync,
	readFileSync,
	renameSync,
	writeFileSync,
} from 'node:fs';
import {join} from 'node:path';
import process from 'node:process';
import {test} from 'node:test';
import type {FsyncMode} from '../../source/history/syncing.js';
import {openOutbox} from '../../source/relay/outbox.js';
import {FakeClock} from '../helpers/clock.js';
import {makeScratch, openRelayed, startNats} from '../helpers/nats.js';

const waiting = (n: number) => ({
	key: `0123456789abcdef:${n}`,
	id: '0123456789abcdef',
	n,
	text: `{"type":"message","n":${n}}`,
	since: 0,
});

for (const [fsync, delays] of [
	['interval', [1000]],
	['always', []],
] as ReadonlyArray<[FsyncMode, readonly number[]]>) {
	test(`outbox: with ${fsync}, it sets ${delays.length} timers to sync what it keeps`, async t => {
		const clock = new FakeClock();
		const {setTimer} = clock;
		const path = join(makeScratch(t), 'lab.jsonl.outbox');
		const outbox = await openOutbox({path, fsync, setTimer});
		assert.deepEqual(clock.delays, []);
		await outbox.keep([waiting(1)]);
		await outbox.keep([waiting(2)]);
		assert.deepEqual(clock.delays, delays);
		clock.advance(1000);
		assert.deepEqual(clock.delays, []);
		await outbox.close();
		const again = await openOutbox({path, fsync, setTimer});
		assert.deepEqual(
			again.left.map(({n}) => n),
			[1, 2],
		);
		assert.equal(again.server, outbox.server);
		await again.close();
	});
}

test('outbox: a copy has another name, and all that waits in the original', async t => {
	const folder = makeScratch(t);
	const [path, copy, moved] = ['a', 'b', 'c'].map(name =>
		join(folder, `${name}.jsonl.outbox`),
	) as [string, string, string];
	const options = {
		fsync: 'always',
		setTimer: new FakeClock().setTimer,
	} as const;
	const outbox = await openOutbox({path, ...options});
	await outbox.keep([waiting(1), waiting(2)]);
	await outbox.close();
	copyFileSync(path, copy);
	let copied = await openOutbox({path: copy, ...options});
	const {server} = copied;
	assert.notEqual(server, outbox.server);
	for (let start = 1; start <= 2; start++) {
		assert.equal(copied.server, server);
		assert.deepEqual(copied.left, [waiting(1), waiting(2)]);
		await copied.close();
		copied = await openOutbox({path: copy, ...options});
	}

	copied.done([waiting(1).key, waiting(2).key]);
	await copied.close();
	assert.equal(readFileSync(copy, 'utf8').split('\n').length, 2);
	renameSync(path, moved);
	const again = await openOutbox({path: moved, ...options});
	assert.equal(again.server, outbox.server);
	assert.equal(again.left.length, 2);
	await again.close();
});

test('outbox: one that names no file gets another name, and keeps all that waits', async t => {
	const folder = makeScratch(t);
	const path = join(folder, 'lab.jsonl.outbox');
	const options = {
		fsync: 'always',
		setTimer: new FakeClock().setTimer,
	} as const;
	const server = '0123456789abcdef';
	const {key, id, n, text} = waiting(1);
	const lines = [
		{type: 'outbox', v: 1, server},
		{key, id, n, text},
	];
	writeFileSync(path, lines.map(line => `${JSON.stringify(line)}\n`).join(''));
	const outbox = await openOutbox({path, ...options});
	assert.notEqual(outbox.server, server);
	assert.deepEqual(outbox.left, [waiting(1)]);
	await outbox.close();
	const again = await openOutbox({path, ...options});
	assert.equal(again.server, outbox.server);
	await again.close();
});

test('outbox: a copy that the disk has no room for is left as it is, alone', async t => {
	const folder = makeScratch(t);
	const [path, copy] = [join(folder, 'a.outbox'), join(folder, 'b.outbox')];
	const outbox = await openOutbox({
		path,
		fsync: 'always',
		setTimer: new FakeClock().setTimer,
	});
	await outbox.keep(Array.from({length: 50}, (_, index) => waiting(index + 1)));
	await outbox.close();
	copyFileSync(path, copy);
	const before = readFileSync(copy, 'utf8');
	const module = new URL('../../source/relay/outbox.ts', import.meta.url).href;
	const script = `
		const {openOutbox} = await import('${module}');
		const opened = openOutbox({path: process.argv[1], fsync: 'always'});
		console.log(await opened.then(() => 'opened', error => error.message));`;
	// The kernel limits the size of the process's files; the signal would end it.
	const said = execFileSync(
		'sh',
		[
			'-c',
			'trap "" XFSZ; exec prlimit --fsize=1000: "$@"',
			'sh',
			process.execPath,
			'--import=tsx',
			'--input-type=module',
			'--eval',
			script,
			copy,
		],
		{encoding: 'utf8'},
	);
	assert.match(said, /^The outbox .* can't be used: EFBIG/);
	assert.deepEqual(readdirSync(folder).toSorted(), ['a.outbox', 'b.outbox']);
	assert.equal(readFileSync(copy, 'utf8'), before);
});

test('relay: a server that is refused leaves the outbox of the running one alone', async t => {
	const nats = await startNats(t);
	const path = join(makeScratch(t), 'lab.jsonl');
	await openRelayed(t, nats.url, {path});
	const outbox = `${path}.outbox`;
	// As the running one is about to end this line.
	appendFileSync(outbox, '{"key":"0123456789abcdef:1","id":"0123');
	const before = readFileSync(outbox, 'utf8');
	await assert.rejects(openRelayed(t, nats.url, {path}), {
		code: 'ERR_HISTORY_TAKEN',
	});
	assert.equal(readFileSync(outbox, 'utf8'), before);
});
