/** What can be wrong with an engine: one sentence each. */
import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {test, type TestContext} from 'node:test';
import {jetstreamManager} from '@nats-io/jetstream';
import {connect, type ConnectionOptions} from '@nats-io/transport-node';
import {createDoor} from '../../source/chat/host.js';
import {SockchatError} from '../../source/errors.js';
import {openSession} from '../../source/relay/engine.js';
import {streamOf, subjectsOf} from '../../source/relay/subjects.js';
import {openClient} from '../helpers/client.js';
import {requireExecutable} from '../helpers/environment.js';
import {makeScratch, openRelayed, startNats} from '../helpers/nats.js';
import {findPort} from '../helpers/ports.js';
import {until} from '../helpers/until.js';

const session = async (url: string, extra = {}) =>
	openSession({
		url,
		room: 'lab',
		replicas: 1,
		run: '0'.repeat(8),
		credentials: {},
		...extra,
	});

const refusal = async (opening: Promise<unknown>): Promise<string> => {
	const [outcome] = await Promise.allSettled([opening]);
	const error: unknown =
		outcome.status === 'rejected' ? outcome.reason : 'it was taken';
	assert.ok(error instanceof SockchatError, String(error));
	assert.match(error.code, /^ERR_RELAY(?:_AWAY)?$/);
	assert.doesNotMatch(error.message, /\n|undefined/);
	return error.message;
};

const managed = async (t: TestContext, url: string) => {
	const nc = await connect({servers: url.replace('nats://', '')});
	t.after(async () => nc.close());
	return jetstreamManager(nc);
};

test('engine: nobody listens', async () => {
	const url = `nats://127.0.0.1:${await findPort()}`;
	assert.match(
		await refusal(session(url)),
		/^No NATS server answers at nats:\/\/127\.0\.0\.1:\d+ \(connection refused\)\.$/,
	);
});

test('engine: JetStream leaves a server that comes without an answer', async t => {
	const nats = await startNats(t);
	const stopped = async (options?: ConnectionOptions) => {
		const nc = await connect(options);
		nats.signal('SIGSTOP');
		return nc;
	};

	// Whether a room is open, where anything could wait, only its server knows.
	assert.equal(
		await refusal(session(nats.url, {connect: stopped})),
		`JetStream of the NATS server at ${nats.url} has not answered for 2.5 s.`,
	);
	nats.signal('SIGCONT');
});

test('engine: more copies are wanted than it has nodes', async t => {
	const {url} = await startNats(t);
	assert.match(
		await refusal(session(url, {replicas: 3})),
		/^The stream sockchat-lab isn't there, and can't be created \(replicas > 1 not supported .*\)\. Is 3 too many for --relay-replicas\? Or have its operator create it; docs\/relay\.md says how\.$/,
	);
});

test('engine: credentials are refused, or asked for', async t => {
	const folder = makeScratch(t);
	const config = join(folder, 'nats.conf');
	writeFileSync(
		config,
		`jetstream {store_dir: "${folder}/js"}\nauthorization {user: me, password: right}\n`,
	);
	const {url} = await startNats(t, {args: ['-c', config]});
	assert.match(
		await refusal(session(url)),
		/wants credentials\. Give them in a file, --relay-credentials FILE/,
	);
	for (const credentials of [{user: 'me', pass: 'wrong'}, {token: 'x'}]) {
		assert.match(
			await refusal(session(url, {credentials})),
			/refuses these credentials \(.*\)\. Give others in a file, --relay-credentials FILE/,
		);
	}

	const right = await session(url, {credentials: {user: 'me', pass: 'right'}});
	await right.close();
});

test('engine: it runs without JetStream', async t => {
	const {url} = await startNats(t, {args: []});
	assert.match(
		await refusal(session(url)),
		/runs without JetStream, which keeps the room's order\. Start it with -js/,
	);
});

test('engine: a stream of another shape is refused, one that fits is used as it is', async t => {
	const {url} = await startNats(t);
	const jsm = await managed(t, url);
	const {log} = subjectsOf('lab');
	const name = streamOf('lab');
	for (const [config, why] of [
		[{subjects: [log], retention: 'workqueue'}, 'retention is workqueue'],
		[{subjects: [log], storage: 'memory'}, 'storage is memory'],
		[{subjects: [log, 'more']}, 'subjects are sockchat.lab.log, more'],
		[{subjects: [log], max_msgs_per_subject: 3}, 'limit is 3 messages'],
		[{subjects: [log], no_ack: true}, 'publishes are not acknowledged'],
	] as const) {
		await jsm.streams.add({name, ...config, subjects: [...config.subjects]});
		const message = await refusal(session(url));
		assert.ok(message.includes(why), message);
		assert.match(message, /^The stream sockchat-lab can't keep a room's order/);
		await jsm.streams.delete(name);
	}

	await jsm.streams.add({name, subjects: [log], max_msgs: 1000});
	const used = await session(url);
	await used.close();
	const {config} = await jsm.streams.info(name);
	assert.equal(config.max_msgs, 1000);
});

