/** The man page, as man(1) formats it. */
import assert from 'node:assert/strict';
import test, {type TestContext} from 'node:test';
import {fileURLToPath} from 'node:url';
import {commandNames, commands} from '../../source/options/command.js';
import {flagNames, flags, writtenFlag} from '../../source/options/flags.js';
import {requireExecutable} from '../helpers/environment.js';
import {startProcess} from '../helpers/process.js';

const page = fileURLToPath(new URL('../../dist/sockchat.1', import.meta.url));

const formatted = async (t: TestContext): Promise<string> => {
	const man = startProcess(
		t,
		requireExecutable('man', 'man-db'),
		['--warnings', '-l', page],
		// Without a terminal man has neither pager nor colours; rows are wide, so
		// that no summary is broken.
		{env: {MANWIDTH: '200'}},
	);
	const exit = await man.waitForExit();
	assert.deepEqual(exit, {code: 0, signal: undefined}, man.seen());
	assert.equal(man.stderr(), '', man.seen());
	return man.stdout();
};

test('e2e: man -l shows each flag with its summary, each command and example', async t => {
	const text = await formatted(t);
	for (const title of [
		'NAME',
		'SYNOPSIS',
		'COMMANDS',
		'OPTIONS',
		'CONFIG FILE',
		'ENVIRONMENT',
		'FILES',
		'EXIT STATUS',
		'EXAMPLES',
	]) {
		assert.match(text, new RegExp(`^${title}$`, 'm'));
	}

	for (const name of flagNames) {
		assert.ok(text.includes(writtenFlag(name)), name);
		assert.ok(text.includes(flags[name].summary), flags[name].summary);
	}

	for (const name of commandNames) {
		assert.match(text, new RegExp(`^ {7}sockchat ${name}\\b`, 'm'));
	}

	for (const {examples, summary} of Object.values(commands)) {
		assert.ok(text.includes(summary), summary);
		for (const [line] of examples) {
			assert.ok(text.includes(line), line);
		}
	}

	// Only a server can leave the choice of its port to the kernel.
	assert.match(
		text,
		/^ +5001 by default \(sockchat alone, .*\); serve: 0 picks a free port$/m,
	);

	// Backslashes and leading dots survive as they were typed.
	assert.doesNotMatch(text, /\\[e&f-]/);
});
