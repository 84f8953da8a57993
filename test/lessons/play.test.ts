import assert from 'node:assert/strict';
import {readdirSync} from 'node:fs';
import {test} from 'node:test';
import {findLines} from '../helpers/lessons/expected.js';
import {parseLesson, readLesson} from '../helpers/lessons/lesson.js';
import {playLesson} from '../helpers/lessons/play.js';

const lessonOf = (...lines: readonly string[]) =>
	['1. Do this:', '', '   ```console', ...lines, '   ```', ''].join('\n');

const place = 1;
const isFound = (wanted: readonly string[], there: readonly string[]) =>
	!(
		'missing' in
		findLines(
			wanted.map(text => ({text, place})),
			there.map(text => [text]),
			new Map([['5001', '12345']]),
		)
	);

test('lessons: each one is listed, and has a test', () => {
	const namesIn = (folder: string, end: string) =>
		new Set(
			readdirSync(new URL(folder, import.meta.url))
				.filter(name => name.endsWith(end))
				.map(name => name.slice(0, -end.length))
				.filter(name => name !== 'README' && name !== 'play'),
		);
	const lessons = namesIn('../../docs/lessons/', '.md');
	const links = readLesson('README').matchAll(/\]\((?<name>[\w-]+)\.md\)/g);
	assert.equal(lessons.size, 12);
	assert.deepEqual(
		new Set([...links].map(({groups}) => groups!['name'])),
		lessons,
	);
	assert.deepEqual(namesIn('.', '.test.ts'), lessons);
});

test('lessons: parses a block into typed, pressed and expected lines by terminal', () => {
	const text = lessonOf(
		'   # terminal 2',
		'   $ sockchat serve',
		'   listening',
		'   ^C',
		'   bye',
		'   good night',
	);
	assert.deepEqual(parseLesson(text), [
		{
			kind: 'type',
			terminal: 2,
			place: 5,
			reader: 'shell',
			text: 'sockchat serve',
		},
		{
			kind: 'see',
			terminal: 2,
			place: 6,
			lines: [{text: 'listening', place: 6}],
		},
		{kind: 'press', terminal: 2, place: 7, key: 'ctrl-c'},
		{
			kind: 'see',
			terminal: 2,
			place: 8,
			lines: [
				{text: 'bye', place: 8},
				{text: 'good night', place: 9},
			],
		},
	]);
	assert.throws(() => parseLesson(lessonOf('   $ ls')), /Line 4: in which/);
});

test('lessons: a line matches as a whole, except for times, ports and omissions', () => {
	const line = '14:02:11.204 ● CLOSE-WAIT :53122';
	assert.ok(isFound([line], ['09:59:00.001 ● CLOSE-WAIT :41000']));
	assert.ok(!isFound([line], ['09:59:00.001         ● CLOSE-WAIT :41000']));
	assert.ok(!isFound([line], ['09:59:00.001 ○ CLOSE-WAIT :41000']));
	assert.ok(!isFound([line], ['09:59:00.001 ● CLOSE-WAIT :41000 and more']));
	assert.ok(isFound(['end(): …'], ['end(): This side']));
	assert.ok(isFound(['on 127.0.0.1:5001'], ['on 127.0.0.1:12345']));
	assert.ok(!isFound(['on 127.0.0.1:5001'], ['on 127.0.0.1:5001']));
});

test('lessons: a byte count matches zero only with zero', () => {
	assert.ok(isFound(['unread there 68 B'], ['unread there 1.1 kB']));
	assert.ok(!isFound(['unread there 68 B'], ['unread there 0 B']));
	assert.ok(isFound(['unacked 0 B'], ['unacked 0 B']));
	assert.ok(!isFound(['unacked 0 B'], ['unacked 68 B']));
});

test('lessons: the same port stays the same, and lines keep their order', () => {
	assert.ok(isFound(['a :53122', 'b :53122'], ['a :41000', 'b :41000']));
	assert.ok(!isFound(['a :53122', 'b :53122'], ['a :41000', 'b :42000']));
	assert.ok(isFound(['a :53122', 'a :53124'], ['a :41000', 'a :42000']));
	assert.ok(!isFound(['a :53122', 'a :53124'], ['a :41000', 'a :41000']));
	assert.ok(!isFound(['a', 'b'], ['b', 'a']));
});

test('lessons: a lesson with output that never occurs fails and says where', async t => {
	const deadlineMs = 5000;
	const play = async (seen: string) =>
		playLesson(
			t,
			lessonOf('   # terminal 1', '   $ echo "said on 5001"', `   ${seen}`),
			{deadlineMs: seen.startsWith('said') ? deadlineMs : 200},
		);
	await play('said on 5001');
	await assert.rejects(
		play('meant on 5001'),
		/terminal 1 to show the lesson .*Not line 6, "meant on 5001", but:/s,
	);
});
