import assert from 'node:assert/strict';
import {once} from 'node:events';
import {PassThrough} from 'node:stream';
import test, {type TestContext} from 'node:test';
import {burstSilenceMs, handLineMs} from '../../source/keyboard/calm-input.js';
import {calmStdin, lookMs} from '../../source/keyboard/calm-stdin.js';
import {FakeClock} from '../helpers/clock.js';

const lines = '/who\ris the port free?\r';

/** A terminal's input, and a program that can be busy. */
const open = (t: TestContext) => {
	const clock = new FakeClock();
	const terminal = new PassThrough({encoding: 'utf8'});
	let busyMs = 0;
	const reads: Array<() => void> = [];
	const stdin = calmStdin(terminal as unknown as NodeJS.ReadStream, {
		monotonicMs: clock.monotonicMs,
		setTimer: clock.setTimer,
		afterReads(callback) {
			reads.push(callback);
		},
		busyMs: () => busyMs,
	});
	const heard: string[] = [];
	const onReadable = () => {
		for (;;) {
			const text = stdin.read() as string | null;
			if (text === null) {
				return;
			}

			heard.push(text);
		}
	};

	stdin.on('readable', onReadable);
	t.after(() => {
		stdin.off('readable', onReadable);
		assert.deepEqual(clock.delays, []);
		terminal.destroy();
	});
	const read = () => {
		for (const callback of reads.splice(0)) {
			callback();
		}
	};

	return {
		clock,
		read,
		/** Time in which it could read. */
		idle(ms: number) {
			for (let rest = ms; rest > 0; rest -= burstSilenceMs) {
				clock.advance(Math.min(rest, burstSilenceMs));
				read();
			}
		},
		work(ms: number) {
			busyMs += ms;
			clock.jump(ms);
		},
		async type(text: string) {
			const isReadable = once(terminal, 'readable');
			terminal.write(text);
			await isReadable;
		},
		heard,
	};
};

test('calm stdin: what is typed while the program works is typed', async t => {
	const {work, type, heard, idle} = open(t);
	idle(10 * lookMs);
	work(handLineMs);
	await type(lines);
	assert.deepEqual(heard, ['/who\r', 'is the port free?\r']);
});

test('calm stdin: work of long ago makes no paste into typed lines', async t => {
	const {work, read, type, heard, idle} = open(t);
	work(10 * lookMs);
	read();
	idle(2 * lookMs);
	work(handLineMs - 1);
	await type(lines);
	assert.deepEqual(heard, []);
	idle(2 * burstSilenceMs);
	assert.deepEqual(heard, [`\u001B[200~${lines}\u001B[201~`]);
});

test('calm stdin: a key that was read says that nothing waited before it', async t => {
	const {work, type, heard, idle} = open(t);
	work(lookMs - 1);
	await type('x');
	await type(lines);
	idle(2 * burstSilenceMs);
	assert.deepEqual(heard, ['x', `\u001B[200~${lines}\u001B[201~`]);
});

test('calm stdin: a stopped program that goes on takes typed lines', async t => {
	const {clock, type, heard} = open(t);
	// All timers are late; what was typed is read after them.
	clock.jump(lookMs + handLineMs);
	await type(lines);
	assert.deepEqual(heard, ['/who\r', 'is the port free?\r']);
});

test('calm stdin: once pastes are known to come in brackets, nothing wakes the program', async t => {
	const {clock, type, idle, heard} = open(t);
	idle(2 * lookMs);
	assert.equal(clock.delays.length, 1);
	await type('\u001B[?2004;1$y');
	idle(2 * lookMs);
	assert.deepEqual(clock.delays, []);
	idle(10 * lookMs);
	await type(lines);
	assert.deepEqual(heard, ['/who\r', 'is the port free?\r']);
});
