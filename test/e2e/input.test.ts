/** What the lines of stdin are, by --input. */
import assert from 'node:assert/strict';
import test, {after} from 'node:test';
import {maxTextBytes} from '../../source/protocol/frame.js';
import {nickFromLogin} from '../../source/protocol/nick.js';
import {unreadStdin} from '../helpers/kernel.js';
import {bin, startBin, startProcess} from '../helpers/process.js';
import {toShellLine} from '../helpers/shell.js';
import {openTerminal} from '../helpers/terminal.js';
import {joinBare, serveJson} from '../helpers/sockchat.js';
import {until} from '../helpers/until.js';

const {server, port} = await serveJson({after}, ['--nick', 'otter']);

const done = {code: 0, signal: undefined};
const failed = {code: 1, signal: undefined};

type Event = {
	type: string;
	from?: string;
	text?: string;
	n?: number;
	mark?: string;
	line?: number;
	code?: string;
	message?: string;
	count?: number;
	names?: readonly string[];
	to?: string;
	entries?: ReadonlyArray<{text: string; seq: number}>;
};

const eventsOf = (output: string): readonly Event[] =>
	output
		.split('\n')
		.slice(0, -1)
		.map(line => JSON.parse(line) as Event);

let marks = 0;

/**
 * What a nick has said in the room, as its host saw it. The host prints in its
 * own time: what it says itself after the client has exited comes last.
 */
const textsOf = async (nick: string) => {
	const mark = `mark ${++marks}`;
	server.writeLine(mark);
	await server.waitForOutput(`"text":"${mark}"`);
	return eventsOf(server.stdout())
		.filter(({type, from}) => type === 'message' && from === nick)
		.map(({text}) => text);
};

const connect = (
	t: Parameters<typeof startBin>[0],
	nick: string,
	...args: readonly string[]
) => startBin(t, ['connect', '--port', port, '--nick', nick, ...args]);

test('e2e: off a terminal every line is said as it is', async t => {
	const lines = [
		'/usr/bin/cc: error 1',
		'/nick evil',
		'//two',
		'  indented',
		'quit',
		'/quit',
		'after quit',
	];
	for (const [nick, ...args] of [
		['avocet'],
		['bittern', '--json'],
		['crake', '--input', 'text'],
	] as const) {
		const chat = connect(t, nick, ...args);
		chat.write(lines.join('\n'));
		chat.end();
		assert.deepEqual(await chat.waitForExit(), done, chat.seen());
		assert.deepEqual(await textsOf(nick), lines);
	}
});

test('e2e: typed lines are commands, also if stdout is a pipe', async t => {
	const {command, args} = bin('connect', '--port', port, '--nick', 'dunlin');
	const shell = openTerminal(t, {
		command: 'sh',
		args: ['-c', `${toShellLine(command, args)} | cat; echo over`],
	});
	await shell.waitFor('-- dunlin joined');
	shell.type('/me waves\r/usr\r/usr/bin/cc: error\rquit\r');
	await shell.waitFor('over');
	assert.deepEqual(await textsOf('dunlin'), [
		'/me waves',
		'/usr/bin/cc: error',
	]);
});

test('e2e: commands before the welcome wait for it, in order', async t => {
	const chat = connect(t, 'egret', '--input', 'commands', '--plain');
	chat.write(
		'/tcp\n/nodelay on\n/nick fulmar\nunder the new nick\n/who\n/search new nick\nquit\n',
	);
	chat.end();
	assert.deepEqual(await chat.waitForExit(), done, chat.seen());
	assert.deepEqual(await textsOf('fulmar'), ['under the new nick']);
	assert.deepEqual(await textsOf('egret'), []);
	// The server answers the other commands; these need the connection.
	assert.match(
		chat.stdout(),
		/^-- 127\.0\.0\.1:\d+ to .*\n(?:.*\n)*-- Your socket has TCP_NODELAY on.*\n(?:.*\n)*-- egret is now fulmar\n/m,
	);
	assert.match(
		chat.stdout(),
		/^-- egret is now fulmar\nfulmar: under the new nick\n-- \d+ here: .*\bfulmar\b.*\n-- .* fulmar: under the new nick\n-- 1 message with "new nick"\n$/m,
	);
});

