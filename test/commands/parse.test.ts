import assert from 'node:assert/strict';
import {env} from 'node:process';
import {test} from 'node:test';
import fc from 'fast-check';
import {commands} from '../../source/commands/registry.js';
import {did, didRaw} from '../helpers/hands.js';

const runs = Number(env['FAST_CHECK_RUNS'] ?? 1000);

const say = (text: string) => [['say', text]];
const reasonOf = (line: string, mode: 'room' | 'plain' = 'room'): string => {
	const [call, ...others] = did(line, {mode});
	assert.equal(others.length, 0);
	assert.deepEqual(call?.slice(0, 2), ['notice', 'bad'], line);
	return String(call?.[2]);
};

test('parse: a text that starts with no slash is sent unchanged', () => {
	for (const text of [
		'hello',
		' /help',
		'a/b',
		'quit it',
		'two\n/help',
		'né ',
	]) {
		assert.deepEqual(did(text), say(text));
	}
});

test('parse: an empty line does nothing', () => {
	for (const line of ['', ' ', '\t \n']) {
		assert.deepEqual(did(line), []);
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
		assert.deepEqual(did(line), [['leave']]);
	}
});

test('parse: two slashes send a text that starts with one', () => {
	assert.deepEqual(did('//help'), say('/help'));
	assert.deepEqual(did('//'), say('/'));
	assert.deepEqual(did('///etc'), say('//etc'));
});

test('parse: search without words continues the last search', () => {
	assert.deepEqual(did('/search the  port'), [['search', 'the  port']]);
	assert.deepEqual(did('/search '), [['search', undefined]]);
});

test('parse: chat commands, in any case', () => {
	assert.deepEqual(did('/help'), [['help', undefined]]);
	assert.deepEqual(did('/HELP keys '), [['help', 'keys']]);
	for (const line of ['/clear', '/CLEAR  ']) {
		assert.deepEqual(did(line), [['clear']]);
	}

	assert.deepEqual(did('/nick heron'), [['rename', 'heron']]);
	// The room decides whether it is a valid nick.
	assert.deepEqual(did('/nick two  words '), [['rename', 'two  words']]);
	assert.deepEqual(did('/me  waves '), say('/me waves'));
});

test('parse: a whisper goes to the first word, and keeps its spaces and lines', () => {
	const whisper = (text: string) => [['whisper', 'heron', text]];
	assert.deepEqual(did('/msg heron hi'), whisper('hi'));
	assert.deepEqual(did('/msg\theron\n a  b\nc '), whisper('a  b\nc'));
	assert.deepEqual(did('/msg heron /help'), whisper('/help'));
	assert.deepEqual(did('/w heron hi'), whisper('hi'));
	assert.deepEqual(did('/Whisper heron hi'), whisper('hi'));
});

test('parse: a command with a missing argument shows its usage', () => {
	for (const [line, usage] of [
		['/nick', '/nick NAME'],
		['/nick  ', '/nick NAME'],
		['/me', '/me TEXT'],
		['/msg', '/msg NAME TEXT'],
		['/msg heron', '/msg NAME TEXT'],
		['/w heron', '/msg NAME TEXT'],
		['/msg heron ', '/msg NAME TEXT'],
	] as const) {
		assert.ok(reasonOf(line).endsWith(` ${usage}`), reasonOf(line));
	}
});

test('parse: lines below a command that takes no text are not lost', () => {
	for (const name of ['who', 'clear', 'quit', 'quiet', 'wire', 'peers']) {
		assert.equal(
			reasonOf(`/${name}\nis the port free?`),
			`/${name} takes no text, and more lines came with it. Nothing was done or sent.`,
		);
	}

	assert.deepEqual(did('/clear\n'), [['clear']]);
	assert.match(reasonOf('/who\nthe port', 'plain'), /^\/who takes no text/);
	assert.deepEqual(didRaw('/clear\nGET / HTTP/1.1'), [
		[
			'notice',
			'bad',
			'/clear takes no text, and more lines came with it. Nothing was done or sent.',
		],
	]);
});

test('parse: a path is a text, not a command', () => {
	for (const line of [
		'/usr/bin/cc: error 1',
		'/etc/passwd',
		'/.profile is there',
		'/home/otter',
	]) {
		for (const mode of ['room', 'plain'] as const) {
			assert.deepEqual(did(line, {mode}), say(line));
		}
	}

	assert.match(reasonOf('/usr'), /Unknown command \/usr\. .* \/\/usr$/);
});

