import assert from 'node:assert/strict';
import {test} from 'node:test';
import fc from 'fast-check';
import {renderToString} from 'ink';
import {createElement} from 'react';
import {toDisplay} from '../../../source/protocol/display.js';
import {linked, urlsIn} from '../../../source/ui/text/links.js';
import {LinkContext, RowText} from '../../../source/ui/text/shown-text.js';
import {anyCharacter} from '../../helpers/any-character.js';

const urlsOf = (text: string): string[] => {
	const shown = toDisplay(text);
	return urlsIn(shown).map(({start, end}) => shown.slice(start, end));
};

test('links: a URL ends where its sentence goes on', () => {
	for (const [text, ...urls] of [
		['https://a.test', 'https://a.test'],
		['HTTP://127.0.0.1/x', 'HTTP://127.0.0.1/x'],
		['see https://a.test/b.', 'https://a.test/b'],
		['(https://a.test/b)', 'https://a.test/b'],
		['(see https://a.test/b_(c)).', 'https://a.test/b_(c)'],
		['https://[::1]:5001/', 'https://[::1]:5001/'],
		['<https://a.test/?q=1&r=%20#s>', 'https://a.test/?q=1&r=%20#s'],
		[
			'"https://a.test", \'https://b.test\'',
			'https://a.test',
			'https://b.test',
		],
		['https://a.test/你好', 'https://a.test/'],
		[
			'https://a.test, then https://b.test!?',
			'https://a.test',
			'https://b.test',
		],
	] as const) {
		assert.deepEqual(urlsOf(text), urls, text);
	}
});

test('links: other texts and other schemes are none', () => {
	for (const text of [
		'',
		'https://',
		'https:// x',
		'http:/a',
		'xhttps://a.test',
		'file:///etc/passwd',
		'data:text/html,x',
		'ssh://a.test',
		'www.a.test',
		// Another host, if it ended there.
		'https://ex\u0430mple.test',
		'https://a.te\u0301st',
		`https://a.test/${'a'.repeat(2083)}`,
	]) {
		assert.deepEqual(urlsOf(text), [], text);
	}
});

test('links: a target is what is shown, and can end no sequence', () => {
	const piece = fc.oneof(
		fc.constantFrom(
			'https://',
			'https://a.test/',
			'\u001B]8;;https://evil.test\u001B\\',
			'\u0007',
			'\u009C',
			'\u202E',
			'(',
			')',
			'.',
			';',
			' ',
			'/',
		),
		fc.string({unit: anyCharacter, maxLength: 5}),
	);
	fc.assert(
		fc.property(fc.array(piece, {maxLength: 12}), pieces => {
			const shown = toDisplay(pieces.join(''));
			let last = 0;
			for (const {start, end} of urlsIn(shown)) {
				assert.ok(start >= last);
				last = end;
				const target = shown.slice(start, end);
				assert.match(target, /^https?:\/\/[\u0021-\u007E]+$/i);
				const link = linked(target, {target, isWrapped: false});
				assert.equal(
					link,
					`\u001B]8;;${target}\u001B\\${target}\u001B]8;;\u001B\\`,
				);
			}
		}),
	);
});

test('links: Ink draws them, where the terminal takes them', () => {
	const target = 'https://a.test/b';
	const spans = [
		{text: toDisplay('see ')},
		{text: toDisplay(target), link: {target, isWrapped: true}},
		{text: toDisplay(' now')},
	];
	const drawn = (hasLinks: boolean) =>
		renderToString(
			createElement(
				LinkContext,
				{value: hasLinks},
				createElement(RowText, {row: {spans}}),
			),
			{columns: 60},
		);
	assert.equal(
		drawn(true),
		`see \u001B]8;id=1;${target}\u001B\\${target}\u001B]8;;\u001B\\ now`,
	);
	assert.equal(drawn(false), `see ${target} now`);
});
