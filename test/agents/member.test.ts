import assert from 'node:assert/strict';
import {test} from 'node:test';
import {SockchatError} from '../../source/errors.js';
import {AgentMember} from '../../source/agents/member.js';
import type {ChatEvent} from '../../source/event/event.js';
import type {ServerFrame} from '../../source/protocol/frame.js';
import {systemClock, type Clock} from '../../source/socket/clock.js';
import {FakeClock} from '../helpers/clock.js';
import {welcomeFrame} from '../helpers/scripted.js';
import {until} from '../helpers/until.js';

/**
 * A member of a room in which otter, an agent, is the only other one.
 *
 * @param isLate Whether the room answers only when the test says so.
 */
const joinOtter = (clock: Clock = systemClock, isLate = false) => {
	let emit: (event: ChatEvent) => void;
	const send = (frame: ServerFrame) => {
		emit({type: 'frame', at: 0, frame});
	};

	const answer = (id: number) => {
		send({
			type: 'present',
			id,
			count: 2,
			members: [{nick: 'otter', id: 'otter', agent: true}],
		});
	};

	let rolls = 0;
	const member = new AgentMember({
		clock,
		onSaid: () => undefined,
		findHome: async () => ({
			id: '0123456789abcdef',
			kept: undefined,
			keep: () => undefined,
			async open(onEvent) {
				emit = onEvent;
				send(
					welcomeFrame({
						log: 'a',
						nick: 'swan',
						members: {count: 2, names: ['otter', 'swan'], agents: ['otter']},
					}),
				);
				return {
					where: '127.0.0.1:5001',
					say: () => undefined,
					whisper: () => undefined,
					readPast: () => 0,
					find: () => 0,
					callRoll() {
						const id = ++rolls;
						if (!isLate) {
							queueMicrotask(() => {
								answer(id);
							});
						}

						return id;
					},
					leave: () => undefined,
					closed: new Promise(() => {}),
				};
			},
		}),
	});
	return {member, rolls: () => rolls, answer};
};

test('member: knows who is an agent, however many others it has read', async () => {
	const {member, rolls} = joinOtter();
	await member.enter();
	// They have left, so nothing is known of them.
	await member.marksOf(
		Array.from({length: 2000}, (_, index) => `left-${index}`),
	);
	const marks = await member.marksOf(['otter', 'one-more']);
	assert.deepEqual(marks.get('otter'), {agent: true});
	assert.deepEqual(marks.get('one-more'), {});
	assert.ok(marks.size < 2000, 'those that left are forgotten');
	const asked = rolls();
	await member.marksOf(['otter', 'one-more']);
	assert.equal(rolls(), asked);
});

test('member: an answer that comes late still says who is an agent', async () => {
	const clock = new FakeClock();
	const {member, rolls, answer} = joinOtter(clock, true);
	await member.enter();
	const asked = member.marksOf(['otter']);
	await until(() => rolls() === 1, {what: 'the question'});
	clock.advance(60_000);
	assert.deepEqual((await asked).get('otter'), {});
	answer(1);
	const marks = await member.marksOf(['otter']);
	assert.deepEqual(marks.get('otter'), {agent: true});
	assert.equal(rolls(), 1, 'nothing is asked again');
});

test('member: a room that is over once it is open rejects at once', async () => {
	const clock = new FakeClock();
	const kicked = new SockchatError('ERR_KICKED', 'The host has kicked you.');
	const member = new AgentMember({
		clock,
		onSaid: () => undefined,
		findHome: async () => ({
			id: '0123456789abcdef',
			kept: undefined,
			keep: () => undefined,
			open: async () => ({
				where: '127.0.0.1:5001',
				say: () => undefined,
				whisper: () => undefined,
				readPast: () => 0,
				find: () => 0,
				callRoll: () => 0,
				leave: () => undefined,
				closed: Promise.resolve(kicked),
			}),
		}),
	});
	// The clock stands still: nothing here waits for a time to pass.
	await assert.rejects(member.enter(), kicked);
});
