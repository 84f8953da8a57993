/** The Python that plays the other side. */
import assert from 'node:assert/strict';
import {test, type TestContext} from 'node:test';
import {SockchatError} from '../../source/errors.js';
import {Python} from '../../source/lesson/python.js';

const start = (t: TestContext, command?: string): Python => {
	const python = new Python(command);
	t.after(() => {
		python.stop();
	});
	return python;
};

test('lesson python: prints values and the last line of an exception, as its prompt does', async t => {
	const python = start(t);
	assert.equal(await python.run('one = 1'), '');
	assert.equal(await python.run('one + 1'), '2\n');
	assert.equal(
		await python.run('1 / 0'),
		'ZeroDivisionError: division by zero\n',
	);
});

test('lesson python: one that has ended says so, at once and later', async t => {
	const python = start(t);
	for (const line of ['import os; os._exit(3)', '1 + 1']) {
		await assert.rejects(
			python.run(line),
			(error: SockchatError) =>
				error instanceof SockchatError && error.code === 'ERR_LOST',
		);
	}
});

test('lesson python: one that is missing says what to install', async t => {
	const python = start(t, '/nowhere/python3');
	await assert.rejects(
		python.run('1'),
		(error: SockchatError) =>
			error.code === 'ERR_NO_PYTHON' &&
			error.message ===
				'Python plays the other side of this lesson, and there is no python3 in your PATH (ENOENT). Install it first (Debian: apt-get install python3).',
	);
});
