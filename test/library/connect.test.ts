/** `connect()` as a program calls it. */
import assert from 'node:assert/strict';
import process from 'node:process';
import {test, type TestContext} from 'node:test';
import {
	connect,
	SockchatError,
	startServer,
	Token,
	type ChatMessage,
	type Client,
	type ClientEvent,
	type ConnectOptions,
	type Server,
	type ServerOptions,
} from '../../source/index.js';
import {maxUnread} from '../../source/library/feed.js';
import {maxTextBytes} from '../../source/protocol/frame.js';
import {createEnvironment} from '../helpers/environment.js';
import {openFaultProxy} from '../helpers/fault-proxy.js';
import {
	listenBare,
	messageFrame,
	openScripted,
	welcomeFrame,
} from '../helpers/scripted.js';
import {until} from '../helpers/until.js';
import {joinWire} from '../helpers/wire-peer.js';

const serve = async (
	t: TestContext,
	options: ServerOptions = {},
): Promise<Server> => {
	const server = await startServer({port: 0, nick: 'host', ...options});
	t.after(async () => {
		const drained = server.drain();
		server.destroy();
		await drained;
	});
	return server;
};

const join = async (
	t: TestContext,
	{address}: Pick<Server, 'address'>,
	options: Partial<ConnectOptions> = {},
): Promise<Client> => {
	const client = await connect({address, nick: 'otter', ...options});
	t.after(async () => client.leave());
	return client;
};

/** The next messages, of one loop. */
const hear = async (
	{messages}: {messages: () => AsyncIterable<ChatMessage>},
	count: number,
): Promise<ChatMessage[]> => {
	const heard: ChatMessage[] = [];
	for await (const message of messages()) {
		heard.push(message);
		if (heard.length === count) {
			break;
		}
	}

	return heard;
};

test('connect: is welcome when it settles; say() settles with the seq', async t => {
	const server = await serve(t);
	const client = await join(t, server);
	assert.equal(client.connection.phase, 'open');
	assert.equal(client.nick, 'otter');
	assert.deepEqual(client.address, server.address);
	assert.deepEqual(client.members, {count: 2, names: ['host', 'otter']});
	const {seq} = await client.say('one');
	assert.deepEqual(await client.say('two'), {seq: seq! + 1});
	const [one, two] = await hear(server, 2);
	assert.deepEqual(
		{...one, at: typeof one!.at},
		{text: 'one', from: 'otter', seq, at: 'number', isReplay: false},
	);
	assert.equal(two!.text, 'two');
	await client.leave();
	assert.equal(await client.closed, undefined);
});

test('connect: messages() has what was said before, and not its own', async t => {
	const server = await serve(t);
	const told = await server.say('before');
	const client = await join(t, server);
	await client.say('mine');
	await server.say('after');
	assert.deepEqual(
		(await hear(client, 2)).map(({at: _at, ...rest}) => rest),
		[
			{text: 'before', from: 'host', seq: told.seq, isReplay: true},
			{text: 'after', from: 'host', seq: told.seq! + 3, isReplay: false},
		],
	);
	const late = await join(t, server, {nick: 'heron', last: 1});
	const since = await join(t, server, {nick: 'ibis', since: told.seq! + 2});
	for (const each of [late, since]) {
		assert.equal((await hear(each, 1))[0]!.text, 'after');
	}
});

test('connect: one loop continues where the last one stopped', async t => {
	const server = await serve(t);
	const client = await join(t, server);
	const texts = ['1', '2', '3', '4', '5'];
	await Promise.all(texts.map(async text => server.say(text)));
	const heard = [...(await hear(client, 2)), ...(await hear(client, 3))];
	assert.deepEqual(
		heard.map(({text}) => text),
		texts,
	);
});

