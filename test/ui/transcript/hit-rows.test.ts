import assert from 'node:assert/strict';
import {test} from 'node:test';
import fc from 'fast-check';
import {wordsOf} from '../../../source/protocol/words.js';
import {hueOf} from '../../../source/ui/theme/roles.js';
import {hitRows} from '../../../source/ui/transcript/hit-rows.js';
import {rowsOfItem} from '../../../source/ui/transcript/item-rows.js';
import {message, notice} from '../../helpers/items.js';
import {textsOf} from '../../helpers/models.js';

const hitsOf = (search: string, item = message()) =>
	hitRows(wordsOf(search))(item, 80).flatMap(({spans}) =>
		spans.filter(({role}) => role === 'hit').map(({text}) => text as string),
	);

test('hits: each word is marked where it is, in text and nick', () => {
	const item = message({from: 'otter', text: 'Port 4901 is not port 4902.'});
	assert.deepEqual(hitsOf('otter 4901', item), ['otter', '4901']);
	assert.deepEqual(hitsOf('PORT', item), ['Port', 'port']);
	assert.deepEqual(hitsOf('or po', item), ['Por', 'por']);
	assert.deepEqual(hitsOf('', item), []);
	assert.deepEqual(hitsOf('nowhere', item), []);
});

test('hits: are marked by whole graphemes, though folding changes lengths', () => {
	const item = message({text: 'İstanbul, ΟΔΟΣ και cafe\u0301 👩‍👩‍👧!'});
	assert.deepEqual(hitsOf('istanbul', message({text: 'Istanbul'})), [
		'Istanbul',
	]);
	assert.deepEqual(hitsOf('οδος', item), ['ΟΔΟΣ']);
	assert.deepEqual(hitsOf('café', item), ['cafe\u0301']);
	assert.deepEqual(hitsOf('👩', item), ['👩‍👩‍👧']);
});

test('hits: those of the message that the reader is at are marked otherwise', () => {
	const rolesOf = (at: number) =>
		hitRows(wordsOf('otter port'), at)(
			message({from: 'otter', seq: 7, text: 'a port'}),
			80,
		).flatMap(({spans}) =>
			spans.flatMap(({role, text}) =>
				text === 'otter' || text === 'port' ? [role] : [],
			),
		);
	assert.deepEqual(rolesOf(7), ['current-hit', 'current-hit']);
	assert.deepEqual(rolesOf(8), ['hit', 'hit']);
});

test("hits: the reader's own nick is marked as well, if it is searched for", () => {
	const item = message({text: 'heron: the port', mentioned: 'heron'});
	assert.deepEqual(hitsOf('heron', item), ['heron']);
});

test('hits: a link stays a link, and a nick keeps its colour', () => {
	const rows = hitRows(wordsOf('example otter'))(
		message({from: 'otter', text: 'https://example.org/'}),
		80,
	);
	const hits = rows.flatMap(({spans}) =>
		spans.filter(({role}) => role === 'hit'),
	);
	assert.equal(hits[0]?.hue, hueOf('otter'));
	assert.equal(hits[1]?.link?.target, 'https://example.org/');
});

test('hits: times, and what nobody said, are not marked', () => {
	assert.deepEqual(hitsOf('14', message({text: '14 apples'})), ['14']);
	assert.deepEqual(hitsOf('otter', notice({text: 'otter joined'})), []);
});

test('hits: marking changes no text', () => {
	fc.assert(
		fc.property(
			fc.string({unit: 'grapheme', maxLength: 60}),
			fc.string({unit: 'grapheme', maxLength: 3}),
			fc.integer({min: 8, max: 100}),
			(text, search, width) => {
				const item = message({text});
				assert.deepEqual(
					textsOf(hitRows(wordsOf(search))(item, width)),
					textsOf(rowsOfItem(item, width)),
				);
			},
		),
	);
});
