/** One direction of a proxy: every byte in its order, whatever is done to it. */
import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import {randomBytes} from 'node:crypto';
import type {Socket} from 'node:net';
import test, {type TestContext} from 'node:test';
import fc from 'fast-check';
import type {Faults} from '../../source/event/proxy-event.js';
import {Direction} from '../../source/proxy/direction.js';
import {noFaults} from '../../source/proxy/faults.js';
import {reach} from '../../source/raw/reach.js';
import {systemClock} from '../../source/socket/clock.js';
import {dial} from '../../source/socket/dial.js';
import {listenBare} from '../helpers/scripted.js';
import {afterTurns, readSlowly, withinTurns} from '../helpers/turns.js';
import {until} from '../helpers/until.js';

const million = randomBytes(1_000_000);

/** A link, and the socket at its other end. */
const openLink = async (t: TestContext) => {
	let other: Socket | undefined;
	const {address} = await listenBare(t, socket => {
		other = socket;
	});
	const link = await reach({dial: () => dial(address), isWaiting: false});
	link!.stream.on('error', () => undefined);
	return {
		link: link!,
		other: await until(() => other, {what: 'a connection'}),
	};
};

/** A client, a service, and what is between them. */
const openDirection = async (
	t: TestContext,
	isDirect: boolean,
	onChunk: (chunk: Buffer) => void = () => undefined,
	onWrite: (piece: Buffer) => void = () => undefined,
) => {
	const from = await openLink(t);
	const to = await openLink(t);
	const direction = new Direction({
		from: from.link,
		to: to.link,
		clock: systemClock,
		onChunk,
		onWrite,
		isDirect,
		onEnd() {},
	});
	t.after(() => {
		// What waits for a delay keeps a timer.
		from.link.stream.destroy();
		to.link.stream.destroy();
	});
	return {client: from.other, service: to.other, direction};
};

test('proxy: what passes in bulk goes through few buffers', async t => {
	const buffers = new Set<ArrayBufferLike>();
	const {client, service, direction} = await openDirection(
		t,
		true,
		({buffer}) => {
			buffers.add(buffer);
		},
	);
	const bytes = Buffer.concat(Array.from({length: 20}, () => million));
	client.end(bytes);
	assert.ok((await readSlowly(service, [4])).equals(bytes));
	assert.equal(direction.bytes, bytes.length);
	assert.ok(buffers.size < 20, `${buffers.size} buffers`);
});

test('proxy: a chunk that may be kept stays as it is', async t => {
	const kept: Buffer[] = [];
	const {client, service} = await openDirection(t, false, chunk => {
		kept.push(chunk);
	});
	const bytes = Buffer.concat(Array.from({length: 20}, () => million));
	client.end(bytes);
	assert.ok((await readSlowly(service, [1])).equals(bytes));
	assert.ok(Buffer.concat(kept).equals(bytes));
});

test('proxy: every byte passes in its order, whatever is done meanwhile', async t => {
	await fc.assert(
		fc.asyncProperty(
			fc.record({
				pieces: fc.array(
					fc.record({
						length: fc.oneof(
							fc.integer({min: 1, max: 70_000}),
							fc.integer({min: 60_000, max: 500_000}),
						),
						turns: fc.nat(3),
						faults: fc.option(
							fc.record({
								delayMs: fc.constantFrom(0, 0, 1),
								sliceBytes: fc.constantFrom(undefined, 50_000),
								isPaused: fc.boolean(),
							}),
							{nil: undefined},
						),
					}),
					{minLength: 1, maxLength: 15},
				),
				rests: fc.array(fc.nat(4), {minLength: 1, maxLength: 10}),
			}),
			async ({pieces, rests}) => {
				const {client, service, direction} = await openDirection(t, true);
				const received = readSlowly(service, rests);
				const sent: Buffer[] = [];
				for (const {length, turns, faults} of pieces) {
					const piece = million.subarray(sent.length, sent.length + length);
					sent.push(piece);
					client.write(piece);
					if (faults) {
						direction.setFaults({...noFaults, ...faults});
					}

					await new Promise<void>(resolve => {
						afterTurns(turns, resolve);
					});
				}

				direction.setFaults(noFaults);
				client.end();
				assert.ok((await received).equals(Buffer.concat(sent)));
				client.destroy();
				service.destroy();
			},
		),
		{numRuns: 40},
	);
});

/** A direction with these faults: its writes, and what arrives. */
const openFaulty = async (t: TestContext, faults: Partial<Faults>) => {
	const writes: string[] = [];
	const {client, service, direction} = await openDirection(
		t,
		true,
		undefined,
		piece => {
			writes.push(String(piece));
		},
	);
	direction.setFaults({...noFaults, ...faults});
	let heard = '';
	service.on('data', (chunk: Buffer) => {
		heard += String(chunk);
	});
	return {
		direction,
		writes,
		say(text: string) {
			client.write(text);
		},
		untilHeard: async (text: string) =>
			until(() => heard === text, {what: text, seen: () => heard}),
		/** As many bytes are here as said. */
		untilHeld: async (bytes: number) =>
			until(() => direction.heldBytes === bytes, {
				what: `${bytes} bytes held`,
				seen: () => String(direction.heldBytes),
			}),
		/** Long enough for all that isn't held back. */
		async settled() {
			await withinTurns(200, () => false);
			return heard;
		},
	};
};

// A timer of this test would never run out.
const longMs = 1_000_000;

test('proxy faults: a slice bounds each write, whatever the chunk', async t => {
	const {direction, writes, say, untilHeard} = await openFaulty(t, {
		sliceBytes: 3,
	});
	say('abcdefgh');
	await untilHeard('abcdefgh');
	assert.deepEqual(writes, ['abc', 'def', 'gh']);
	direction.setFaults(noFaults);
	say('ijklmnop');
	await untilHeard('abcdefghijklmnop');
	assert.deepEqual(writes.slice(3), ['ijklmnop']);
});

test('proxy faults: a limit holds back what comes after a piece', async t => {
	const {say, untilHeard, untilHeld, settled} = await openFaulty(t, {
		rateLimit: 1000 / longMs,
	});
	say('ab');
	await untilHeard('a');
	await untilHeld(1);
	assert.equal(await settled(), 'a');
});

test('proxy faults: a delay holds all, and what waits is not hurried', async t => {
	const {direction, say, untilHeld, settled} = await openFaulty(t, {
		delayMs: longMs,
	});
	say('ab');
	await untilHeld(2);
	direction.setFaults(noFaults);
	say('cd');
	await untilHeld(4);
	assert.equal(await settled(), '');
});
