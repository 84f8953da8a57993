/** A ladder that is opened late has what one that was open all along has. */
import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import {test} from 'node:test';
import fc from 'fast-check';
import type {SocketEvent, WireEvent} from '../../source/event/event.js';
import type {Step} from '../../source/tcp/tcp.js';
import {WireTap} from '../../source/watch/wire-tap.js';
import {FakeClock} from '../helpers/clock.js';
import {openServer} from '../helpers/room.js';
import {openWatch} from '../helpers/watch.js';
import {joinWire} from '../helpers/wire-peer.js';

type CallStep = Extract<Step, {kind: 'call'}>;

const ping = '{"type":"ping","id":1234567890}\n';

const openTap = (keeps = true) => {
	const clock = new FakeClock();
	const steps: CallStep[] = [];
	const tap = new WireTap(clock, (event: SocketEvent | WireEvent) => {
		assert.equal(event.type, 'step');
		steps.push((event as {step: CallStep}).step);
	});
	if (keeps) {
		tap.keepCalls();
	}

	return {clock, steps, tap};
};

const note = fc.record({
	direction: fc.constantFrom('in', 'out'),
	peer: fc.constantFrom(undefined, 'a', 'b'),
	chunk: fc.oneof(
		fc.string({maxLength: 200, unit: 'grapheme'}),
		fc.uint8Array({maxLength: 50}).map(bytes => Buffer.from(bytes)),
	),
	afterMs: fc.nat({max: 9}),
});

test('kept calls: what is reported late is what was to be reported', () => {
	fc.assert(
		fc.property(fc.array(note), fc.nat({max: 9}), (notes, turn) => {
			const open = openTap(false);
			open.tap.hasCalls = true;
			const late = openTap();
			for (const [
				index,
				{direction, peer, chunk, afterMs},
			] of notes.entries()) {
				late.tap.hasCalls ||= index > turn;
				for (const {tap, clock} of [open, late]) {
					clock.advance(afterMs);
					tap.note(direction, peer, chunk);
				}
			}

			late.tap.hasCalls = true;
			late.tap.hasCalls = true;
			assert.deepEqual(late.steps, open.steps);
		}),
	);
});

test('kept calls: heartbeats drive nothing else out, and are few', () => {
	const {steps, tap} = openTap();
	tap.note('in', undefined, 'welcome');
	for (let index = 0; index < 100_000; index++) {
		tap.note('in', undefined, ping);
	}

	tap.note('in', undefined, 'later');
	assert.equal(steps.length, 0, 'nothing is reported meanwhile');
	tap.hasCalls = true;
	assert.equal(steps.length, 202);
	assert.deepEqual([steps[0]!.text, steps[0]!.unkept], ['welcome', undefined]);
	assert.deepEqual([steps[1]!.text, steps[1]!.unkept], [ping, 99_800]);
	assert.equal(steps[1]!.offset, 7 + 99_800 * ping.length);
	assert.deepEqual(
		[steps.at(-1)!.text, steps.at(-1)!.offset],
		['later', 7 + 100_000 * ping.length],
	);
	assert.ok(steps.slice(2).every(({unkept}) => unkept === undefined));
});

test('kept calls: of very many the newest are kept, which say so', () => {
	const {steps, tap} = openTap();
	for (let index = 0; index < 10_000; index++) {
		tap.note('out', 'a', 'x');
	}

	tap.hasCalls = true;
	assert.equal(steps.length, 2000);
	assert.deepEqual([steps[0]!.offset, steps[0]!.unkept], [8000, 8000]);
	assert.equal(steps.at(-1)!.offset, 9999);
});

test('kept calls: a room reports none until a ladder is opened, then all', async t => {
	const {watch, events} = openWatch(t);
	watch.tap.keepCalls();
	const server = await openServer(t, {watch});
	const otter = await joinWire(t, server.address, 'otter');
	otter.say(1, 'hello');
	await otter.untilSaid('hello');
	const transfers = () =>
		events.flatMap(event =>
			event.type === 'step' &&
			event.step.kind === 'call' &&
			event.step.offset !== undefined
				? [event.step]
				: [],
		);
	assert.equal(transfers().length, 0);
	watch.tap.hasCalls = true;
	const first = transfers()[0]!;
	assert.equal(first.offset, 0);
	assert.match(first.text!, /^\{"type":"hello"/);
	assert.ok(
		transfers().some(
			({call, text}) => call.startsWith('send(') && text!.includes('"welcome"'),
		),
	);
	assert.ok(transfers().every(({peer}) => peer === otter.name));
});

test('kept calls: a member that becomes the host forgets what was of its client', t => {
	const {watch, events} = openWatch(t);
	watch.tap.keepCalls();
	watch.tap.note('in', undefined, 'welcome');
	watch.called('listen(4096)');
	watch.tap.note('in', 'a', 'hello');
	watch.tap.hasCalls = true;
	assert.deepEqual(
		events.flatMap(event =>
			event.type === 'step' &&
			event.step.kind === 'call' &&
			event.step.offset !== undefined
				? [[event.step.peer, event.step.text, event.step.unkept]]
				: [],
		),
		[['a', 'hello', undefined]],
	);
});
