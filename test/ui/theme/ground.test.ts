import assert from 'node:assert/strict';
import {test} from 'node:test';
import {
	groundOfColour,
	groundOfVariable,
} from '../../../source/ui/theme/ground.js';

test('ground: COLORFGBG says it by its last number', () => {
	for (const [value, ground] of [
		['15;0', 'dark'],
		['0;15', 'light'],
		['0;default;15', 'light'],
		['12;8', 'dark'],
		['0;7', 'light'],
		['0;11', 'light'],
		['7;4', 'dark'],
		['default;default', undefined],
		['15;16', undefined],
		['15', undefined],
		['', undefined],
		[undefined, undefined],
	] as const) {
		assert.equal(groundOfVariable(value), ground, value);
	}
});

test('ground: a colour is dark if white can be read on it better than black', () => {
	for (const [colour, ground] of [
		['rgb:0000/0000/0000', 'dark'],
		['rgb:1e1e/1e1e/1e1e', 'dark'],
		['rgb:2e2e/3434/4040', 'dark'],
		['rgb:0000/2b2b/3636', 'dark'],
		['rgb:ffff/ffff/ffff', 'light'],
		['rgb:fdfd/f6f6/e3e3', 'light'],
		['rgb:f/f/f', 'light'],
		['rgb:80/80/80', 'light'],
		['rgb:70/70/70', 'dark'],
		['RGB:FF/FF/FF', 'light'],
		['rgba:1e1e/1e1e/1e1e/ffff', 'dark'],
		['#fdf6e3', 'light'],
		['#fff', 'light'],
		['#1e1e1e1e1e1e', 'dark'],
		['rgb:1e1e/1e1e', undefined],
		['rgb:', undefined],
		['#12', undefined],
		['?', undefined],
		['', undefined],
	] as const) {
		assert.equal(groundOfColour(colour), ground, colour);
	}
});