test('e2e: answers to commands stand in the transcript', async t => {
	const chat = connect(t, 'gannet', '--input', 'commands');
	chat.write('/help views\n/tcp\n/nodelay on\n/nick gannet\n');
	chat.end();
	assert.deepEqual(await chat.waitForExit(), done, chat.seen());
	for (const answer of [
		/^-- \/wire +every chunk/m,
		/^-- 127\.0\.0\.1:\d+ to .* \(ss\)\.$/m,
		/^-- Your socket has TCP_NODELAY on/m,
		/^-- You are gannet already\.$/m,
	]) {
		assert.match(chat.stdout(), answer);
	}

	assert.match(chat.stderr(), /^You are gannet in [^\n]*\n$/);
});

test('e2e: a refused command makes the exit code 1, and stderr says why', async t => {
	const onlyHost = 'Only the host of a room can do that.\n';
	const onlyScreen = 'works only on the screen';
	for (const [line, sentence] of [
		['/kick otter', onlyHost],
		['/lock', onlyHost],
		['/bans', onlyHost],
		['/pause otter', 'Only a server has peers to name'],
		['/wire', onlyScreen],
		['/peers', onlyScreen],
		['/clear', onlyScreen],
		['/help tea', 'There is no help topic or command "tea"'],
		['/kick', 'Usage: /kick NAME'],
		['/kcik otter', 'Did you mean /kick?'],
	] as const) {
		const chat = connect(t, 'grebe', '--input', 'commands', '--quiet');
		chat.write(`${line}\n`);
		chat.end();
		assert.deepEqual(await chat.waitForExit(), failed, chat.seen());
		assert.ok(chat.stderr().includes(sentence), chat.seen());
		assert.equal(chat.stdout(), '');
	}
});

test('e2e: a host whose command is refused fails, and chats on', async t => {
	for (const line of [
		'/kick nobody',
		'/ban nobody',
		'/ban goby',
		'/unban zz',
		'/mute nobody',
		'/unmute nobody',
		'/tcp',
		'/tcp nobody',
	]) {
		const served = 'serve --port 0 --nick goby --no-history --input commands';
		const host = startBin(t, served.split(' '));
		host.write(`${line}\nstill here\nquit\n`);
		assert.deepEqual(await host.waitForExit(), failed, host.seen());
		assert.match(host.stdout(), /^goby: still here$/m);
		assert.doesNotMatch(host.stdout(), /^-- (?!goby)/m);
	}
});

test('e2e: each request of --input json is answered by an event', async t => {
	const wigeon = await joinBare(t, port, 'wigeon');
	const chat = connect(t, 'heron', '--json', '--input', 'json');
	const requests = [
		{type: 'say', text: 'two\nlines'},
		{type: 'whisper', to: 'wigeon', text: 'quietly'},
		{type: 'nick', nick: 'ibis'},
		{type: 'who'},
		{type: 'search', text: 'two\nli'},
		{type: 'past'},
		{type: 'say', text: ''},
		{type: 'nick', nick: 'otter'},
		{type: 'bye'},
		{type: 'say', text: 'after bye'},
	];
	chat.write(requests.map(request => `${JSON.stringify(request)}\n`).join(''));
	assert.deepEqual(await chat.waitForExit(), failed, chat.seen());
	assert.deepEqual(await textsOf('heron'), ['two\nlines']);
	assert.deepEqual(await textsOf('ibis'), []);
	await wigeon.untilFrame('whispered', ({text}) => text === 'quietly');
	const events = eventsOf(chat.stdout());
	const find = (type: string, wanted: Partial<Event> = {}) =>
		events.findIndex(
			event =>
				event.type === type &&
				Object.entries(wanted).every(
					([key, value]) => event[key as keyof Event] === value,
				),
		);
	const answers = [
		find('mark', {n: 1, mark: 'stored'}),
		find('renamed', {to: 'ibis'}),
		find('members'),
		find('found'),
		find('past'),
		find('mark', {n: 3, mark: 'failed'}),
		find('error', {code: 'ERR_NICK_TAKEN'}),
	];
	assert.ok(!answers.includes(-1), `${answers.join(' ')}\n${chat.seen()}`);
	assert.deepEqual(
		answers,
		answers.toSorted((a, b) => a - b),
	);
	// Whispers are not in the log; they have no order with what is.
	assert.notEqual(find('whispered', {n: 2}), -1);
	const members = events[find('members')]!;
	assert.ok(members.names!.includes('ibis'));
	assert.equal(members.count, members.names!.length);
	assert.equal(events[find('found')]!.entries!.length, 1);
});

