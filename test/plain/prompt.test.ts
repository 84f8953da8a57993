import assert from 'node:assert/strict';
import {test} from 'node:test';
import {completeWord} from '../../source/plain/prompt.js';

const nicks = ['otter', 'Osprey', 'heron'];

test('prompt: Tab completes a nick, with a colon at the start of the line', () => {
	for (const [text, choices, word] of [
		['ot', ['otter: '], 'ot'],
		['O', ['otter: ', 'Osprey: '], 'O'],
		['hello HER', ['heron '], 'HER'],
		['/msg o', ['otter ', 'Osprey '], 'o'],
		['/msg ', ['otter ', 'Osprey ', 'heron '], ''],
		['@o', ['@otter ', '@Osprey '], '@o'],
		['see @HER', ['@heron '], '@HER'],
		['nobody', [], 'nobody'],
		['', [], ''],
		['hello ', [], ''],
	] as const) {
		assert.deepEqual(completeWord(text, nicks), [choices, word], text);
	}
});

test('prompt: Tab completes a command at the start of the line', () => {
	assert.deepEqual(completeWord('/WH', nicks), [['/who '], '/WH']);
	assert.deepEqual(completeWord('/dep', nicks, {commands: ['deploy']}), [
		['/deploy '],
		'/dep',
	]);
	assert.deepEqual(completeWord('/m', nicks), [
		['/msg ', '/me ', '/mute '],
		'/m',
	]);
	assert.deepEqual(completeWord('see /wh', nicks), [[], '/wh']);
});
