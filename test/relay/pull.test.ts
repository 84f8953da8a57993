/** Fetches from a consumer of a real nats-server. */
import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import {test} from 'node:test';
import {jetstreamManager} from '@nats-io/jetstream';
import {connect} from '@nats-io/transport-node';
import {placeIn, Pull} from '../../source/relay/pull.js';
import {startNats} from '../helpers/nats.js';
import {until} from '../helpers/until.js';

test('pull: reads where a message is in its stream, with a domain and without', () => {
	const at = '1764284000000000000';
	for (const [reply, place] of [
		[`$JS.ACK.log.sockchat-a.1.41.40.${at}.7`, {seq: 41, pending: 7}],
		[`$JS.ACK.hub.x9.log.sockchat-a.1.41.40.${at}.7`, {seq: 41, pending: 7}],
		[`$JS.ACK._.x9.log.sockchat-a.1.41.40.${at}.7.rnd`, {seq: 41, pending: 7}],
		['$JS.ACK.log.sockchat-a', undefined],
		['_INBOX.a.b.1.1.41.40.1.7', undefined],
	] as const) {
		assert.deepEqual(placeIn(reply), place, reply);
	}
});

test('pull: fetches one after the other, and says so if its consumer is deleted', async t => {
	const nats = await startNats(t);
	const nc = await connect({servers: nats.url.replace('nats://', '')});
	t.after(async () => nc.close());
	const jsm = await jetstreamManager(nc);
	await jsm.streams.add({name: 'log', subjects: ['log']});
	await jsm.consumers.add('log', {durable_name: 'a', ack_policy: 'none'});
	const seqs: number[] = [];
	const failures: string[] = [];
	const pull = new Pull({
		nc,
		stream: 'log',
		consumer: 'a',
		onMessage({seq, message}) {
			assert.equal(message.string(), `line ${seq}`);
			seqs.push(seq);
		},
		onEnd() {
			pull.fetch();
		},
		onFailed({message}) {
			failures.push(message);
		},
	});
	pull.fetch();
	const count = 2500;
	for (let seq = 1; seq <= count; seq++) {
		nc.publish('log', `line ${seq}`);
	}

	await until(() => seqs.length === count, {
		what: 'all messages of three fetches',
		seen: () => `${seqs.length}`,
	});
	assert.deepEqual(
		seqs,
		Array.from({length: count}, (_, index) => index + 1),
	);
	await jsm.consumers.delete('log', 'a');
	await until(() => failures.length > 0, {what: 'the failure'});
	assert.match(failures.join(' '), /consumer deleted/i);
	nc.publish('log', 'no more');
	await nc.flush();
	assert.equal(seqs.length, count);
	pull.stop();
});

test('pull: an engine that says nothing for two seconds has failed', async t => {
	const nats = await startNats(t);
	const nc = await connect({servers: nats.url.replace('nats://', '')});
	t.after(async () => nc.close());
	const jsm = await jetstreamManager(nc);
	await jsm.streams.add({name: 'log', subjects: ['log']});
	await jsm.consumers.add('log', {durable_name: 'a', ack_policy: 'none'});
	const failures: string[] = [];
	const pull = new Pull({
		nc,
		stream: 'log',
		consumer: 'a',
		onMessage: () => undefined,
		onEnd: () => undefined,
		onFailed({message}) {
			failures.push(message);
		},
	});
	t.after(() => {
		pull.stop();
	});
	pull.fetch();
	await nc.flush();
	nats.signal('SIGSTOP');
	await until(() => failures.length > 0, {what: 'the failure'});
	assert.deepEqual(failures, ['heartbeats missed']);
	nats.signal('SIGCONT');
});

test('pull: one fetch asks for less than what the engine lets wait for a connection', async t => {
	const nats = await startNats(t);
	const nc = await connect({servers: nats.url.replace('nats://', '')});
	t.after(async () => nc.close());
	const jsm = await jetstreamManager(nc);
	await jsm.streams.add({name: 'log', subjects: ['log']});
	await jsm.consumers.add('log', {durable_name: 'a', ack_policy: 'none'});
	const payload = Buffer.alloc(1024 * 1024);
	const count = 40;
	for (let seq = 1; seq <= count; seq++) {
		await nc.request('log', payload);
	}

	const fetches: number[] = [];
	let got = 0;
	const pull = new Pull({
		nc,
		stream: 'log',
		consumer: 'a',
		onMessage() {
			got++;
		},
		onEnd() {
			fetches.push(got);
			got = 0;
			pull.fetch();
		},
		onFailed(error) {
			throw error;
		},
	});
	t.after(() => {
		pull.stop();
	});
	const read = () => fetches.reduce((sum, each) => sum + each, got);
	pull.fetch();
	await until(() => read() === count, {
		what: 'all of them',
		seen: () => fetches.join(' '),
	});
	// 64 MiB with its own default.
	assert.ok(Math.max(...fetches, got) <= 10, fetches.join(' '));
});