test('connect: a reader that stops reading gets a stated gap', async t => {
	const surplus = 250;
	const server = await serve(t, {rate: 'off'});
	const client = await join(t, server);
	const sayAll = Array.from(
		{length: maxUnread + surplus},
		async (_value, index) => server.say(String(index)),
	);
	const told = await Promise.all(sayAll);
	// All that came before its own echo has come.
	await client.say('done');
	const [first, second] = await hear(client, 2);
	const {gap, text} = first!;
	assert.equal(text, String(surplus));
	assert.deepEqual(gap, {
		from: told[0]!.seq,
		to: told[surplus - 1]!.seq,
	});
	assert.equal(second!.text, String(surplus + 1));
	assert.ok(!('gap' in second!));
});

test('connect: a gap of the server is stated, too', async t => {
	const {address} = await openScripted(t, peer => {
		peer.isFramed = false;
		peer.duplex.once('data', () => {
			peer.send(welcomeFrame({head: 0}));
			peer.send(messageFrame(1), {type: 'gap', from: 2, to: 7});
			peer.send(messageFrame(8));
		});
	});
	const client = await join(t, {address});
	const [, second] = await hear(client, 2);
	assert.equal(second!.seq, 8);
	assert.deepEqual(second!.gap, {from: 2, to: 7});
});

test('connect: a whisper settles once it is delivered', async t => {
	const server = await serve(t);
	const client = await join(t, server);
	const other = await joinWire(t, server.address, 'heron');
	assert.equal(await client.whisper('heron', 'psst'), undefined);
	assert.equal((await other.untilFrame('whispered')).text, 'psst');
	await assert.rejects(client.whisper('nobody', 'psst'), {
		code: 'ERR_NO_SUCH_MEMBER',
	});
});

test('connect: what the room refuses rejects with its code', async t => {
	const server = await serve(t);
	const client = await join(t, server);
	for (const [text, code] of [
		['', 'ERR_TEXT_EMPTY'],
		['a\0b', 'ERR_TEXT_INVALID'],
		['a'.repeat(maxTextBytes + 1), 'ERR_TEXT_TOO_LONG'],
	] as const) {
		await assert.rejects(client.say(text), {code});
	}

	await assert.rejects(client.say(7 as unknown as string), TypeError);
	const stored = await client.say('still here');
	assert.ok(stored.seq! > 0);
});

test('connect: rejects with what ended the attempt, in the words of the API', async t => {
	const server = await serve(t);
	const {address: bare} = await listenBare(t, socket => {
		socket.write('SSH-2.0-OpenSSH_10.0\r\n');
	});
	const {address: closing} = await listenBare(t, socket => {
		socket.end();
	});
	await join(t, server, {nick: 'heron'});
	const locked = await serve(t, {token: new Token('a token of 16 bytes')});
	const gone = await startServer({port: 0});
	await gone.drain();
	for (const [options, code] of [
		[{address: gone.address}, 'ERR_REFUSED'],
		[{address: bare}, 'ERR_NOT_SOCKCHAT'],
		[{address: closing}, 'ERR_LOST'],
		[{address: server.address, nick: 'heron'}, 'ERR_NICK_TAKEN'],
		[{address: server.address, nick: 'not a nick'}, 'ERR_NICK_INVALID'],
		[{address: locked.address}, 'ERR_TOKEN_NEEDED'],
		[{path: '/nonexistent/socket'}, 'ERR_REFUSED'],
		[{port: 0}, 'ERR_PORT_RANGE'],
		[{port: 1, path: '/tmp/a'}, 'ERR_USAGE'],
		[{address: server.address, localPort: 65_536}, 'ERR_PORT_RANGE'],
	] as const) {
		await assert.rejects(
			connect({nick: 'otter', ...options}),
			(error: unknown) => {
				assert.ok(error instanceof SockchatError);
				assert.equal(error.code, code, error.message);
				assert.doesNotMatch(
					error.message,
					/ --[a-z]|sockchat (?:serve|connect)\b/,
				);
				return true;
			},
		);
	}
});

