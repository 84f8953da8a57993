/** Commands of bots on one server, asked for on another. */
import assert from 'node:assert/strict';
import {test, type TestContext} from 'node:test';
import {systemClock, type Clock} from '../../source/socket/clock.js';
import {openClient, type TestClient} from '../helpers/client.js';
import {fastClock} from '../helpers/clock.js';
import {openFaultProxy} from '../helpers/fault-proxy.js';
import {openRelayed, startNats} from '../helpers/nats.js';
import {loopback} from '../helpers/sockchat.js';

/** On a busy machine, six seconds may pass before the engine is back. */
const slowClock: Clock = {
	...systemClock,
	monotonicMs: () => systemClock.monotonicMs() / 5,
};

const hearing = {isHearingCommands: true};

const namesOf = ({client}: TestClient): string =>
	(client.bots.offered ?? [])
		.map(({name, from}) => `${name} of ${from}`)
		.join(', ');

const offers = async (client: TestClient, list: string) =>
	client.until(`the commands ${list}`, () => namesOf(client) === list);

const answers = (client: TestClient) =>
	client.frames().flatMap(frame => (frame.type === 'answered' ? [frame] : []));

const refusedOffers = (client: TestClient) =>
	client
		.frames()
		.flatMap(frame =>
			frame.type === 'offered' && frame.code !== undefined
				? [`${frame.code} ${frame.message}`]
				: [],
		);

/** Answers each request as soon as it comes. */
const answering = (bot: TestClient, reply: (text: string) => string) => {
	let seen = 0;
	const look = () => {
		for (const event of bot.events.slice(seen)) {
			seen++;
			if (event.type !== 'frame' || event.frame.type !== 'command') {
				continue;
			}

			const {request, text, from} = event.frame;
			bot.client.bots.answer(request, `${from}: ${reply(text)}`);
		}
	};

	return look;
};

/** A bot on one server, a member on the other. */
const openBoth = async (
	t: TestContext,
	{
		relayClock,
		throughProxy = false,
	}: {relayClock?: Clock; throughProxy?: boolean} = {},
) => {
	const nats = await startNats(t);
	const proxy = await openFaultProxy(t, loopback(nats.port));
	const {port} = proxy.address as {port: number};
	const one = await openRelayed(t, nats.url, {machine: 'box1', relayClock});
	const url = throughProxy ? `nats://127.0.0.1:${port}` : nats.url;
	const two = await openRelayed(t, url, {machine: 'box2', relayClock});
	const otter = openClient(t, one.address, 'otter', hearing);
	const bot = openClient(t, two.address, 'deployer', hearing);
	await bot.untilPhase('open');
	const deploy = {name: 'deploy', usage: 'STAGE', help: 'deploy a stage'};
	bot.client.bots.offer(deploy);
	await offers(otter, 'deploy of deployer');
	return {nats, proxy, one, two, otter, bot, deploy};
};

test('relay: a command of a bot on another server is listed, run and answered', async t => {
	const {one, otter, bot} = await openBoth(t);
	const [offered] = otter.client.bots.offered!;
	assert.deepEqual(offered, {
		name: 'deploy',
		usage: 'STAGE',
		help: 'deploy a stage',
		from: 'deployer',
	});
	const look = answering(bot, text => `${text} is out`);
	const request = otter.client.bots.ask('deploy', 'web');
	await otter.until('the answer', () => {
		look();
		return answers(otter).length === 1;
	});
	const [answered] = answers(otter);
	assert.deepEqual(answered, {
		type: 'answered',
		request,
		at: answered!.at,
		name: 'deploy',
		from: 'deployer',
		text: 'otter: web is out',
	});
	// Only the bot and the asker hear of it.
	const heron = openClient(t, one.address, 'heron', hearing);
	await offers(heron, 'deploy of deployer');
	assert.deepEqual(answers(bot), []);
	assert.ok(!otter.said().join('').includes('web'));
	// Its new nick is everywhere, and what it takes back is gone.
	bot.client.rename('ship');
	await offers(heron, 'deploy of ship');
	bot.client.bots.withdraw('deploy');
	await offers(otter, '');
	otter.client.bots.ask('deploy', 'web');
	await otter.until('the refusal', () => answers(otter).length === 2);
	assert.equal(answers(otter)[1]!.code, 'ERR_NO_SUCH_COMMAND');
});

