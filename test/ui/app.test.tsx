import assert from 'node:assert/strict';
import {test, type TestContext} from 'node:test';
import stringWidth from 'string-width';
import {openApp, type AppOptions} from '../helpers/app.js';
import {listeningOf, modelOf, peerRow, socketOf} from '../helpers/models.js';
import {messageFrame} from '../helpers/scripted.js';
import {called} from '../helpers/steps.js';

const server = modelOf({listening: listeningOf()});

test('app: typed text is in the last row, and Enter sends it', async t => {
	const app = await openApp(t);
	await app.type('hello 漢字');
	assert.equal((await app.rows()).at(-1), 'otter › hello 漢字');
	assert.deepEqual(await app.caret(), [8 + 6 + 4, 23]);
	await app.press('enter');
	await app.type('next');
	assert.deepEqual(app.lines, ['hello 漢字']);
	assert.equal((await app.rows()).at(-1), 'otter › next');
});

test("app: Tab completes a command, and a nick other than one's own", async t => {
	const presence = {
		members: {count: 2, names: ['otter', 'otto']},
		replayHead: 0,
	};
	const app = await openApp(t, {model: modelOf({presence})});
	await app.type('/wi\t');
	assert.match((await app.rows()).at(-1)!, /^otter › \/wire/u);
	await app.press('ctrl-u');
	await app.type('ot\t');
	assert.match((await app.rows()).at(-1)!, /^otter › otto/u);
});

const title = async (app: Awaited<ReturnType<typeof openApp>>) =>
	/^[─╭] (\w+)/mu.exec(await app.text())?.[1];

test('app: a command shows its view, and repeated, the chat', async t => {
	const app = await openApp(t, {model: server});
	assert.equal(await title(app), 'room');
	for (const view of ['wire', 'lifecycle', 'peers']) {
		await app.type(`/${view}\r`);

		assert.equal(await title(app), view);
	}

	await app.type('/peers\r');
	assert.equal(await title(app), 'room');
	assert.deepEqual(app.lines, []);
});

test('app: Ctrl-T cycles through the views', async t => {
	const views = async (model = modelOf()) => {
		const app = await openApp(t, {model});
		const seen: unknown[] = [];
		do {
			seen.push(await title(app));

			await app.press('ctrl-t');
		} while ((await title(app)) !== 'room');

		return seen;
	};

	assert.deepEqual(await views(), ['room', 'wire', 'lifecycle']);
	assert.deepEqual(await views(server), ['room', 'wire', 'lifecycle', 'peers']);
});

test('app: another view reports what is new in the chat', async t => {
	const app = await openApp(t, {model: server});
	const notice = {type: 'notice', at: 0, tone: 'warn', text: 'news'} as const;
	await app.tell(notice);
	await app.type('/peers\r');
	assert.match(await app.text(), /^─ peers 0 ─/mu);
	await app.tell(notice);
	assert.match(await app.text(), /^─ peers 0 · 1 new in the chat ─/mu);
	await app.type('/wire\r');
	await app.tell(notice);
	assert.match(await app.text(), /^─ wire \S+ · 2 new in the chat ─/mu);
	await app.type('/lifecycle\r');
	assert.match(await app.text(), /^─ lifecycle \S+ · 2 new in the chat ─/mu);
	await app.type('/lifecycle\r');
	await app.type('/peers\r');
	assert.match(await app.text(), /^─ peers 0 ─/mu);
});

/** An app whose unknown lines are answered at once, so many times. */
const openAnswering = async (
	t: TestContext,
	options: AppOptions = {},
	count = 1,
) => {
	const app = await openApp(t, {
		model: server,
		...options,
		onLine(line, {view, answered}) {
			if (line === '/peers') {
				view('peers');
				return;
			}

			for (let index = 1; index <= count; index++) {
				const text = `No ${line} ${index}.`;
				app.store.dispatch({type: 'notice', at: 0, tone: 'bad', text});
				answered('bad', text);
			}
		},
	});
	return app;
};

