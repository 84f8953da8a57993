/** A replay finds the first difference wherever it is, and none where it is only cut. */
import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import {once} from 'node:events';
import type {Socket} from 'node:net';
import {test, type TestContext} from 'node:test';
import fc from 'fast-check';
import type {Recorded} from '../../source/recording/line.js';
import {play, type PlayedSide} from '../../source/recording/player.js';
import type {LoopbackAddress} from '../../source/socket/address.js';
import {dial} from '../../source/socket/dial.js';
import {listenBare} from '../helpers/scripted.js';
import {until} from '../helpers/until.js';

const place = {at: 1_790_000_000_000, peer: ''};

const moved = (direction: 'in' | 'out', bytes: Buffer): Recorded => ({
	...place,
	type: 'chunk',
	direction,
	bytes,
});

const ended = (direction: 'in' | 'out'): Recorded => ({
	...place,
	type: 'fin',
	direction,
	bytes: Buffer.alloc(0),
});

const opened: Recorded = {
	...place,
	type: 'open',
	local: undefined,
	remote: undefined,
};

const cutAt = (bytes: Buffer, places: readonly number[]): Buffer[] => {
	const ends = [...new Set([...places, bytes.length])]
		.filter(end => end > 0 && end <= bytes.length)
		.toSorted((a, b) => a - b);
	return ends.map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end));
};

/** Plays what a client recorded. */
const playAt = async (
	address: LoopbackAddress,
	lines: readonly Recorded[],
	side: PlayedSide,
) =>
	play({
		lines: (async function* () {
			yield* lines;
		})(),
		recordedSide: 'connect',
		side,
		isFast: true,
		async open() {
			const link = dial(address);
			await once(link.stream, 'connect');
			return link;
		},
		signal: new AbortController().signal,
	});

/** Plays what was recorded to a peer that reads our FIN, says this, and ends. */
const playTo = async (
	t: TestContext,
	said: readonly Buffer[],
	lines: readonly Recorded[],
	side: PlayedSide = 'connect',
) => {
	let heard = '';
	const {address, close} = await listenBare(t, socket => {
		socket.on('data', chunk => {
			heard += chunk.toString();
		});
		socket.on('end', () => {
			for (const bytes of said) {
				socket.write(bytes);
			}

			socket.end();
		});
	});
	const played = await playAt(address, lines, side);
	await close();
	return {...played, heard};
};

const ping = Buffer.from('PING');

test('player: any first difference is found where it is, however either side is cut', async t => {
	await fc.assert(
		fc.asyncProperty(
			fc
				.uint8Array({minLength: 1, maxLength: 40})
				.map(bytes => Buffer.from(bytes)),
			fc.record({
				recorded: fc.array(fc.nat(40), {maxLength: 5}),
				said: fc.array(fc.nat(41), {maxLength: 5}),
			}),
			fc.constantFrom('same', 'changed', 'cut', 'longer'),
			fc.nat(),
			async (answer, cuts, how, where) => {
				const at = where % answer.length;
				const now = {
					same: () => answer,
					changed() {
						const changed = Buffer.from(answer);
						changed[at]! ^= 1;
						return changed;
					},
					cut: () => answer.subarray(0, at),
					longer: () => Buffer.concat([answer, Buffer.of(0)]),
				}[how]();
				const {difference, bytesSame, heard} = await playTo(
					t,
					cutAt(now, cuts.said),
					[
						opened,
						moved('out', ping),
						ended('out'),
						...cutAt(answer, cuts.recorded).map(bytes => moved('in', bytes)),
						ended('in'),
					],
				);
				assert.equal(heard, 'PING');
				const equal = {
					same: answer.length,
					changed: at,
					cut: at,
					longer: answer.length,
				}[how];
				assert.equal(bytesSame, equal);
				if (how === 'same') {
					assert.equal(difference, undefined);
					return;
				}

				assert.equal(difference?.equalBytes, equal);
				const first = (seen: string | Buffer) =>
					typeof seen === 'string' ? seen : seen[0];
				assert.equal(
					first(difference.recorded),
					how === 'longer' ? 'the end (FIN)' : answer[at],
				);
				assert.equal(
					first(difference.now),
					how === 'cut' ? 'the end (FIN)' : now[equal],
				);
			},
		),
		{numRuns: 100},
	);
});

