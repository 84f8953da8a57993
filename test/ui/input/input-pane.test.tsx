import assert from 'node:assert/strict';
import {test, type TestContext} from 'node:test';
import {Box, Text} from 'ink';
import {useRef, useState} from 'react';
import stringWidth from 'string-width';
import {createDraft, type Draft} from '../../../source/ui/input/draft.js';
import {InputPane, inputRows} from '../../../source/ui/input/input-pane.js';
import {pasted, press} from '../../../source/ui/input/sending.js';
import {useKeyboard} from '../../../source/ui/input/use-keyboard.js';
import {openInkScreen} from '../../helpers/ink-screen.js';

const family = '👨‍👩‍👧‍👦';

const draftOf = (text: string, caret = text.length): Draft => ({
	...createDraft(),
	text,
	caret,
});

/** The pane with a row above and one below it, to see that it is one high. */
const framed = (draft: Draft, columns: number, isActive = true) => (
	<Box flexDirection="column" width={columns}>
		<Text>above</Text>
		<InputPane
			draft={draft}
			columns={columns}
			row={1}
			column={0}
			isActive={isActive}
		/>
		<Text>below</Text>
	</Box>
);

const shownRow = async (t: TestContext, draft: Draft, columns: number) => {
	const screen = openInkScreen(t, columns, framed(draft, columns));
	const [above, row, below, ...others] = await screen.rows();
	assert.deepEqual([above, below, others.join('')], ['above', 'below', '']);
	return {row: row!, caret: await screen.caret()};
};

test('input: shows the prompt, the draft and the caret after it', async t => {
	const draft = draftOf(`日本 e\u{301}${family}`);
	assert.deepEqual(await shownRow(t, draft, 40), {
		row: `› 日本 e\u{301}${family}`,
		caret: [2 + 4 + 1 + 1 + 2, 1],
	});
	assert.deepEqual(await shownRow(t, draftOf('hello', 2), 40), {
		row: '› hello',
		caret: [4, 1],
	});
});

test('input: advice is told from the draft, without colours too', async t => {
	for (const [columns, row] of [
		[40, '› /me  (TEXT  send an action)'],
		[22, '› /me  (TEXT  send a…)'],
		[14, '› /me'],
	] as const) {
		const screen = openInkScreen(
			t,
			columns,
			<InputPane
				isActive
				draft={draftOf('/me', 3)}
				columns={columns}
				row={0}
				column={0}
				advice="TEXT  send an action"
			/>,
		);
		assert.equal((await screen.rows())[0], row);
		assert.deepEqual(await screen.caret(), [5, 0]);
	}
});

test('input: its caret is in its rows, at any width', async t => {
	const text = 'some words, 日本語 and so on 👍🏽. '.repeat(20);
	for (const columns of [20, 21, 40, 80, 200]) {
		for (const caret of [0, 140, text.length]) {
			const draft = draftOf(text, caret);
			const pane = (
				<InputPane
					isActive
					draft={draft}
					nick="otter"
					columns={columns}
					height={4}
					row={1}
					column={0}
				/>
			);
			const screen = openInkScreen(
				t,
				columns,
				<Box flexDirection="column">
					<Text>above</Text>
					{pane}
				</Box>,
			);
			// One terminal after the other: they share Ink's CPU.
			const [above, ...rows] = await screen.rows();
			assert.equal(above, 'above');
			assert.ok(rows.every(row => stringWidth(row) <= columns));
			const [x, y] = (await screen.caret())!;
			assert.ok(x! < columns && y! >= 1 && y! <= 4, `${columns}: ${x},${y}`);
			// What is left of the caret is what comes before it.
			const left = (await screen.cells())[y!]!.slice(0, x).join('');
			const typed = left.replace(/^(?:(?:\S+ )?› | *…? *)/u, '').trimEnd();
			assert.ok(text.slice(0, caret).trimEnd().endsWith(typed), left);
		}
	}
});

