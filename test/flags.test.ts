import assert from 'node:assert/strict';
import {test} from 'node:test';
import {flagNames, flags, helpText, writtenFlag} from '../source/flags.js';

const help = `Usage
  sockchat          join the room on this machine, opening it if nobody has
`;

test('flags: --help says all of this, and nothing else', () => {
	assert.equal(helpText(), help);
});

test('flags: --help shows every flag once, as it is typed', () => {
	const shown = helpText()
		.split('\n')
		.flatMap(line => /^ {2}(--[a-z-]+)/.exec(line)?.[1] ?? []);
	assert.deepEqual(shown.toSorted(), flagNames.map(writtenFlag).toSorted());
});

test('flags: are typed in small letters with hyphens', () => {
	assert.equal(writtenFlag('maxMembers'), '--max-members');
	assert.equal(writtenFlag('retry'), '--no-retry');
	for (const name of flagNames) {
		assert.match(writtenFlag(name), /^--[a-z]+(-[a-z]+)*$/);
	}
});

test('flags: what takes a value shows a word for it, and nothing else does', () => {
	for (const name of flagNames) {
		const {type, ...rest} = flags[name];
		assert.equal('value' in rest, type === 'string', name);
	}
});
