/** Whatever is said, the frames of the panes stay where they are. */
import assert from 'node:assert/strict';
import {env} from 'node:process';
import {test} from 'node:test';
import {SockchatError} from '../../../source/errors.js';
import type {ServerFrame} from '../../../source/protocol/frame.js';
import type {ChatEvent} from '../../../source/event/event.js';
import {ShownText} from '../../../source/ui/text/shown-text.js';
import {openApp} from '../../helpers/app.js';
import {listeningOf, modelOf, peerRow, wallNow} from '../../helpers/models.js';

const id = '0123456789abcdef';

const hostile = [
	'\u001B[2J\u001B[H\u001B[31mred',
	'\u001B]52;c;ZXZpbA==\u0007\u001B]0;owned\u0007\u001B]8;;http://x\u001B\\x',
	'\u001BP+q\u001B\\ \u001B_apc\u001B\\ \u009B2J\u009D0;c1\u009C',
	'back\b\b\b\b\b\b\b\b return\rforged \u000B\u000C\u0085',
	'bidi \u202Edesrever\u202C \u2066x\u2069 \u061C\u200F',
	`zero ${'\u200B'.repeat(200)} \u200D\u200D\u2060\uFEFF`,
	`marks ${'e\u0301\u0302\u0303\u0304\u0305\u0306\u0307'.repeat(30)}`,
	`wide ${'漢字한국ｶﾞ'.repeat(30)}`,
	'paste \u001B[200~rm -rf /\r\u001B[201~ \u001B[201~\u001B[200~',
	'half \uD800 \uDFFF क्षि น้ำ \u1100\u1161\u11A8 \u0D4E\u0D15',
	`tones ${'👍🏽👋🏿☝🏽'.repeat(40)}`,
	`emoji ${'❤️🇩🇪👨‍👩‍👧1️⃣ 🧑🏽‍🚀'.repeat(30)}`,
	`links ${'👍🏽https://a.test/❤️(https://b.test/otter),'.repeat(10)}`,
	'tab\there\nand\u2028there\u2029',
];

/** All that a peer or a server can put on a screen. */
const tell = (texts: readonly string[]): ChatEvent[] => {
	const frames = texts.flatMap<ServerFrame>((text, index) => {
		const entry = {seq: index * 4 + 1, at: wallNow, id};
		return [
			{...entry, type: 'message', from: text, n: 1, text},
			{...entry, type: 'joined', seq: entry.seq + 1, nick: text},
			{...entry, type: 'renamed', seq: entry.seq + 2, from: text, to: text},
			{
				...entry,
				type: 'left',
				seq: entry.seq + 3,
				nick: text,
				reason: text as 'quit',
			},
			{type: 'whispered', n: 1, from: text, id, to: text, text, at: wallNow},
			{type: 'error', code: 'ERR_BAD_FRAME', message: text},
		];
	});
	return [
		...frames.map(frame => ({type: 'frame', at: wallNow, frame}) as const),
		{
			type: 'frame',
			at: wallNow,
			frame: {type: 'members', count: texts.length, names: texts},
		},
		{
			type: 'failed',
			at: wallNow,
			n: 1,
			error: new SockchatError('ERR_INTERNAL', texts[0]!),
		},
		{
			type: 'peers',
			at: wallNow,
			rows: texts.map(text => peerRow({peer: text, nick: text})),
			listening: undefined,
			backlog: 1,
			refused: 0,
		},
	];
};

const frameParts = new Set('│╭╮╰╯');

/** Where the frames are, whatever stands between them. */
const framesOf = (cells: readonly string[][]) =>
	cells.flatMap((row, y) =>
		row.flatMap((text, x) =>
			frameParts.has(text) ? [`${text} ${x},${y}`] : [],
		),
	);

test('screen: no text moves a frame, at 20 to 200 columns', async t => {
	const options = {
		columns: 200,
		rows: 30,
		widths: 'characters',
		model: modelOf({listening: listeningOf()}),
	} as const;
	const calm = await openApp(t, options);
	const shaken = await openApp(t, options);
	await calm.tell(...tell(hostile.map(() => 'harmless')));
	await shaken.tell(...tell(hostile));
	const isAll = env['FAST_CHECK_RUNS'] !== undefined;
	for (const view of ['', '/peers\r']) {
		await calm.resize(200, 30);
		await shaken.resize(200, 30);
		await calm.type(view);
		await shaken.type(view);
		assert.ok(framesOf(await calm.cells()).length > 100);
		for (let columns = 200; columns >= 20; columns -= isAll ? 1 : 9) {
			await calm.resize(columns, 30);
			await shaken.resize(columns, 30);
			const cells = await shaken.cells();
			assert.deepEqual(
				framesOf(cells),
				framesOf(await calm.cells()),
				`${columns} columns\n${await shaken.text()}`,
			);
			assert.equal(cells.length, 30);
			assert.match((await shaken.rows()).at(-1)!, /› /u);
			for (const text of cells.flat()) {
				assert.doesNotMatch(text, /[\p{Cc}\p{Bidi_Control}]/v);
			}
		}
	}
});

test('screen: a string that has not passed toDisplay() does not compile', () => {
	const text: string = hostile[0]!;
	// This is the test: npm test runs tsc, which fails if it does compile.
	// @ts-expect-error A string is not DisplayText.
	assert.ok(<ShownText text={text} />);
});

test('screen: text copied from it never ends a paste elsewhere', async t => {
	const app = await openApp(t);
	await app.tell(...tell(['x\u001B[201~\rrm -rf /\r']));
	assert.match(await app.text(), /x␛\[201~␍rm -rf \/␍/u);
	assert.doesNotMatch(await app.text(), /[^\P{Cc}\n]/v);
	// Nor does it in a draft.
	await app.type('\u001B[200~a\u001B[31mb\u009B201~c\u001B[201~');
	assert.match((await app.rows()).at(-1)!, / › a␛\[31mb\\x9b201~c$/u);
	assert.deepEqual(app.lines, []);
});