test('input: grows with its text, and says if there is more', async t => {
	const text = Array.from({length: 12}, (_, index) => `row ${index}`).join(
		'\n',
	);
	const draft = draftOf(text);
	assert.equal(inputRows(draft, 'otter', 40), 8);
	assert.equal(inputRows(draftOf('a\nb'), 'otter', 40), 2);
	const screen = openInkScreen(
		t,
		40,
		<InputPane
			isActive
			draft={draft}
			nick="otter"
			columns={40}
			height={3}
			row={0}
			column={0}
		/>,
	);
	assert.deepEqual((await screen.rows()).slice(0, 3), [
		'      … row 9',
		'        row 10',
		'        row 11',
	]);
	assert.deepEqual(await screen.caret(), [8 + 6, 2]);
});

test('input: has the nick in its prompt, shorter where it is narrow', async t => {
	for (const [columns, nick, row] of [
		[40, 'otter', 'otter › hi'],
		[20, 'otter', '› hi'],
		[24, 'sandpiper', 'sand… › hi'],
		[40, '', '› hi'],
		[40, 'e\u{1B}[31m', 'e␛[31m › hi'],
	] as const) {
		const screen = openInkScreen(
			t,
			columns,
			<InputPane
				isActive
				draft={draftOf('hi')}
				nick={nick}
				columns={columns}
				row={0}
				column={0}
			/>,
		);
		assert.equal((await screen.rows())[0], row);
		assert.deepEqual(await screen.caret(), [stringWidth(row), 0]);
	}
});

test('input: a search shows what is looked for, and what is found', async t => {
	const history = ['the otter', 'two\nlines'];
	const search = (query: string, index: number, hasFailed = false) => ({
		...createDraft(),
		history,
		search: {query, index, hasFailed},
	});
	for (const [draft, row, caret] of [
		[search('ott', 0), '(search) ott: the otter', 12],
		[search('', 2), '(search) :', 9],
		[search('li', 1), '(search) li: two⏎lines', 11],
		[search('x', 2, true), '(not found) x:', 13],
		[search('ott', 0, true), '(no more) ott: the otter', 13],
	] as const) {
		const shown = await shownRow(t, draft, 40);
		assert.deepEqual(shown, {row, caret: [caret, 1]});
	}
});

test('input: is where the app puts it', async t => {
	const screen = openInkScreen(
		t,
		30,
		<Box flexDirection="column" width={30}>
			<Text>above</Text>
			<Text>above</Text>
			<Box>
				<Text>{'│ '}</Text>
				<InputPane
					isActive
					draft={draftOf('hello')}
					columns={26}
					row={2}
					column={2}
				/>
				<Text>{' │'}</Text>
			</Box>
		</Box>,
	);
	assert.equal((await screen.rows())[2], `│ › hello${' '.repeat(20)}│`);
	assert.deepEqual(await screen.caret(), [2 + 2 + 5, 2]);
});

test('input: hides the caret while inactive', async t => {
	const screen = openInkScreen(t, 30, framed(draftOf('hello'), 30));
	assert.deepEqual(await screen.caret(), [7, 1]);
	await screen.rerender(framed(draftOf('hello'), 30, false));
	assert.equal(await screen.caret(), undefined);
	await screen.rerender(framed(draftOf('hello!'), 30));
	assert.deepEqual(await screen.caret(), [8, 1]);
});

test('input: shows a hint while empty, if it fits', async t => {
	const empty = createDraft();
	assert.deepEqual(await shownRow(t, empty, 21), {
		row: '› message, or /help',
		caret: [2, 1],
	});
	const short = (
		<InputPane
			isActive
			draft={empty}
			columns={20}
			row={0}
			column={0}
			hint="a hint that is too long"
		/>
	);
	assert.equal((await openInkScreen(t, 20, short).rows())[0], '›');
});

