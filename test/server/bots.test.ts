/** Commands that bots offer, on real sockets, frame by frame. */
import assert from 'node:assert/strict';
import {test, type TestContext} from 'node:test';
import fc from 'fast-check';
import {
	Bots,
	maxOffersPerBot,
	maxRequestsPerAsker,
} from '../../source/server/bots/bots.js';
import {openServer, type TestServer} from '../helpers/room.js';
import {joinWire, openPlain, type MemberPeer} from '../helpers/wire-peer.js';

const offer = {
	type: 'offer',
	name: 'deploy',
	usage: 'STAGE',
	help: 'deploy a stage',
};

/** A bot that offers /deploy, and a member that knows of it. */
const openBoth = async (
	t: TestContext,
): Promise<{server: TestServer; bot: MemberPeer; otter: MemberPeer}> => {
	const server = await openServer(t);
	const bot = await joinWire(t, server.address, 'deployer');
	const otter = await joinWire(t, server.address, 'otter');
	for (const member of [bot, otter]) {
		member.isAnsweringPings = true;
	}

	otter.send({type: 'commands'});
	await otter.untilFrame('commands');
	bot.send(offer);
	await bot.untilFrame('offered');
	await otter.untilFrame('commands', ({offered}) => offered.length === 1);
	return {server, bot, otter};
};

test('bots: the welcome says that the server knows commands', async t => {
	const server = await openServer(t);
	const {welcome} = await joinWire(t, server.address, 'otter');
	assert.equal(welcome.commands, true);
});

test('bots: only members that asked hear of commands, now and at each change', async t => {
	const {server, bot, otter} = await openBoth(t);
	const [before, after] = otter.of('commands');
	assert.deepEqual(before!.offered, []);
	assert.deepEqual(after!.offered, [
		{name: 'deploy', usage: 'STAGE', help: 'deploy a stage', from: 'deployer'},
	]);
	const old = await joinWire(t, server.address, 'old');
	bot.send({type: 'nick', nick: 'ship'});
	await otter.untilFrame(
		'commands',
		({offered}) => offered[0]?.from === 'ship',
	);
	bot.send({type: 'withdraw', name: 'deploy'});
	await otter.until(
		'the empty list',
		() => otter.of('commands').at(-1)!.offered.length === 0,
	);
	old.send({type: 'ping', id: 7});
	await old.untilFrame('pong');
	assert.deepEqual(old.of('commands'), []);
});

test('bots: a command reaches its bot with who asked, and its answer the asker alone', async t => {
	const {server, bot, otter} = await openBoth(t);
	const heron = await joinWire(t, server.address, 'heron');
	otter.send({type: 'command', request: 4, name: 'deploy', text: 'web now'});
	const {request, ...asked} = await bot.untilFrame('command');
	const own = bot.of('joined').find(({nick}) => nick === 'otter');
	assert.deepEqual(asked, {
		type: 'command',
		at: asked.at,
		name: 'deploy',
		from: 'otter',
		id: own!.id,
		text: 'web now',
	});
	bot.send({type: 'answer', request, text: 'web is out'});
	const {at, ...answer} = await otter.untilFrame('answered');
	assert.deepEqual(answer, {
		type: 'answered',
		request: 4,
		name: 'deploy',
		from: 'deployer',
		text: 'web is out',
	});
	// A second answer answers nothing.
	bot.send({type: 'answer', request, text: 'again'}, {type: 'ping', id: 1});
	await bot.untilFrame('pong');
	otter.send({type: 'command', request: 5, name: 'deploy', text: ''});
	const next = await bot.untilFrame('command', ({text}) => text === '');
	bot.send({type: 'answer', request: next.request, text: 'no', failed: true});
	const refused = await otter.untilFrame(
		'answered',
		frame => frame.request === 5,
	);
	assert.equal(refused.failed, true);
	assert.equal(otter.of('answered').length, 2);
	heron.send({type: 'ping', id: 1});
	await heron.untilFrame('pong');
	assert.deepEqual([heron.of('command'), heron.of('answered')], [[], []]);
	assert.deepEqual(heron.said, []);
});

