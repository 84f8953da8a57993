/** What the host can do to members, on real sockets: kick, ban, mute, lock. */
import assert from 'node:assert/strict';
import process from 'node:process';
import {test} from 'node:test';
import fc from 'fast-check';
import type {HostAction} from '../../source/commands/host-action.js';
import {banText, parseBan, Moderation} from '../../source/server/moderation.js';
import {
	performHostAction,
	type UserLookup,
} from '../../source/server/host-actions.js';
import {openClient} from '../helpers/client.js';
import {openServer, openHub, type TestServer} from '../helpers/room.js';
import {
	greet,
	helloFrame,
	joinWire,
	openPlain,
	openWire,
} from '../helpers/wire-peer.js';

const uid = process.getuid!();

const say = async (server: TestServer, action: HostAction) => {
	const {sentence} = await server.rule(action);
	return sentence;
};

test('moderation: a kicked client gets the reason, leaves, and does not reconnect', async t => {
	const server = await openServer(t);
	const otter = await joinWire(t, server.address, 'otter');
	const heron = openClient(t, server.address, 'heron');
	await heron.untilPhase('open');
	assert.equal(
		await say(server, {type: 'kick', who: 'HERON'}),
		'heron was disconnected and may come back.',
	);
	const left = await otter.untilFrame('left');
	assert.deepEqual([left.nick, left.reason], ['heron', 'kicked']);
	assert.equal((await heron.client.closed)?.code, 'ERR_KICKED');
	// It may: it is not banned, and its nick is not reserved.
	await joinWire(t, server.address, 'heron');
	assert.match(
		await say(server, {type: 'kick', who: 'nobody'}),
		/^Nobody here/,
	);
});

test('moderation: a banned client is kept out until the ban is lifted', async t => {
	const server = await openServer(t);
	const client = '0f8fad5b-d9cb-469f-a165-70867728950e';
	const heron = await joinWire(t, server.address, 'heron', {client});
	const told = await server.rule({type: 'ban', who: 'heron'});
	assert.match(
		told.sentence,
		/^client:[\da-f]{16} \(heron\) is banned; members disconnected: 1\./,
	);
	assert.match(told.told!, /^bans client:[\da-f]{16} \(heron\)$/);
	await heron.untilFin();
	assert.equal(heron.of('bye')[0]?.reason, 'banned');
	const again = await openWire(t, server.address);
	again.send(helloFrame('other', {client}));
	await again.untilFin();
	assert.equal(again.of('error')[0]?.code, 'ERR_BANNED');
	assert.match(
		await say(server, {type: 'bans'}),
		/^banned client:.* \(heron\)\.$/,
	);
	assert.equal(
		await say(server, {type: 'unban', who: 'heron'}),
		'heron may come back.',
	);
	await joinWire(t, server.address, 'heron', {client});
	assert.match(
		await say(server, {type: 'unban', who: 'heron'}),
		/is not banned; \/bans lists who is/,
	);
});

test('moderation: a ban of an address or a user ends all its connections', async t => {
	const server = await openServer(t);
	const from = {localAddress: '127.0.0.9'};
	const plain = await openPlain(t, server.address, from);
	plain.write('hello\n');
	const otter = await joinWire(t, server.address, 'otter');
	await otter.untilSaid('hello');
	const guest = otter.of('message')[0]!.from;
	assert.match(
		await say(server, {type: 'ban', who: guest}),
		/is a plain peer, .* Ban its address \(127\.0\.0\.9\) or uid:N/,
	);
	assert.equal(
		await say(server, {type: 'ban', who: '127.0.0.9'}),
		'127.0.0.9 is banned; members disconnected: 1. /unban undoes it.',
	);
	await plain.untilFin();
	const again = await openPlain(t, server.address, from);
	again.write('hello\n');
	await again.untilText('The host has banned you from this room.\n');
	assert.equal(otter.hasFin, false);

	assert.match(
		await say(server, {type: 'ban', who: `uid:${uid}`}),
		/members disconnected: 1\./,
	);
	await otter.untilFin();
	const heron = await openWire(t, server.address);
	heron.send(helloFrame('heron'));
	await heron.untilFin();
	assert.equal(heron.of('error')[0]?.code, 'ERR_BANNED');
	await say(server, {type: 'unban', who: `uid:${uid}`});
	await joinWire(t, server.address, 'heron');
});

