/** Commands of bots, as programs offer and ask for them. */
import assert from 'node:assert/strict';
import type {Buffer} from 'node:buffer';
import {once} from 'node:events';
import process from 'node:process';
import {test, type TestContext} from 'node:test';
import {
	connect,
	startServer,
	type Client,
	type CommandRequest,
	type ConnectOptions,
	type Server,
} from '../../source/index.js';
import {openScripted, welcomeFrame} from '../helpers/scripted.js';
import {until} from '../helpers/until.js';
import type {WirePeer} from '../helpers/wire-peer.js';

const serve = async (t: TestContext): Promise<Server> => {
	const server = await startServer({port: 0, nick: 'host'});
	t.after(async () => server.drain());
	return server;
};

const join = async (
	t: TestContext,
	{address}: Pick<Server, 'address'>,
	nick: string,
	options: Partial<ConnectOptions> = {},
): Promise<Client> => {
	const client = await connect({address, nick, ...options});
	t.after(async () => client.leave());
	return client;
};

/** Welcomes the peer, and takes what it offers. */
const answerOffers = (peer: WirePeer, taken: readonly string[]) => {
	peer.isFramed = false;
	peer.duplex.on('data', (chunk: Buffer) => {
		for (const line of chunk.toString().trimEnd().split('\n')) {
			const {type, name = ''} = JSON.parse(line) as {
				type: string;
				name?: string;
			};
			if (type === 'hello') {
				peer.send(welcomeFrame({nick: 'deployer', commands: true}));
			} else if (type === 'offer') {
				const isTaken = taken.includes(name);
				peer.send({
					type: 'offered',
					name,
					...(isTaken && {code: 'ERR_COMMAND_TAKEN', message: 'taken'}),
				});
			}
		}
	});
};

/** What a bot is sent, without the name of its command. */
const asked = {
	type: 'command',
	request: 1,
	at: 0,
	from: 'otter',
	id: '0123456789abcdef',
	text: '',
};

test('bots: a handler gets who asked and the rest of the line; the asker gets what it returns', async t => {
	const server = await serve(t);
	const bot = await join(t, server, 'deployer');
	const otter = await join(t, server, 'otter');
	const requests: CommandRequest[] = [];
	using offer = await bot.offer(
		'deploy',
		{usage: 'STAGE', help: 'deploy a stage'},
		async request => {
			requests.push(request);
			return request.text === 'moon'
				? {text: 'no such stage', hasFailed: true}
				: request.text === 'quietly'
					? undefined
					: `${request.text} is out`;
		},
	);
	assert.equal(offer.name, 'deploy');
	assert.deepEqual(await otter.ask('deploy', 'web'), {
		text: 'web is out',
		from: 'deployer',
		hasFailed: false,
	});
	assert.deepEqual(await otter.ask('deploy', 'moon'), {
		text: 'no such stage',
		from: 'deployer',
		hasFailed: true,
	});
	assert.equal((await otter.ask('deploy', 'quietly')).text, '');
	const [first] = requests;
	assert.deepEqual(
		{...first, at: typeof first!.at},
		{name: 'deploy', text: 'web', from: 'otter', id: otter.id, at: 'number'},
	);
	await until(() => otter.commands.length === 1, {what: 'the command'});
	assert.deepEqual(otter.commands, [
		{name: 'deploy', usage: 'STAGE', help: 'deploy a stage', from: 'deployer'},
	]);
});

test('bots: what is too long ends no connection', async t => {
	const server = await serve(t);
	const bot = await join(t, server, 'deployer');
	const otter = await join(t, server, 'otter');
	await bot.offer('log', {}, ({text}) => text || 'x'.repeat(1_000_000));
	assert.deepEqual(await otter.ask('log'), {
		text: 'The text has 1000000 bytes; the limit is 16384. Send it in parts.',
		from: 'deployer',
		hasFailed: true,
	});
	await assert.rejects(otter.ask('log', 'x'.repeat(1_000_000)), {
		code: 'ERR_TEXT_TOO_LONG',
	});
	await assert.rejects(otter.ask('x'.repeat(100_000)), {
		code: 'ERR_NO_SUCH_COMMAND',
	});
	assert.equal((await otter.ask('log', 'short')).text, 'short');
});

test('bots: an offer that is longer than a frame is refused before it is sent', async t => {
	const server = await serve(t);
	const bot = await join(t, server, 'deployer');
	await assert.rejects(
		bot.offer('log', {help: 'x'.repeat(100_000)}, () => ''),
		{code: 'ERR_COMMAND_INVALID'},
	);
	await bot.offer('log', {}, () => '');
});

test('bots: a host offers and asks as a member does', async t => {
	const server = await serve(t);
	await server.offer('load', {}, () => '1.5');
	const otter = await join(t, server, 'otter');
	assert.equal((await otter.ask('load')).text, '1.5');
	await otter.offer('echo', {}, ({text}) => text);
	assert.deepEqual(await server.ask('echo', 'hello'), {
		text: 'hello',
		from: 'otter',
		hasFailed: false,
	});
});

test('bots: what is refused rejects with its code', async t => {
	const server = await serve(t);
	const bot = await join(t, server, 'deployer');
	const otter = await join(t, server, 'otter');
	await bot.offer('deploy', {}, () => '');
	for (const [name, code] of [
		['deploy', 'ERR_COMMAND_TAKEN'],
		['nick', 'ERR_COMMAND_TAKEN'],
		['Deploy', 'ERR_COMMAND_INVALID'],
	] as const) {
		await assert.rejects(
			otter.offer(name, {}, () => ''),
			{code},
		);
	}

	await assert.rejects(
		bot.offer('deploy', {}, () => ''),
		{
			code: 'ERR_COMMAND_TAKEN',
		},
	);
	await assert.rejects(otter.ask('nothing'), {code: 'ERR_NO_SUCH_COMMAND'});
});

