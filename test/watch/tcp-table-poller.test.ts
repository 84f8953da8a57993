import assert from 'node:assert/strict';
import {test} from 'node:test';
import {TcpTablePoller} from '../../source/watch/tcp-table-poller.js';
import {createTcpTable, type TcpTable} from '../../source/socket/tcp-table.js';
import {FakeClock} from '../helpers/clock.js';
import {until} from '../helpers/until.js';

const table = createTcpTable([]);

/** A poller whose reads end when the test says so. */
const createWatch = () => {
	const clock = new FakeClock();
	const startedAt = clock.monotonicMs();
	/** When each read began, in ms since the start. */
	const begun: number[] = [];
	const told: Array<TcpTable | undefined> = [];
	const toldBegunAt: number[] = [];
	const pending: Array<PromiseWithResolvers<TcpTable | undefined>> = [];
	let ended = 0;
	const watch = new TcpTablePoller({
		clock,
		async read() {
			begun.push(clock.monotonicMs() - startedAt);
			const read = Promise.withResolvers<TcpTable | undefined>();
			pending.push(read);
			try {
				return await read.promise;
			} finally {
				ended++;
			}
		},
		onTable(read, begunAt) {
			told.push(read);
			toldBegunAt.push(begunAt - startedAt);
		},
	});
	/** Ends the read in progress. */
	const end = async (
		settle = (read: PromiseWithResolvers<TcpTable | undefined>) => {
			read.resolve(table);
		},
	) => {
		assert.equal(pending.length, 1, 'so many reads are under way');
		const read = pending.shift()!;
		const before = ended;
		settle(read);
		await until(() => ended > before, {what: 'the end of a read'});
	};

	return {
		clock,
		watch,
		begun,
		told,
		toldBegunAt,
		end,
		endWith: async (read: TcpTable | undefined) =>
			end(({resolve}) => {
				resolve(read);
			}),
		isReading: () => pending.length > 0,
		/** Advances by single milliseconds; each read ends at once. */
		async run(ms: number) {
			for (let passed = 0; passed < ms; passed++) {
				clock.advance(1);
				if (pending.length > 0) {
					await end();
				}
			}
		},
	};
};

test('tcp table poller: reads at the start and then once a second', async () => {
	const {watch, begun, end, run, toldBegunAt} = createWatch();
	watch.start();
	watch.start();
	await end();
	await run(3500);
	assert.deepEqual(begun, [0, 1000, 2000, 3000]);
	assert.deepEqual(toldBegunAt, begun);
});

test('tcp table poller: after a change it reads at once and again soon', async () => {
	const {watch, begun, end, run} = createWatch();
	watch.start();
	await end();
	await run(500);
	watch.pollSoon();
	await end();
	await run(1600);
	assert.deepEqual(begun, [0, 500, 520, 550, 600, 750, 1750]);
});

test('tcp table poller: a change during a read causes another read', async () => {
	const {clock, watch, begun, end, isReading} = createWatch();
	watch.start();
	clock.advance(3);
	watch.pollSoon();
	watch.pollSoon();
	assert.deepEqual(begun, [0]);
	await end();
	assert.ok(!isReading(), 'it rests first');
	clock.advance(12);
	assert.deepEqual(begun, [0, 15]);
});

test('tcp table poller: rests four times as long as a read takes', async () => {
	const {clock, watch, begun, end} = createWatch();
	watch.start();
	clock.advance(50);
	await end();
	for (let step = 0; step < 199; step++) {
		clock.advance(1);
		watch.pollSoon();
	}

	assert.deepEqual(begun, [0]);
	clock.advance(1);
	assert.deepEqual(begun, [0, 250]);
});

test('tcp table poller: endless changes do not keep it from reading', async () => {
	const {watch, begun, end, isReading, run} = createWatch();
	watch.start();
	await end();
	for (let step = 0; step < 50; step++) {
		await run(1);
		watch.pollSoon();
		if (isReading()) {
			await end();
		}
	}

	assert.equal(begun.length, 51);
});

