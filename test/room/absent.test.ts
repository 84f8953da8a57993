import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import {test} from 'node:test';
import fc from 'fast-check';
import type {Member} from '../../source/room/results.js';
import {maxAnnouncedMembers} from '../../source/room/comings.js';
import {Room} from '../../source/room/room.js';
import {clientNumber, enter, entriesOf} from '../helpers/members.js';

const createRoom = () => new Room({logId: () => 'log'});

/** The room of the next server, with the whole log. */
const reopen = (room: Room, at = 0): Room => {
	const past = {
		tail: Buffer.from(room.log.slice(room.log.start)),
		tailFirstSeq: 1,
		lastN: [],
	};
	const next = new Room({logId: () => 'log', past});
	next.endPast(past, at);
	return next;
};

type Does = (room: Room, member: Member, at: number) => Room;

const doing =
	(act: (...all: Parameters<Does>) => void): Does =>
	(room, member, at) => {
		act(room, member, at);
		return room;
	};

/** What somebody does who is in, and the room afterwards. */
const does = {
	enter: doing(() => {}),
	drop: doing((room, member, at) => {
		room.leave(member, 'shutdown', at);
	}),
	quit: doing((room, member, at) => {
		room.leave(member, 'quit', at);
	}),
	rename: doing((room, member, at) => {
		room.rename(member, `${member.nick.slice(0, 5)}-two`, at);
	}),
	say: doing((room, member, at) => {
		room.say(member, at, 'joined {"type":"joined",', at);
	}),
	restart: (room, _member, at) => reopen(room, at),
} satisfies Record<string, Does>;

test('absent: those that were in leave at the next start, by their last nicks', () => {
	const room = createRoom();
	const otter = enter(room, 1, 'otter');
	const heron = enter(room, 2, 'heron');
	room.rename(otter, 'wren', 30);
	room.leave(heron, 'quit', 40);
	const ci = room.join(clientNumber(3), 'ci', 50, {oneShot: true});
	assert.equal(ci.kind, 'joined');
	room.say(otter, 1, '{"type":"left","id":"x"}\n{"type":"left",', 60);
	const after = reopen(room, 90);
	assert.partialDeepStrictEqual(entriesOf(after).slice(room.log.head), [
		{type: 'left', seq: 7, nick: 'wren', reason: 'shutdown'},
		{type: 'left', seq: 8, nick: 'ci', oneShot: true},
	]);
	assert.equal(after.log.head, 8);
	assert.equal(reopen(after).log.head, 8, 'nothing twice');
	// When they left is known within bounds.
	const boundsOf = (next: Room) =>
		entriesOf(next)
			.slice(room.log.head)
			.map(entry => entry.type === 'left' && [entry.notBefore, entry.at]);
	assert.deepEqual(boundsOf(after), [
		[60, 90],
		[60, 90],
	]);

	// By a clock that was set back, at no time before the log's.
	assert.deepEqual(boundsOf(reopen(room, 50)), [
		[undefined, 60],
		[undefined, 60],
	]);
});

test('absent: a room of more than are announced gets no more than those', () => {
	const room = createRoom();
	for (let n = 1; n <= maxAnnouncedMembers + 50; n++) {
		enter(room, n, `otter${n}`);
	}

	// Only the first of them were announced.
	assert.equal(room.log.head, maxAnnouncedMembers);
	assert.equal(reopen(room).log.head, 2 * maxAnnouncedMembers);
});

test('absent: whatever happened, the log ends with nobody in, and no seq is missing', () => {
	const action = fc.record({
		who: fc.integer({min: 1, max: 5}),
		what: fc.constantFrom(...(Object.keys(does) as Array<keyof typeof does>)),
	});
	fc.assert(
		fc.property(fc.array(action, {maxLength: 60}), actions => {
			let room = createRoom();
			let at = 1;
			for (const {who, what} of actions) {
				at++;
				const member = room.join(clientNumber(who), `nick${who}`, at);
				if (member.kind === 'refused') {
					continue;
				}

				room = does[what](room, member.member, at);
			}

			const entries = entriesOf(reopen(room));
			const inRoom = new Set<string>();
			for (const [index, entry] of entries.entries()) {
				assert.equal(entry.seq, index + 1);
				if (entry.type === 'joined') {
					inRoom.add(entry.id);
				} else if (entry.type === 'left') {
					inRoom.delete(entry.id);
				}
			}

			assert.equal(inRoom.size, 0);
			assert.deepEqual(
				entries.map(entry => entry.at),
				entries.map(entry => entry.at).toSorted((a, b) => a - b),
			);
		}),
	);
});