test('parse: an unknown command is refused, and the nearest suggested', () => {
	assert.equal(
		reasonOf('/hepl me'),
		'Unknown command /hepl. Did you mean /help? To send a text that starts with a slash, double it: //hepl',
	);
	for (const [line, near] of [
		['/NICKS', 'nick'],
		['/wo', 'who'],
		['/mgs', 'msg'],
		['/h', 'help'],
		['/he', 'help'],
		['/q', 'quit'],
		['/foo', undefined],
		['/hlep', 'help'],
		['/', undefined],
		['/xy', undefined],
	] as const) {
		const advice = near ? `Did you mean /${near}?` : '/help lists them.';
		assert.ok(reasonOf(line).includes(`. ${advice} `), reasonOf(line));
	}
});

test('parse: a command that a peer with a bare socket lacks is unknown there', () => {
	assert.match(
		reasonOf('/msg heron hi', 'plain'),
		/Unknown command \/msg\. \/help/,
	);
	assert.match(reasonOf('/clear', 'plain'), /Unknown command \/clear\. \/help/);
	assert.deepEqual(did('/me waves', {mode: 'plain'}), say('/me waves'));
});

test('parse: a command of raw mode is no unknown one in a room, nor one of a room in raw mode', () => {
	for (const [line, name] of [
		['/send build.log', 'send'],
		['/hex 00', 'hex'],
		['/save', 'save'],
	] as const) {
		assert.equal(
			reasonOf(line),
			`/${name} is a command of raw mode (--raw), not of a room. To send a text that starts with a slash, double it: //${name}`,
		);
	}

	assert.equal(
		didRaw('/w heron hi')[0]![2],
		'/msg is a command of a room, not of raw mode. To send a text that starts with a slash, double it: //w',
	);
});

test('parse: every command of the registry does something', () => {
	for (const {name, modes} of commands) {
		const line = `/${name} on heron`;
		const [call] = modes.includes('room') ? did(line) : didRaw(line);
		assert.ok(call, name);
		assert.ok(!String(call[2]).startsWith('Unknown command'), name);
		assert.ok(modes.includes('room') || call[0] !== 'say', name);
	}
});

test('parse: by hand, raw mode has commands of its own', () => {
	for (const [line, request] of [
		['/hex 68 69 0a', {type: 'hex', digits: '68 69 0a'}],
		['/send two words.txt', {type: 'send', path: 'two words.txt'}],
		['/save out', {type: 'save', path: 'out'}],
		['/stop', {type: 'stop'}],
		['/connect', {type: 'connect'}],
		['/escapes', {type: 'switch', name: 'escapes', isOn: undefined}],
		['/pretty on', {type: 'switch', name: 'pretty', isOn: true}],
		['/times off', {type: 'switch', name: 'times', isOn: false}],
		['/open', {type: 'switch', name: 'open', isOn: undefined}],
	] as const) {
		assert.deepEqual(didRaw(line), [['byHand', request]], line);
	}

	for (const line of [
		'/hex',
		'/send',
		'/save',
		'/stop now',
		'/connect 6379',
		'/pretty yes',
	]) {
		assert.match(String(didRaw(line)[0]![2]), /^Usage: /, line);
	}

	assert.deepEqual(didRaw('//hex 00'), say('/hex 00'));
});

test('parse: repeats a text that is not a command, and never throws', () => {
	fc.assert(
		fc.property(fc.string({unit: 'grapheme'}), text => {
			assert.notDeepEqual(did(`/${text}`), []);
			if (text.trim() !== '' && text.trim() !== 'quit') {
				const plain = text.startsWith('/') ? `x${text}` : text;
				assert.deepEqual(did(plain), say(plain));
				assert.deepEqual(did(`//${text}`), say(`/${text}`));
			}
		}),
		{numRuns: runs},
	);
});

test('parse: raw mode sends every line unchanged that begins with no command', () => {
	for (const line of [
		'',
		' ',
		'quit',
		'GET / HTTP/1.1',
		' /hex 00',
		'/api/log',
		'/.well-known',
		// Pasted: the start of a file is no command.
		'/* one',
		'// one',
		'/log',
	].map((line, index) => (index < 7 ? line : `${line}\ntwo`))) {
		assert.deepEqual(didRaw(line), say(line));
	}

	assert.deepEqual(didRaw('/help'), [['help', undefined]]);
	assert.deepEqual(didRaw('/quit'), [['leave']]);
	assert.deepEqual(didRaw('/clear'), [['clear']]);
});

test('parse: in raw mode a word with a slash that is no command is not sent', () => {
	for (const [line, reason] of [
		[
			'/log out.txt',
			'Unknown command /log. /help lists them. To send a text that starts with a slash, double it: //log',
		],
		[
			'/hexx 00',
			'Unknown command /hexx. Did you mean /hex? To send a text that starts with a slash, double it: //hexx',
		],
		[
			'/',
			'Unknown command /. /help lists them. To send a text that starts with a slash, double it: //',
		],
	] as const) {
		assert.deepEqual(didRaw(line), [['notice', 'bad', reason]]);
	}

	for (const line of ['/log out.txt', '/', '/ x', '/api/log', '/quit']) {
		assert.deepEqual(didRaw(`/${line}`), say(line));
	}
});

