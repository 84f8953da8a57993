/** The views of the screen: scrolled, resized, and at any width. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import type {ChatEvent} from '../../source/event/event.js';
import {type Model} from '../../source/store/model.js';
import {reduce} from '../../source/store/reduce.js';
import {openApp} from '../helpers/app.js';
import {chunkOf} from '../helpers/chunks.js';
import {
	connections,
	kernelSocket,
	modelOf,
	peerRow,
	wallNow,
} from '../helpers/models.js';
import {called, read} from '../helpers/steps.js';

const count = 60;
const numbers = Array.from({length: count}, (_value, index) => index);
const at = wallNow;

const noticeOf = (index: number): ChatEvent => ({
	type: 'notice',
	at,
	tone: 'warn',
	text: `notice ${index} 漢字 👩‍👩‍👧 ${'word '.repeat(index % 9)}`,
});

const stepOf = (index: number): ChatEvent => {
	const changes = {at: at + index, peer: `127.0.0.1:${30_000 + index}`};
	const step =
		index % 2 === 0
			? called('pause()', changes)
			: read('ESTABLISHED', {...changes, end: 'remote'});
	return {type: 'step', at, step};
};

const chunkEvent = (index: number): ChatEvent => ({
	type: 'wire',
	...chunkOf(`{"type":"message","n":${index}}\n`, {offset: index * 30}),
});

// Never old, so that no age counts up while a test runs.
const readAt = at + 1e13;

const peersOf = (length: number): ChatEvent => ({
	type: 'peers',
	at: readAt,
	rows: Array.from({length}, (_row, index) =>
		peerRow({
			peer: `127.0.0.1:${20_000 + index}`,
			nick: `nick-${String(index).padStart(3, '0')}`,
		}),
	),
	listening: kernelSocket({state: 'LISTEN'}),
	backlog: 511,
	refused: 0,
});

const events: readonly ChatEvent[] = [
	...numbers.flatMap(index => [
		noticeOf(index),
		stepOf(index),
		chunkEvent(index),
	]),
	peersOf(1000),
];

const client: Model = reduce(modelOf({connection: connections.silent}), events);
const server: Model = reduce(modelOf(), [
	{
		type: 'listening',
		at,
		state: {phase: 'listening', since: 0},
		place: {host: '127.0.0.1', port: 5001},
	},
	...events,
]);

const views = {
	chat: undefined,
	wire: '/wire\r',
	lifecycle: '/lifecycle\r',
	peers: '/peers\r',
} as const;

type View = keyof typeof views;

const openView = async (
	t: Parameters<typeof openApp>[0],
	view: View,
	options: Parameters<typeof openApp>[1] = {},
) => {
	const app = await openApp(t, {model: server, ...options});
	if (views[view]) {
		await app.type(views[view]);
	}

	return app;
};

const marks = {
	chat: /notice (?<number>\d+)/u,
	wire: /"n":(?<number>\d+)/u,
	lifecycle: /02:11\.(?<number>\d+)/u,
	peers: /nick-(?<number>\d+)/u,
} as const;

/** What of a view is to be seen at any width. */
const always = {
	chat: /notice/u,
	wire: /^(?:│ )?[\da-f]{4} {2}/mu,
	lifecycle: /pause\(\)/u,
	peers: /nick-/u,
} as const;

