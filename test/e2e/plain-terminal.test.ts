/** `--plain` on a terminal: what one types stays apart from what comes. */
import assert from 'node:assert/strict';
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test, {after, type TestContext} from 'node:test';
import fc from 'fast-check';
import {findPort} from '../helpers/ports.js';
import {bin, startBin} from '../helpers/process.js';
import {openShell, toShellLine} from '../helpers/shell.js';
import {joinBare, serveJson} from '../helpers/sockchat.js';
import {openTerminal, type TerminalOptions} from '../helpers/terminal.js';
import {until} from '../helpers/until.js';

const {server, port} = await serveJson({after}, ['--nick', 'host']);
const heron = await joinBare({after}, port, 'heron');

/** What a nick has said in the room, as its host saw it. */
const textsOf = (nick: string) =>
	server
		.stdout()
		.split('\n')
		.slice(0, -1)
		.map(line => JSON.parse(line) as Record<string, string>)
		.filter(({type, from}) => type === 'message' && from === nick)
		.map(({text}) => text);

const openPlain = async (
	t: TestContext,
	nick: string,
	options: Partial<TerminalOptions> = {},
	flags: readonly string[] = ['--plain'],
) => {
	const terminal = openTerminal(t, {
		...bin('connect', '--port', port, '--nick', nick, ...flags),
		isHungUp: true,
		...options,
	});
	await terminal.waitFor(`-- ${nick} joined`);
	return terminal;
};

/** The screen's rows without the empty ones below. */
const rowsOf = (terminal: {text: () => string}) =>
	terminal.text().trimEnd().split('\n');

test('e2e: plain: who opens a room reads how others come in', async t => {
	const free = await findPort();
	const opened = openTerminal(t, {
		...bin(free, '--nick', 'otter', '--plain'),
		isHungUp: true,
		columns: 100,
	});
	await opened.waitFor('-- otter joined');
	await opened.waitFor(
		`-- Others on this machine come in with sockchat ${free}, or nc 127.0.0.1 ${free}`,
	);
	const member = await openPlain(t, 'dotterel');
	assert.doesNotMatch(member.text(), /come in with/);
});

for (const [nick, columns, draft, shown] of [
	['avocet', 80, 'half a li', ['avocet › half a li']],
	['bittern', 40, '日本語で書くと', ['bittern › 日本語で書くと']],
	[
		'crake',
		40,
		'a draft that is longer than the forty columns of this terminal',
		[
			'crake › a draft that is longer than the ',
			'forty columns of this terminal',
		],
	],
	// The caret stands at the start of an empty row.
	['dunlin', 40, 'x'.repeat(31), [`dunlin › ${'x'.repeat(31)}`]],
] as const) {
	test(`e2e: plain: a line that comes leaves the draft whole, ${nick}`, async t => {
		const terminal = await openPlain(t, nick, {columns});
		await terminal.waitFor(`${nick} ›`);
		terminal.type(draft);
		await terminal.waitFor(shown.map(row => row.trimEnd()).join('\n'));
		const at = String(draft.length);
		const words = `in the middle, ${at}: ${'long '.repeat(12)}end`;
		heron.sayNext(words, `second, ${at}`);
		await terminal.waitFor(`heron: second, ${at}`);
		await terminal.waitFor(shown.map(row => row.trimEnd()).join('\n'));
		const rows = rowsOf(terminal);
		assert.deepEqual(
			rows.slice(-shown.length),
			shown.map(row => row.trimEnd()),
			terminal.framed(),
		);
		assert.match(rows.at(-shown.length - 1)!, /^heron: second/);
		assert.ok(rows.includes(`-- ${nick} joined`), terminal.framed());
		assert.ok(
			rows
				.slice(0, -shown.length - 1)
				.join('')
				.replaceAll(' ', '')
				.includes(`heron:${words.replaceAll(' ', '')}`),
			terminal.framed(),
		);

		// The caret stayed at the end, and moves.
		terminal.type('!');
		terminal.press('left', 'left');
		terminal.type('?');
		heron.sayNext(`third, ${at}`);
		await terminal.waitFor(`heron: third, ${at}`);
		terminal.type(';');
		const whole = `${draft.slice(0, -1)}?;${draft.slice(-1)}!`;
		terminal.type('\r');
		await until(() => textsOf(nick).length > 0, {
			what: 'the message',
			seen: terminal.framed,
		});
		assert.deepEqual(textsOf(nick), [whole]);
	});
}