test('app: another view shows what a command answers, until the next key', async t => {
	const sizes = [
		[80, 24],
		[20, 8],
		[40, 4],
	] as const;
	for (const [columns, rows] of sizes) {
		const app = await openAnswering(t, {columns, rows});
		await app.type('/peers\r');
		const before = await app.rows();
		await app.type('/dealy 1\r');
		assert.equal((await app.rows()).at(-2), 'No /dealy 1 1.');
		await app.assertWhole();
		await app.type('x');
		assert.doesNotMatch(await app.text(), /No \/dealy/);
		assert.equal((await app.rows()).at(-2), before.at(-2));
		await app.press('backspace');
		await app.type('/peers\r');
		await app.type('/dealy 2\r');
		await app.tell();
		assert.equal((await app.text()).match(/No \/dealy 2 1/g)?.length, 1);
	}
});

test('app: an answer that is too long for another view says how much is in the chat', async t => {
	const app = await openAnswering(t, {columns: 40, rows: 12}, 9);
	await app.type('/peers\r');
	await app.type('/help\r');
	assert.deepEqual((await app.rows()).slice(-6), [
		'No /help 1.',
		'No /help 2.',
		'No /help 3.',
		'No /help 4.',
		'… 5 more in the chat',
		'otter › message, or /help',
	]);
	await app.press('page-down');
	assert.doesNotMatch(await app.text(), /No \/help/);
});

test('app: what others say is no answer', async t => {
	const app = await openAnswering(t);
	await app.type('/peers\r');
	app.store.dispatch({type: 'notice', at: 0, tone: 'info', text: 'by others'});
	await app.type('/dealy\r');
	await app.tell({type: 'notice', at: 0, tone: 'info', text: 'also by others'});
	assert.equal((await app.rows()).at(-2), 'No /dealy 1.');
	assert.doesNotMatch(await app.text(), /by others/);
});

test('app: on a screen of bytes, what is new is in the transcript', async t => {
	const model = modelOf({mode: 'raw', listening: listeningOf()});
	const app = await openAnswering(t, {model});
	await app.type('/peers\r');
	await app.type('/dealy\r');
	await app.tell();
	assert.match(await app.text(), /^─ peers 0 · 1 new in the transcript ─/mu);
});

test("app: the lifecycle of one peer has that peer's steps, and then all again", async t => {
	const peers = {
		at: 0,
		rows: [peerRow({nick: 'heron', peer: '127.0.0.1:53122'})],
		listening: undefined,
		backlog: 511,
		refused: 0,
	};
	const steps = [
		called('listen(511)'),
		called('accept()', {peer: '127.0.0.1:53122'}),
		called('accept()', {peer: '127.0.0.1:53123'}),
	];
	const app = await openApp(t, {
		model: {...server, ...socketOf({peers, steps})},
	});
	const shown = async (line: string) => {
		await app.type(`${line}\r`);
		const text = await app.text();
		return [
			...text.matchAll(/(?<=^.?)─ lifecycle \S+|listen\(511\)|accept\(\)/gmu),
		].map(([found]) => found);
	};

	assert.deepEqual(await shown('/lifecycle heron'), [
		'─ lifecycle heron',
		'listen(511)',
		'accept()',
	]);
	assert.deepEqual(await shown('/lifecycle :53123'), [
		'─ lifecycle :53123',
		'listen(511)',
		'accept()',
	]);
	assert.deepEqual(await shown('/lifecycle 53123'), [
		'─ lifecycle 53123',
		'listen(511)',
		'accept()',
	]);
	assert.deepEqual((await shown('/lifecycle')).slice(1), [
		'listen(511)',
		'accept()',
		'accept()',
	]);
	assert.deepEqual((await shown('/lifecycle otter')).slice(1), []);
	assert.match(await app.text(), /No peer is called "otter"/u);
	await app.type('/lifecycle otter\r');
	assert.doesNotMatch(await app.text(), /lifecycle/u);
});

test('app: the wire is requested when a view shows it or its calls, not before', async t => {
	for (const view of ['/wire', '/lifecycle']) {
		const app = await openApp(t);
		await app.type('a message\r');
		assert.deepEqual(app.asked, []);
		await app.type(`${view}\r`);
		assert.deepEqual(app.asked, ['tap']);
	}
});

test('app: Ctrl-O sorts the table of peers, only while it is shown', async t => {
	const app = await openApp(t, {model: server});
	await app.press('ctrl-o');
	await app.type('/peers\r');
	assert.match(await app.footer(), /by nick/u);
	await app.press('ctrl-o', 'ctrl-o');
	assert.match(await app.footer(), /by queue/u);
	for (let more = 0; more < 12; more++) {
		await app.press('ctrl-o');
	}

	assert.match(await app.footer(), /by nick/u, 'and from the first again');
});

