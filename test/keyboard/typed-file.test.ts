import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import {
	appendFileSync,
	closeSync,
	constants,
	mkdirSync,
	mkdtempSync,
	openSync,
	readFileSync,
	readSync,
	rmSync,
	statSync,
	writeFileSync,
} from 'node:fs';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {test, type TestContext} from 'node:test';
import {
	maxHistory,
	maxKeptLength,
	openTypedLines,
} from '../../source/keyboard/typed-file.js';

const pathFor = (t: TestContext) => {
	const folder = mkdtempSync(join(tmpdir(), 'sockchat-typed-'));
	t.after(() => {
		rmSync(folder, {recursive: true});
	});
	return join(folder, 'state', 'typed.jsonl');
};

const linesAt = (path: string) => openTypedLines(path, 'room').lines;

test('typed lines: last across runs, for their owner alone', t => {
	const path = pathFor(t);
	const typed = openTypedLines(path, 'room');
	assert.deepEqual(typed.lines, []);
	typed.add('one');
	typed.add('two\n\tlines');
	typed.add('two\n\tlines');
	typed.add('  ');
	typed.add('x'.repeat(maxKeptLength + 1));
	assert.deepEqual(linesAt(path), ['one', 'two\n\tlines']);
	assert.equal(statSync(path).mode % 0o1000, 0o600);
	assert.equal(statSync(join(path, '..')).mode % 0o1000, 0o700);
});

test('typed lines: each purpose has its own', t => {
	const path = pathFor(t);
	openTypedLines(path, 'room').add('hello');
	const raw = openTypedLines(path, 'raw 127.0.0.1:6379');
	raw.add('PING');
	assert.deepEqual(raw.lines, []);
	assert.deepEqual(linesAt(path), ['hello']);
});

test('typed lines: several processes lose none of each other’s', t => {
	const path = pathFor(t);
	const two = [openTypedLines(path, 'room'), openTypedLines(path, 'room')];
	for (let index = 0; index < maxHistory / 2 + 100; index++) {
		for (const [which, typed] of two.entries()) {
			typed.add(`${which} ${index}`);
		}
	}

	// Two start at once; those that are there go on.
	openTypedLines(path, 'room').add('three');
	openTypedLines(path, 'room').add('four');
	two[0]!.add('five');
	const lines = linesAt(path);
	assert.equal(lines.length, maxHistory);
	assert.deepEqual(lines.slice(-5), [
		'0 599',
		'1 599',
		'three',
		'four',
		'five',
	]);
	const all = readFileSync(path, 'utf8').split('\n').length;
	assert.ok(all <= maxHistory, `${all} lines`);
});

test('typed lines: a damaged line costs no other', t => {
	const path = pathFor(t);
	openTypedLines(path, 'room').add('one');
	appendFileSync(path, 'null\n[1]\n{"for":"room"}\n{"for":"room","text":5}\n');
	appendFileSync(path, '{"for":"room","te');
	openTypedLines(path, 'room').add('two');
	assert.deepEqual(linesAt(path), ['one', 'two']);
});

test('typed lines: a file that cannot be written is done without', t => {
	const path = pathFor(t);
	writeFileSync(join(path, '../..', 'state'), 'a file, no folder');
	const typed = openTypedLines(path, 'room');
	typed.add('one');
	assert.deepEqual(typed.lines, []);
});

test('typed lines: what is no file is neither waited for nor changed', t => {
	const path = pathFor(t);
	mkdirSync(dirname(path));
	execFileSync('mkfifo', ['-m', '644', path]);
	// A reader, or opening it to write would fail at once.
	const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
	t.after(() => {
		closeSync(reader);
	});
	const {lines, add} = openTypedLines(path, 'room');
	add('one');
	assert.deepEqual(lines, []);
	// Else root, with a link to /dev/null there, would close that to all others.
	assert.equal(statSync(path).mode % 0o1000, 0o644);
	assert.equal(readSync(reader, Buffer.alloc(10)), 0);
});

test('typed lines: what is too long to be kept is not recalled either', t => {
	const path = pathFor(t);
	openTypedLines(path, 'room').add('one');
	const text = 'x'.repeat(maxKeptLength + 1);
	appendFileSync(path, `${JSON.stringify({for: 'room', text})}\n`);
	assert.deepEqual(linesAt(path), ['one']);
});

test('typed lines: a folder that can never be made ends nothing', () => {
	// Node's own recursive mkdir below /proc never returns.
	const {lines, add} = openTypedLines('/proc/none/of/it/typed.jsonl', 'room');
	add('still here');
	assert.deepEqual(lines, []);
});