test('e2e: a request whose answer is lost with the connection says so', async t => {
	const {server: other, port: otherPort} = await serveJson(t);
	const chat = startBin(t, [
		'connect',
		'--port',
		otherPort,
		'--json',
		'--input',
		'json',
	]);
	await chat.waitForOutput('"type":"welcome"');
	other.signal('SIGSTOP');
	chat.writeLine('{"type":"search","text":"x"}');
	await chat.waitForOutput('"phase":"silent"');
	other.signal('SIGKILL');
	await chat.waitForOutput(
		'"message":"The connection was lost before the answer came; ask again."',
	);
	chat.signal('SIGTERM');
	assert.deepEqual(await chat.waitForExit(), failed, chat.seen());
});

test('e2e: JSON that is no request is an error with its line, and the rest goes on', async t => {
	const wrong: ReadonlyArray<readonly [line: string, message: RegExp]> = [
		['hello', /^The line is not JSON: "hello"; a line looks like \{/],
		['[]', /^An array is not a JSON object/],
		['null', /^null is not a JSON object/],
		[
			`${'['.repeat(100_000)}${']'.repeat(100_000)}`,
			/^An array is not a JSON object/,
		],
		[
			`{"type":"say","text":${'['.repeat(100_000)}${']'.repeat(100_000)}}`,
			/^"say" needs "text" to be a string; got an array\.$/,
		],
		['"say"', /^"say" is not a JSON object/],
		['{}', /^A request needs a "type"; the types are say, /],
		['{"type":"sya"}', /^"sya" is not a type of request; the types are say, /],
		['{"type":"constructor"}', /^"constructor" is not a type/],
		['{"type":"say"}', /^"say" needs "text" to be a string; got nothing\.$/],
		['{"type":"say","text":5}', /^"say" needs "text" .* got 5\.$/],
		['{"type":"say","text":"x","txet":1}', /^"say" has no key "txet"\.$/],
		['{"type":"whisper","text":"x"}', /^"whisper" needs "to"/],
		['{"type":"past","before":0}', /^"past" needs "before" .* got 0\.$/],
		['{"type":"search"}', /^Search for what\?/],
		['{"type":"say","text":"caf\u00E9"}', /byte 0xe9 .* is not UTF-8/],
	];
	const bytes = Buffer.from(
		[
			...wrong.map(([line]) => line),
			'',
			'{"type":"say","text":"the rest"}',
		].join('\n'),
		'latin1',
	);
	const chat = connect(t, 'jacana', '--json', '--input', 'json');
	chat.write(bytes);
	chat.end();
	assert.deepEqual(await chat.waitForExit(), failed, chat.seen());
	const errors = eventsOf(chat.stdout()).filter(({type}) => type === 'error');
	assert.deepEqual(
		errors.map(({line}) => line),
		wrong.map((_, index) => index + 1),
	);
	for (const [index, [, message]] of wrong.entries()) {
		assert.match(errors[index]!.message!, message);
	}

	assert.deepEqual(await textsOf('jacana'), ['the rest']);
	assert.equal(chat.stderr(), '');

	const lines = connect(t, 'knot', '--plain', '--input', 'json');
	lines.write('hello\n');
	lines.end();
	assert.deepEqual(await lines.waitForExit(), failed);
	assert.match(lines.stderr(), /^Line 1: The line is not JSON: "hello"/m);
});

test('e2e: --input none reads nothing, and stays until a signal', async t => {
	const {command, args} = bin(
		'connect',
		'--port',
		port,
		'--nick',
		'lapwing',
		'--input',
		'none',
	);
	const chat = startProcess(t, 'sh', [
		'-c',
		`exec ${toShellLine(command, args)} < /dev/null`,
	]);
	await chat.waitForOutput('-- lapwing joined');
	const speaker = connect(t, 'merlin', '--message', 'do you hear this?');
	assert.deepEqual(await speaker.waitForExit(), done);
	await chat.waitForOutput('merlin: do you hear this?');
	chat.signal('SIGTERM');
	assert.deepEqual(await chat.waitForExit(), done);
});

test('e2e: --message - is all of stdin as one message, without its last line end', async t => {
	for (const [nick, given, said] of [
		['nuthatch', 'two\nlines\n\n', 'two\nlines\n'],
		['oriole', 'no end', 'no end'],
		['pipit', '/quit\r\n', '/quit'],
		['plover', '-\n', '-'],
		['quail', `${'x'.repeat(maxTextBytes)}\n`, 'x'.repeat(maxTextBytes)],
	] as const) {
		const chat = connect(t, nick, '--message', '-');
		chat.write(given);
		chat.end();
		assert.deepEqual(await chat.waitForExit(), done, chat.seen());
		assert.equal(chat.stdout() + chat.stderr(), '');
		assert.deepEqual(await textsOf(nick), [said]);
	}
});

test('e2e: --message - refuses what is too long, empty or no text', async t => {
	const refused = [
		['x'.repeat(maxTextBytes + 1), /^stdin has more than 16384 bytes, /],
		['', /^The text is empty;/],
		['a\0b', /^The text contains a NUL/],
		// As JSON it is longer than a frame.
		['\u0001'.repeat(maxTextBytes), /^The text has 98306 bytes; /],
		[Buffer.from([0x61, 0xff]), /byte 0xff at position 2 is not UTF-8\./],
	] as const;
	for (const [given, sentence] of refused) {
		for (const flags of [[], ['--json']]) {
			const chat = connect(t, 'rail', '-m', '-', ...flags);
			chat.write(given);
			chat.end();
			assert.deepEqual(await chat.waitForExit(), failed, chat.seen());
			const [event] = flags.length > 0 ? eventsOf(chat.stdout()) : [];
			assert.match(event?.message ?? chat.stderr(), sentence);
			assert.equal((chat.stderr() + chat.stdout()).split('\n').length, 2);
		}
	}

	// Nobody heard of it: it is refused before it connects.
	const ruff = connect(t, 'ruff', '-m', 'the last');
	assert.deepEqual(await ruff.waitForExit(), done);
	await server.waitForOutput('"text":"the last"');
	assert.doesNotMatch(server.stdout(), /"rail/);

	const endless = startProcess(t, 'bash', [
		'-c',
		`yes | ${toShellLine(
			bin().command,
			bin('connect', '--port', port, '-m', '-').args,
		)}; echo "\${PIPESTATUS[1]}"`,
	]);
	await endless.waitForExit();
	assert.equal(endless.stdout(), '1\n');
	assert.deepEqual(await textsOf(nickFromLogin('rail')), []);
});

test('e2e: --message - joins once it has the message', async t => {
	const chat = connect(t, 'sora', '-m', '-', '--timeout', '60');
	chat.write('first half, ');
	const other = connect(t, 'teal', '-m', 'meanwhile');
	assert.deepEqual(await other.waitForExit(), done);
	await server.waitForOutput('"text":"meanwhile"');
	assert.doesNotMatch(server.stdout(), /"sora"/);
	chat.write('second half\n');
	chat.end();
	assert.deepEqual(await chat.waitForExit(), done, chat.seen());
	assert.deepEqual(await textsOf('sora'), ['first half, second half']);
});

for (const [signal, code] of [
	['SIGINT', 130],
	['SIGTERM', 143],
] as const) {
	test(`e2e: ${signal} before stdin has ended is ${code}, also for a message`, async t => {
		const chat = connect(t, 'smew', '-m', '-');
		chat.write('never ended');
		// It reads once its handlers are set. Node's own end it by the signal.
		await until(async () => (await unreadStdin(chat.pid!)) === 0, {
			what: 'stdin to be read',
			seen: chat.seen,
		});
		chat.signal(signal);
		assert.deepEqual(
			await chat.waitForExit(),
			{code, signal: undefined},
			chat.seen(),
		);
		assert.equal(chat.stderr(), 'The message was not confirmed as stored.\n');
	});
}

test('e2e: stdin that cannot be read is a failure, with its reason', async t => {
	for (const flags of [[], ['-m', '-'], ['--raw']]) {
		const {command, args} = bin('connect', '--port', port, ...flags);
		const chat = startProcess(t, 'sh', [
			'-c',
			// Of a living process; the first page of its memory can't be read.
			`exec 3< /proc/self/mem; ${toShellLine(command, args)} <&3; exit $?`,
		]);
		assert.deepEqual(await chat.waitForExit(), failed, chat.seen());
		assert.match(chat.stderr(), /^stdin can't be read: EIO.*\.$/m);
	}
});

test('e2e: a folder as stdin is a failure, not an empty stdin', async t => {
	for (const flags of [
		[],
		['--input', 'json', '--json'],
		['-m', '-'],
		['--raw'],
	]) {
		const {command, args} = bin('connect', '--port', port, ...flags);
		const chat = startProcess(t, 'sh', [
			'-c',
			`exec ${toShellLine(command, args)} < .`,
		]);
		assert.deepEqual(await chat.waitForExit(), failed, chat.seen());
		assert.match(
			chat.stderr() + chat.stdout(),
			/stdin can't be read: EISDIR: [^"\n]*\."?/,
		);
	}
});