test('app: Ctrl-C clears a draft first, and Ctrl-Y brings it back', async t => {
	const app = await openApp(t);
	await app.type('half a sent');
	await app.press('ctrl-c');
	assert.equal((await app.rows()).at(-1), 'otter › message, or /help');
	assert.deepEqual(app.asked, []);
	await app.press('ctrl-y');
	assert.equal((await app.rows()).at(-1), 'otter › half a sent');
	await app.press('ctrl-c', 'ctrl-c');
	assert.deepEqual(app.asked, ['leave']);
	assert.deepEqual(app.lines, []);
});

test('app: Ctrl-C drops a paste that asks what to do, then the draft', async t => {
	const app = await openApp(t);
	await app.type('before ');
	await app.type('\u{1B}[200~one\rtwo\u{1B}[201~');
	assert.match((await app.rows()).at(-1)!, /^Send 2 lines as one message/u);
	await app.press('ctrl-c');
	assert.equal((await app.rows()).at(-1), 'otter › before');
	await app.press('ctrl-c');
	assert.equal((await app.rows()).at(-1), 'otter › message, or /help');
	assert.deepEqual(app.asked, []);
	await app.press('ctrl-c');
	assert.deepEqual(app.asked, ['leave']);
});

test('app: Ctrl-C leaves, and Ctrl-D if the draft is empty', async t => {
	const app = await openApp(t);
	await app.type('ab');
	await app.press('home', 'ctrl-d');
	assert.equal((await app.rows()).at(-1), 'otter › b');
	assert.deepEqual(app.asked, []);
	await app.press('ctrl-d', 'ctrl-d');
	assert.deepEqual(app.asked, ['leave']);
	await app.press('ctrl-l', 'ctrl-z', 'ctrl-c');
	assert.deepEqual(app.asked, ['leave', 'redraw', 'suspend', 'leave']);
});

test('app: a host with others is asked once, and a second Ctrl-C leaves', async t => {
	let company = {others: 3, heirs: ['heron']};
	const app = await openApp(t, {company: () => company});
	await app.press('ctrl-c');
	const question =
		'3 others are connected; the room goes over to heron. Ctrl-C again leaves.';
	assert.equal((await app.rows()).at(-1), question);
	assert.deepEqual(await app.caret(), [question.length, 23]);
	assert.deepEqual(app.asked, []);
	await app.press('ctrl-c');
	assert.deepEqual(app.asked, ['leave']);

	company = {others: 0, heirs: []};
	const alone = await openApp(t, {company: () => company});
	await alone.press('ctrl-c');
	assert.deepEqual(alone.asked, ['leave']);
});

test('app: Esc stays, typing goes on, and /quit twice leaves too', async t => {
	const company = {others: 1, heirs: []};
	const app = await openApp(t, {company: () => company});
	const question =
		'1 other is connected; the room closes for all. /quit or Ctrl-C again leaves.';
	await app.press('ctrl-d');
	assert.equal((await app.rows()).at(-1), question);
	await app.escape();
	assert.equal((await app.rows()).at(-1), 'otter › message, or /help');
	await app.press('ctrl-c');
	assert.equal((await app.rows()).at(-1), question);
	await app.type('wait');
	assert.equal((await app.rows()).at(-1), 'otter › wait');
	// It clears the draft, so the host has stayed.
	await app.press('ctrl-c', 'ctrl-c');
	assert.equal((await app.rows()).at(-1), question);
	assert.deepEqual(app.asked, []);
	// So it has by saying something.
	await app.type('wait\r');
	await app.press('ctrl-c');
	assert.equal((await app.rows()).at(-1), question);
	assert.deepEqual(app.asked, []);
	await app.escape();
	// And by Enter, which sends nothing here.
	for (let round = 0; round < 2; round++) {
		await app.type('/quit\r');
		assert.equal((await app.rows()).at(-1), question);
		await app.press('enter');
		assert.equal((await app.rows()).at(-1), 'otter › message, or /help');
		assert.deepEqual(app.asked, []);
	}

	await app.type('/quit\r');
	await app.type('/quit\r');
	assert.deepEqual(app.asked, ['leave']);
});

