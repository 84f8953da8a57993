import assert from 'node:assert/strict';
import {test} from 'node:test';
import {parseInput} from '../../source/commands/parse.js';
import {
	perform,
	type Answers,
	type Chat,
} from '../../source/commands/perform.js';

/** Does what a line means, and tells what was asked of the front end. */
const did = (
	line: string,
	names: readonly string[] = [],
	count = names.length,
) => {
	const calls: unknown[][] = [];
	const note =
		(name: string) =>
		(...given: unknown[]) => {
			calls.push([name, ...given]);
		};

	const chat: Partial<Chat> = {
		say: note('say'),
		whisper: note('whisper'),
		rename: note('rename'),
		leave: note('leave'),
		members: () => ({count, names}),
	};
	const answers: Partial<Answers> = {
		notice: note('notice'),
		clear: note('clear'),
		help: note('help'),
	};
	perform(parseInput(line), chat as Chat, answers as Answers);
	return calls;
};

test('perform: what is typed reaches the chat', () => {
	assert.deepEqual(did('hello'), [['say', 'hello']]);
	assert.deepEqual(did('/me waves'), [['say', '/me waves']]);
	assert.deepEqual(did('/msg heron hi'), [['whisper', 'heron', 'hi']]);
	assert.deepEqual(did('/nick heron'), [['rename', 'heron']]);
	assert.deepEqual(did('/quit'), [['leave']]);
	assert.deepEqual(did(''), []);
});

test('perform: /who counts all, and names those it knows', () => {
	const who = (names: string[], count?: number) => did('/who', names, count);
	assert.deepEqual(who(['otter']), [['notice', 'info', '1 here: otter']]);
	assert.deepEqual(who(['otter', 'heron']), [
		['notice', 'info', '2 here: otter heron'],
	]);
	assert.deepEqual(who(['otter', 'heron'], 250), [
		['notice', 'info', '250 here: otter heron and 248 more'],
	]);
	assert.deepEqual(who([], 250), [['notice', 'info', '250 here']]);
});

test('perform: what only the front end can do is asked of it', () => {
	assert.deepEqual(did('/clear'), [['clear']]);
	assert.deepEqual(did('/help'), [['help', undefined]]);
	assert.deepEqual(did('/help keys'), [['help', 'keys']]);
});

test('perform: a wrong command is answered in one sentence', () => {
	const [call, ...others] = did('/hepl');
	assert.equal(others.length, 0);
	assert.deepEqual(call?.slice(0, 2), ['notice', 'bad']);
	assert.match(String(call?.[2]), /did you mean \/help\?/);
});