test("bots: an answer that would overflow the asker's frames is not passed on", async t => {
	const {bot, otter} = await openBoth(t);
	otter.send({type: 'command', request: 4, name: 'deploy', text: ''});
	const {request} = await bot.untilFrame('command');
	bot.send({type: 'answer', request, text: 'x'.repeat(65_480)});
	const {code, from, text} = await otter.untilFrame('answered');
	assert.deepEqual(
		[code, from, text],
		[
			'ERR_TEXT_TOO_LONG',
			undefined,
			'The bot of /deploy answered with a text that is too long: it is not passed on.',
		],
	);
});

test('bots: a name that is taken, built in or wrong is refused', async t => {
	const {otter} = await openBoth(t);
	const refusals: string[] = [];
	for (const [name, help = 'x'] of [
		['deploy'],
		['help'],
		['w'],
		['quit'],
		['Deploy'],
		['a b'],
		['éa'],
		[''],
		['a'.repeat(25)],
		['ship', 'two\nlines'],
		['ship', 'h'.repeat(101)],
		['ship', '\u001B[31mred'],
	]) {
		otter.forget();
		otter.send({type: 'offer', name, usage: '', help});
		const {code, message} = await otter.untilFrame('offered');
		assert.ok(message!.length > 0);
		refusals.push(code!);
	}

	assert.deepEqual(refusals, [
		...Array.from({length: 4}, () => 'ERR_COMMAND_TAKEN'),
		...Array.from({length: 8}, () => 'ERR_COMMAND_INVALID'),
	]);
	assert.deepEqual(otter.of('error'), []);
});

test('bots: one member offers so many commands, and the room has so many', async t => {
	const {otter} = await openBoth(t);
	for (let n = 0; n <= maxOffersPerBot; n++) {
		otter.send({type: 'offer', name: `own-${n}`, usage: '', help: ''});
	}

	const last = await otter.untilFrame(
		'offered',
		({name}) => name === `own-${maxOffersPerBot}`,
	);
	assert.equal(last.code, 'ERR_COMMAND_LIMIT');
	// What is offered again replaces what it was.
	otter.send({type: 'offer', name: 'own-0', usage: 'X', help: 'new'});
	const again = await otter.until(
		'the second answer',
		() => otter.of('offered').filter(({name}) => name === 'own-0')[1],
	);
	assert.equal(again.code, undefined);
});

for (const how of ['bye', 'fin', 'reset'] as const) {
	test(`bots: after ${how} its commands are gone, and what was asked has failed`, async t => {
		const {bot, otter} = await openBoth(t);
		otter.send({type: 'command', request: 1, name: 'deploy', text: 'web'});
		await bot.untilFrame('command');
		if (how === 'bye') {
			bot.send({type: 'bye'});
		}

		if (how === 'reset') {
			bot.reset();
		} else {
			bot.end();
		}

		const {code, from} = await otter.untilFrame('answered');
		assert.deepEqual([code, from], ['ERR_COMMAND_GONE', undefined]);
		await otter.until(
			'the empty list',
			() => otter.of('commands').at(-1)!.offered.length === 0,
		);
		otter.send({type: 'command', request: 2, name: 'deploy', text: ''});
		const none = await otter.untilFrame(
			'answered',
			({request}) => request === 2,
		);
		assert.equal(none.code, 'ERR_NO_SUCH_COMMAND');
	});
}

test('bots: the same client on another connection has to offer again', async t => {
	const server = await openServer(t);
	const client = '0f8fad5b-d9cb-469f-a165-70867728950e';
	const bot = await joinWire(t, server.address, 'deployer', {client});
	bot.send(offer);
	await bot.untilFrame('offered');
	const again = await joinWire(t, server.address, 'deployer', {client});
	again.send({type: 'commands'});
	const {offered} = await again.untilFrame('commands');
	assert.deepEqual(offered, []);
	again.send(offer);
	assert.equal((await again.untilFrame('offered')).code, undefined);
});