test('app: one is asked before a line that is not stored is lost', async t => {
	let unstored = 1;
	const app = await openApp(t, {unstored: () => unstored});
	const question = '1 line is not stored yet. Ctrl-C again leaves without it.';
	for (const key of ['ctrl-c', 'ctrl-d'] as const) {
		await app.press(key);
		assert.equal((await app.rows()).at(-1), question);
		await app.escape();
		await app.type('/quit\r');
		assert.equal((await app.rows()).at(-1), question);
		await app.escape();
		assert.deepEqual(app.asked, []);
	}

	await app.press('ctrl-c', 'ctrl-c');
	assert.deepEqual(app.asked, ['leave']);

	// A second request would cut the first short.
	unstored = 0;
	await app.tell({type: 'notice', at: 0, tone: 'info', text: 'stored'});
	assert.deepEqual(app.asked, ['leave']);

	unstored = 2;
	const narrow = await openApp(t, {unstored: () => unstored, columns: 40});
	await narrow.press('ctrl-c');
	assert.equal(
		(await narrow.rows()).at(-1),
		'2 lines unstored. Ctrl-C leaves.',
	);
});

test('app: a screen that was asked to leave does so once all is stored', async t => {
	let unstored = 1;
	const app = await openApp(t, {unstored: () => unstored});
	const notice = async (text: string) =>
		app.tell({type: 'notice', at: 0, tone: 'info', text});
	await app.press('ctrl-c');
	await notice('something else');
	assert.deepEqual(app.asked, []);
	unstored = 0;
	await notice('it is stored');
	assert.deepEqual(app.asked, ['leave']);

	unstored = 1;
	const stays = await openApp(t, {unstored: () => unstored});
	await stays.press('ctrl-c');
	await stays.escape();
	unstored = 0;
	await stays.tell({type: 'notice', at: 0, tone: 'info', text: 'stored'});
	assert.deepEqual(stays.asked, []);
});

test('app: the question is as short as the terminal is narrow', async t => {
	const company = {others: 12, heirs: ['heron', 'otter']};
	for (const [columns, shown] of [
		[
			70,
			'12 others are connected; it goes over to one of them. Ctrl-C leaves.',
		],
		[50, 'It goes over to one of them. Ctrl-C leaves.'],
		[40, '12 stay. Ctrl-C leaves.'],
		[20, 'Leave 12? Ctrl-C'],
	] as const) {
		const app = await openApp(t, {company: () => company, columns});
		await app.press('ctrl-c');
		assert.equal((await app.rows()).at(-1), shown);
	}
});

test('app: a paste of lines asks first, and no view takes the answer', async t => {
	const app = await openApp(t);
	await app.type('/wire\r');
	await app.type('\u{1B}[200~one\rtwo\r\u{1B}[201~');
	assert.match((await app.rows()).at(-1)!, /^Send 2 lines as one message\?/u);
	await app.press('page-up', 'ctrl-t');
	assert.match((await app.rows()).at(-1)!, /^Send 2 lines/u);
	await app.escape();
	assert.deepEqual((await app.rows()).slice(-2), [
		'otter › one',
		'        two',
	]);
	await app.press('ctrl-c');
	await app.type('x');
	assert.equal((await app.rows()).at(-1), 'otter › x');
	await app.type('\u{1B}[200~one\rtwo\u{1B}[201~');
	await app.press('enter');
	assert.deepEqual(app.lines, ['xone\ntwo']);
});

test('app: words typed after a paste are no answer', async t => {
	const app = await openApp(t);
	await app.type('\u{1B}[200~one\rtwo\r\u{1B}[201~');
	for (const letter of 'yes') {
		await app.type(letter);
	}

	assert.deepEqual((await app.rows()).slice(-2), [
		'otter › one',
		'        twoyes',
	]);
	assert.deepEqual(app.lines, []);
	await app.press('ctrl-c');
	await app.type('\u{1B}[200~one\rtwo\r\u{1B}[201~');
	await app.type('\t');
	assert.match((await app.rows()).at(-1)!, /^Send 2 lines one by one\?/u);
	await app.press('enter');
	assert.deepEqual(app.lines, ['one', 'two']);
});

