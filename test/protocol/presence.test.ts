import assert from 'node:assert/strict';
import {test} from 'node:test';
import type {ServerFrame} from '../../source/protocol/frame.js';
import {
	namesLine,
	nobody,
	reducePresence,
} from '../../source/protocol/presence.js';
import {welcomeFrame} from '../helpers/scripted.js';

const entry = {at: 1, id: '0123456789abcdef'};
const welcome: ServerFrame = welcomeFrame({
	head: 10,
	members: {count: 2, names: ['otter', 'heron']},
});
const joined = (seq: number, nick: string): ServerFrame => ({
	...entry,
	type: 'joined',
	seq,
	nick,
});
const left = (seq: number, nick: string): ServerFrame => ({
	...entry,
	type: 'left',
	seq,
	nick,
	reason: 'quit',
});
const renamed = (seq: number, from: string, to: string): ServerFrame => ({
	...entry,
	type: 'renamed',
	seq,
	from,
	to,
});

const after = (...frames: ServerFrame[]) => {
	let presence = nobody;
	for (const frame of frames) {
		presence = reducePresence(presence, frame);
	}

	const {count, names} = presence.members;
	return [count, names.join(' ')];
};

test('presence: a rename that the list has already renames nobody else', () => {
	const members: ServerFrame = {
		type: 'members',
		count: 2,
		names: ['otter-2', 'otter'],
		head: 10,
		heartbeatMs: 2000,
	};
	assert.deepEqual(after(welcome, members, renamed(11, 'otter', 'otter-2')), [
		2,
		'otter-2 otter',
	]);
});

test('presence: a member on another server has its machine, until it leaves', () => {
	const listed = (...frames: ServerFrame[]) => {
		let presence = nobody;
		for (const frame of frames) {
			presence = reducePresence(presence, frame);
		}

		return namesLine(presence.members);
	};

	const linked: ServerFrame = {
		...welcome,
		members: {
			count: 4,
			names: ['otter', 'heron', 'wren', 'codex'],
			agents: ['codex'],
			elsewhere: [
				{machine: 'box2', names: ['heron', 'codex']},
				{machine: 'box3', names: ['wren']},
			],
		},
	};
	assert.equal(
		listed(linked),
		'otter; on box2: heron codex (agent); on box3: wren',
	);
	assert.equal(
		listed(linked, left(11, 'wren'), renamed(12, 'heron', 'crane')),
		'otter; on box2: crane codex (agent)',
	);
	// It came back here.
	assert.equal(
		listed(linked, left(11, 'heron'), joined(12, 'heron')),
		'otter heron; on box2: codex (agent); on box3: wren',
	);
	assert.equal(
		listed(linked, {type: 'members', count: 1, names: ['otter']}),
		'otter',
	);
});

test('presence: a welcome lists who is here, and its replay adds nobody', () => {
	assert.deepEqual(after(welcome), [2, 'otter heron']);
	const replay = [
		joined(8, 'heron'),
		joined(9, 'otter'),
		left(9, 'crane'),
		renamed(10, 'otter', 'ibis'),
		joined(10, 'otter'),
	];
	assert.deepEqual(after(welcome, ...replay), [2, 'otter heron']);
});

test('presence: entries after the replay change who is here', () => {
	assert.deepEqual(after(welcome, joined(11, 'crane')), [
		3,
		'otter heron crane',
	]);
	assert.deepEqual(after(welcome, left(11, 'heron')), [1, 'otter']);
	assert.deepEqual(after(welcome, renamed(11, 'otter', 'ibis')), [
		2,
		'ibis heron',
	]);
});

test('presence: a count above 200 replaces the names that were known', () => {
	const count: ServerFrame = {type: 'members', count: 500, names: []};
	assert.deepEqual(after(welcome, count), [500, '']);
	assert.deepEqual(after(welcome, count, joined(10, 'otter')), [500, '']);
	const few: ServerFrame = {type: 'members', count: 2, names: ['a', 'b']};
	assert.deepEqual(after(welcome, count, few, left(11, 'a')), [1, 'b']);
});

test('presence: another welcome starts over', () => {
	const again: ServerFrame = {
		...welcome,
		head: 20,
		members: {count: 1, names: ['otter']},
	};
	const frames = [welcome, joined(11, 'crane'), again, joined(20, 'otter')];
	assert.deepEqual(after(...frames), [1, 'otter']);
	assert.deepEqual(after(...frames, joined(21, 'ibis')), [2, 'otter ibis']);
});

test('presence: stays the same object if a frame changes nothing', () => {
	const presence = reducePresence(nobody, welcome);
	const frames: ServerFrame[] = [
		{...entry, type: 'message', seq: 11, from: 'heron', n: 1, text: 'hi'},
		{type: 'ping', id: 1},
		{type: 'gap', from: 11, to: 12},
		joined(10, 'otter'),
	];
	for (const frame of frames) {
		assert.equal(reducePresence(presence, frame), presence, frame.type);
	}
});

test('presence: agents stay marked through joins, renames and leaves', () => {
	const codex: ServerFrame = {
		...entry,
		type: 'joined',
		seq: 11,
		nick: 'codex',
		agent: true,
	};
	const listed = (...frames: readonly ServerFrame[]) => {
		let presence = nobody;
		for (const frame of frames) {
			presence = reducePresence(presence, frame);
		}

		return namesLine(presence.members);
	};

	assert.equal(listed(welcome, codex), 'otter heron codex (agent)');
	assert.equal(
		listed(welcome, codex, renamed(12, 'codex', 'planner')),
		'otter heron planner (agent)',
	);
	assert.equal(listed(welcome, codex, left(12, 'codex')), 'otter heron');
	const again: ServerFrame = {
		...welcome,
		members: {count: 2, names: ['codex', 'otter'], agents: ['codex']},
	};
	assert.equal(listed(welcome, again), 'codex (agent) otter');
	const counted: ServerFrame = {
		type: 'members',
		count: 2,
		names: ['codex', 'otter'],
		agents: ['otter'],
	};
	assert.equal(listed(welcome, counted), 'codex otter (agent)');
});

test('presence: who waits for the relay is marked until the join comes', () => {
	const listed = (...frames: readonly ServerFrame[]) => {
		let presence = nobody;
		for (const frame of frames) {
			presence = reducePresence(presence, frame);
		}

		return namesLine(presence.members);
	};

	const waiting: ServerFrame = {
		type: 'members',
		count: 4,
		names: ['otter', 'heron', 'wren', 'crane'],
		unshared: ['wren', 'crane'],
		head: 10,
	};
	assert.equal(
		listed(welcome, waiting),
		'otter heron wren (not yet shared) crane (not yet shared)',
	);
	const came = [welcome, waiting, joined(11, 'wren')] as const;
	assert.equal(listed(...came), 'otter heron wren crane (not yet shared)');
	assert.equal(
		listed(...came, joined(12, 'teal'), renamed(13, 'crane', 'egret')),
		'otter heron wren egret (not yet shared) teal',
	);
	assert.equal(listed(...came, left(12, 'crane')), 'otter heron wren');
	const shared = {...waiting, unshared: []};
	assert.equal(listed(welcome, waiting, shared), 'otter heron wren crane');
});
