import assert from 'node:assert/strict';
import {test} from 'node:test';
import {
	canBeAsked,
	canBeAskedForBrackets,
} from '../../source/keyboard/brackets.js';

test('brackets: terminals that might print a question are not asked', () => {
	for (const term of ['xterm', 'xterm-256color', 'screen', 'tmux', 'foot']) {
		assert.ok(canBeAsked(term), term);
		assert.ok(canBeAskedForBrackets({TERM: term}), term);
	}

	for (const term of ['linux', 'vt100', 'vt220', 'ansi', 'dumb', undefined]) {
		assert.ok(!canBeAsked(term), term);
		assert.ok(!canBeAskedForBrackets({TERM: term}), term);
	}

	// It prints the last letter of the question.
	assert.ok(
		!canBeAskedForBrackets({
			TERM: 'xterm-256color',
			TERM_PROGRAM: 'Apple_Terminal',
		}),
	);
});
