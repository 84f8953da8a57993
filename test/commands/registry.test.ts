import assert from 'node:assert/strict';
import {test} from 'node:test';
import {commands, helpLines} from '../../source/commands/registry.js';

test('registry: the commands of the chat come first, in their order', () => {
	const names = commands
		.slice(0, 8)
		.map(({name, usage}) => `/${name} ${usage}`);
	assert.deepEqual(
		names.map(name => name.trim()),
		[
			'/help',
			'/nick NAME',
			'/who',
			'/msg NAME TEXT',
			'/me TEXT',
			'/search [TEXT]',
			'/clear',
			'/quit',
		],
	);
});

test('registry: a name is one word in small letters, and there once', () => {
	const names = commands.map(({name}) => name);
	assert.equal(new Set(names).size, names.length);
	for (const {name, summary} of commands) {
		assert.match(name, /^[a-z]+$/);
		assert.match(summary, /^\S.*[^.\s]$/);
	}
});

test('registry: a plain peer can do what needs no screen and no whisper', () => {
	const plain = commands.filter(({isForPlain}) => isForPlain);
	assert.deepEqual(
		plain.map(({name}) => name),
		['help', 'nick', 'who', 'me', 'quit'],
	);
});

test('registry: /help lists every command once, then how to say a slash', () => {
	const lines = helpLines();
	assert.equal(lines.length, commands.length + 1);
	for (const [index, {name, usage, summary}] of commands.entries()) {
		assert.ok(lines[index]!.startsWith(`/${name} ${usage}`));
		assert.ok(lines[index]!.endsWith(`  ${summary}`));
	}

	assert.match(
		lines.at(-1)!,
		/^\/\/TEXT +say a text that starts with a slash$/,
	);
});

test('registry: the summaries of /help stand in one column', () => {
	for (const listed of [
		commands,
		commands.filter(({isForPlain}) => isForPlain),
	]) {
		const lines = helpLines(listed);
		const columns = listed.map(
			({summary}, index) => lines[index]!.length - summary.length,
		);
		assert.equal(new Set(columns).size, 1);
		assert.equal(lines.at(-1)!.indexOf('say a text'), columns[0]);
	}
});
