import assert from 'node:assert/strict';
import {test} from 'node:test';
import {
	help,
	plainHelpLines,
	type HelpScope,
} from '../../source/commands/help.js';
import {commands, commandsOf} from '../../source/commands/registry.js';

const helpLines = (topic: string | undefined, scope: HelpScope): string[] => {
	const lines: string[] = [];
	help(topic, scope, (tone, text) => {
		assert.equal(tone, 'info');
		lines.push(text);
	});
	return lines;
};

test('registry: the chat commands come first, in order', () => {
	const names = commands
		.filter(({modes}) => modes.includes('room'))
		.slice(0, 11)
		.map(({name, usage}) => `/${name} ${usage}`);
	assert.deepEqual(
		names.map(name => name.trim()),
		[
			'/help [TOPIC]',
			'/nick NAME',
			'/who',
			'/msg NAME TEXT',
			'/me TEXT',
			'/search [TEXT]',
			'/bell [on|off|status]',
			'/ignore [NAME]',
			'/quiet',
			'/clear',
			'/quit',
		],
	);
});

test('registry: a name is one lower-case word, and unique', () => {
	const names = commands.map(({name}) => name);
	assert.equal(new Set(names).size, names.length);
	for (const {name, summary} of commands) {
		assert.match(name, /^[a-z]+$/);
		assert.match(summary, /^\S.*[^.\s]$/);
	}
});

test('registry: a plain peer has the commands that need no screen and no whisper', () => {
	assert.deepEqual(
		commandsOf('plain').map(({name}) => name),
		['help', 'nick', 'who', 'me', 'quit'],
	);
});

const served = {mode: 'room', role: 'serve'} as const;

test('registry: /help and its topics list every command once', () => {
	const lines = [undefined, 'views', 'sockets', 'host'].flatMap(topic =>
		helpLines(topic, served).slice(0, -1),
	);
	const inRoom = commandsOf('room');
	assert.deepEqual(
		lines.filter(line => !line.startsWith('//')),
		lines.filter(line =>
			inRoom.some(
				({name, usage, summary}) =>
					line.startsWith(`/${name} ${usage}`) && line.endsWith(`  ${summary}`),
			),
		),
	);
	assert.equal(lines.length, inRoom.length + 1);
});

test('registry: /help lists its topics and fits on a screen', () => {
	const lines = helpLines(undefined, served);
	assert.ok(lines.length < 16);
	assert.equal(
		lines.at(-1),
		'More: /help views, /help sockets, /help host, /help keys',
	);
	assert.equal(
		helpLines('k', served).at(-1),
		'More: /help chat, /help views, /help sockets, /help host',
	);
	assert.match(
		helpLines(undefined, {...served, role: 'connect'}).at(-1)!,
		/^More: \/help views, \/help sockets, \/help keys$/,
	);
	help('tea', served, (tone, text) => {
		assert.equal(tone, 'bad');
		assert.equal(
			text,
			'There is no help topic or command "tea"; there are /help chat, /help views, /help sockets, /help host, /help keys.',
		);
	});
	assert.deepEqual(helpLines('nick', served).slice(0, -1), [
		'/nick NAME  change your nick',
	]);
	assert.deepEqual(helpLines('/MU', served).slice(0, -1), [
		'/mute NAME  host: stop a member from sending',
	]);
	assert.match(
		helpLines(undefined, {mode: 'raw', role: 'connect'}).join('\n'),
		/anything else +sent as typed/,
	);
});

test('registry: the summaries of /help share one column', () => {
	const lines = plainHelpLines();
	const columns = commandsOf('plain')
		.map(({summary}, index) => lines[index]!.length - summary.length)
		// For a plain peer, /help has a shorter summary.
		.slice(1);
	assert.equal(new Set(columns).size, 1);
	assert.equal(lines.at(-1)!.indexOf('send a text'), columns[0]);
});