test('parse: in raw mode any line can be sent', () => {
	fc.assert(
		fc.property(fc.string({unit: 'grapheme'}), text => {
			fc.pre(!text.includes('\n'));
			const line = text.startsWith('/') ? `/${text}` : text;
			assert.deepEqual(didRaw(line), say(text));
			assert.deepEqual(didRaw(`//${text}`), say(`/${text}`));
		}),
		{numRuns: runs},
	);
});

test('parse: /to takes a peer, and a line for it or none', () => {
	assert.deepEqual(didRaw('/to :53122  two words '), [
		['sayTo', ':53122', 'two words'],
	]);
	assert.deepEqual(didRaw('/to all'), [['sayTo', 'all', undefined]]);
	assert.match(String(didRaw('/to')), /Usage: \/to PEER \[TEXT\]/);
	assert.equal(did('/to heron hi')[0]?.[0], 'notice');
});

test('parse: a socket command takes a peer or none', () => {
	assert.deepEqual(did('/pause'), [['control', {type: 'pause'}, undefined]]);
	assert.deepEqual(didRaw('/reset heron'), [
		['control', {type: 'reset'}, 'heron'],
	]);
	assert.deepEqual(did('/nodelay off heron'), [
		['control', {type: 'nodelay', isOn: false}, 'heron'],
	]);
	for (const line of ['/nodelay', '/nodelay heron', '/pause heron otter']) {
		assert.match(reasonOf(line), /^Usage: /);
	}
});

test('parse: a host command takes one name or none', () => {
	for (const type of ['kick', 'ban', 'unban', 'mute', 'unmute'] as const) {
		assert.deepEqual(did(`/${type} heron`), [['rule', {type, who: 'heron'}]]);
		assert.match(reasonOf(`/${type}`), /^Usage: /);
		assert.match(reasonOf(`/${type} heron otter`), /^Usage: /);
	}

	for (const type of ['lock', 'unlock', 'bans'] as const) {
		assert.deepEqual(did(`/${type}`), [['rule', {type}]]);
		assert.match(reasonOf(`/${type} heron`), /^Usage: /);
	}

	assert.match(
		String(didRaw('/kick heron')[0]![2]),
		/^\/kick is a command of a room/,
	);
});

test('parse: /who counts everyone and lists the known names', () => {
	const who = (names: string[], count = names.length) =>
		did('/who', {names, count});
	assert.deepEqual(who(['otter']), [['notice', 'info', '1 here: otter']]);
	assert.deepEqual(who(['otter', 'heron']), [
		['notice', 'info', '2 here: otter heron'],
	]);
	assert.deepEqual(who(['otter', 'heron'], 250), [
		['notice', 'info', '250 here: otter heron and 248 more'],
	]);
	assert.deepEqual(who([], 250), [['notice', 'info', '250 here']]);
});

test('parse: /ignore takes a name or none, /quiet nothing', () => {
	assert.deepEqual(did('/ignore ci'), [['ignore', 'ci']]);
	assert.deepEqual(did('/ignore'), [['ignore', undefined]]);
	assert.deepEqual(did('/quiet'), [['quiet']]);
	for (const line of ['/ignore ci heron', '/quiet now']) {
		assert.deepEqual(
			did(line).map(([hand]) => hand),
			['notice'],
		);
	}
});

const offered = [
	{name: 'deploy', usage: 'STAGE', help: 'deploy a stage', from: 'bot'},
	{name: 'help', usage: '', help: 'not the real one', from: 'bot'},
];

test('parse: a command of a bot is asked for, with the rest of the line', () => {
	assert.deepEqual(did('/deploy web now', {offered}), [
		['ask', 'deploy', 'web now'],
	]);
	assert.deepEqual(did('/DEPLOY', {offered}), [['ask', 'deploy', '']]);
	assert.deepEqual(did('/deploy x', {offered, mode: 'plain'}), [
		['ask', 'deploy', 'x'],
	]);
	assert.deepEqual(did('//deploy', {offered}), [['say', '/deploy']]);
	const [[, , refused]] = did('/deplyo', {offered}) as [
		[string, string, string],
	];
	assert.match(refused, /Did you mean \/deploy\?/);
});

test('parse: a bot can take none of the commands that are built in', () => {
	assert.deepEqual(did('/help', {offered}), [['help', undefined]]);
});
