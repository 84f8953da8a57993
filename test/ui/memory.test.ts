import assert from 'node:assert/strict';
import {syncBuiltinESMExports} from 'node:module';
import process from 'node:process';
import {test, type TestContext} from 'node:test';
import v8 from 'node:v8';
import {runInThisContext} from 'node:vm';
import {
	createPace,
	createSweep,
	returnMemory,
	saveMemory,
} from '../../source/ui/memory.js';
import {until} from '../helpers/until.js';

test('memory: what is no longer in use is given back', async () => {
	const references = Array.from(
		{length: 100},
		() => new WeakRef(new Uint8Array(10_000)),
	);
	const kept = () => references.filter(each => each.deref()).length;
	assert.equal(kept(), 100);
	// A reference holds its target until the turn in which it was read is over.
	await until(
		() => {
			setImmediate(returnMemory);
			return kept() === 0;
		},
		{what: 'the garbage to be collected', seen: () => `${kept()} are left`},
	);
	assert.equal(Reflect.get(globalThis, 'gc'), undefined);
});

test('memory: the code of a start is given back once the screen stands', t => {
	t.mock.timers.enable({apis: ['setTimeout']});
	const bytes = () => v8.getHeapCodeStatistics().bytecode_and_metadata_size;
	// Each has code of its own, which it gets when it is first called.
	const functions = Array.from(
		{length: 1000},
		(_, index) =>
			runInThisContext(
				`(a => [${'a + 1, '.repeat(100)}].length + ${index})`,
			) as (a: number) => number,
	);
	for (const each of functions) {
		each(1);
	}

	returnMemory();
	const before = bytes();
	const stop = saveMemory({subscribe: () => () => {}});
	t.after(stop);
	t.mock.timers.tick(5000);
	const after = bytes();
	assert.ok(after < before / 2, `${before} bytes, then ${after}`);
	assert.equal(functions[7]!(1), 107);
});

/** How often all garbage was collected. */
const countCollections = (t: TestContext) => {
	const {mock} = t.mock.method(v8, 'setFlagsFromString');
	syncBuiltinESMExports();
	t.after(() => {
		mock.restore();
		syncBuiltinESMExports();
	});
	return () =>
		mock.calls.filter(call => call.arguments[0].startsWith('--expose-gc'))
			.length;
};

test('memory: what comes while a screen is idle is collected', async t => {
	let at = 0;
	t.mock.method(process, 'hrtime', () => [at / 1000, 0]);
	t.mock.method(process, 'cpuUsage', () => ({user: 0, system: 0}));
	const collections = countCollections(t);
	let happen = () => {};
	const stop = saveMemory({
		subscribe(listener) {
			happen = listener;
			return () => {};
		},
	});
	t.after(stop);
	const kept: number[][] = [];
	const untilCollected = async () => {
		const before = collections();
		await until(
			() => {
				at += 11_000;
				happen();
				return collections() > before;
			},
			{what: 'a collection', deadlineMs: 3000},
		);
	};

	await untilCollected();
	kept.push(Array.from({length: 1_000_000}, () => 0));
	await untilCollected();
	assert.equal(kept.length, 1);
});

/** Sweeps a heap that grows, in bytes a second, with so much of a core in use. */
const swept = () => {
	const sweeps: number[] = [];
	let heap = 14_000_000;
	let at = 0;
	let cpuMs = 0;
	const look = createSweep(
		() => {
			sweeps.push(at);
			heap = 14_000_000;
		},
		() => heap,
	);
	return {
		sweeps,
		run(growth: number, seconds: number, share = 0.003) {
			const end = at + seconds * 1000;
			while (at < end) {
				at += 1000;
				cpuMs += share * 1000;
				heap += growth;
				look(at, () => cpuMs);
			}
		},
	};
};

test('sweep: as the screen stands, then at most once a minute of rest', () => {
	const {sweeps, run} = swept();
	run(40_000, 3600);
	assert.ok(sweeps[0]! <= 30_000);
	for (const [index, at] of sweeps.slice(1).entries()) {
		assert.ok(at - sweeps[index]! >= 60_000, sweeps.join(' '));
	}

	assert.ok(sweeps.length > 40);
});

test('sweep: what an idle screen leaves is collected every few minutes', () => {
	const {sweeps, run} = swept();
	// A frame a minute, and a heartbeat every two seconds.
	run(17_000, 3600);
	for (const [index, at] of sweeps.slice(1).entries()) {
		assert.ok(at - sweeps[index]! >= 140_000, sweeps.join(' '));
	}

	assert.ok(sweeps.length > 20, sweeps.join(' '));
});

test('sweep: nothing is collected where nothing came', () => {
	const {sweeps, run} = swept();
	run(0, 24 * 60 * 60);
	assert.equal(sweeps.length, 1);
});

test('sweep: a burst is collected once it is over, and not in it', () => {
	const {sweeps, run} = swept();
	run(0, 100);
	const before = sweeps.length;
	run(1_000_000, 100, 0.3);
	assert.equal(sweeps.length, before);
	run(0, 30);
	assert.equal(sweeps.length, before + 1);
});

/** Looks at a process so often, which uses so much of a core. */
const paced = () => {
	const changes: boolean[] = [];
	const look = createPace(isBusy => {
		changes.push(isBusy);
	});
	let at = 0;
	let cpuMs = 0;
	return {
		changes,
		run(share: number, seconds: number, everyMs: number) {
			const end = at + seconds * 1000;
			while (at < end) {
				at += everyMs;
				cpuMs += share * everyMs;
				look(at, () => cpuMs);
			}
		},
	};
};

test('pace: an idle screen never optimizes, also not after a day', () => {
	const {changes, run} = paced();
	run(0.003, 24 * 60 * 60, 2000);
	assert.deepEqual(changes, []);
});

test('pace: a flood is work within a second, also after a day of rest', () => {
	const {changes, run} = paced();
	run(0.003, 24 * 60 * 60, 2000);
	run(0.5, 1, 33);
	assert.deepEqual(changes, [true]);
});

test('pace: a pause in a flood is no rest, and ten seconds are', () => {
	const {changes, run} = paced();
	run(0.5, 60, 33);
	run(0.003, 8, 2000);
	run(0.5, 60, 33);
	assert.deepEqual(changes, [true]);
	run(0.003, 24, 2000);
	assert.deepEqual(changes, [true, false]);
});