test('moderation: a ban by uid does not touch another user who connected before it', async t => {
	const server = await openServer(t);
	const otter = await joinWire(t, server.address, 'otter');
	const silent = await openWire(t, server.address);
	await server.untilEvent('accepted', ({peer}) => peer === silent.name);
	assert.equal(
		await say(server, {type: 'ban', who: `uid:${uid + 1}`}),
		`uid:${uid + 1} is banned; members disconnected: 0. /unban undoes it.`,
	);
	await greet(silent, 'heron');
	silent.say(1, 'still here');
	await otter.untilSaid('still here');
});

test('moderation: without uids, no user can be banned', async t => {
	const {hub, address} = await openHub(t);
	await joinWire(t, address, 'otter');
	const users: UserLookup = {canTellUsers: false, uidOf: async () => 'unknown'};
	const ruled = await performHostAction(hub, users, {
		type: 'ban',
		who: `uid:${uid}`,
	});
	assert.equal(ruled.type, 'refused');
	assert.match(ruled.sentence, /^A ban by uid needs Linux/);
	assert.equal(hub.moderation.isOpenToAll, true);
});

test('moderation: an unknown uid or address counts as banned', () => {
	const unknown = {host: 'unknown', uid: 'unknown', id: undefined} as const;
	const known = {host: '127.0.0.1', uid: 7, id: undefined} as const;
	for (const [who, isBanned] of [
		['127.0.0.9', true],
		['uid:1', true],
		['client:0123456789abcdef', false],
	] as const) {
		const moderation = new Moderation();
		moderation.ban(parseBan(who)!, 1);
		assert.equal(moderation.isBanned(unknown), isBanned, who);
		assert.equal(moderation.isBanned(known), false, who);
	}
});

test('moderation: a muted peer, framed or plain, listens until it may speak', async t => {
	const server = await openServer(t);
	const otter = await joinWire(t, server.address, 'otter');
	const heron = await joinWire(t, server.address, 'heron');
	const plain = await openPlain(t, server.address);
	plain.write('/nick egret\n');
	await plain.untilText('You are egret now.');
	await say(server, {type: 'mute', who: 'heron'});
	await say(server, {type: 'mute', who: 'egret'});
	heron.say(1, 'silenced');
	heron.send({type: 'whisper', n: 2, to: 'otter', text: 'silenced'});
	heron.send({type: 'nick', nick: 'silenced'});
	await heron.until('three errors', () => heron.of('error').length === 3);
	assert.deepEqual(
		heron.of('error').map(({code, n}) => [code, n]),
		[
			['ERR_MUTED', 1],
			['ERR_MUTED', 2],
			['ERR_MUTED', undefined],
		],
	);
	plain.write('silenced\n');
	await plain.untilText('The host has muted you');
	otter.say(1, 'you hear me');
	await heron.untilSaid('you hear me');
	await plain.untilText('otter: you hear me');
	assert.equal(await say(server, {type: 'bans'}), 'muted heron; muted egret.');
	await say(server, {type: 'unmute', who: 'heron'});
	heron.say(3, 'thanks');
	await otter.untilSaid('thanks');
	assert.ok(!otter.text.includes('silenced'));
});

test('moderation: a muted client keeps its nick, however it comes back', async t => {
	const server = await openServer(t);
	const client = '0f8fad5b-d9cb-469f-a165-70867728950e';
	const otter = await joinWire(t, server.address, 'otter');
	const heron = await joinWire(t, server.address, 'heron', {client});
	const plain = await openPlain(t, server.address);
	plain.write('/nick egret\n');
	await plain.untilText('You are egret now.');
	await say(server, {type: 'mute', who: 'heron'});
	await say(server, {type: 'mute', who: 'egret'});
	plain.write('/nick hear-me\n');
	await plain.untilText('The host has muted you');
	heron.send({type: 'nick', nick: 'hear-me'});
	await heron.untilFrame('error', ({code}) => code === 'ERR_MUTED');
	// First in place of its old connection, then after that has ended.
	const second = await joinWire(t, server.address, 'hear-me', {client});
	assert.equal(second.welcome.nick, 'heron');
	await second.untilFrame('error', ({code}) => code === 'ERR_MUTED');
	second.send({type: 'bye'});
	await second.untilFin();
	second.end();
	await otter.untilFrame('left', ({nick}) => nick === 'heron');
	// Somebody else may have taken the nick meanwhile.
	await joinWire(t, server.address, 'heron');
	const third = await joinWire(t, server.address, 'hear-me', {client});
	assert.equal(third.welcome.nick, 'heron-2');
	await say(server, {type: 'unmute', who: 'heron'});
	third.send({type: 'nick', nick: 'wren'});
	await otter.untilFrame('renamed', ({to}) => to === 'wren');
	assert.ok(!otter.text.includes('hear-me'));
});