test('player: the other side sends what came, and compares what was sent', async t => {
	const lines = [
		opened,
		moved('in', ping),
		ended('in'),
		moved('out', Buffer.from('answer')),
		ended('out'),
	];
	const same = await playTo(t, [Buffer.from('answer')], lines, 'serve');
	assert.equal(same.difference, undefined);
	assert.equal(same.heard, 'PING');
	const other = await playTo(t, [Buffer.from('answeR')], lines, 'serve');
	assert.deepEqual(other.difference, {
		connection: 1,
		equalBytes: 5,
		recorded: Buffer.from('r'),
		now: Buffer.from('R'),
	});
});

test('player: a reset is not the end that was recorded', async t => {
	const {address} = await listenBare(t, socket => {
		socket.once('data', () => {
			socket.resetAndDestroy();
		});
	});
	const {difference} = await playAt(
		address,
		[opened, moved('out', ping), ended('in')],
		'connect',
	);
	assert.deepEqual(difference, {
		connection: 1,
		equalBytes: 0,
		recorded: 'the end (FIN)',
		now: 'a reset (ECONNRESET)',
	});
});

/** A peer that hears a PING, and then ends so. */
const endedBy = async (t: TestContext, end: (socket: Socket) => void) => {
	const {address} = await listenBare(t, socket => {
		let heard = '';
		socket.on('data', chunk => {
			heard += chunk.toString();
			if (heard === 'PING') {
				end(socket);
			}
		});
	});
	return address;
};

const resetBy = (direction: 'in' | 'out'): Recorded => ({
	...place,
	type: 'closed',
	reset: direction,
});

test('player: an end, or more bytes, are not the reset that was recorded', async t => {
	const recording = [opened, moved('out', ping), resetBy('in')];
	const ways: ReadonlyArray<
		readonly [end: (socket: Socket) => void, now: string | Buffer | undefined]
	> = [
		[socket => socket.resetAndDestroy(), undefined],
		[socket => socket.end(), 'the end (FIN)'],
		[socket => socket.write('PONG'), Buffer.from('PONG')],
	];
	for (const [end, now] of ways) {
		const address = await endedBy(t, end);
		const {difference} = await playAt(address, recording, 'connect');
		assert.deepEqual(
			difference,
			now && {
				connection: 1,
				equalBytes: 0,
				recorded: 'a reset (ECONNRESET)',
				now,
			},
		);
	}
});

test('player: what a reset left unsent, it may leave unsent again', async t => {
	const sending = [
		opened,
		...Array.from({length: 99}, () => moved('out', Buffer.alloc(65_536, 'x'))),
	];
	const reading = await listenBare(t, socket => {
		socket.once('data', () => {
			socket.resetAndDestroy();
		});
	});
	const {difference: none} = await playAt(
		reading.address,
		[...sending, resetBy('in')],
		'connect',
	);
	assert.equal(none, undefined);
	for (const end of [[], [moved('in', ping)], [ended('in')]]) {
		const {difference} = await playAt(
			reading.address,
			[...sending, ...end],
			'connect',
		);
		assert.equal(difference?.recorded, 'a peer that reads');
		assert.equal(difference.now, 'a reset (ECONNRESET)');
	}
});

test('player: as the other side it sends the reset that was recorded', async t => {
	let how = '';
	const {address} = await listenBare(t, socket => {
		socket.write(ping);
		socket.on('error', error => {
			how = String((error as NodeJS.ErrnoException).code);
		});
		socket.on('end', () => {
			how = 'FIN';
		});
		socket.resume();
	});
	for (const [end, wanted] of [
		[[resetBy('in')], 'ECONNRESET'],
		[[ended('in'), resetBy('in')], 'FIN'],
	] as const) {
		how = '';
		const recording = [opened, moved('out', ping), moved('in', ping), ...end];
		await playAt(address, recording, 'serve');
		await until(() => how !== '', {what: 'an end'});
		assert.equal(how, wanted);
	}
});