test('e2e: plain: keys, history and completion work in the line', async t => {
	const terminal = await openPlain(t, 'egret');
	await terminal.waitFor('egret ›');
	terminal.type('first\r');
	await until(() => textsOf('egret').length > 0, {what: 'a message'});
	terminal.press('up');
	await terminal.waitFor(/egret › first\n+egret › first/);
	terminal.press('ctrl-c');
	await until(() => rowsOf(terminal).at(-1) === 'egret ›', {
		what: 'an empty line',
		seen: terminal.framed,
	});
	terminal.type('HER');
	await terminal.waitFor('egret › HER');
	terminal.press('tab');
	await terminal.waitFor('egret › heron:');
	terminal.type('hi\r');
	await until(() => textsOf('egret').at(-1) === 'heron: hi', {
		what: 'the completed nick',
		seen: terminal.framed,
	});
	terminal.type('/ni');
	await terminal.waitFor('egret › /ni');
	terminal.press('tab');
	await terminal.waitFor('egret › /nick');
	terminal.type('fulmar\r');
	await terminal.waitFor('-- egret is now fulmar');
	await until(() => rowsOf(terminal).at(-1) === 'fulmar ›', {
		what: 'the new nick',
		seen: terminal.framed,
	});
	terminal.type('draft');
	await terminal.waitFor('fulmar › draft');
	terminal.press('ctrl-c');
	await until(() => rowsOf(terminal).at(-1) === 'fulmar ›', {
		what: 'an empty line',
		seen: terminal.framed,
	});
	terminal.press('ctrl-c');
	assert.equal(await terminal.waitForExit(), 0);
	assert.doesNotMatch(terminal.text(), /fulmar ›\s*$/);
});

const pastedRows = Array.from({length: 100}, (_, index) => `row ${index}\tend`);

for (const [nick, how, isOld] of [
	['gannet', 'in brackets', false],
	['garganey', 'without brackets', true],
] as const) {
	test(`e2e: plain: pasted lines are one draft, which Enter sends, ${how}`, async t => {
		const terminal = await openPlain(t, nick, {rows: 60, isOld});
		await terminal.waitFor(`${nick} ›`);
		assert.ok(terminal.modes.isBracketedPaste);
		terminal.type('see: ');
		await terminal.waitFor(`${nick} › see:`);
		terminal.paste(`${pastedRows.join('\n')}\n`);
		await terminal.waitFor(/-- 100 lines are pasted, as one message\./);
		await terminal.waitFor(/⏎row\s+99⇥end\s*$/);
		heron.sayNext(`meanwhile, ${how}`);
		await terminal.waitFor(`heron: meanwhile, ${how}`);
		await terminal.waitFor(/⏎row\s+99⇥end\s*$/);
		assert.deepEqual(textsOf(nick), []);
		terminal.type('!\r');
		await terminal.waitFor(new RegExp(`${nick} ›\\s*$`));
		terminal.press('ctrl-d');
		assert.equal(await terminal.waitForExit(), 0);
		assert.deepEqual(textsOf(nick), [`see: ${pastedRows.join('\n')}!`]);
		assert.equal(terminal.modes.isBracketedPaste, false);
	});
}

test('e2e: plain: Esc and a slash in one read begin a command', async t => {
	const terminal = await openPlain(t, 'hoopoe');
	await terminal.waitFor('hoopoe ›');
	terminal.type('\u{1B}/');
	await terminal.waitFor('hoopoe › /');
	terminal.type('help\r');
	await terminal.waitFor('list commands');
	assert.deepEqual(textsOf('hoopoe'), []);
});

test('e2e: plain: lines in one chunk are typed, if the terminal brackets pastes', async t => {
	const terminal = await openPlain(t, 'smew');
	terminal.paste('one');
	await terminal.waitFor('smew › one');
	terminal.type(' of two\rtwo of two\r');
	await until(() => textsOf('smew').length === 2, {what: 'two messages'});
	assert.deepEqual(textsOf('smew'), ['one of two', 'two of two']);
});