test('app: a draft longer than the screen takes half of it, and shows its end', async t => {
	const app = await openApp(t, {columns: 80, rows: 24});
	await app.type('some words and 漢字. '.repeat(400));
	for (const [columns, rows] of [
		[20, 10],
		[40, 12],
		[200, 60],
		[33, 8],
	] as const) {
		// One size after the other, as on one terminal.
		await app.resize(columns, rows);
		const all = await app.rows();
		assert.equal(all.length, rows);
		const height = Math.min(8, Math.floor(rows / 2));
		assert.match(all[rows - height]!, /^ *… /u);
		assert.ok(all.every(row => stringWidth(row) <= columns));
		const [x, y] = (await app.caret())!;
		assert.ok(x! < columns && y === rows - 1);
	}

	await app.press('ctrl-u');
	await app.assertWhole();
});

test('app: nothing that a terminal sends freezes the input', async t => {
	const app = await openApp(t);
	for (const [index, chunk] of [
		'\u001B[200~',
		'\u001B[200~one\r\ttwo\u001B[20',
		'\u001B[200',
		'\u001B]11;rgb:1e1e/1e1e',
		'\u001B]11;rgb:1e1e/1e1e/1e1e\u001B\\',
		'\u001BP>|xterm',
		'\u001B_Gi=31',
		'\u001B[<64;10;5M\u001B[<64',
		'\u001B[M !!',
		'\u001B[I\u001B[O\u001B[',
		'\u001BO',
	].entries()) {
		await app.type(chunk);
		await app.type(`hello ${index}\r`);
		assert.ok(
			app.lines.at(-1)?.endsWith(`hello ${index}`),
			JSON.stringify([chunk, app.lines.at(-1)]),
		);
	}

	assert.deepEqual(
		app.lines.filter(line => !line.startsWith('hello')),
		['one\n\ttwohello 1'],
	);
});

test('app: lines that arrive at once are a paste, and one line is typed', async t => {
	const app = await openApp(t);
	await app.type('one\r\ttwo\rthree\r');
	assert.deepEqual(app.lines, []);
	assert.match((await app.rows()).at(-1)!, /Send 3 lines as one message\?/u);
	await app.press('enter');
	assert.deepEqual(app.lines, ['one\n\ttwo\nthree']);
	await app.type(`${'long '.repeat(500)}\r`);
	assert.deepEqual(app.lines[1], 'long '.repeat(500));
});

test('app: Enter ends a search at the hit, and sends no letter that moved', async t => {
	const app = await openApp(t);
	await app.tell(
		...Array.from({length: 60}, (_, index) => ({
			type: 'frame' as const,
			at: 0,
			frame: messageFrame(index + 1),
		})),
		{type: 'reading', at: 0, what: {kind: 'search', text: 'entry'}},
		{
			type: 'frame',
			at: 0,
			frame: {
				type: 'found',
				id: 1,
				text: 'entry',
				entries: [3, 4, 5].map(seq => messageFrame(seq)),
			},
		},
	);
	await app.type('n');
	await app.tell();
	assert.match((await app.rows()).at(-1)!, /2 of 3/);
	await app.type('\r');
	await app.tell();
	const rows = await app.rows();
	assert.equal(rows.at(-1), 'otter › message, or /help');
	// Although only three rows are above it.
	assert.match(rows.join('\n'), /entry 4 /);
	assert.deepEqual(app.lines, []);
	// It is over: a letter is text again.
	await app.type('n\r');
	assert.deepEqual(app.lines, ['n']);
});

test('app: in a search n and N move, but a message may start with them', async t => {
	const app = await openApp(t);
	const frame = {
		type: 'found',
		id: 1,
		text: 'entry',
		entries: [1, 2, 3].map(seq => messageFrame(seq)),
	} as const;
	const last = async () => (await app.rows()).at(-1)!;
	await app.tell(
		{type: 'reading', at: 0, what: {kind: 'search', text: 'entry'}},
		{type: 'frame', at: 0, frame},
	);
	const typeKeys = async (text: string) => {
		for (const letter of text) {
			await app.type(letter);
		}
	};

	const hint = 'n older, N newer, Esc ends';
	assert.equal(await last(), `otter › 1 of 3 · ${hint}`);
	for (const text of ['no, not yet', 'Nice one', 'n m']) {
		await typeKeys(text);
		assert.equal(await last(), `otter › ${text}`);
		await app.press('ctrl-c');
		await app.tell();
		assert.equal(await last(), `otter › 1 of 3 · ${hint}`);
	}

	// Two in a row move; so does one that a reader has looked at.
	await typeKeys('nnhello');
	assert.equal(await last(), 'otter › hello');
	await app.press('ctrl-c');
	await app.tell();
	assert.equal(await last(), `otter › 3 of 3 · ${hint}`);
	app.clock.advance(2000);
	await app.type('N');
	app.clock.advance(2000);
	await app.type('so that is it');
	assert.equal(await last(), 'otter › so that is it');
	await app.press('ctrl-c');
	await app.tell();
	assert.equal(await last(), `otter › 2 of 3 · ${hint}`);
});

