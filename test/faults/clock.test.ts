/** A wall clock that jumps: it is for people to read, and decides nothing. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {FakeClock} from '../helpers/clock.js';
import {openClient} from '../helpers/client.js';
import {openServer} from '../helpers/room.js';
import {joinWire} from '../helpers/wire-peer.js';

const dayMs = 24 * 60 * 60 * 1000;

for (const offsetMs of [dayMs, -dayMs]) {
	test(`faults: the wall clock jumps by ${offsetMs / dayMs} day: the order stays, nobody is dropped`, async t => {
		const clock = new FakeClock();
		const server = await openServer(t, {clock});
		const otter = openClient(t, server.address, 'otter', {clock});
		const heron = openClient(t, server.address, 'heron', {clock});
		await otter.untilPhase('open');
		await heron.untilPhase('open');
		const said: string[] = [];
		const sayBoth = async (text: string) => {
			said.push(`otter ${text}`, `heron ${text}`);
			otter.client.say(`otter ${text}`);
			await heron.until(text, () => heron.said().at(-1) === `otter ${text}`);
			heron.client.say(`heron ${text}`);
			await otter.until(text, () => otter.said().at(-1) === `heron ${text}`);
		};

		await sayBoth('before');
		for (let jump = 0; jump < 3; jump++) {
			clock.wallOffsetMs += jump % 2 === 0 ? offsetMs : -2 * offsetMs;
			// Beyond a sweep, but not a heartbeat.
			clock.advance(500);
			await sayBoth(`after jump ${jump}`);
		}

		// Now heartbeats pass as well, each answered before time goes on.
		for (let beat = 0; beat < 8; beat++) {
			clock.wallOffsetMs += offsetMs;
			const pings = otter.of('rtt').length;
			clock.advance(2000);
			await otter.until('a pong', () => otter.of('rtt').length > pings);
		}

		await sayBoth('at last');
		for (const each of [otter, heron]) {
			assert.deepEqual(each.said(), said);
			assert.deepEqual(each.phases(), ['connecting', 'handshaking', 'open']);
			const seqs = each
				.frames()
				.flatMap(frame => ('seq' in frame ? [frame.seq] : []));
			assert.deepEqual(
				seqs,
				seqs.map((_, index) => seqs[0]! + index),
			);
		}

		const times = otter
			.frames()
			.flatMap(frame => (frame.type === 'message' ? [frame.at] : []));
		assert.ok(
			times.some((at, index) => index > 0 && at < times[index - 1]!),
			'the times did go back',
		);
		assert.deepEqual(server.of('ended'), []);
	});
}

const sweepMs = 250;
const heartbeatMs = 2000;

// A second at a time is less than what a stopped process misses, which is forgiven.
for (const offsetMs of [1000, dayMs, -dayMs]) {
	test(`faults: the wall clock jumps by ${offsetMs} ms again and again: who falls silent is dropped when due, and nobody else`, async t => {
		const clock = new FakeClock();
		const server = await openServer(t, {clock});
		const otter = openClient(t, server.address, 'otter', {clock});
		await otter.untilPhase('open');
		const mute = await joinWire(t, server.address, 'mute');
		const pass = (ms: number) => {
			for (let passed = 0; passed < ms; passed += sweepMs) {
				clock.wallOffsetMs += offsetMs;
				clock.advance(sweepMs);
			}
		};

		const beat = async () => {
			const pings = otter.of('rtt').length;
			pass(heartbeatMs);
			await otter.until('a pong', () => otter.of('rtt').length > pings);
		};

		await beat();
		await beat();
		pass(heartbeatMs - sweepMs);
		assert.equal(server.room.memberCount, 2);
		pass(sweepMs);
		await mute.untilFin();
		await otter.until('its end', () => server.of('ended').length > 0);
		assert.deepEqual(
			server.of('ended').map(({reason}) => reason),
			['timeout'],
		);
		assert.equal(server.room.memberCount, 1);
		assert.deepEqual(otter.phases(), ['connecting', 'handshaking', 'open']);
	});
}
