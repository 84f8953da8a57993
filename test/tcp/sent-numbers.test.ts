/** What is sent again, from what was captured of one end. */
import assert from 'node:assert/strict';
import {env} from 'node:process';
import {test} from 'node:test';
import fc from 'fast-check';
import {SentNumbers} from '../../source/tcp/sent-numbers.js';

const runs = Number(env['FAST_CHECK_RUNS'] ?? 1000);

const flags = {fin: 1, syn: 2, rst: 4, ack: 16} as const;

type Sent = readonly [seq: number, length: number, flags?: number];

/** Which of them are sent again. */
const again = (
	all: readonly Sent[],
	sent = new SentNumbers(),
	isWindowClosed = false,
): boolean[] =>
	all.map(([seq, length, given = flags.ack]) =>
		sent.add({seq, length, flags: given}, isWindowClosed),
	);

test('sent-numbers: bytes and a FIN that were sent before', () => {
	assert.deepEqual(
		again([
			[1, 6],
			[1, 6],
			[7, 0, flags.fin],
			[7, 0, flags.fin],
			// Both in one segment.
			[1, 6, flags.fin],
			[7, 0, flags.ack],
			[7, 0, flags.rst],
		]),
		[false, true, false, true, true, false, false],
	);
});

test('sent-numbers: a SYN is another one if it acknowledges, as of two that dial', () => {
	assert.deepEqual(
		again([
			[0, 0, flags.syn],
			[0, 0, flags.syn],
			[0, 0, flags.syn | flags.ack],
			[0, 0, flags.syn | flags.ack],
		]),
		[false, true, false, true],
	);
});

test('sent-numbers: what fills a gap was not seen before', () => {
	assert.deepEqual(
		again([
			[1, 6],
			[13, 6],
			[7, 3],
			[7, 3],
			[10, 3],
			[10, 3],
			[1, 18],
		]),
		[false, false, false, true, false, true, true],
	);
});

test('sent-numbers: a byte of a probe is not sent again', () => {
	const sent = new SentNumbers();
	again([[1, 6]], sent);
	assert.deepEqual(again([[6, 1]], sent), [true], 'it was not acknowledged');
	sent.acknowledge(7);
	assert.deepEqual(again([[6, 1]], sent), [false], 'keep-alive');
	again([[7, 1]], sent, true);
	assert.deepEqual(
		again([[7, 1]], sent, true),
		[false],
		'the window is closed',
	);
	assert.deepEqual(again([[7, 1]], sent), [true]);
});

test('sent-numbers: whatever the order, it is sent again if all of it was seen', () => {
	const anyStart = fc.constantFrom(0, 0xff_ff_ff_f0, 0x7f_ff_ff_f0);
	const anySent = fc.array(
		fc.tuple(fc.integer({min: 0, max: 60}), fc.integer({min: 2, max: 6})),
		{maxLength: 12},
	);
	fc.assert(
		fc.property(anyStart, anySent, (start, all) => {
			const sent = new SentNumbers();
			const seen = new Set<number>();
			// The first one is the lowest: what came before it was not watched.
			for (const [offset, length] of [[0, 1] as const, ...all]) {
				const bytes = Array.from({length}, (_, index) => offset + index);
				const isAgain = sent.add(
					{seq: (start + offset) >>> 0, length, flags: flags.ack},
					false,
				);
				const highest = Math.max(-1, ...seen);
				const isOld = offset <= highest;
				assert.equal(
					isAgain,
					isOld && bytes.every(byte => byte > highest || seen.has(byte)),
				);
				for (const byte of bytes) {
					seen.add(byte);
				}
			}
		}),
		{numRuns: runs},
	);
});