test('relay: a command is gone with its bot, and who waits hears it', async t => {
	const {otter, bot} = await openBoth(t);
	otter.client.bots.ask('deploy', 'web');
	await bot.until('the request', () =>
		bot.frames().some(({type}) => type === 'command'),
	);
	// As after a kill -9.
	for (const stream of bot.dialled) {
		stream.destroy();
	}

	bot.client.leave();
	await otter.until('the end', () => answers(otter).length === 1);
	assert.equal(answers(otter)[0]!.code, 'ERR_COMMAND_GONE');
	await offers(otter, '');
});

test('relay: a command is gone with its server, and who waits hears it', async t => {
	const {proxy, otter, bot} = await openBoth(t, {
		relayClock: fastClock,
		throughProxy: true,
	});
	otter.client.bots.ask('deploy', 'web');
	await bot.until('the request', () =>
		bot.frames().some(({type}) => type === 'command'),
	);
	proxy.manner.isStalled = true;
	for (const link of proxy.open()) {
		link.cut('reset');
	}

	await otter.until('the end', () => answers(otter).length === 1);
	const [{code, text}] = answers(otter) as [ReturnType<typeof answers>[0]];
	assert.equal(code, 'ERR_COMMAND_GONE');
	assert.equal(
		text,
		'The bot of /deploy on box2 is no longer heard, so no answer will come; it may have done it.',
	);
	await offers(otter, '');
	// They come back with it; the old request is over.
	proxy.manner.isStalled = false;
	for (const link of proxy.open()) {
		link.cut('reset');
	}

	await offers(otter, 'deploy of deployer');
	const look = answering(bot, () => 'done');
	look();
	let asked = 0;
	// With so fast a clock, a busy machine may lose a server again.
	await otter.until('an answer', () => {
		look();
		const {length} = answers(otter);
		if (length > asked) {
			asked = length;
			otter.client.bots.ask('deploy', 'api');
		}

		return answers(otter).some(answer => answer.text === 'otter: done');
	});
});

test('relay: while the engine is away, a command is refused, and an answer waits', async t => {
	const {nats, one, two, otter, bot} = await openBoth(t, {
		relayClock: slowClock,
	});
	otter.client.bots.ask('deploy', 'web');
	await bot.until('the request', () =>
		bot.frames().some(({type}) => type === 'command'),
	);
	await nats.kill();
	await one.untilPhase('away');
	await two.untilPhase('away');
	otter.client.bots.ask('deploy', 'now');
	await otter.until('the refusal', () => answers(otter).length === 1);
	const [{code, text}] = answers(otter) as [ReturnType<typeof answers>[0]];
	assert.equal(code, 'ERR_RELAY_AWAY');
	assert.equal(
		text,
		'The relay is away, so nobody on another machine can be reached. Try again once it is back.',
	);
	answering(bot, () => 'done')();
	await nats.start();
	await otter.until('the answer', () => answers(otter).length === 2);
	assert.equal(answers(otter)[1]!.text, 'otter: done');
});

test('relay: of two bots that offer one command, the first has it everywhere', async t => {
	const {nats, one, two, otter, bot, deploy} = await openBoth(t);
	const late = openClient(t, one.address, 'late', hearing);
	await late.untilPhase('open');
	late.client.bots.offer({...deploy, help: 'mine'});
	await late.until('a refusal', () => refusedOffers(late).length === 1);
	assert.deepEqual(refusedOffers(late), [
		'ERR_COMMAND_TAKEN deployer offers /deploy already. Choose another name.',
	]);
	// Apart, neither can know of the other.
	await nats.kill();
	await one.untilPhase('away');
	await two.untilPhase('away');
	late.client.bots.offer({name: 'halt', usage: '', help: 'the first'});
	await late.until('its offer', () => namesOf(late).includes('halt of late'));
	bot.client.bots.offer({name: 'halt', usage: '', help: 'the second'});
	await bot.until('its offer', () => namesOf(bot).includes('halt of deployer'));
	await nats.start();
	const both = 'deploy of deployer, halt of late';
	for (const client of [otter, bot, late]) {
		await offers(client, both);
	}

	assert.deepEqual(refusedOffers(bot), [
		'ERR_COMMAND_TAKEN late offers /halt already. Choose another name.',
	]);
	assert.equal(refusedOffers(late).length, 1);
});
