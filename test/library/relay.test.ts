/** `startServer({relay})` as programs on several machines call it. */
import assert from 'node:assert/strict';
import {once} from 'node:events';
import {createServer, type AddressInfo} from 'node:net';
import {join} from 'node:path';
import {test, type TestContext} from 'node:test';
import {
	connect,
	SockchatError,
	startServer,
	type RoomEvent,
	type ServerOptions,
} from '../../source/index.js';
import {lastFirst} from '../helpers/environment.js';
import {makeScratch, startNats} from '../helpers/nats.js';
import {until} from '../helpers/until.js';

const serve = async (t: TestContext, options: ServerOptions) => {
	const server = await startServer({port: 0, name: 'lab', ...options});
	lastFirst(t).after(server.drain);
	return server;
};

/** What it rejects with, in words that a program can follow. */
const refusal = async (
	options: ServerOptions,
	code = 'ERR_RELAY',
): Promise<string> => {
	let message = '';
	await assert.rejects(
		startServer({port: 0, name: 'lab', ...options}),
		error => {
			assert.ok(error instanceof SockchatError);
			assert.equal(error.code, code);
			assert.doesNotMatch(error.message, /(?<![\w-])--[a-z]/);
			({message} = error);
			return true;
		},
	);
	return message;
};

test('startServer: with a relay, servers have one room', async t => {
	const {url} = await startNats(t);
	const path = join(makeScratch(t), 'lab.jsonl');
	const relay = {url};
	const one = await serve(t, {nick: 'otter', relay, history: {path}});
	const two = await serve(t, {nick: 'heron', relay});
	const heard = two.messages();
	const {seq} = await one.say('from one');
	const {value} = await heard.next();
	assert.deepEqual(
		[value?.seq, value?.from, value?.text],
		[seq, 'otter', 'from one'],
	);
	await until(
		() => [one, two].every(({members}) => members.elsewhere?.length === 1),
		{
			what: 'one list',
			seen: () => JSON.stringify([one.members, two.members]),
		},
	);
	assert.deepEqual(
		[one, two].map(({members}) => members.elsewhere![0]!.names),
		[['heron'], ['otter']],
	);
	// A bot of one is asked on the other.
	const bot = await connect({address: one.address, nick: 'deployer'});
	t.after(async () => bot.leave());
	await bot.offer('deploy', {}, ({text, from}) => `${text} for ${from}`);
	await until(() => two.commands?.length === 1, {what: 'the command'});
	const {text, from} = await two.ask('deploy', 'web');
	assert.deepEqual([text, from], ['web for heron', 'deployer']);
});

test('startServer: what is wrong with a relay rejects with what to do', async t => {
	const nats = await startNats(t);
	const {url} = nats;
	assert.equal(
		await refusal({relay: {url: 'http://127.0.0.1:4222'}}),
		'A relay\'s url is nats://HOST:PORT or tls://HOST:PORT, or several of a cluster with commas between; got "http://127.0.0.1:4222".',
	);
	const secret = await refusal({relay: {url: 'nats://me:secret@127.0.0.1'}});
	assert.match(secret, /use `credentials`/);
	assert.doesNotMatch(secret, /me:secret/);
	assert.match(
		await refusal({relay: {url}, name: undefined}),
		/needs the `name`/,
	);
	assert.match(await refusal({relay: {url, replicas: 6}}), /from 1 to 5/);
	await nats.kill();
	assert.match(
		await refusal({relay: {url}}, 'ERR_RELAY_AWAY'),
		/\{isOptional: true\} of `relay`$/,
	);
});

test('startServer: a nick that is wrong rejects before the relay is dialled', async t => {
	let dialled = 0;
	const engine = createServer(socket => {
		dialled++;
		socket.destroy();
	});
	engine.listen(0, '127.0.0.1');
	t.after(() => engine.close());
	await once(engine, 'listening');
	const {port} = engine.address() as AddressInfo;
	const relay = {url: `nats://127.0.0.1:${port}`, isOptional: true};
	await refusal({relay, nick: 'not a nick'}, 'ERR_NICK_INVALID');
	assert.equal(dialled, 0);
});

test('startServer: with a relay that is optional, the room is shared once it can be', async t => {
	const nats = await startNats(t);
	await nats.kill();
	const {url} = nats;
	const events: RoomEvent[] = [];
	const server = await serve(t, {
		nick: 'otter',
		relay: {url, isOptional: true},
		onEvent(event) {
			events.push(event);
		},
	});
	const stored = server.say('while it is away');
	await nats.start();
	const {seq} = await stored;
	assert.ok(seq! > 0);
	const phases = events.flatMap(event =>
		event.type === 'relay' ? [event.phase] : [],
	);
	assert.ok(phases.includes('away'));
	assert.equal(phases.at(-1), 'open');
});

test('startServer: credentials are asked for before each connection', async t => {
	const nats = await startNats(t, {
		args: ['-js', '-sd', makeScratch(t), '--user', 'a', '--pass', 'b'],
	});
	const {url} = nats;
	const wrong = await refusal({relay: {url, credentials: 'a:c'}});
	assert.match(wrong, /as `relay\.credentials`/);
	let asked = 0;
	const credentials = async () => {
		asked++;
		return 'a:b';
	};

	const server = await serve(t, {nick: 'otter', relay: {url, credentials}});
	const before = asked;
	assert.ok(before > 0);
	await nats.kill();
	await nats.start();
	await server.say('again');
	assert.ok(asked > before);
});
