/** From when on a message may be the one that is waited for. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import type {ChatEvent} from '../../../source/event/event.js';
import type {Options} from '../../../source/options/options.js';
import {MessageWait} from '../../../source/plain/room/wait.js';
import {nickOf} from '../../helpers/client.js';

const own = '0123456789abcdef';
const other = 'fedcba9876543210';

const said = (id: string, text: string, isReplay = false) =>
	({
		type: 'frame',
		at: 0,
		...(isReplay && {isReplay}),
		frame: {type: 'message', seq: 1, at: 0, from: 'x', id, n: 1, text},
	}) as ChatEvent;

const welcome = {
	type: 'frame',
	at: 0,
	frame: {type: 'welcome', nick: 'otter'},
} as ChatEvent;

const foundBy = (options: Partial<Options>, events: readonly ChatEvent[]) => {
	const found: ChatEvent[] = [];
	const wait = new MessageWait(options as Options, {
		onFound(event) {
			found.push(event);
		},
		onFailed(error) {
			throw error;
		},
	});
	wait.id = own;
	for (const event of events) {
		wait.see(event);
	}

	assert.equal(wait.isWaiting, found.length === 0);
	return found;
};

const firstFound = (message: string | undefined, events: ChatEvent[]) =>
	foundBy({awaited: {pattern: /^go/}, message}, events);

test('wait: takes the first match of another after the welcome', () => {
	const match = said(other, 'go on');
	assert.deepEqual(
		firstFound(undefined, [
			said(other, 'go before'),
			welcome,
			said(other, 'go of a replay', true),
			said(own, 'go of its own'),
			said(other, 'no go'),
			match,
			said(other, 'go later'),
		]),
		[match],
	);
});

test('wait: with a question only what follows the question counts', () => {
	const match = said(other, 'go then');
	const before = [welcome, said(other, 'go early')];
	assert.deepEqual(firstFound('go?', before), []);
	assert.deepEqual(firstFound('go?', [...before, said(own, 'go?'), match]), [
		match,
	]);
	// Its echo fell into a gap.
	const stored = {type: 'stored', at: 0, n: 1} as ChatEvent;
	assert.deepEqual(firstFound('go?', [...before, stored, match]), [match]);
});

test('wait: a mention of NAME by NAME itself calls nobody', () => {
	const by = (from: string, text: string) =>
		({
			type: 'frame',
			at: 0,
			frame: {type: 'message', seq: 1, at: 0, from, id: other, n: 1, text},
		}) as ChatEvent;
	const call = by('otter', 'codex?');
	assert.deepEqual(
		foundBy({awaited: {mentioned: nickOf('codex')}}, [
			welcome,
			by('codex', 'codex is done'),
			by('Codex', 'codex again'),
			call,
		]),
		[call],
	);
});