test('app: Ctrl-O writes the calls of the lifecycle in Python, C, and back', async t => {
	const app = await openView(t, 'lifecycle');
	const initial = await app.text();
	await app.type('\u{F}');
	assert.match(await app.text(), /· Python[\s\S]*# no \w+\.recv\(\) for now/);
	await app.type('\u{F}');
	assert.match(await app.text(), /· C [\s\S]*\/\* no recv\(\) for now/);
	await app.type('\u{F}');
	assert.equal(await app.text(), initial);
});

for (const view of Object.keys(views) as View[]) {
	test(`app: ${view} scrolls by pages, to its ends, and back`, async t => {
		const app = await openView(t, view, {columns: 80, rows: 24});
		const first = async () =>
			Number(marks[view].exec(await app.text())?.groups?.['number']);
		const initial = await app.text();
		const [forward, back] =
			view === 'peers'
				? (['page-down', 'page-up'] as const)
				: (['page-up', 'page-down'] as const);
		const start = await first();
		await app.press(forward);
		const onePage = await first();
		assert.notEqual(onePage, start);
		await app.press(forward);
		const twoPages = await first();
		assert.equal(Math.sign(twoPages - onePage), Math.sign(onePage - start));
		await app.press(back, back);
		assert.equal(await app.text(), initial);

		await app.press('home');
		const top = await first();
		assert.equal(top, view === 'lifecycle' ? 204 : 0);
		await app.press('page-up');
		assert.equal(await first(), top, 'there is nothing above');
		assert.match(await app.footer(), /↓ \d+ below/u);
		await app.press('end');
		const bottom = await app.text();
		assert.doesNotMatch(bottom, /below/u);
		await app.press('page-down');
		assert.equal(await app.text(), bottom, 'there is nothing below');
		await app.press('home');
		await app.escape();
		assert.equal(await app.text(), bottom);
	});

	test(`app: ${view} is whole at any width`, async t => {
		for (const [columns, rows] of [
			[20, 24],
			[20, 8],
			[40, 24],
			[80, 24],
			[80, 9],
			[120, 30],
			[200, 50],
		] as const) {
			for (const model of [client, server]) {
				// One terminal after the other: they share Ink's CPU.

				const app = await openView(t, view, {
					columns,
					rows,
					model,
					isExplained: columns > 40,
				});
				await app.assertWhole();
				await app.press('page-up');
				await app.assertWhole();
				assert.match(await app.text(), always[view]);
			}
		}
	});

	test(`app: nothing of ${view} is left over when the terminal is resized`, async t => {
		const app = await openView(t, view, {columns: 200, rows: 40});
		for (const [columns, rows] of [
			[80, 24],
			[40, 24],
			[20, 12],
			[120, 30],
			[99, 30],
			[20, 9],
			[200, 40],
		] as const) {
			await app.resize(columns, rows);
			await app.assertWhole();
			const fresh = await openView(t, view, {columns, rows});
			assert.equal(await app.text(), await fresh.text());
		}
	});
}

test('app: a view keeps its place while another one is shown', async t => {
	const app = await openView(t, 'wire');
	await app.press('page-up');
	const before = await app.text();
	await app.press('ctrl-t', 'page-up', 'ctrl-t', 'ctrl-t', 'ctrl-t');
	assert.equal(await app.text(), before);
});

test('app: Home and End move in the draft if there is one', async t => {
	const app = await openView(t, 'chat');
	const before = await app.footer();
	await app.type('draft');
	await app.press('home');
	await app.type('a ');
	assert.equal((await app.rows()).at(-1), 'otter › a draft');
	assert.equal(await app.footer(), before);
});

test('app: a reader who scrolled up stays there until they send a message', async t => {
	const app = await openView(t, 'chat');
	await app.press('page-up');
	const before = (await app.rows()).slice(3, -2);
	await app.tell(noticeOf(100), noticeOf(101));
	assert.deepEqual((await app.rows()).slice(3, -2), before);
	assert.match(await app.footer(), /↓ 2 new below/u);
	await app.type('a word\r');
	assert.match(await app.text(), /notice 101/u);
	assert.doesNotMatch(await app.footer(), /below/u);
});

test('app: the table follows its peers as they come and go', async t => {
	const app = await openView(t, 'peers');
	await app.press('end');
	assert.match(await app.text(), /nick-999/u);
	await app.tell(peersOf(2));
	const text = await app.text();
	assert.match(text, /─ peers 2 /u);
	assert.match(text, /nick-000[\s\S]*nick-001/u);
	await app.tell(peersOf(0));
	assert.match(await app.text(), /Nobody is connected\./u);
});