test('bots: a command that is withdrawn can be offered by another', async t => {
	const server = await serve(t);
	const bot = await join(t, server, 'deployer');
	const otter = await join(t, server, 'otter');
	const offer = await bot.offer('deploy', {}, () => 'one');
	offer.withdraw();
	assert.equal(await offer.withdrawn, undefined);
	await otter.offer('deploy', {}, () => 'two');
	assert.equal((await bot.ask('deploy')).text, 'two');
	// A second time does nothing to the other's.
	offer.withdraw();
	assert.equal((await bot.ask('deploy')).text, 'two');
});

test('bots: if its bot leaves, what was asked rejects', async t => {
	const server = await serve(t);
	const bot = await join(t, server, 'deployer');
	const otter = await join(t, server, 'otter');
	let isAsked = false;
	const offer = await bot.offer('deploy', {}, async () => {
		isAsked = true;
		return new Promise<string>(() => {});
	});
	const rejected = assert.rejects(otter.ask('deploy'), {
		code: 'ERR_COMMAND_GONE',
	});
	await until(() => isAsked, {what: 'the request'});
	await bot.leave();
	await rejected;
	assert.equal(await offer.withdrawn, undefined);
	await assert.rejects(bot.ask('deploy'), {code: 'ERR_NOT_STORED'});
	const own = otter.ask('deploy');
	await assert.rejects(own, {code: 'ERR_NO_SUCH_COMMAND'});
});

test('bots: after a reconnect a command is offered again, unless it was taken', async t => {
	const peers: WirePeer[] = [];
	const {address} = await openScripted(t, (peer, count) => {
		peers.push(peer);
		answerOffers(peer, count === 1 ? [] : ['lost']);
	});
	const bot = await connect({address, nick: 'deployer'});
	t.after(async () => bot.leave());
	const [, lost] = await Promise.all([
		bot.offer('kept', {}, () => 'still here'),
		bot.offer('lost', {}, () => ''),
	]);
	peers[0]!.send({...asked, name: 'kept'});
	await peers[0]!.untilText('still here');
	const rejected = assert.rejects(bot.ask('other'), {code: 'ERR_LOST'});
	await peers[0]!.untilText('"other"');
	peers[0]!.reset();
	await rejected;
	const why = await lost.withdrawn;
	assert.equal(why?.code, 'ERR_COMMAND_TAKEN');
	await peers[1]!.untilText('"offer","name":"kept"');
	peers[1]!.send({...asked, name: 'kept'});
	await peers[1]!.untilText('still here');
});

test('bots: a late answer does not answer a request of the next connection', async t => {
	const peers: WirePeer[] = [];
	const {address} = await openScripted(t, peer => {
		peers.push(peer);
		answerOffers(peer, []);
	});
	const bot = await connect({address, nick: 'deployer'});
	t.after(async () => bot.leave());
	const finishers: Array<(text: string) => void> = [];
	await bot.offer(
		'slow',
		{},
		async () =>
			new Promise<string>(resolve => {
				finishers.push(resolve);
			}),
	);
	peers[0]!.send({...asked, name: 'slow'});
	await until(() => finishers.length === 1, {what: 'the first request'});
	peers[0]!.reset();
	await until(() => peers[1]?.text.includes('offer'), {what: 'a second offer'});
	finishers[0]!('of the first');
	peers[1]!.send({...asked, request: 2, name: 'slow'});
	await until(() => finishers.length === 2, {what: 'the second request'});
	finishers[1]!('of the second');
	await peers[1]!.untilText('of the second');
	assert.ok(!peers[1]!.text.includes('of the first'));
});

test('bots: an exception of a handler is the program’s own; who asked hears that it failed', async t => {
	const server = await serve(t);
	const bot = await join(t, server, 'deployer');
	const otter = await join(t, server, 'otter');
	const mine = new Error('mine');
	await bot.offer('deploy', {}, () => {
		throw mine;
	});
	const others = process.listeners('uncaughtException');
	process.removeAllListeners('uncaughtException');
	t.after(() => {
		for (const listener of others) {
			process.on('uncaughtException', listener);
		}
	});
	const uncaught = once(process, 'uncaughtException');
	const {text, hasFailed} = await otter.ask('deploy');
	assert.deepEqual([text, hasFailed], ['', true]);
	const [error] = (await uncaught) as [unknown];
	assert.equal(error, mine);
});

test('bots: a server of before gets no frame that it does not know', async t => {
	let old: WirePeer | undefined;
	const {address} = await openScripted(t, peer => {
		old = peer;
		peer.isFramed = false;
		peer.duplex.once('data', () => {
			peer.send(welcomeFrame({nick: 'otter'}));
		});
	});
	const otter = await connect({address, nick: 'otter'});
	t.after(async () => otter.leave());
	await assert.rejects(
		otter.offer('deploy', {}, () => ''),
		{code: 'ERR_NO_BOTS'},
	);
	await assert.rejects(otter.ask('deploy'), {code: 'ERR_NO_SUCH_COMMAND'});
	assert.deepEqual(otter.commands, []);
	void otter.say('done').catch(() => undefined);
	await old!.untilText('"done"');
	const types = old!.text
		.split('\n')
		.filter(line => line !== '')
		.map(line => (JSON.parse(line) as {type: string}).type);
	assert.deepEqual(
		types.filter(type => type !== 'ping'),
		['hello', 'say'],
	);
});