test('connect: an abort rejects with the reason, before and after the welcome', async t => {
	const reason = new RangeError('mine');
	await assert.rejects(
		connect({port: 1, nick: 'otter', signal: AbortSignal.abort(reason)}),
		reason,
	);

	const silent = await listenBare(t, () => undefined);
	const early = new AbortController();
	const attempt = connect({
		address: silent.address,
		nick: 'otter',
		signal: early.signal,
		onEvent(event) {
			if (event.type === 'connection' && event.connection.phase !== 'closed') {
				setImmediate(() => {
					early.abort(reason);
				});
			}
		},
	});
	await assert.rejects(attempt, reason);

	const server = await serve(t);
	const late = new AbortController();
	const client = await join(t, server, {signal: late.signal});
	const heard = hear(client, 1);
	late.abort(reason);
	await assert.rejects(heard, reason);
	await assert.rejects(client.say('too late'), reason);
	assert.equal(await client.closed, undefined);
	await until(() => server.members.count === 1, {what: 'it to leave'});
});

test('connect: disposing leaves, and what is said after that rejects', async t => {
	const server = await serve(t);
	const client = await join(t, server);
	await client[Symbol.asyncDispose]();
	await until(() => server.members.count === 1, {what: 'it to leave'});
	await assert.rejects(client.say('too late'), {code: 'ERR_NOT_STORED'});
	// The host was the only other one, and said nothing.
	assert.deepEqual(await hear(client, 1), []);
});

test('connect: the end of the server ends its loops with the reason', async t => {
	const server = await serve(t);
	const client = await join(t, server, {isRetrying: false});
	const heard = hear(client, 1);
	await Promise.all([
		assert.rejects(heard, {code: 'ERR_SHUTDOWN'}),
		server.drain(),
	]);
	assert.equal((await client.closed)?.code, 'ERR_SHUTDOWN');
	await assert.rejects(client.say('too late'), {code: 'ERR_SHUTDOWN'});
});

test('connect: what is said without a connection is stored once it is back', async t => {
	const server = await serve(t);
	const proxy = await openFaultProxy(t, server.address);
	const client = await join(t, proxy);
	proxy.links[0]!.cut('reset');
	await until(() => client.connection.phase !== 'open', {what: 'the loss'});
	const stored = await client.say('still there?');
	const [message] = await hear(server, 1);
	assert.equal(message!.seq, stored.seq);
});

test('connect: events come by callback and by iteration', async t => {
	const server = await serve(t);
	const seen: string[] = [];
	const note = (event: ClientEvent) =>
		event.type === 'frame' ? event.frame.type : event.type;
	const client = await join(t, server, {
		onEvent(event) {
			seen.push(note(event));
		},
	});
	await client.say('hello');
	await client.leave();
	const read: string[] = [];
	for await (const event of client.events()) {
		assert.notEqual(event.type, 'missed');
		read.push(note(event as ClientEvent));
	}

	assert.deepEqual(read, seen);
	assert.equal(read[0], 'connection');
	for (const type of ['welcome', 'queued', 'message']) {
		assert.ok(read.includes(type), type);
	}
});

test("connect: what a callback throws is the program's own", async t => {
	const server = await serve(t);
	const mine = new SockchatError('ERR_LINE_TOO_LONG', 'Mine.');
	const caught: unknown[] = [];
	process.setUncaughtExceptionCaptureCallback(error => {
		caught.push(error);
	});
	t.after(() => {
		process.setUncaughtExceptionCaptureCallback(null);
	});
	let errors = 0;
	const client = await join(t, server, {
		onEvent(event) {
			if (event.type === 'frame') {
				errors += event.frame.type === 'error' ? 1 : 0;
				throw mine;
			}
		},
	});
	const {seq} = await client.say('goes on');
	assert.ok(seq! > 0);
	assert.ok(caught.length > 0);
	assert.ok(caught.every(error => error === mine));
	assert.equal(errors, 0);
});

test('connect: a place is a host and a port, a path, or what a server gives', async t => {
	const environment = createEnvironment();
	t.after(environment.remove);
	const path = `${environment.home}/room.sock`;
	const byPath = await serve(t, {port: undefined, path});
	assert.deepEqual(byPath.address, {kind: 'unix', path});
	const client = await join(t, {address: byPath.address});
	assert.deepEqual(client.address, byPath.address);
	const six = await serve(t, {host: '::1'});
	assert.equal(six.address.kind === 'tcp' && six.address.host, '::1');
	await join(t, six);
});