test('engine: a room of another name is another stream, whatever is in it', () => {
	const names = ['lab', 'Lab', 'l.b', 'l_b', 'l>b', 'l*b', 'löb', 'l-b'];
	assert.equal(new Set(names.map(name => streamOf(name))).size, names.length);
	for (const name of names) {
		assert.match(streamOf(name), /^sockchat-[\w-]+$/);
		assert.match(subjectsOf(name).log, /^sockchat\.[\w-]+\.log$/);
	}
});

test('engine: any host may be dialled, and TLS where the URL says so', async () => {
	const dialled: Array<Parameters<typeof connect>[0]> = [];
	const dial: typeof connect = async options => {
		dialled.push(options);
		throw new Error('not in a test');
	};

	for (const url of ['nats://box.example:4222,nats://b:1', 'tls://box:4222']) {
		await refusal(session(url, {connect: dial}));
	}

	assert.deepEqual(
		dialled.map(options => [options?.servers, Boolean(options?.tls)]),
		[
			[['box.example:4222', 'b:1'], false],
			[['box:4222'], true],
		],
	);
});

test('engine: a full stream is said, what is said waits, and goes out later', async t => {
	const {url} = await startNats(t);
	const jsm = await managed(t, url);
	const {log} = subjectsOf('lab');
	const name = streamOf('lab');
	await jsm.streams.add({
		name,
		subjects: [log],
		max_msgs: 3,
		discard: 'new',
	});
	const server = await openRelayed(t, url);
	const otter = openClient(t, server.address, 'otter');
	await otter.untilPhase('open');
	for (const text of ['one', 'two', 'three', 'four']) {
		otter.client.say(text);
	}

	const trouble = () => server.relayEvents().at(-1)?.error?.message ?? '';
	await until(() => trouble() !== '', {what: 'the trouble to be said'});
	assert.match(
		trouble(),
		/^The stream sockchat-lab is full \(maximum messages exceeded\)\. What is said waits here/,
	);
	await otter.until('what waits, pending', () =>
		otter.frames().some(({type}) => type === 'pending'),
	);
	assert.ok(otter.client.unstored > 0);
	await jsm.streams.update(name, {max_msgs: 100});
	await otter.untilStored();
	assert.deepEqual(otter.said(), ['one', 'two', 'three', 'four']);
	await until(() => trouble() === '', {what: 'the trouble to be over'});
});

test('engine: its disk is full', async t => {
	const prlimit = requireExecutable('prlimit', 'util-linux');
	const nats = await startNats(t);
	const server = await openRelayed(t, nats.url);
	const otter = openClient(t, server.address, 'otter');
	await otter.untilPhase('open');
	// No file of its may grow any more.
	execFileSync(prlimit, [`--pid=${nats.pid()}`, '--fsize=2048:2048']);
	const texts = Array.from({length: 40}, (_, n) => `${n} ${'x'.repeat(1000)}`);
	for (const text of texts) {
		otter.client.say(text);
	}

	const trouble = () => server.relayEvents().at(-1)?.error?.message ?? '';
	await until(() => trouble() !== '', {
		what: 'the trouble to be said',
		deadlineMs: 30_000,
	});
	assert.match(trouble(), /NATS server at nats:\/\/127\.0\.0\.1:\d+/);
	t.diagnostic(trouble());
	await nats.kill();
	await nats.start();
	await otter.untilStored();
	assert.deepEqual(otter.said(), texts);
});

test('engine: optional, the room opens without it, and is shared once it is there', async t => {
	const port = await findPort();
	const url = `nats://127.0.0.1:${port}`;
	const path = join(makeScratch(t), 'lab.jsonl');
	assert.match(
		await refusal(openRelayed(t, url, {path})),
		/To open the room without it for now: --relay-optional$/,
	);
	const server = await openRelayed(t, url, {path, isOptional: true});
	const otter = openClient(t, server.address, 'otter');
	await otter.untilPhase('open');
	otter.client.say('first of all');
	await otter.until('it, pending', () =>
		otter.frames().some(({type}) => type === 'pending'),
	);
	await startNats(t, {port});
	await otter.untilStored();
	assert.deepEqual(otter.said(), ['first of all']);
	const other = await openRelayed(t, url);
	assert.equal(other.room.logId, server.room.logId);
	assert.equal(other.room.log.head, server.room.log.head);
});

