import assert from 'node:assert/strict';
import {test} from 'node:test';
import type {PortLook} from '../../../source/store/port-model.js';
import type {Key} from '../../../source/ui/input/keys.js';
import {actionsFor, singleKeys} from '../../../source/ui/watch/watch-keys.js';
import {portModel} from '../../helpers/watched-port.js';

const {look} = portModel();

/** What a key does, in short. */
const done = (key: Key, changes: Partial<PortLook> = {}): string[] =>
	actionsFor(key, {...look, ...changes}).map(action =>
		action.kind === 'look'
			? JSON.stringify(action.looking)
			: action.kind === 'move'
				? action.move
				: action.kind,
	);

const letter = (text: string): Key => ({type: 'insert', text});

test('watch keys: letters, arrows and pages', () => {
	assert.deepEqual(done(letter('q')), ['leave']);
	assert.deepEqual(done({type: 'interrupt'}), ['leave']);
	assert.deepEqual(done({type: 'end-of-input'}), ['leave']);
	assert.deepEqual(done({type: 'newer'}), ['{"do":"choose","by":1}']);
	assert.deepEqual(done({type: 'older'}), ['{"do":"choose","by":-1}']);
	assert.deepEqual(done(letter('c')), ['{"do":"spell"}']);
	assert.deepEqual(done(letter('f')), ['bottom']);
	assert.deepEqual(done({type: 'page-up'}), ['page-up']);
	assert.deepEqual(done(letter('x')), []);
	assert.deepEqual(done(letter('?'), {isHelpShown: true}), [
		'{"do":"help","isShown":false}',
	]);
});

test('watch keys: after a slash, letters are a command', () => {
	assert.deepEqual(done(letter('/')), ['{"do":"type","typed":"/"}']);
	const typed = '/hel';
	assert.deepEqual(done(letter('p'), {typed}), [
		'{"do":"type","typed":"/help"}',
	]);
	assert.deepEqual(done(letter('q'), {typed}), [
		'{"do":"type","typed":"/helq"}',
	]);
	assert.deepEqual(done({type: 'delete-back'}, {typed: '/'}), [
		'{"do":"type"}',
	]);
	assert.deepEqual(done({type: 'interrupt'}, {typed}), ['{"do":"type"}']);
	const enter = {type: 'submit'} as const;
	assert.deepEqual(done(enter, {typed: '/quit'}), ['leave']);
	assert.deepEqual(done(enter, {typed: '/help'}), [
		'{"do":"help","isShown":true}',
	]);
	assert.match(done(enter, {typed: '/x'})[0]!, /There is no \\"\/x\\" here/);
});

test('watch keys: a text is as many keys as it has letters', () => {
	assert.deepEqual(singleKeys(letter('ce')), [letter('c'), letter('e')]);
	assert.deepEqual(singleKeys({type: 'submit'}), [{type: 'submit'}]);
});