test('moderation: a locked room lets only its members back in', async t => {
	const server = await openServer(t);
	const heron = openClient(t, server.address, 'heron');
	await heron.untilPhase('open');
	await say(server, {type: 'lock'});
	const late = await openWire(t, server.address);
	late.send(helloFrame('late'));
	await late.untilFin();
	assert.equal(late.of('error')[0]?.code, 'ERR_ROOM_LOCKED');
	const plain = await openPlain(t, server.address);
	plain.write('late\n');
	await plain.untilText('The host has locked this room');
	heron.dialled[0]!.destroy();
	await heron.untilPhase('open', 2);
	assert.equal(await say(server, {type: 'bans'}), 'the room is locked.');
	await say(server, {type: 'unlock'});
	await joinWire(t, server.address, 'late');
	assert.equal(
		await say(server, {type: 'bans'}),
		'Nobody is banned or muted, and the room is open.',
	);
});

test('moderation: what can be banned is parsed exactly', () => {
	for (const [who, text] of [
		['uid:1000', 'uid:1000'],
		['uid:007', 'uid:7'],
		['client:0123456789abcdef', 'client:0123456789abcdef'],
		['127.0.0.1', '127.0.0.1'],
		['[::1]', '::1'],
	] as const) {
		assert.equal(banText(parseBan(who)!), text);
	}

	for (const who of [
		'uid:',
		'uid:-1',
		'uid:x',
		'client:1',
		'127.0.0.1:5',
		'a',
	]) {
		assert.equal(parseBan(who), undefined);
	}

	const moderation = new Moderation();
	assert.equal(moderation.unban('undefined', 1), undefined);
	assert.equal(
		moderation.isBanned({host: undefined, uid: undefined, id: undefined}),
		false,
	);
});

test('moderation: servers that hear of each other in any order come to the same', () => {
	const ids = ['0'.repeat(16), '1'.repeat(16)] as const;
	const anyAct = fc.record({
		on: fc.nat(2),
		type: fc.constantFrom('ban', 'unban', 'mute', 'unmute', 'lock', 'unlock'),
		id: fc.constantFrom(...ids),
		// Clocks differ.
		now: fc.nat(20),
	});
	const perform = (
		moderation: Moderation,
		type: string,
		id: string,
		done: number,
		at = done,
	) => {
		switch (type) {
			case 'ban': {
				moderation.ban({kind: 'client', value: id, nick: 'heron'}, done);
				break;
			}

			case 'unban': {
				moderation.unbanId(id, done);
				break;
			}

			case 'mute': {
				moderation.mute({id, nick: 'heron'}, done);
				break;
			}

			case 'unmute': {
				moderation.unmuteId(id, done);
				break;
			}

			case 'lock': {
				moderation.lock(at, done);
				break;
			}

			default: {
				moderation.unlock(done);
			}
		}
	};

	const standing = (of: Moderation) => [
		...of.bans.map(({value, done}) => ({type: 'ban', id: value, done})),
		...of.muted.map(({id, done}) => ({type: 'mute', id, done})),
		...(of.locked ? [{type: 'lock', id: '', ...of.locked}] : []),
		...of.undone.map(({kind, id, done}) => ({type: `un${kind}`, id, done})),
	];
	fc.assert(
		fc.property(
			fc.array(anyAct, {maxLength: 20}),
			fc.array(fc.tuple(fc.nat(2), fc.nat(2)), {maxLength: 5}),
			fc.nat(19),
			(acts, meetings, when) => {
				const servers = Array.from({length: 3}, () => new Moderation());
				const tell = (from: Moderation, to: Moderation) => {
					for (const each of standing(from)) {
						const at = 'at' in each ? (each.at as number) : undefined;
						perform(to, each.type, each.id, each.done, at);
					}
				};

				for (const [index, {on, type, id, now}] of acts.entries()) {
					const server = servers[on]!;
					perform(server, type, id, server.timeOf(now));
					if (index === when) {
						for (const [from, to] of meetings) {
							tell(servers[from]!, servers[to]!);
						}
					}
				}

				for (const from of servers) {
					for (const to of servers) {
						tell(from, to);
					}
				}

				for (const from of servers.toReversed()) {
					for (const to of servers) {
						tell(from, to);
					}
				}

				const ends = servers.map(server =>
					standing(server)
						.map(({type, id, done}) => `${type} ${id} ${done}`)
						.toSorted(),
				);
				assert.deepEqual(ends[1], ends[0]);
				assert.deepEqual(ends[2], ends[0]);
			},
		),
	);
});
