/** Rooms on several servers, linked by a real nats-server. */
import assert from 'node:assert/strict';
import {existsSync, readFileSync, statSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {test} from 'node:test';
import {openClient} from '../helpers/client.js';
import {
	entriesOf,
	makeScratch,
	openRelayed,
	startNats,
} from '../helpers/nats.js';
import {openServer} from '../helpers/room.js';
import {until} from '../helpers/until.js';

test('relay: two servers have one log, and each hears the other', async t => {
	const nats = await startNats(t);
	const folder = makeScratch(t);
	const [a, b] = [join(folder, 'a.jsonl'), join(folder, 'b.jsonl')];
	const one = await openRelayed(t, nats.url, {path: a});
	const two = await openRelayed(t, nats.url, {path: b});
	const otter = openClient(t, one.address, 'otter');
	const heron = openClient(t, two.address, 'heron');
	await otter.untilPhase('open');
	await heron.untilPhase('open');
	otter.client.say('from one');
	await heron.until('it', () => heron.said().includes('from one'));
	heron.client.say('from two');
	await otter.until('it', () => otter.said().includes('from two'));
	await otter.untilStored();
	await heron.untilStored();
	assert.equal(one.room.logId, two.room.logId);
	await until(() => entriesOf(a) === entriesOf(b) && entriesOf(a) !== '', {
		what: 'the same entries in both histories',
		seen: () => `${entriesOf(a)}\n\n${entriesOf(b)}`,
	});
	const names = ['heron', 'otter'];
	for (const {client} of [otter, heron]) {
		await until(
			() => client.members.names.toSorted().join(' ') === names.join(' '),
			{what: 'both names', seen: () => JSON.stringify(client.members)},
		);
	}

	const [first = ''] = readFileSync(a, 'utf8').split('\n');
	assert.ok(first.includes(one.room.logId));
});

test('relay: what is said while the engine is away waits, and is shared later', async t => {
	const nats = await startNats(t);
	const folder = makeScratch(t);
	const [a, b] = [join(folder, 'a.jsonl'), join(folder, 'b.jsonl')];
	const one = await openRelayed(t, nats.url, {path: a});
	const two = await openRelayed(t, nats.url, {path: b});
	const otter = openClient(t, one.address, 'otter');
	const wren = openClient(t, one.address, 'wren');
	const heron = openClient(t, two.address, 'heron');
	for (const each of [otter, wren, heron]) {
		await each.untilPhase('open');
	}

	otter.client.say('before');
	await heron.until('it', () => heron.said().includes('before'));
	await nats.kill();
	await one.untilPhase('away');
	otter.client.say('while away');
	const pending = () =>
		wren
			.frames()
			.flatMap(frame => (frame.type === 'pending' ? [frame.text] : []));
	await wren.until('it, pending', () => pending().includes('while away'));
	assert.ok(!wren.said().includes('while away'));
	assert.equal(otter.client.unstored, 1);
	const outbox = `${a}.outbox`;
	assert.equal(statSync(outbox).mode & 0o777, 0o600);
	assert.match(readFileSync(outbox, 'utf8'), /while away/);
	await nats.start();
	await one.untilPhase('open');
	await heron.until('it', () => heron.said().includes('while away'));
	await wren.until('it', () => wren.said().includes('while away'));
	await otter.untilStored();
	await until(() => !readFileSync(outbox, 'utf8').includes('while away'), {
		what: 'an empty outbox',
		seen: () => readFileSync(outbox, 'utf8'),
	});
});

test('relay: a server that was away catches up, and its outbox outlives it', async t => {
	const nats = await startNats(t);
	const folder = makeScratch(t);
	const [a, b] = [join(folder, 'a.jsonl'), join(folder, 'b.jsonl')];
	const one = await openRelayed(t, nats.url, {path: a});
	let two = await openRelayed(t, nats.url, {path: b});
	const otter = openClient(t, one.address, 'otter');
	await otter.untilPhase('open');
	await two.end();
	for (let count = 1; count <= 20; count++) {
		otter.client.say(`line ${count}`);
	}

	await otter.untilStored();
	await nats.kill();
	await one.untilPhase('away');
	otter.client.say('left behind');
	await until(() => readFileSync(`${a}.outbox`, 'utf8').includes('left'), {
		what: 'it in the outbox',
	});
	otter.client.leave();
	await one.end();
	await nats.start();
	const again = await openRelayed(t, nats.url, {path: a});
	await again.untilPhase('open');
	two = await openRelayed(t, nats.url, {path: b});
	await two.untilPhase('open');
	await until(() => entriesOf(b).includes('left behind'), {
		what: 'it on the other server',
		seen: () => entriesOf(b),
	});
	await until(() => entriesOf(a) === entriesOf(b), {
		what: 'the same histories',
		seen: () => `${entriesOf(a)}\n\n${entriesOf(b)}`,
	});
	assert.ok(existsSync(`${b}.outbox`));
});

test('relay: a member goes on at another server where it was', async t => {
	const nats = await startNats(t);
	const one = await openRelayed(t, nats.url);
	const two = await openRelayed(t, nats.url);
	const otter = openClient(t, one.address, 'otter');
	await otter.untilPhase('open');
	otter.client.say('first');
	await otter.untilStored();
	const seq = one.room.log.head;
	await until(() => two.room.log.head === seq, {what: 'the other log'});
	const heron = openClient(t, two.address, 'heron', {since: seq - 1});
	await heron.until('what it missed', () => heron.said().includes('first'));
	assert.deepEqual(
		heron.frames().filter(({type}) => type === 'gap'),
		[],
	);
});

test('relay: a room that was opened without its engine is shared at a later start', async t => {
	const nats = await startNats(t);
	const folder = makeScratch(t);
	const [a, b] = [join(folder, 'a.jsonl'), join(folder, 'b.jsonl')];
	await nats.kill();
	const alone = await openRelayed(t, nats.url, {path: a, isOptional: true});
	const otter = openClient(t, alone.address, 'otter');
	await otter.untilPhase('open');
	otter.client.say('alone');
	await otter.until('it, pending', () =>
		otter.frames().some(({type}) => type === 'pending'),
	);
	otter.client.leave();
	otter.client.leave();
	await otter.client.closed;
	await alone.end();
	await nats.start();
	const two = await openRelayed(t, nats.url, {path: b});
	const heron = openClient(t, two.address, 'heron');
	await heron.untilPhase('open');
	heron.client.say('before');
	await heron.untilStored();
	const one = await openRelayed(t, nats.url, {path: a});
	await heron.until('it', () => heron.said().includes('alone'));
	assert.deepEqual(heron.said(), ['before', 'alone']);
	await until(() => entriesOf(a) === entriesOf(b), {
		what: 'the same histories',
		seen: () => `${entriesOf(a)}\n\n${entriesOf(b)}`,
	});
	assert.equal(one.room.logId, two.room.logId);
});

test('relay: a history of a room of its own is refused, whether the engine is there or not', async t => {
	const nats = await startNats(t);
	const path = join(makeScratch(t), 'a.jsonl');
	const server = await openServer(t, {history: {path, fsync: 'interval'}});
	const otter = openClient(t, server.address, 'otter');
	await otter.untilPhase('open');
	otter.client.say('on its own');
	await otter.untilStored();
	otter.client.leave();
	otter.client.leave();
	await otter.client.closed;
	server.destroy();
	await server.drain();
	const before = readFileSync(path);
	const refused = {
		code: 'ERR_HISTORY',
		message: /holds another log than the relay's stream: .* move it away/,
	};
	const options = {path, isOptional: true};
	await assert.rejects(openRelayed(t, nats.url, options), refused);
	await nats.kill();
	await assert.rejects(openRelayed(t, nats.url, options), refused);
	assert.deepEqual(readFileSync(path), before);
});

test('relay: without its relay a room gives no seq of the stream to others', async t => {
	const nats = await startNats(t);
	const path = join(makeScratch(t), 'a.jsonl');
	const first = await openRelayed(t, nats.url, {path});
	const otter = openClient(t, first.address, 'otter');
	await otter.untilPhase('open');
	otter.client.say('shared');
	await otter.untilStored();
	await first.drain();
	const before = readFileSync(path);
	await assert.rejects(openServer(t, {history: {path, fsync: 'interval'}}), {
		code: 'ERR_HISTORY',
		message: /is that of a room shared through a relay/,
	});
	assert.deepEqual(readFileSync(path), before);
});

test('relay: what an outbox still has though the log has it, is done, and not said again', async t => {
	const nats = await startNats(t);
	const path = join(makeScratch(t), 'a.jsonl');
	const outbox = `${path}.outbox`;
	const first = await openRelayed(t, nats.url, {path});
	const otter = openClient(t, first.address, 'otter');
	await otter.untilPhase('open');
	await nats.kill();
	await first.untilPhase('away');
	otter.client.say('once');
	await until(() => readFileSync(outbox, 'utf8').includes('once'), {
		what: 'it in the outbox',
	});
	// As a kill leaves it, before it is noted that this is done.
	const left = readFileSync(outbox);
	await nats.start();
	await otter.untilStored();
	otter.client.leave();
	await otter.client.closed;
	await first.end();
	const restarted = async (said: number) => {
		const server = await openRelayed(t, nats.url, {path});
		await server.untilPhase('open');
		const heron = openClient(t, server.address, 'heron');
		await heron.untilPhase('open');
		for (let count = 1; count <= said; count++) {
			heron.client.say(`later ${count}`);
		}

		await heron.untilStored();
		heron.client.leave();
		await heron.client.closed;
		await server.end();
	};

	writeFileSync(outbox, left);
	await restarted(0);
	assert.doesNotMatch(readFileSync(outbox, 'utf8'), /once/);
	// Further back than what is read again at a start.
	await restarted(1100);
	writeFileSync(outbox, left);
	await restarted(1);
	const once = entriesOf(path)
		.split('\n')
		.filter(line => line.includes('"text":"once"'));
	assert.equal(once.length, 1, once.join('\n'));
	assert.doesNotMatch(readFileSync(outbox, 'utf8'), /once/);
});