test('engine: a history of another stream is refused, and nothing is changed', async t => {
	const nats = await startNats(t);
	const path = join(makeScratch(t), 'lab.jsonl');
	const first = await openRelayed(t, nats.url, {path});
	const otter = openClient(t, first.address, 'otter');
	await otter.untilPhase('open');
	otter.client.say('kept');
	await otter.untilStored();
	await first.end();
	const jsm = await managed(t, nats.url);
	await jsm.streams.delete(streamOf('lab'));
	// A server without a history makes it anew.
	await openRelayed(t, nats.url);
	await assert.rejects(openRelayed(t, nats.url, {path}), {
		code: 'ERR_HISTORY',
		message: /holds another log than the relay's stream/,
	});
});

test('engine: what a stream no longer has is a stated gap', async t => {
	const nats = await startNats(t);
	const jsm = await managed(t, nats.url);
	const {log} = subjectsOf('lab');
	await jsm.streams.add({name: streamOf('lab'), subjects: [log], max_msgs: 10});
	const folder = makeScratch(t);
	const late = join(folder, 'late.jsonl');
	const one = await openRelayed(t, nats.url);
	let two = await openRelayed(t, nats.url, {path: late});
	const otter = openClient(t, one.address, 'otter');
	await otter.untilPhase('open');
	otter.client.say('old');
	await otter.untilStored();
	await until(() => two.room.log.head === one.room.log.head, {what: 'both'});
	const since = two.room.log.head;
	await two.end();
	for (let count = 0; count < 50; count++) {
		otter.client.say(`new ${count}`);
	}

	await otter.untilStored();
	two = await openRelayed(t, nats.url, {path: late});
	// A member that was away, the server's own host, and somebody new.
	for (const heron of [
		openClient(t, two.address, 'heron', {since}),
		openClient(t, two.address, 'egret', createDoor(two, false)),
		openClient(t, two.address, 'wren'),
	]) {
		await heron.until('the newest', () => heron.said().includes('new 49'));
		const [gap, ...more] = heron
			.frames()
			.flatMap(frame => (frame.type === 'gap' ? [frame] : []));
		assert.deepEqual([gap?.from, more.length], [since + 1, 0]);
		const first = heron.frames().find(frame => 'seq' in frame);
		assert.equal(first?.seq, gap!.to + 1);
		assert.ok(!heron.said().includes('new 0'));
	}

	// Who asks for what is all there reads of no gap.
	const crane = openClient(t, two.address, 'crane', {last: 3});
	await crane.until('the newest', () => crane.said().includes('new 49'));
	assert.deepEqual(crane.said(), ['new 47', 'new 48', 'new 49']);
	assert.ok(crane.frames().every(({type}) => type !== 'gap'));
	await until(() => two.room.log.head === one.room.log.head, {what: 'both'});
});

test('engine: back, but with other credentials, is news of a relay that is away', async t => {
	const nats = await startNats(t);
	const server = await openRelayed(t, nats.url);
	await server.untilPhase('open');
	const news = () =>
		server
			.relayEvents()
			.flatMap(({isNews, error}) => (isNews && error ? [error] : []));
	await nats.kill();
	await server.untilPhase('away');
	await until(
		() => server.relayEvents().at(-1)?.error?.message.startsWith('No NATS'),
		{what: 'an attempt that nobody answered'},
	);
	const config = join(makeScratch(t), 'nats.conf');
	writeFileSync(
		config,
		`jetstream {store_dir: "${nats.folder}"}\nauthorization {user: me, password: new}\n`,
	);
	await startNats(t, {args: ['-c', config], port: nats.port});
	await until(() => news().length > 1, {
		what: 'more news',
		seen: () => JSON.stringify(server.relayEvents().slice(-3)),
	});
	// That nobody answers meanwhile is none: it was lost.
	assert.deepEqual(
		news().map(({code}) => code),
		['ERR_RELAY_AWAY', 'ERR_RELAY'],
	);
	assert.match(
		news()[0]!.message,
		/^The connection to the NATS server .* lost/,
	);
	assert.match(news()[1]!.message, /^The NATS server at \S+ wants credentials/);
});

test('relay: credentials are read once for each connection', async t => {
	const nats = await startNats(t);
	let reads = 0;
	const server = await openRelayed(t, nats.url, {
		async readCredentials() {
			reads++;
			return undefined;
		},
	});
	await server.untilPhase('open');
	assert.equal(reads, 1);
	await nats.kill();
	await server.untilPhase('away');
	await nats.start();
	await server.untilPhase('open');
	assert.ok(reads > 1);
});