test('tcp table poller: reports once that the table cannot be read', async () => {
	const {clock, watch, told, end, endWith} = createWatch();
	watch.start();
	await endWith(undefined);
	clock.advance(1000);
	await end(({reject}) => {
		reject(new Error('EACCES'));
	});
	clock.advance(1000);
	await endWith(undefined);
	assert.deepEqual(told, [undefined]);
	clock.advance(1000);
	await endWith(table);
	clock.advance(1000);
	await endWith(undefined);
	assert.deepEqual(told, [undefined, table, undefined]);
});

test('tcp table poller: once stopped, it leaves no timer and reports nothing', async () => {
	const {clock, watch, begun, told, end} = createWatch();
	watch.pollSoon();
	assert.deepEqual(begun, [], 'it was not started');
	watch.start();
	await end();
	assert.deepEqual(clock.delays, [1000]);
	watch.stop();
	assert.deepEqual(clock.delays, []);
	watch.start();
	watch.stop();
	assert.deepEqual(clock.delays, []);
	await end();
	assert.deepEqual(told, [table], 'the read under way is not told');
	watch.pollSoon();
	watch.stop();
	clock.advance(5000);
	assert.deepEqual(clock.delays, []);
	assert.equal(begun.length, 2);
});

test('tcp table poller: stopped by its listener, it leaves no timer', async () => {
	const clock = new FakeClock();
	let told = 0;
	const watch = new TcpTablePoller({
		clock,
		read: async () => table,
		onTable() {
			told++;
			watch.stop();
		},
	});
	watch.start();
	await until(() => told === 1, {what: 'the table'});
	assert.deepEqual(clock.delays, []);
});

test('tcp table poller: restarted during a read, it waits for that read', async () => {
	const {watch, begun, told, end, clock} = createWatch();
	watch.start();
	watch.stop();
	watch.start();
	assert.deepEqual(begun, [0]);
	await end();
	assert.deepEqual(told, [table]);
	clock.advance(1);
	await end();
	assert.ok(begun.length === 2 && clock.delays.length === 1);
});

test('tcp table poller: a process that was stopped for an hour reads once', async () => {
	const hourMs = 3_600_000;
	const {clock, watch, begun, end, isReading} = createWatch();
	watch.start();
	await end();
	clock.jump(hourMs);
	assert.deepEqual(begun, [0, hourMs]);
	// Stopped again, while it reads.
	clock.jump(hourMs);
	await end();
	assert.ok(!isReading());
	clock.wallOffsetMs = -hourMs;
	clock.advance(1000);
	assert.deepEqual(begun, [0, hourMs, 2 * hourMs + 1000]);
});

test('tcp table poller: may rest while nothing happens, up to 32 s', async () => {
	const {watch, begun, end, run} = createWatch();
	watch.restWhileQuiet();
	watch.start();
	await end();
	await run(100_000);
	assert.deepEqual(
		begun,
		[
			0, 1000, 2000, 3000, 4000, 5000, 7000, 11_000, 19_000, 35_000, 67_000,
			99_000,
		],
	);
	const before = begun.length;
	await run(60 * 60_000);
	// A read takes the kernel 8 ms, however few sockets there are.
	assert.ok(begun.length - before <= 113, `${begun.length - before} an hour`);
});

test('tcp table poller: where nothing will happen by itself, it rests at once', async () => {
	const {watch, begun, end, run} = createWatch();
	watch.restWhileQuiet();
	watch.start();
	watch.restSoon();
	await end();
	await run(20_000);
	assert.deepEqual(begun, [0, 1000, 3000, 7000, 15_000]);
});

test('tcp table poller: at rest, traffic is followed within a second', async () => {
	const {watch, begun, end, run} = createWatch();
	watch.restWhileQuiet();
	watch.hurry();
	watch.start();
	await end();
	await run(20_000);
	const before = begun.length;
	watch.hurry();
	watch.hurry();
	await run(3500);
	assert.deepEqual(begun.slice(before), [21_000, 22_000, 23_000]);
});

test('tcp table poller: at rest, a change is read at once', async () => {
	const {watch, begun, end, run} = createWatch();
	watch.restWhileQuiet();
	watch.start();
	await end();
	await run(20_000);
	const before = begun.length;
	watch.pollSoon();
	await end();
	await run(1500);
	assert.deepEqual(
		begun.slice(before),
		[20_000, 20_020, 20_050, 20_100, 20_250, 21_250],
	);
});
