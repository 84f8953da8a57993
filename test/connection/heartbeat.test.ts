import assert from 'node:assert/strict';
import {env} from 'node:process';
import {test} from 'node:test';
import fc from 'fast-check';
import {
	heartbeatFor,
	lostAfterMs,
	pingDueAfterMs,
	roundTripDueAfterMs,
	serverPingDueAfterMs,
	silentAfterMs,
} from '../../source/connection/heartbeat.js';

const runs = Number(env['FAST_CHECK_RUNS'] ?? 1000);

test('heartbeat: is 2 s and grows from the 501st member on', () => {
	assert.deepEqual(
		[0, 1, 200, 500, 501, 1000, 10_000].map(members => heartbeatFor(members)),
		[2000, 2000, 2000, 2000, 2004, 4000, 40_000],
	);
});

test('heartbeat: a longer one can be asked for, and many members make it longer', () => {
	assert.deepEqual(
		[0, 1000, 5000].map(members => heartbeatFor(members, 10_000)),
		[10_000, 10_000, 20_000],
	);
});

test('heartbeat: all pings and pongs stay within 500 frames a second', () => {
	fc.assert(
		fc.property(fc.nat({max: 1_000_000}), members => {
			const framesPerSecond = (members * 2 * 1000) / heartbeatFor(members);
			assert.ok(framesPerSecond <= 500);
			assert.ok(Number.isSafeInteger(heartbeatFor(members)));
			assert.ok(heartbeatFor(members + 1) >= heartbeatFor(members));
		}),
		{numRuns: runs},
	);
});

test('heartbeat: a ping after one, silent after one and a half, lost after three', () => {
	const times = [pingDueAfterMs(2000), silentAfterMs(2000), lostAfterMs(2000)];
	assert.deepEqual(times, [2000, 3000, 6000]);
});

test('heartbeat: a client that pings by itself is before the server, which measures its own round trip twice, then every fifteenth time', () => {
	assert.equal(serverPingDueAfterMs(2000), 2500);
	assert.deepEqual(
		[0, 1, 2, 1000].map(pings => roundTripDueAfterMs(pings, 2000)),
		[2000, 2000, 30_000, 30_000],
	);
});
