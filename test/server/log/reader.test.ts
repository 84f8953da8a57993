import assert from 'node:assert/strict';
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {test, type TestContext} from 'node:test';
import {setImmediate as turn} from 'node:timers/promises';
import {searchRoom} from '../../../source/server/log/reader.js';
import {messageLines} from '../../../source/protocol/codec.js';
import type {Message} from '../../../source/protocol/frame.js';
import {RoomLog} from '../../../source/room/log.js';
import {openClient} from '../../helpers/client.js';
import {openServer} from '../../helpers/room.js';
import {joinWire, type MemberPeer} from '../../helpers/wire-peer.js';

const historyIn = (t: TestContext) => {
	const folder = mkdtempSync(join(tmpdir(), 'sockchat-search-'));
	t.after(() => {
		rmSync(folder, {recursive: true, force: true});
	});
	return {path: join(folder, 'room.jsonl'), fsync: 'interval'} as const;
};

let searches = 0;

const search = async (peer: MemberPeer, text: string, before?: number) => {
	const id = ++searches;
	peer.send({type: 'search', id, text, ...(before ? {before} : {})});
	const found = await peer.untilFrame('found', frame => frame.id === id);
	return {...found, texts: found.entries.map(entry => entry.text)};
};

for (const place of ['memory', 'history'] as const) {
	test(`search: finds what was said, in the ${place}`, async t => {
		const history = place === 'history' ? historyIn(t) : undefined;
		const server = await openServer(t, {history});
		const otter = await joinWire(t, server.address, 'otter');
		for (let n = 1; n <= 50; n++) {
			otter.say(n, n % 2 === 0 ? `The PORT ${n}` : `naïve "${n}"`);
		}

		await otter.untilFrame('message', ({n}) => n === 50);
		const heron = await joinWire(t, server.address, 'heron');
		const found = await search(heron, 'port');
		assert.deepEqual(
			found.texts,
			Array.from({length: 20}, (_, index) => `The PORT ${12 + 2 * index}`),
		);
		assert.deepEqual(found.entries[19], otter.of('message')[49]);
		const older = await search(heron, 'port', found.next);
		assert.deepEqual(
			older.texts,
			[2, 4, 6, 8, 10].map(n => `The PORT ${n}`),
		);
		assert.equal(older.next, undefined);
		assert.deepEqual((await search(heron, 'NAÏVE "49"')).texts, ['naïve "49"']);
		assert.equal((await search(heron, 'otter')).texts.length, 20, 'by nick');
		assert.deepEqual((await search(heron, 'nowhere')).texts, []);
	});

	test(`search: an answer is one frame, whatever was said, in the ${place}`, async t => {
		const history = place === 'history' ? historyIn(t) : undefined;
		const server = await openServer(t, {history});
		const otter = await joinWire(t, server.address, 'otter');
		for (let n = 1; n <= 12; n++) {
			otter.say(n, `${n} ${'x'.repeat(15_000)}`);
		}

		await otter.untilFrame('message', ({n}) => n === 12);
		const seen: string[] = [];
		for (let before: number | undefined = Infinity; before !== undefined;) {
			const found = await search(
				otter,
				'xxx',
				before === Infinity ? undefined : before,
			);
			assert.ok(found.texts.length > 0);
			assert.ok(JSON.stringify(found.entries).length < 65_000);
			seen.unshift(...found.texts.map(text => text.split(' ')[0]!));
			before = found.next;
		}

		assert.deepEqual(
			seen,
			Array.from({length: 12}, (_, index) => String(index + 1)),
		);
	});
}

