import assert from 'node:assert/strict';
import {env} from 'node:process';
import {test} from 'node:test';
import fc from 'fast-check';
import {parseInput, parseRawInput} from '../../source/commands/parse.js';
import {commands} from '../../source/commands/registry.js';

const runs = Number(env['FAST_CHECK_RUNS'] ?? 1000);

const say = (text: string) => ({type: 'say', text}) as const;
const reasonOf = (line: string, known = commands): string => {
	const action = parseInput(line, known);
	assert.equal(action.type, 'wrong', `${line}: ${action.type}`);
	return action.reason;
};

test('parse: what starts with no slash is said as it is', () => {
	for (const text of [
		'hello',
		' /help',
		'a/b',
		'quit it',
		'two\n/help',
		'né ',
	]) {
		assert.deepEqual(parseInput(text), say(text));
	}
});

test('parse: a line of nothing does nothing', () => {
	for (const line of ['', ' ', '\t \n']) {
		assert.deepEqual(parseInput(line), {type: 'nothing'});
	}
});

test('parse: quit on a line of its own leaves, with a slash or without', () => {
	for (const line of [
		'quit',
		' quit ',
		'quit\n',
		'/quit',
		'/QUIT',
		'/quit now',
	]) {
		assert.deepEqual(parseInput(line), {type: 'quit'});
	}
});

test('parse: two slashes say a text that starts with one', () => {
	assert.deepEqual(parseInput('//help'), say('/help'));
	assert.deepEqual(parseInput('//'), say('/'));
	assert.deepEqual(parseInput('///etc'), say('//etc'));
});

test('parse: search without words goes on with the last one', () => {
	assert.deepEqual(parseInput('/search the  port'), {
		type: 'search',
		text: 'the  port',
	});
	assert.deepEqual(parseInput('/search '), {type: 'search', text: undefined});
});

test('parse: the commands of the chat, in any case', () => {
	assert.deepEqual(parseInput('/help'), {type: 'help', topic: undefined});
	assert.deepEqual(parseInput('/HELP keys '), {type: 'help', topic: 'keys'});
	for (const type of ['who', 'clear'] as const) {
		assert.deepEqual(parseInput(`/${type}`), {type});
		assert.deepEqual(parseInput(`/${type.toUpperCase()}  `), {type});
	}

	assert.deepEqual(parseInput('/nick heron'), {type: 'rename', nick: 'heron'});
	// Whether it can be a nick is the room's to say.
	assert.deepEqual(parseInput('/nick two  words '), {
		type: 'rename',
		nick: 'two  words',
	});
	assert.deepEqual(parseInput('/me  waves '), say('/me waves'));
});

test('parse: a whisper goes to the first word, and keeps its spaces and lines', () => {
	const whisper = (text: string) => ({type: 'whisper', to: 'heron', text});
	assert.deepEqual(parseInput('/msg heron hi'), whisper('hi'));
	assert.deepEqual(parseInput('/msg\theron\n a  b\nc '), whisper('a  b\nc'));
	assert.deepEqual(parseInput('/msg heron /help'), whisper('/help'));
});

test('parse: a command that lacks something shows how it is used', () => {
	for (const [line, usage] of [
		['/nick', '/nick NAME'],
		['/nick  ', '/nick NAME'],
		['/me', '/me TEXT'],
		['/msg', '/msg NAME TEXT'],
		['/msg heron', '/msg NAME TEXT'],
		['/msg heron ', '/msg NAME TEXT'],
	] as const) {
		assert.ok(reasonOf(line).endsWith(` ${usage}`), reasonOf(line));
	}
});

test('parse: an unknown command says so, and names the nearest', () => {
	assert.equal(
		reasonOf('/hepl me'),
		'There is no command /hepl; did you mean /help? A text that starts with a slash is sent with two: //hepl',
	);
	for (const [line, near] of [
		['/NICKS', 'nick'],
		['/wo', 'who'],
		['/mgs', 'msg'],
		['/q', undefined],
		['/', undefined],
		['/xy', undefined],
		['/etc/passwd', undefined],
	] as const) {
		const advice = near ? `did you mean /${near}?` : '/help lists them.';
		assert.ok(reasonOf(line).includes(`; ${advice} `), reasonOf(line));
	}
});

test('parse: a command that this front end lacks is unknown to it', () => {
	const known = commands.filter(({isForPlain}) => isForPlain);
	assert.match(reasonOf('/msg heron hi', known), /no command \/msg; \/help/);
	assert.match(reasonOf('/clear', known), /no command \/clear; \/help/);
	assert.deepEqual(parseInput('/who', known), {type: 'who'});
});

test('parse: every command of the registry means something', () => {
	for (const {name} of commands) {
		const action = parseInput(`/${name} on heron`);
		assert.ok(!['say', 'nothing'].includes(action.type) || name === 'me', name);
		if (action.type === 'wrong') {
			assert.ok(!action.reason.startsWith('There is no command'), name);
		}
	}
});

test('parse: says each text back that is no command, and never throws', () => {
	fc.assert(
		fc.property(fc.string({unit: 'grapheme'}), text => {
			const {type} = parseInput(`/${text}`);
			assert.notEqual(type, 'nothing');
			if (text.trim() !== '' && text.trim() !== 'quit') {
				const plain = text.startsWith('/') ? `x${text}` : text;
				assert.deepEqual(parseInput(plain), say(plain));
				assert.deepEqual(parseInput(`//${text}`), say(`/${text}`));
			}
		}),
		{numRuns: runs},
	);
});

test('parse: in raw mode all is sent as it is, but the commands of raw mode', () => {
	for (const line of [
		'',
		' ',
		'quit',
		'GET / HTTP/1.1',
		'/who',
		'/nick x',
		'/x',
	]) {
		assert.deepEqual(parseRawInput(line), say(line));
	}

	assert.equal(parseRawInput('/help').type, 'help');
	for (const type of ['quit', 'clear'] as const) {
		assert.deepEqual(parseRawInput(`/${type}`), {type});
	}
});

test('parse: what a host may do takes one name, or none', () => {
	for (const type of ['kick', 'ban', 'unban', 'mute', 'unmute'] as const) {
		assert.deepEqual(parseInput(`/${type} heron`), {
			type: 'host',
			action: {type, who: 'heron'},
		});
		assert.equal(parseInput(`/${type}`).type, 'wrong');
		assert.equal(parseInput(`/${type} heron otter`).type, 'wrong');
	}

	for (const type of ['lock', 'unlock', 'bans'] as const) {
		assert.deepEqual(parseInput(`/${type}`), {type: 'host', action: {type}});
		assert.equal(parseInput(`/${type} heron`).type, 'wrong');
	}

	assert.deepEqual(parseRawInput('/kick heron'), {
		type: 'say',
		text: '/kick heron',
	});
});