test('bots: a muted member neither asks, offers nor answers', async t => {
	const {server, bot, otter} = await openBoth(t);
	otter.send({type: 'command', request: 1, name: 'deploy', text: ''});
	const {request} = await bot.untilFrame('command');
	await server.rule({type: 'mute', who: 'deployer'});
	bot.send({type: 'answer', request, text: 'secret'});
	const answered = await otter.untilFrame('answered');
	assert.deepEqual(
		[answered.code, answered.text.includes('secret')],
		['ERR_COMMAND_GONE', false],
	);
	bot.forget();
	bot.send({...offer, name: 'other'});
	assert.equal((await bot.untilFrame('offered')).code, 'ERR_MUTED');
	await server.rule({type: 'mute', who: 'otter'});
	otter.send({type: 'command', request: 2, name: 'deploy', text: ''});
	const refused = await otter.untilFrame(
		'answered',
		frame => frame.request === 2,
	);
	assert.equal(refused.code, 'ERR_MUTED');
});

test('bots: who asks too much at once is refused until answers come', async t => {
	const {bot, otter} = await openBoth(t);
	for (let request = 1; request <= maxRequestsPerAsker + 1; request++) {
		otter.send({type: 'command', request, name: 'deploy', text: ''});
	}

	const busy = await otter.untilFrame('answered');
	assert.deepEqual(
		[busy.request, busy.code],
		[maxRequestsPerAsker + 1, 'ERR_BUSY'],
	);
	const [first] = bot.of('command');
	bot.send({type: 'answer', request: first!.request, text: ''});
	await otter.untilFrame('answered', ({request}) => request === 1);
	otter.send({type: 'command', request: 99, name: 'deploy', text: 'now'});
	await bot.untilFrame('command', ({text}) => text === 'now');
});

test('bots: a plain peer finds the commands in /help, and is answered', async t => {
	const {server, bot} = await openBoth(t);
	const nc = await openPlain(t, server.address);
	nc.write('/help\n');
	await nc.untilText('deploy a stage (deployer)');
	nc.write('/deploy web\n');
	const {request, from, text} = await bot.untilFrame('command');
	assert.match(from, /^guest-/);
	assert.equal(text, 'web');
	bot.send({type: 'answer', request, text: 'out\u001B[31m'});
	await nc.untilText('deployer (to you alone): out');
	assert.ok(!nc.text.includes('\u001B'));
	nc.write('/deplyo\n');
	await nc.untilText('Did you mean /deploy?');
	bot.end();
	await nc.until('that it is gone', () => {
		nc.write('/deploy x\n');
		return nc.text.includes('Unknown command /deploy');
	});
});

const action = fc.oneof(
	fc.record({
		kind: fc.constant('offer' as const),
		who: fc.nat(3),
		name: fc.nat(3),
	}),
	fc.record({
		kind: fc.constant('withdraw' as const),
		who: fc.nat(3),
		name: fc.nat(3),
	}),
	fc.record({
		kind: fc.constant('ask' as const),
		who: fc.nat(3),
		name: fc.nat(3),
	}),
	fc.record({
		kind: fc.constant('answer' as const),
		who: fc.nat(3),
		request: fc.nat(20),
	}),
	fc.record({kind: fc.constant('leave' as const), who: fc.nat(3)}),
);

test('bots: each request ends once: by its bot, by the bot leaving, or by its asker leaving', () => {
	fc.assert(
		fc.property(fc.array(action, {maxLength: 60}), actions => {
			const bots = new Bots();
			const open = new Map<number, {asker: string; bot: string}>();
			for (const step of actions) {
				const who = `id-${step.who}`;
				switch (step.kind) {
					case 'offer': {
						bots.offer(who, {name: `c${step.name}`, usage: '', help: ''}, 0);
						break;
					}

					case 'withdraw': {
						bots.withdraw(who, `c${step.name}`);
						break;
					}

					case 'ask': {
						const asked = bots.ask(who, 0, `c${step.name}`);
						if ('bot' in asked) {
							assert.ok(!open.has(asked.request));
							open.set(asked.request, {asker: who, bot: asked.bot});
						}

						break;
					}

					case 'answer': {
						const expected = open.get(step.request);
						const taken = bots.answer(who, step.request);
						assert.equal(
							taken?.asker,
							expected?.bot === who ? expected.asker : undefined,
						);
						if (taken) {
							open.delete(step.request);
						}

						break;
					}

					default: {
						const failed = bots.leave(who);
						for (const [request, {asker, bot}] of open) {
							if (asker === who || bot === who) {
								open.delete(request);
							}
						}

						assert.ok(failed.every(({asker}) => asker !== who));
					}
				}

				assert.equal(bots.openRequests, open.size);
			}
		}),
	);
});