for (const place of ['memory', 'history'] as const) {
	test(`past: the log is read page by page, from the ${place}`, async t => {
		const history = place === 'history' ? historyIn(t) : undefined;
		const server = await openServer(t, {history});
		const otter = await joinWire(t, server.address, 'otter');
		for (let n = 1; n <= 250; n++) {
			// Some pages reach the limit of entries, some the limit of bytes.
			otter.say(n, n > 200 ? `${n} ${'x'.repeat(9000)}` : `${n}`);
		}

		await otter.untilFrame('message', ({n}) => n === 250);
		const pageBefore = async (before?: number) => {
			const id = ++searches;
			otter.send({type: 'past', id, ...(before ? {before} : {})});
			return otter.untilFrame('past', frame => frame.id === id);
		};

		const seqs: number[] = [];
		let before = server.room.log.head + 1;
		let pages = 0;
		for (; before > 1; pages++) {
			const {entries, oldest} = await pageBefore(before);
			assert.equal(oldest, 1);
			assert.ok(entries.length > 0 && entries.length <= 100);
			seqs.unshift(...entries.map(({seq}) => seq));
			before = seqs[0]!;
		}

		assert.deepEqual(
			seqs,
			Array.from({length: 251}, (_, index) => index + 1),
		);
		assert.ok(pages > 8, 'no more than a frame each');
		const {entries} = await pageBefore();
		assert.deepEqual(
			entries,
			otter.frames.filter(frame => 'seq' in frame).slice(0, 100),
			'the first of all, as they were',
		);
		assert.deepEqual((await pageBefore(1)).entries, []);
	});
}

test('search: one query at a time', async t => {
	const server = await openServer(t, {history: historyIn(t)});
	const otter = await joinWire(t, server.address, 'otter');
	otter.send(
		{type: 'search', id: 1, text: 'a'},
		{type: 'search', id: 2, text: 'b'},
	);
	await otter.untilFrame('found', ({id}) => id === 1);
	assert.equal(otter.of('error')[0]?.code, 'ERR_BUSY');
});

test('search: a client continues where its last search ended', async t => {
	const server = await openServer(t);
	const otter = openClient(t, server.address, 'otter');
	assert.match(otter.client.requests.search('x')!, /no connection/u);
	await otter.untilPhase('open');
	assert.match(otter.client.requests.search(undefined)!, /Search for what\?/u);
	for (let n = 1; n <= 30; n++) {
		otter.client.say(`line ${n}`);
	}

	await otter.untilStored();
	const found = () =>
		otter.frames().flatMap(frame => (frame.type === 'found' ? [frame] : []));
	assert.equal(otter.client.requests.search('line'), undefined);
	await otter.until('20', () => found().length === 1);
	assert.equal(otter.client.requests.search(undefined), undefined);
	await otter.until('the rest', () => found().length === 2);
	assert.deepEqual(
		found().map(({entries}) => entries.length),
		[20, 10],
	);
	assert.match(otter.client.requests.search(undefined)!, /No older matches/u);
});

test('search: entries that the log overwrites meanwhile are found unchanged, or not found', async () => {
	const log = new RoomLog({segmentBytes: 65_536, retainedBytes: 131_072});
	const lineOf = messageLines({
		type: 'message',
		at: 1,
		from: 'otter',
		id: '0123456789abcdef',
	});
	const say = (text: string) => {
		const seq = log.head + 1;
		log.append(lineOf(seq, seq, JSON.stringify(text)));
	};

	// A full log, long enough for a search to yield before it is done.
	for (let last = Infinity; log.head < last;) {
		// The first bytes of the words are in each entry, the words in few.
		const seq = log.head + 1;
		say(seq % 100 === 0 ? 'heron é' : 'heron e');
		if (log.start > 0 && last === Infinity) {
			last = seq + 560;
		}
	}

	const before = log.head;
	const found: number[][] = [];
	for (let count = 0; count < 5; count++) {
		const answer = searchRoom(log, undefined, {
			type: 'search',
			id: 1,
			text: 'heron é',
		});
		const answers: string[] = [];
		void answer.then(line => {
			answers.push(line);
		});
		while (answers.length === 0) {
			for (let more = 0; more < 3000; more++) {
				say('something else');
			}

			await turn();
		}

		const {entries} = JSON.parse(await answer) as {entries: Message[]};
		found.push(entries.map(({seq}) => seq));
		assert.ok(
			entries.every(({seq, text}) => seq % 100 === 0 && text === 'heron é'),
		);
	}

	assert.ok(log.firstSeq > before, 'all of it has been written over');
	assert.ok(found[0]!.length > 0);
	assert.deepEqual(found.at(-1), []);
});