test('e2e: plain: Ctrl-C clears what was pasted, and Up brings back what was sent', async t => {
	const terminal = await openPlain(t, 'gadwall');
	await terminal.waitFor('gadwall ›');
	// A sign that looks like the mark of a line end is text.
	terminal.paste('one ⏎\n/quit\n\u{1B}[31mtwo');
	await terminal.waitFor(/gadwall › one ⏎\uFE0E?⏎\/quit⏎\[31mtwo/);
	terminal.press('ctrl-c');
	await until(() => rowsOf(terminal).at(-1) === 'gadwall ›', {
		what: 'an empty line',
		seen: terminal.framed,
	});
	terminal.paste('three ⏎\nfour');
	await terminal.waitFor(/gadwall › three ⏎\uFE0E?⏎four/);
	terminal.press('enter');
	await until(() => textsOf('gadwall').length > 0, {what: 'a message'});
	terminal.press('up');
	await terminal.waitFor(/four\n+gadwall › three ⏎\uFE0E?⏎four\s*$/);
	terminal.press('alt-enter');
	terminal.type('five\r');
	await until(() => textsOf('gadwall').length > 1, {
		what: 'a second message',
		seen: terminal.framed,
	});
	assert.deepEqual(textsOf('gadwall'), [
		'three ⏎\nfour',
		'three ⏎\nfour\nfive',
	]);
});

test('e2e: plain: a paste that never ends is a draft, and Ctrl-C clears it', async t => {
	const terminal = await openPlain(t, 'godwit');
	await terminal.waitFor('godwit ›');
	terminal.type('\u{1B}[200~one\rtwo');
	await terminal.waitFor('godwit › one⏎two');
	terminal.press('ctrl-c');
	await until(() => rowsOf(terminal).at(-1) === 'godwit ›', {
		what: 'an empty line',
		seen: terminal.framed,
	});
	terminal.type('typed on\r');
	await until(() => textsOf('godwit').length > 0, {what: 'a message'});
	assert.deepEqual(textsOf('godwit'), ['typed on']);
});

test('e2e: plain: a tab that reaches the edge of the terminal erases nothing', async t => {
	const terminal = await openPlain(t, 'gull', {columns: 40});
	await terminal.waitFor('gull ›');
	terminal.type('a\tb>日本a\tb');
	await terminal.waitFor('gull › a⇥b>日本a⇥b');
	terminal.press('ctrl-a');
	for (let count = 1; count <= 40; count++) {
		terminal.type('x');
	}

	heron.sayNext('meanwhile, a tab');
	await terminal.waitFor('heron: meanwhile, a tab');
	await terminal.waitFor(/x{7}a⇥b>日本a⇥b/);
	assert.match(terminal.text(), /^-- gull joined$/m, terminal.framed());
	terminal.press('enter');
	await until(() => textsOf('gull').length > 0, {what: 'the message'});
	assert.deepEqual(textsOf('gull'), [`${'x'.repeat(40)}a\tb>日本a\tb`]);
});

test('e2e: plain: Tab completes what came in one read with it', async t => {
	const terminal = await openPlain(t, 'goosander');
	await terminal.waitFor('goosander ›');
	terminal.type('@hero\t');
	await terminal.waitFor('goosander › @heron');
	terminal.type('and hero\tthere\r');
	await until(() => textsOf('goosander').length > 0, {what: 'the message'});
	assert.deepEqual(textsOf('goosander'), ['@heron and hero\tthere']);
});

test('e2e: plain: pasted requests are read line by line', async t => {
	const terminal = await openPlain(t, 'goldeneye', {}, [
		'--plain',
		'--input',
		'json',
	]);
	await terminal.waitFor('goldeneye ›');
	terminal.paste('{"type":"say","text":"1"}\n{"type":"say","text":"2"}\n');
	await terminal.waitFor('"2"}');
	terminal.press('enter');
	await until(() => textsOf('goldeneye').length > 1, {
		what: 'both messages',
		seen: terminal.framed,
	});
	assert.deepEqual(textsOf('goldeneye'), ['1', '2']);
});

test('e2e: plain: lines that a hand types are sent one by one', async t => {
	const terminal = await openPlain(t, 'greenshank');
	await terminal.waitFor('greenshank ›');
	for (const [index, text] of ['one', 'two', 'three'].entries()) {
		terminal.type(`${text}\r`);
		await until(() => textsOf('greenshank').length > index, {
			what: text,
			seen: terminal.framed,
		});
	}

	assert.deepEqual(textsOf('greenshank'), ['one', 'two', 'three']);
});

test('e2e: plain: a paste goes where the caret is, with its tabs', async t => {
	const terminal = await openPlain(t, 'goshawk', {columns: 40});
	await terminal.waitFor('goshawk ›');
	const pasted = 'a\tpaste of more than a row of forty columns';
	terminal.type('<>');
	await terminal.waitFor('goshawk › <>');
	terminal.press('left');
	terminal.paste(pasted);
	await terminal.waitFor(/columns>/);
	terminal.press('home');
	terminal.type('^');
	terminal.press('end');
	terminal.type('$');
	await terminal.waitFor(/columns>\$/);
	assert.equal(terminal.text().match(/goshawk ›/g)?.length, 1);
	terminal.type('\r');
	await until(() => textsOf('goshawk').length > 0, {what: 'the message'});
	assert.deepEqual(textsOf('goshawk'), [`^<${pasted}>$`]);
});

test('e2e: plain: whispers and mentions are said in words, and ring', async t => {
	const terminal = await openPlain(t, 'ibis');
	await terminal.waitFor('ibis ›');
	const rings = () => terminal.output().split('\u{7}').length - 1;
	heron.sayNext('nothing for anybody');
	await terminal.waitFor('heron: nothing for anybody');
	assert.equal(rings(), 0);
	heron.sayNext('are you there, Ibis?');
	await terminal.waitFor('heron mentions you: are you there, Ibis?');
	assert.equal(rings(), 1);
	const other = await joinBare(t, port, 'jay');
	other.send({type: 'whisper', n: 1, to: 'ibis', text: 'psst'});
	await terminal.waitFor('jay whispers to you: psst');
	assert.equal(rings(), 2);
	terminal.type('/msg jay yes?\r');
	await terminal.waitFor('You whisper to jay: yes?');
	terminal.type('I, ibis\r');
	await until(() => textsOf('ibis').length > 0, {what: 'a message'});
	heron.sayNext('done');
	await terminal.waitFor('heron: done');
	assert.equal(rings(), 2, 'one does not call oneself');
});

test('e2e: plain: INK_SCREEN_READER chooses it, and what is said is written once (gemini-cli#1553)', async t => {
	for (const [nick, value] of [
		['kite', 'true'],
		['lark', '1'],
	] as const) {
		const terminal = await openPlain(
			t,
			nick,
			{env: {INK_SCREEN_READER: value}},
			[],
		);
		await terminal.waitFor(`${nick} ›`);
		terminal.type('/who\r');
		await terminal.waitFor(/-- \d+ here: /);
		// A reader speaks what is written: nothing old, and no frame around it.
		terminal.type('a draft');
		await terminal.waitFor(`${nick} › a draft`);
		heron.sayNext(`for ${nick}'s ears`);
		await terminal.waitFor(new RegExp(`for ${nick}'s ears\n${nick} › a draft`));
		assert.equal(terminal.output().split(`for ${nick}'s ears`).length, 2);
		assert.equal(terminal.modes.isAlternateScreen, false);
		assert.doesNotMatch(terminal.output(), /[─│╭╮╰╯]/u);
		terminal.press('ctrl-u');
		terminal.type('quit\r');
		assert.equal(await terminal.waitForExit(), 0);
	}
});

test('e2e: plain: a dumb terminal gets no escape sequence', async t => {
	const terminal = await openPlain(t, 'merlin', {env: {TERM: 'dumb'}}, []);
	terminal.type('hello\r');
	await until(() => textsOf('merlin').length > 0, {what: 'a message'});
	terminal.type('quit\r');
	assert.equal(await terminal.waitForExit(), 0);
	assert.doesNotMatch(terminal.output(), /[\u{1B}›]/u);
});

test('e2e: plain: a terminal that reads a file of errors has them there', async t => {
	const {command, args} = bin('connect', '--port', port, '--nick', 'knot');
	const terminal = openTerminal(t, {
		command: 'sh',
		args: [
			'-c',
			'cd; "$0" "$@" --plain 2> errors; cat errors; echo over',
			command,
			...args,
		],
	});
	// What is typed before the replay is soon above the screen.
	await terminal.waitFor(/knot joined.*\n+knot ›/);
	terminal.type('/kick heron\r');
	await terminal.waitFor(/knot › .*\n+knot ›/);
	terminal.type('/quit\r');
	await terminal.waitFor(
		/You are knot.*\n(.*\n)*Only the host .*\n(.*\n)*over/,
	);
});

test('e2e: plain: the terminal is as it was, also after a kill of the server', async t => {
	const {server: own, port: where} = await serveJson(t, ['--no-history']);
	const {command, args} = bin('connect', '--port', where, '--no-retry');
	const terminal = openTerminal(t, {
		command: 'sh',
		args: [
			'-c',
			'"$0" "$@" --plain -n otter; stty -a; echo over',
			command,
			...args,
		],
	});
	await terminal.waitFor('otter ›');
	terminal.type('unsent');
	await terminal.waitFor('otter › unsent');
	own.signal('SIGKILL');
	await terminal.waitFor('over');
	assert.match(terminal.text(), /^otter › unsent$/m);
	assert.match(terminal.text(), / icanon/);
	assert.match(terminal.text(), /(?<!-)\becho\b/);
});

test('e2e: plain: when the server is back, who came back is one line, without oneself', async t => {
	const folder = mkdtempSync(join(tmpdir(), 'sockchat-return-'));
	t.after(() => {
		rmSync(folder, {recursive: true});
	});
	const serve = ['--nick', 'host', '--history', join(folder, 'room.jsonl')];
	const {server: first, port: where} = await serveJson(t, serve);
	const terminal = openTerminal(t, {
		...bin('connect', '--port', where, '--nick', 'stint', '--plain'),
		isHungUp: true,
	});
	await terminal.waitFor('You are stint');
	first.signal('SIGTERM');
	await terminal.waitFor('The server has shut down. Trying again.');
	await first.waitForExit();
	startBin(t, ['serve', '--json', '--port', where, ...serve]);
	await until(() => terminal.text().split('You are stint').length === 3, {
		what: 'the return',
		seen: terminal.text,
	});
	assert.deepEqual(
		rowsOf(terminal).filter(row => /^(?:--|The|You)/.test(row)),
		[
			'-- host joined',
			'-- stint joined',
			`You are stint in 127.0.0.1:${where}; 1 other here.`,
			'The server has shut down. Trying again.',
			'-- host came back',
			`You are stint in 127.0.0.1:${where}; 1 other here.`,
		],
	);
});

test('e2e: plain: Ctrl-Z gives the terminal to the shell, and fg takes it back', async t => {
	const shell = await openShell(t, {columns: 60, rows: 24});
	const {command, args} = bin('connect', '--port', port, '--nick', 'owl');
	shell.run(`${toShellLine(command, args)} --plain`);
	// What is older comes first, and would push away what the shell says.
	await shell.waitFor(/You are owl.*\n(.*\n)*owl ›/);
	shell.type('kept');
	await shell.waitFor('owl › kept');
	shell.press('ctrl-z');
	await shell.waitFor('Stopped');
	shell.type('echo $((6 * 7))\r');
	await shell.waitFor(/^42$/m);
	shell.run('fg');
	await shell.waitFor(/42\n(.*\n)*owl › kept/);
	shell.type('!\r');
	await until(() => textsOf('owl').length > 0, {
		what: 'the message',
		seen: shell.framed,
	});
	assert.deepEqual(textsOf('owl'), ['kept!']);
	shell.press('ctrl-d');
	assert.equal(await shell.exitStatus(), 0);
});

test('e2e: plain: Ctrl-Z without a shell leaves it at work', async t => {
	const terminal = await openPlain(t, 'pipit');
	await terminal.waitFor('pipit ›');
	terminal.type('kept');
	await terminal.waitFor('pipit › kept');
	terminal.press('ctrl-z');
	await terminal.waitFor(/pipit › kept\n+pipit › kept/);
	terminal.type('!\r');
	await until(() => textsOf('pipit').length > 0, {what: 'the message'});
	assert.deepEqual(textsOf('pipit'), ['kept!']);
});

type Typing = readonly ['type', string] | readonly ['come', number];

const keys = {
	left: '\u{1B}[D',
	right: '\u{1B}[C',
	home: '\u{1}',
	end: '\u{5}',
	backspace: '\u{7F}',
} as const;

const anyTyping: fc.Arbitrary<Typing> = fc.oneof(
	{
		weight: 3,
		arbitrary: fc.tuple(
			fc.constant('type' as const),
			fc.constantFrom('a', 'of words ', '日本', 'é', 'x'.repeat(17), 'a\tb'),
		),
	},
	{
		weight: 2,
		arbitrary: fc.tuple(
			fc.constant('type' as const),
			fc.constantFrom(...Object.values(keys)),
		),
	},
	{
		weight: 2,
		arbitrary: fc.tuple(
			fc.constant('come' as const),
			fc.integer({min: 1, max: 100}),
		),
	},
);

/** The draft that the keys make. */
const drafted = (typings: readonly Typing[]): string => {
	const draft = ['>'];
	let caret = 1;
	for (const [, what] of typings.filter(([kind]) => kind === 'type')) {
		switch (what) {
			case keys.left: {
				caret = Math.max(0, caret - 1);
				break;
			}

			case keys.right: {
				caret = Math.min(draft.length, caret + 1);
				break;
			}

			case keys.home: {
				caret = 0;
				break;
			}

			case keys.end: {
				caret = draft.length;
				break;
			}

			case keys.backspace: {
				if (caret > 0) {
					draft.splice(--caret, 1);
				}

				break;
			}

			default: {
				const letters = [...String(what)];
				draft.splice(caret, 0, ...letters);
				caret += letters.length;
			}
		}
	}

	return draft.join('');
};

test('e2e: plain: whatever is typed and comes, both are whole', async t => {
	const terminal = await openPlain(t, 'rail', {columns: 40, rows: 24});
	await terminal.waitFor('rail ›');
	const bare = (text: string) => text.replaceAll(/\s/g, '');
	let mark = 0;
	await fc.assert(
		fc.asyncProperty(
			fc.array(anyTyping, {minLength: 1, maxLength: 25}),
			async typings => {
				const draft = drafted(typings);
				const said = textsOf('rail').length;
				terminal.type('>');
				for (const [kind, what] of typings) {
					if (kind === 'type') {
						terminal.type(what);
					} else {
						heron.sayNext('-'.repeat(what));
					}
				}

				mark++;
				heron.sayNext(`mark ${mark}`);
				const line = draft.replaceAll('\t', '⇥');
				const shown = bare(`heron: mark ${mark}rail › ${line}`);
				await until(() => bare(terminal.text()).endsWith(shown), {
					what: JSON.stringify(draft),
					seen: terminal.framed,
				});
				terminal.type(`${keys.end}!\r`);
				await until(() => textsOf('rail').length > said, {
					what: 'the message',
					seen: terminal.framed,
				});
				assert.equal(textsOf('rail').at(-1), `${draft}!`);
			},
		),
		// A failure leaves its draft, so that a smaller case says nothing.
		{numRuns: 30, endOnFailure: true},
	);
});

/** A host without a screen, and one other in its room. */
const openHost = async (t: TestContext, env: NodeJS.ProcessEnv = {}) => {
	const terminal = openTerminal(t, {
		...bin('serve', '0', '--plain', '--no-history', '--nick', 'swan'),
		env,
	});
	await terminal.waitFor(/127\.0\.0\.1:\d+/);
	const [, where] = /127\.0\.0\.1:(\d+)/.exec(terminal.text())!;
	return {terminal, port: where!};
};

const question =
	/1 other is connected; the room [\w ]+\. \/quit or Ctrl-C again leaves\./;

for (const [how, leaving] of [
	['Ctrl-C', '\u{3}'],
	['Ctrl-D', '\u{4}'],
	['/quit', '/quit\r'],
	['quit', 'quit\r'],
] as const) {
	test(`e2e: plain: a host alone leaves with ${how}`, async t => {
		const {terminal} = await openHost(t);
		await terminal.waitFor('swan ›');
		terminal.type(leaving);
		assert.equal(await terminal.waitForExit(), 0);
	});

	test(`e2e: plain: a host is asked once at ${how}`, async t => {
		const {terminal, port: where} = await openHost(t);
		await terminal.waitFor('swan ›');
		const other = await joinBare(t, where, 'teal');
		await terminal.waitFor('-- teal joined');
		terminal.type('draft');
		await terminal.waitFor('swan › draft');
		terminal.press('ctrl-c');
		await until(() => rowsOf(terminal).at(-1) === 'swan ›', {
			what: 'an empty line',
			seen: terminal.framed,
		});
		assert.doesNotMatch(terminal.text(), question);
		terminal.type(leaving);
		await terminal.waitFor(question);
		// Whoever goes on has stayed, and is asked again.
		terminal.type('I stay\r');
		// Lines faster than a hand's would be a paste.
		await terminal.waitFor(/swan › I stay\n+swan ›/);
		other.sayNext('good');
		await terminal.waitFor('teal: good');
		terminal.type(leaving);
		await until(
			() => terminal.text().split('Ctrl-C again leaves').length === 3,
			{what: 'a second question', seen: terminal.framed},
		);
		terminal.type(leaving);
		assert.equal(await terminal.waitForExit(), 0);
	});
}

for (const [how, leaving] of [
	['Ctrl-C', '\u{3}'],
	['Ctrl-D', '\u{4}'],
	['/quit', '/quit\r'],
] as const) {
	test(`e2e: plain: on a dumb terminal a host alone leaves with ${how}`, async t => {
		const {terminal} = await openHost(t, {TERM: 'dumb'});
		terminal.type(leaving);
		assert.equal(await terminal.waitForExit(), 0);
	});

	test(`e2e: plain: on a dumb terminal a host is asked once at ${how}`, async t => {
		const {terminal, port: where} = await openHost(t, {TERM: 'dumb'});
		const other = await joinBare(t, where, 'teal');
		await terminal.waitFor('-- teal joined');
		terminal.type(leaving);
		await terminal.waitFor(question);
		terminal.type('I stay\r');
		await until(() => other.of('message').length > 0, {what: 'a message'});
		other.sayNext('good');
		await terminal.waitFor('teal: good');
		terminal.type(leaving);
		await until(
			() => terminal.text().split('Ctrl-C again leaves').length === 3,
			{what: 'a second question', seen: terminal.framed},
		);
		terminal.type(leaving);
		assert.equal(await terminal.waitForExit(), 0);
	});
}

test('e2e: plain: a host that was asked on a dumb terminal ends with its chat', async t => {
	const {terminal, port: where} = await openHost(t, {TERM: 'dumb'});
	await joinBare(t, where, 'teal');
	await terminal.waitFor('-- teal joined');
	terminal.press('ctrl-d');
	await terminal.waitFor(question);
	terminal.signal('SIGTERM');
	assert.equal(await terminal.waitForExit(), 0);
});

for (const [name, env] of [
	['a terminal', {}],
	['a dumb terminal', {TERM: 'dumb'}],
] as const) {
	for (const [how, leaving] of [
		['Ctrl-C', '\u{3}'],
		['Ctrl-D', '\u{4}'],
		['/quit', '/quit\r'],
	] as const) {
		test(`e2e: plain: on ${name} who has lines unstored is asked at ${how}`, async t => {
			const {server: own, port: where} = await serveJson(t, ['--no-history']);
			const terminal = openTerminal(t, {
				...bin('connect', '--port', where, '--plain', '--nick', 'otter'),
				env,
			});
			await terminal.waitFor('-- otter joined');
			own.signal('SIGKILL');
			await terminal.waitFor('Trying agai');
			terminal.type('into the void\r');
			// A dumb terminal echoes a line before it is read, and Ctrl-C drops what
			// isn't: who is answered was read.
			terminal.type('/nosuch\r');
			await terminal.waitFor(/nosuch(.*\n)+.*nosuch/);
			terminal.type(leaving);
			await terminal.waitFor('-- 1 line is not stored yet.');
			terminal.type(leaving);
			await terminal.waitForExit();
			assert.match(terminal.text(), /1 line was not confirmed as stored\./);
		});
	}
}

test('e2e: plain: a mistyped command is no failure of a person', async t => {
	const terminal = await openPlain(t, 'wigeon');
	await terminal.waitFor('wigeon ›');
	terminal.type('/nosuch\r');
	await terminal.waitFor(/nosuch(.*\n)+.*nosuch/);
	terminal.type('/quit\r');
	assert.equal(await terminal.waitForExit(), 0);
});
