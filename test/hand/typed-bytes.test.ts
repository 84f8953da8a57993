import assert from 'node:assert/strict';
import {test} from 'node:test';
import {typedBytes} from '../../source/hand/typed-bytes.js';
import type {LineEnding} from '../../source/raw/line-ends.js';

const typed = (text: string, eol: LineEnding = 'lf', hasEscapes = false) => {
	const bytes = typedBytes(text, {eol, hasEscapes});
	return typeof bytes === 'string' ? bytes : bytes.toString('latin1');
};

test('typed bytes: a line ends as chosen, a paste in each of its lines', () => {
	assert.equal(typed('PING'), 'PING\n');
	assert.equal(typed('', 'crlf'), '\r\n');
	assert.equal(typed('a\nb', 'crlf'), 'a\r\nb\r\n');
	assert.equal(typed('a\nb', 'none'), 'a\nb');
	assert.equal(typed(String.raw`\r\n`), '\\r\\n\n');
});

test('typed bytes: escapes stand for bytes when they are on', () => {
	assert.equal(
		typed(String.raw`\x00\xfF\r\n\t\0\\`, 'none', true),
		'\0\u00FF\r\n\t\0\\',
	);
	assert.equal(typed(String.raw`a\n`, 'crlf', true), 'a\n\r\n');
	for (const wrong of [String.raw`\q`, String.raw`\x0`, 'end\\']) {
		assert.match(
			typed(wrong, 'lf', true),
			/^Not sent: .* is no escape\./,
			wrong,
		);
	}
});
