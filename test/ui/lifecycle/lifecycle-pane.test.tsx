import assert from 'node:assert/strict';
import {afterEach, test} from 'node:test';
import {cleanup, render} from 'ink-testing-library';
import type {Step} from '../../../source/tcp/tcp.js';
import {toDisplay} from '../../../source/protocol/display.js';
import type {Area, Frame} from '../../../source/ui/layout.js';
import {
	LifecyclePane,
	type LifecyclePaneProps,
} from '../../../source/ui/lifecycle/lifecycle-pane.js';
import {appendNewest, noneYet} from '../../../source/store/newest.js';
import {listeningOf, modelOf, socketOf, wallNow} from '../../helpers/models.js';
import {called, read} from '../../helpers/steps.js';

afterEach(cleanup);

const areaOf = (frame: Frame, width = 60, height = 7): Area => ({
	x: 0,
	y: 0,
	width,
	height,
	frame,
});

const linesOf = (element: Parameters<typeof render>[0]) =>
	render(element).lastFrame()!.split('\n');

const at = wallNow;
const steps: readonly Step[] = [
	called('connect()', {at}),
	read('ESTABLISHED', {at}),
	read('ESTABLISHED', {at, end: 'remote'}),
];

const lifecycle = (changes: Partial<LifecyclePaneProps> = {}) =>
	linesOf(
		<LifecyclePane
			area={areaOf('box')}
			note={toDisplay('')}
			model={modelOf(socketOf({steps}))}
			isExplained={false}
			wallNow={wallNow}
			anchor={undefined}
			{...changes}
		/>,
	);

test('lifecycle pane: is a ladder with a legend', () => {
	assert.deepEqual(lifecycle(), [
		'╭ lifecycle 127.0.0.1:5001 ────────────────────────────────╮',
		'│              client (here)         server                │',
		'│ 14:02:11.204 connect()                                   │',
		'│ 14:02:11.204 ● ESTABLISHED                               │',
		'│ 14:02:11.204                       ● ESTABLISHED         │',
		'│                                                          │',
		'╰ ● read from the kernel · ○ inferred ─────────────────────╯',
	]);
});

test('lifecycle pane: a narrow one is a list, with one more symbol', () => {
	assert.deepEqual(lifecycle({area: areaOf('rules', 40, 6)}), [
		'─ lifecycle 127.0.0.1:5001 ─────────────',
		'14:02:11.204 connect()',
		'14:02:11.204 ● ESTABLISHED',
		'14:02:11.204 →● ESTABLISHED',
		'',
		'─ ● read · ○ inferred · → other end ────',
	]);
});

test('lifecycle pane: on a server the right side of the ladder is here', () => {
	const model = modelOf({...socketOf({steps}), listening: listeningOf()});
	assert.match(lifecycle({model})[1]!, / client +server \(here\) /u);
});

test('lifecycle pane: while scrolled, shows how much is below', () => {
	const anchor = {index: 0, line: 0, seenEnd: 3};
	const box = lifecycle({area: areaOf('box', 60, 5), anchor});
	assert.match(box[2]!, /connect\(\)/u);
	assert.match(box.at(-1)!, /^╰ ↓ 1 below ─/u);
	const bare = lifecycle({area: areaOf('bare', 60, 3), anchor});
	assert.deepEqual(bare.slice(1), ['14:02:11.204 connect()', '↓ 2 below']);
});

test('lifecycle pane: without steps, says why', () => {
	for (const [where, why] of [
		['127.0.0.1:5001', /No steps yet\. Each call and each state shows here/u],
		['[::1]:5001', /No steps yet\. Each call and each state shows here/u],
		['/run/user/1000/room.sock', /A Unix domain socket has no TCP states/u],
		['/tmp/odd:5001', /A Unix domain socket has no TCP states/u],
		['@room:5001', /A Unix domain socket has no TCP states/u],
	] as const) {
		const lines = lifecycle({model: {...modelOf(), where}});
		assert.match(lines[1]!, why);
		assert.doesNotMatch(lines.join('\n'), /client|●/u);
	}
});

const transfer: Step = {
	kind: 'call',
	call: 'recv(65536)',
	result: '5',
	offset: 0,
	text: 'hello',
	at,
	peer: '127.0.0.1:53122',
};

test('lifecycle pane: writes calls in Python and in C; none is cut', () => {
	const socket = socketOf({
		steps: [called('bind(127.0.0.1:5001)', {at}), called('listen(1)', {at})],
		transfers: appendNewest<Step>(noneYet, transfer, 9),
	});
	const rowsIn = (spelling: LifecyclePaneProps['spelling'], width: number) =>
		lifecycle({
			area: areaOf('rules', width, 9),
			model: {...modelOf(socket), listening: listeningOf()},
			spelling,
		});
	for (const width of [80, 100, 160]) {
		const python = rowsIn('python', width).join('\n');
		assert.match(python, /lifecycle \S+ · Python ─/);
		assert.match(python, /s\.bind\(\('127\.0\.0\.1', 5001\)\)/);
		assert.match(python, /len=5 "hello" ·+▸│ conn\.recv\(65536\)/);
		const c = rowsIn('c', width).join('\n');
		assert.match(c, / · C ─/);
		assert.match(c, /bind\(fd, &addr, sizeof addr\)/);
		assert.match(c, /recv\(conn, buf, 65536, 0\)( = 5)?$/m);
	}
});
