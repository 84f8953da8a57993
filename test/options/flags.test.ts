import assert from 'node:assert/strict';
import {test} from 'node:test';
import {
	flagNames,
	flags,
	writtenFlag,
	type Flag,
} from '../../source/options/flags.js';

test('flags: a short form is one letter that no other flag has', () => {
	const shorts = flagNames.flatMap(name => {
		const {short}: Flag = flags[name];
		return short === undefined ? [] : [short];
	});
	assert.ok(shorts.every(short => /^[a-z]$/i.test(short)));
	assert.equal(new Set(shorts).size, shorts.length);
});

test('flags: are written in lower case with hyphens', () => {
	assert.equal(writtenFlag('maxMembers'), '--max-members');
	assert.equal(writtenFlag('noRetry'), '--no-retry');
	for (const name of flagNames) {
		assert.match(writtenFlag(name), /^--[a-z]+(-[a-z]+)*$/);
	}
});

test('flags: only flags with a value have a name for it', () => {
	for (const name of flagNames) {
		const {type, ...rest} = flags[name];
		assert.equal('value' in rest, type === 'string', name);
	}
});
