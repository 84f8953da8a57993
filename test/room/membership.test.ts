/** Members: returning clients, very many members, and any order of actions. */
import assert from 'node:assert/strict';
import {env} from 'node:process';
import {test} from 'node:test';
import fc from 'fast-check';
import {heartbeatFor} from '../../source/connection/heartbeat.js';
import {maxListedNames, type MemberList} from '../../source/protocol/frame.js';
import {foldNick} from '../../source/protocol/nick.js';
import {nobody, reducePresence} from '../../source/protocol/presence.js';
import {maxAnnouncedMembers} from '../../source/room/comings.js';
import {Room} from '../../source/room/room.js';
import type {Member} from '../../source/room/results.js';
import {clientNumber, enter, entriesOf} from '../helpers/members.js';

const runs = Number(env['FAST_CHECK_RUNS'] ?? 1000);

const createRoom = (heartbeatMs?: number) =>
	new Room({logId: () => 'log', heartbeatMs});

test('membership: a client that comes back keeps its place, unannounced', () => {
	const room = createRoom();
	const otter = enter(room, 1, 'otter');
	enter(room, 2, 'heron');
	const result = room.join(clientNumber(1), 'otter', 3);
	assert.deepEqual(result, {kind: 'resumed', member: otter});
	assert.equal(room.log.head, 2);
	assert.deepEqual(room.memberList(), {count: 2, names: ['otter', 'heron']});
});

test('membership: a client that returns with another nick gets it if free', () => {
	const room = createRoom();
	const {id} = enter(room, 1, 'otter');
	enter(room, 2, 'heron');
	const back = (nick: string) => room.join(clientNumber(1), nick, 3);
	const member = {id, nick: 'crane'};
	assert.deepEqual(back('crane'), {kind: 'resumed', member});
	for (const nick of ['heron', 'HERON', 'not a nick', 'guest-5001']) {
		assert.deepEqual(back(nick), {kind: 'resumed', member});
	}

	assert.deepEqual(room.memberList().names, ['crane', 'heron']);
	assert.deepEqual(
		entriesOf(room).map(({type}) => type),
		['joined', 'joined', 'renamed'],
	);
});

const crowd = (room: Room, count: number): Member[] =>
	Array.from({length: count}, (_value, index) =>
		enter(room, index + 1, `member${index + 1}`),
	);

test('membership: above 200 members joins and leaves are only counted', () => {
	const room = createRoom();
	const members = crowd(room, maxAnnouncedMembers);
	assert.ok(room.isAnnouncing);
	assert.equal(room.log.head, 200);
	const one = enter(room, 201, 'member201');
	assert.ok(!room.isAnnouncing);
	assert.equal(room.rename(one, 'renamed', 1).kind, 'renamed');
	room.leave(members[0]!, 'quit', 1);
	assert.equal(room.log.head, 200, 'neither join, rename nor leave');
	assert.deepEqual(room.say(one, 1, 'hi', 1), {kind: 'stored', seq: 201});
	assert.ok(room.isAnnouncing);
	room.leave(members[1]!, 'quit', 1);
	assert.equal(room.log.head, 202, 'below it they are entries again');
});

test('membership: a list names the first 200 and counts all', () => {
	const room = createRoom();
	crowd(room, 250);
	const {count, names} = room.memberList();
	assert.equal(count, 250);
	assert.equal(names.length, maxListedNames);
	assert.deepEqual([names[0], names[199]], ['member1', 'member200']);
	room.rename(room.memberNamed('member1')!, 'first', 1);
	assert.equal(room.memberList().names[0], 'first');
});

test('membership: the heartbeat grows with the number of members', () => {
	const room = createRoom();
	assert.equal(room.heartbeatMs, 2000);
	crowd(room, 600);
	assert.equal(room.heartbeatMs, heartbeatFor(600));
	assert.equal(room.heartbeatMs, 2400);
	const slow = createRoom(10_000);
	assert.equal(slow.heartbeatMs, 10_000);
});

const operation = fc.record({
	type: fc.constantFrom('join', 'rename', 'leave', 'say', 'whisper'),
	who: fc.nat({max: 4}),
	nick: fc.constantFrom('otter', 'OTTER', 'оttеr', 'heron', 'Heron', 'x'),
	n: fc.integer({min: 1, max: 5}),
});
type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never;

/** Acts as a server does: only members leave, rename and send. */
const run = (
	room: Room,
	{type, who, nick, n}: Operation,
	here: Map<number, Member>,
) => {
	if (type === 'join') {
		const result = room.join(clientNumber(who), nick, 1);
		if (result.kind !== 'refused') {
			here.set(who, result.member);
		}

		return;
	}

	const member = here.get(who);
	if (!member) {
		return;
	}

	switch (type) {
		case 'leave': {
			room.leave(member, 'quit', 1);
			here.delete(who);
			break;
		}

		case 'rename': {
			const result = room.rename(member, nick, 1);
			here.set(who, result.kind === 'renamed' ? result.member : member);
			break;
		}

		case 'say': {
			room.say(member, n, 'hi', 1);
			break;
		}

		case 'whisper': {
			room.whisper(member, n, 'heron', 'hi');
			break;
		}
	}
};

test('membership: whatever happens, the entries give the members', () => {
	fc.assert(
		fc.property(fc.array(operation, {maxLength: 60, size: 'max'}), all => {
			const room = createRoom();
			const here = new Map<number, Member>();
			for (const each of all) {
				run(room, each, here);
				const {count, names, agents} = room.memberList();
				assert.equal(count, here.size);
				assert.equal(room.listJson, JSON.stringify({names, agents}));
				assert.deepEqual(
					names.toSorted(),
					Array.from(here.values(), member => member.nick).toSorted(),
				);
				assert.equal(new Set(names.map(foldNick)).size, count);
				for (const wanted of ['otter', 'heron', 'x']) {
					const named = names.find(name => foldNick(name) === foldNick(wanted));
					assert.equal(room.memberNamed(wanted)?.nick, named);
				}
			}

			const entries = entriesOf(room);
			assert.deepEqual(
				entries.map(({seq}) => seq),
				Array.from({length: room.log.head}, (_value, index) => index + 1),
			);
			let presence = nobody;
			for (const entry of entries) {
				presence = reducePresence(presence, entry);
			}

			const {count, names} = presence.members;
			assert.equal(count, here.size);
			assert.deepEqual(names.toSorted(), room.memberList().names.toSorted());
			const said = entries.filter(entry => entry.type === 'message');
			for (const {id} of here.values()) {
				const numbers = said.filter(entry => entry.id === id).map(({n}) => n);
				const rising = [...new Set(numbers)].toSorted((a, b) => a - b);
				assert.deepEqual(numbers, rising);
			}
		}),
		{numRuns: runs},
	);
});

test('membership: a newcomer is in the list that it gets, however many are elsewhere', () => {
	const room = createRoom();
	room.setElsewhere(
		Array.from({length: 300}, (_value, index) => ({
			id: `id-${index}`,
			nick: `heron${index}`,
			server: 'other',
			machine: 'box2',
		})),
	);
	const here: string[] = [];
	for (const [index, nick] of ['otter', 'swan'].entries()) {
		enter(room, index + 1, nick);
		here.push(nick);
		const {names} = JSON.parse(room.listJson) as MemberList;
		assert.deepEqual(names.slice(0, here.length), here);
	}
});