const foundIn = (text: string, seqs: readonly number[]) =>
	({
		type: 'frame',
		at: 0,
		frame: {
			type: 'found',
			id: 1,
			text,
			entries: seqs.map(seq => messageFrame(seq)),
		},
	}) as const;

test('app: a search begins with a draft too, which comes back after it', async t => {
	const app = await openApp(t);
	const last = async () => (await app.rows()).at(-1)!;
	await app.type('half a sentence');
	await app.press('left', 'left');
	await app.press('ctrl-s');
	assert.equal(await last(), 'otter › /search');
	await app.type('entry\r');
	await app.tell(foundIn('entry', [1, 2, 3]));
	assert.match(await last(), /^otter › 1 of 3/u);
	await app.type('n');
	await app.tell();
	assert.match(await last(), /^otter › 2 of 3/u);
	await app.escape();
	await app.tell();
	assert.equal(await last(), 'otter › half a sentence');
	// With its caret.
	await app.type('X\r');
	assert.deepEqual(app.lines, ['half a sentenXce']);
	assert.equal(await last(), 'otter › message, or /help');
});

test('app: a search that was not begun leaves nothing in the input', async t => {
	const app = await openApp(t);
	const last = async () => (await app.rows()).at(-1)!;
	for (const draft of ['', 'half a sentence']) {
		for (const words of ['', 'some words']) {
			for (const end of ['escape', 'ctrl-c'] as const) {
				await app.type(draft);
				await app.press('ctrl-s');
				await app.type(words);
				assert.equal(await last(), `otter › /search ${words}`.trimEnd());
				if (end === 'escape') {
					await app.escape();
				} else {
					await app.press(end);
				}

				assert.equal(await last(), `otter › ${draft || 'message, or /help'}`);
				await app.press('ctrl-u');
			}
		}
	}

	assert.deepEqual(app.asked, []);
});

test('app: a search says how it went, however narrow the input', async t => {
	for (const [columns, found, nothing] of [
		[48, '1 of 2 · n older, N newer, Esc ends', 'nothing found; Esc ends'],
		[40, '1 of 2 · n, N, Esc', 'nothing found; Esc ends'],
		[28, '1 of 2 · n, N, Esc', 'nothing found'],
		[20, '1 of 2', 'nothing found'],
	] as const) {
		for (const [hits, hint] of [
			[[], nothing],
			[[1, 2], found],
		] as const) {
			const app = await openApp(t, {columns});
			await app.press('ctrl-s');
			await app.type('entry\r');
			await app.tell(foundIn('entry', hits));
			const last = (await app.rows()).at(-1)!;
			assert.equal(last.split('› ')[1], hint);
		}
	}
});

test('app: a search that found nothing is over with the next key', async t => {
	const app = await openApp(t);
	const last = async () => (await app.rows()).at(-1)!;
	for (const draft of ['', 'half a ']) {
		await app.type(draft);
		await app.press('ctrl-s');
		await app.type('nowhere\r');
		await app.tell(foundIn('nowhere', []));
		assert.equal(await last(), 'otter › nothing found; Esc ends');
		await app.type('n');
		await app.tell();
		assert.equal(await last(), `otter › ${draft}n`);
		await app.type('o\r');
		await app.tell();
		assert.equal(await last(), 'otter › message, or /help');
	}

	assert.deepEqual(app.lines, ['no', 'half a no']);
});

test('app: a message that is sent ends the search', async t => {
	const app = await openApp(t);
	await app.press('ctrl-s');
	await app.type('entry\r');
	await app.tell(foundIn('entry', [1, 2, 3]));
	await app.type('here it is\r');
	await app.tell();
	assert.equal((await app.rows()).at(-1), 'otter › message, or /help');
	assert.deepEqual(app.lines, ['here it is']);
});
