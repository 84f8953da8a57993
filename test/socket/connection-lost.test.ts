/** A connection that broke is one sentence, whatever the error says. */
import assert from 'node:assert/strict';
import test from 'node:test';
import {getSystemErrorMap} from 'node:util';
import fc from 'fast-check';
import {connectionLost} from '../../source/socket/dial.js';

test('connection lost: one full stop ends it, whatever the error says', () => {
	fc.assert(
		fc.property(
			fc.string(),
			fc.constantFrom('', '.', '..', '.\n'),
			(text, end) => {
				const {message} = connectionLost('to 1', new Error(`x${text}${end}`));
				assert.match(
					message,
					/^The connection to 1 failed: x[\s\S]*[^.\s]\.$|^The connection to 1 failed: x\.$/,
				);
			},
		),
	);
});

test('connection lost: each errno is named, and then put in words', () => {
	for (const [errno, [code, words]] of getSystemErrorMap()) {
		const cause = Object.assign(new Error(`write ${code}`), {errno, code});
		const {message} = connectionLost('to 1', cause);
		assert.doesNotMatch(message, /write E|\.\.|: \.$/);
		assert.ok(
			code === 'ECANCELED' || message.startsWith(`${code}: `),
			`${code}, ${words}: ${message}`,
		);
	}
});