test('input: shows how far a text is over the limit, beside the text', async t => {
	const over = draftOf('x'.repeat(16_384 + 12));
	const rows = new Map<number, string>();
	for (const columns of [20, 40, 80]) {
		rows.set(columns, (await shownRow(t, over, columns)).row);
	}

	assert.match(rows.get(20)!, /^… x+ +12 over$/u);
	assert.match(rows.get(40)!, /^… x+ +12 bytes over$/u);
	assert.match(rows.get(80)!, /^… x+ +12 bytes over the limit of 16384$/u);
	const {row} = await shownRow(t, draftOf('x'.repeat(16_384)), 80);
	assert.doesNotMatch(row, /over/);
});

test('input: asks about a paste in its own row', async t => {
	const draft = pasted(draftOf('look: '), 'x\r'.repeat(12));
	const questions = new Map([
		[20, '12 lines? Enter/Esc'],
		[30, 'Send 12 lines? Enter/Tab/Esc'],
		[51, 'Send 12 lines as one? Enter · Tab split · Esc edit'],
		[
			80,
			'Send 12 lines as one message? Enter · Tab line by line · Esc edit · Ctrl-C drop',
		],
	]);
	for (const [columns, row] of questions) {
		const shown = await shownRow(t, draft, columns);
		assert.deepEqual(shown, {row, caret: [row.length, 1]});
	}
});

test('input: does not offer to send a message that is too long', async t => {
	const draft = pasted(
		createDraft(),
		'x'.repeat(8192) + '\r' + 'x'.repeat(8192),
	);
	assert.equal(
		(await shownRow(t, draft, 100)).row,
		'2 lines pasted, 1 byte over the limit of 16384. Tab line by line · Esc edit · Ctrl-C drop',
	);
	assert.equal((await shownRow(t, draft, 20)).row, '1 over. Tab/Esc');
});

test('input: fits any question into 20 columns', async t => {
	for (const count of [2, 99_999, 1_000_000]) {
		for (const isByLine of [false, true]) {
			const draft: Draft = {
				...createDraft({limitBytes: Infinity, sendsBlank: true}),
				question: {text: 'a\nb', lineCount: count, isByLine},
			};

			assert.match((await shownRow(t, draft, 20)).row, /Enter/);
		}
	}
});

test('input: types, sends and asks about pastes in a whole app', async t => {
	const sent: string[] = [];
	const App = () => {
		const [draft, setDraft] = useState(createDraft);
		// All keys of a chunk come before React renders again.
		const latest = useRef(draft);
		const show = (next: Draft) => {
			latest.current = next;
			setDraft(next);
		};

		useKeyboard({
			onKey(key) {
				const pressed = press(latest.current, key);
				show(pressed.draft);
				sent.push(...pressed.texts);
			},
			onPaste(text) {
				show(pasted(latest.current, text));
			},
		});
		return (
			<InputPane
				isActive
				draft={draft}
				columns={40}
				height={inputRows(draft, '', 40)}
				row={0}
				column={0}
			/>
		);
	};

	const screen = openInkScreen(t, 40, <App />);
	await screen.type('abc\u{7F}\u{1B}[D\u{1B}[Dé');
	assert.equal((await screen.rows())[0], '› éab');
	assert.deepEqual(await screen.caret(), [3, 0]);

	await screen.type('\r');
	await screen.type('next');
	assert.deepEqual(sent, ['éab']);
	assert.equal((await screen.rows())[0], '› next');

	await screen.type('\u{1B}[200~: one\rtwo\r\u{1B}[201~');
	assert.equal((await screen.rows())[0], 'Send 2 lines? Enter/Tab/Esc');
	await screen.type('\u{1B}');
	assert.deepEqual((await screen.rows()).slice(0, 2), ['› next: one', '  two']);
	await screen.type('\r');
	assert.deepEqual(sent, ['éab', 'next: one\ntwo']);
});
