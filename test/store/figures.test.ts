/** What the model counts and measures beside what is said. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import type {ChatEvent} from '../../source/event/event.js';
import {createModel, keptRtts} from '../../source/store/model.js';
import {reduce} from '../../source/store/reduce.js';
import {itemAt} from '../../source/store/transcript.js';

const start = createModel({mode: 'raw', where: '127.0.0.1:5001'});

test('figures: keeps the last 60 round trips and the newest figures', () => {
	const rtts = Array.from({length: 100}, (_value, rttMs): ChatEvent => ({
		type: 'rtt',
		at: 1,
		rttMs,
	}));
	const figures = {bytesIn: 1, bytesOut: 2, queuedBytes: 3};
	const model = reduce(start, [...rtts, {type: 'traffic', at: 1, ...figures}]);
	assert.equal(model.rtts.length, keptRtts);
	assert.deepEqual([model.rtts[0], model.rtts.at(-1)], [40, 99]);
	assert.deepEqual(model.traffic, {...figures, heardAt: 1});
});

test('figures: heardAt is when the count of bytes last grew', () => {
	const traffic = (at: number, bytesIn: number, bytesOut: number) =>
		({type: 'traffic', at, bytesIn, bytesOut, queuedBytes: 0}) as const;
	const {heardAt} = reduce(start, [
		traffic(10, 0, 5),
		traffic(20, 7, 5),
		traffic(30, 7, 9),
	]).traffic;
	assert.equal(heardAt, 20);
	assert.equal(reduce(start, [traffic(10, 0, 5)]).traffic.heardAt, undefined);
});

const listening = (phase: 'binding' | 'listening'): ChatEvent => ({
	type: 'listening',
	at: 1,
	state: {phase, since: 1},
	place: {host: '127.0.0.1', port: 5001},
});
const peer = 'p';
const accepted: ChatEvent = {type: 'accepted', at: 1, peer};
const foreign: ChatEvent = {type: 'foreign', at: 1, peer, protocol: 'TLS'};
const bytes = {bytesIn: 0, bytesOut: 0};
const ended: ChatEvent = {type: 'ended', at: 1, peer, reason: 'quit', ...bytes};

test('figures: a server counts its peers in all its phases', () => {
	const room = createModel({
		mode: 'room',
		where: '127.0.0.1:5001',
		nick: 'otter',
		id: '',
	});
	const model = reduce(room, [
		listening('binding'),
		accepted,
		accepted,
		foreign,
		ended,
		accepted,
		listening('listening'),
	]);
	assert.partialDeepStrictEqual(model.listening, {
		state: {phase: 'listening', since: 1},
		place: {host: '127.0.0.1', port: 5001},
		peers: 2,
		accepted: 3,
		turnedAway: 1,
	});
	assert.equal(reduce(start, [accepted, ended]).listening, undefined);
});

test('figures: shows the connection with its ends, and chunks as they arrived', () => {
	const connection = {phase: 'connecting', since: 1, attempt: 1} as const;
	const ends = {local: 'l', remote: 'r'};
	const chunk = {at: 1, direction: 'in', peer, bytes: Buffer.of(1)} as const;
	const model = reduce(start, [
		{type: 'connection', at: 1, connection, ...ends},
		{type: 'chunk', ...chunk},
	]);
	assert.deepEqual(
		[model.connection, model.local, model.remote],
		[connection, 'l', 'r'],
	);
	assert.deepEqual(itemAt(model.transcript, 0), {kind: 'chunk', ...chunk});
});
