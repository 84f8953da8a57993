import assert from 'node:assert/strict';
import {env} from 'node:process';
import {test} from 'node:test';
import fc from 'fast-check';
import stringWidth from 'string-width';
import type {Step} from '../../../source/tcp/tcp.js';
import {
	ladderColumns,
	lifecycleHead,
	lifecycleView,
	sideOf,
	timelineRows,
	type LifecycleView,
} from '../../../source/ui/lifecycle/timeline.js';
import type {ArrowEvidence} from '../../../source/tcp/rungs.js';
import {
	layRungs,
	ownStyle,
	rungColumns,
	rungRows,
} from '../../../source/ui/lifecycle/rungs.js';
import {timesLeft} from '../../../source/ui/lifecycle/time-left.js';
import {
	scrollBy,
	scrollToTop,
	visibleRows,
	type Anchor,
} from '../../../source/ui/pane/window.js';
import {emptySocketView} from '../../../source/store/socket-view.js';
import {
	appendNewest,
	noneYet,
	type Newest,
} from '../../../source/store/newest.js';
import {
	anyCounted,
	anySegment,
	anyStep,
	anyTransfer,
} from '../../helpers/any-model.js';
import {listeningOf, textsOf, wallNow} from '../../helpers/models.js';
import {called, inferred, read, received} from '../../helpers/steps.js';

const runs = Number(env['FAST_CHECK_RUNS'] ?? 1000);

const at = wallNow;
const steps: readonly Step[] = [
	called('connect()', {at}),
	inferred('SYN-SENT', {at}),
	read('ESTABLISHED', {at}),
	read('ESTABLISHED', {at, end: 'remote'}),
	received('FIN', {at}),
	called('close()', {at}),
];

const ofPeer = (step: Step): Step => ({...step, peer: '127.0.0.1:53122'});

const listed = (
	width: number,
	height = 20,
	explained: 'last' | 'none' = 'none',
	all = steps,
) => textsOf(timelineRows(all, {explained, width, height}));

test('timeline: is a list with the newest step at the bottom', () => {
	assert.deepEqual(listed(40), [
		'14:02:11.204 connect()',
		'14:02:11.204 ○ SYN-SENT',
		'14:02:11.204 ● ESTABLISHED',
		'14:02:11.204 →● ESTABLISHED',
		'14:02:11.204 ← FIN',
		'14:02:11.204 close()',
	]);
	assert.equal(listed(27)[3], listed(40)[3]);
	assert.equal(listed(26)[3], '14:02:11.204→● ESTABLISHED');
	assert.deepEqual(listed(40, 2), listed(40).slice(-2));
	assert.deepEqual(listed(40, 0), []);
	assert.deepEqual(listed(40, 9, 'last', []), []);
});

test("timeline: drops what doesn't fit, the name last", () => {
	assert.deepEqual(listed(20).slice(1, 4), [
		'○ SYN-SENT',
		'● ESTABLISHED',
		'→● ESTABLISHED',
	]);
	assert.equal(listed(20)[0], 'connect()', 'a row alone is not ragged');
	assert.deepEqual(listed(10).slice(2, 4), ['● ESTABLI…', '● ESTABLI…']);
});

test('timeline: a call loses its arguments before its time', () => {
	const all = [called('setsockopt(SO_REUSEADDR, 1)', {at})];
	const drawn = (width: number) => listed(width, 1, 'none', all);
	assert.deepEqual(drawn(50), ['14:02:11.204 setsockopt(SO_REUSEADDR, 1)']);
	assert.deepEqual(drawn(28), ['14:02:11.204 setsockopt()']);
});

test("timeline: the other end's call is still inferred without its arguments", () => {
	const accept: Step = {
		kind: 'call',
		call: 'accept()',
		end: 'remote',
		evidence: 'inferred',
		result: '127.0.0.1:42476',
		peer: undefined,
		at,
	};
	assert.equal(
		listed(26, 20, 'none', [...steps, accept]).at(-1),
		'14:02:11.204→○ accept()',
	);
});

test('timeline: times lose their milliseconds before peers are dropped', () => {
	const all = steps.map(step => ofPeer(step));
	assert.deepEqual(listed(33, 4, 'none', all), [
		'14:02:11.204 ● ESTABLISHED :53122',
		'14:02:11.204→● ESTABLISHED :53122',
		'14:02:11.204 ← FIN :53122',
		'14:02:11.204 close() :53122',
	]);
	assert.equal(
		listed(34, 3, 'none', all)[0],
		'14:02:11.204 →● ESTABLISHED :53122',
	);
	assert.equal(listed(30, 3, 'none', all)[0], '14:02:11 →● ESTABLISHED :53122');
	assert.deepEqual(listed(29, 4, 'none', all), [
		'14:02:11 ● ESTABLISHED :53122',
		'14:02:11→● ESTABLISHED :53122',
		'14:02:11 ← FIN :53122',
		'14:02:11 close() :53122',
	]);
});

test('timeline: only the last step is explained, if any', () => {
	const rows = listed(40, 20, 'last');
	assert.deepEqual(rows.slice(0, 6), listed(40));
	assert.match(
		rows.slice(6).join(' '),
		/^ {2}The process released the socket/u,
	);
	assert.ok(rows.length > 7, 'it is wrapped');
	assert.deepEqual(listed(40, 3, 'last'), rows.slice(-3));
});

test('timeline: each row fits, whatever the steps', () => {
	const all = fc.array(anyStep, {maxLength: 30});
	fc.assert(
		fc.property(
			all,
			fc.integer({min: 14, max: 200}),
			fc.integer({min: 0, max: 40}),
			fc.constantFrom('last' as const, 'none' as const),
			(some, width, height, explained) => {
				const rows = listed(width, height, explained, some);
				assert.ok(rows.length <= height);
				for (const row of rows) {
					assert.ok(stringWidth(row) <= width, JSON.stringify(row));
				}
			},
		),
		{numRuns: runs},
	);
});

type Changes = Partial<LifecycleView> & {readonly steps?: readonly Step[]};

const viewOf = ({
	steps: own = steps,
	...changes
}: Changes = {}): LifecycleView => ({
	source: {...emptySocketView, steps: own},
	isExplained: false,
	side: 'client',
	anchor: undefined,
	width: 53,
	height: 20,
	...changes,
});

const shown = (changes: Changes = {}): string[] => {
	const view = viewOf(changes);
	const {rows} = visibleRows(lifecycleView(view));
	return textsOf([...lifecycleHead(view), ...rows]).map(row => row.trimEnd());
};

test('timeline: a ladder has the client on the left and the server on the right', () => {
	assert.deepEqual(shown(), [
		'             client (here)       server',
		'14:02:11.204 connect()',
		'14:02:11.204 ○ SYN-SENT',
		'14:02:11.204 ● ESTABLISHED',
		'14:02:11.204                     ● ESTABLISHED',
		'14:02:11.204 ◂──────────────── FIN ─────────────────',
		'14:02:11.204 close()',
	]);
});

test('timeline: on a server the right column is here', () => {
	const all = steps.slice(2).map(step => ofPeer(step));
	assert.deepEqual(shown({steps: all, side: 'server'}), [
		'             client              server (here)',
		'14:02:11.204                     ● ESTABLISHED :53122',
		'14:02:11.204 ● ESTABLISHED :53122',
		'14:02:11.204 ───────────── FIN :53122 ─────────────▸',
		'14:02:11.204                     close() :53122',
	]);
	assert.equal(sideOf({listening: listeningOf()}), 'server');
	assert.equal(sideOf({listening: undefined}), 'client');
	assert.equal(sideOf({listening: undefined, isOfOthers: true}), 'server');
});

test('timeline: too narrow for a ladder, all steps are a list', () => {
	assert.deepEqual(shown({width: ladderColumns - 1}), listed(42));
	assert.match(shown({width: ladderColumns})[0]!, /client \(here\) +server$/u);
});

test('timeline: with explanations, each step is followed by its own', () => {
	const rows = shown({isExplained: true, width: 75, height: 99});
	const heads = rows.filter(row => row.startsWith('14:02'));
	assert.equal(heads.length, steps.length);
	for (const head of heads) {
		assert.match(rows[rows.indexOf(head) + 1]!, /^ {2}\S/u);
	}

	assert.ok(shown().every(row => !row.startsWith('  T')));
});

const waiting = {
	...read('TIME-WAIT', {at}),
	endsAt: at + 59_000,
} as Step;

test('timeline: TIME-WAIT says what is left, while it is the last state', () => {
	const drawnAt = (all: readonly Step[], now: number, width: number) =>
		textsOf(
			visibleRows(
				lifecycleView({
					...viewOf({steps: all}),
					width,
					style: {...ownStyle, timesLeft: timesLeft(all, now)},
				}),
			).rows,
		).join('\n');
	const lasting = [...steps, waiting];
	for (const width of [30, 50, 76, 120]) {
		assert.match(drawnAt(lasting, at, width), /● TIME-WAIT ≤60 s/);
		assert.match(drawnAt(lasting, at + 9001, width), /● TIME-WAIT ≤50 s/);
		assert.match(drawnAt(lasting, at + 58_000, width), /● TIME-WAIT <10 s/);
		const over = drawnAt(lasting, at + 59_000, width);
		assert.match(over, /● TIME-WAIT/);
		assert.doesNotMatch(over, /TIME-WAIT [<\d]/);
		const closed = [...lasting, read('CLOSED', {at})];
		assert.doesNotMatch(drawnAt(closed, at, width), /TIME-WAIT [<\d]/);
	}
});

test('timeline: a name keeps its time rather than what is left', () => {
	const rows = (width: number) =>
		textsOf(
			timelineRows([waiting], {
				explained: 'none',
				width,
				height: 1,
				timesLeft: timesLeft([waiting], at),
			}),
		);
	assert.deepEqual(rows(30), ['14:02:11.204 ● TIME-WAIT ≤60 s']);
	assert.deepEqual(rows(24), ['14:02:11 ● TIME-WAIT']);
});

test('timeline: can be scrolled from the newest step to the first', () => {
	const many = Array.from({length: 50}, (_step, index) =>
		called('pause()', {at: at + index}),
	);
	for (const isExplained of [false, true]) {
		const view = viewOf({steps: many, isExplained, height: 9});
		const anchored = (anchor: Anchor | undefined) =>
			lifecycleView({...view, anchor});
		const times = (anchor: Anchor | undefined) =>
			textsOf(visibleRows(anchored(anchor)).rows).filter(row =>
				row.startsWith('14:'),
			);
		assert.match(times(undefined).at(-1)!, /\.253 /u, 'follows the newest');
		const top = scrollToTop(anchored(undefined));
		assert.match(times(top)[0]!, /\.204 /u);
		assert.equal(visibleRows(anchored(top)).rows.length, 8, 'a full page');

		const up = scrollBy(anchored(undefined), -10);
		const before = times(up);
		const later = [...many, called('resume()', {at: at + 90})];
		assert.deepEqual(
			textsOf(
				visibleRows(
					lifecycleView({
						...viewOf({steps: later, isExplained, height: 9}),
						anchor: up,
					}),
				).rows,
			).filter(row => row.startsWith('14:')),
			before,
			'a reader stays where they are',
		);
	}
});

const newestOf = (all: readonly Step[]): Newest<Step> => {
	let newest: Newest<Step> = noneYet;
	for (const step of all) {
		newest = appendNewest(newest, step, 1000);
	}

	return newest;
};

const anySource = fc.record({
	steps: fc.array(anyStep, {maxLength: 30}),
	droppedSteps: fc.nat({max: 2}),
	keptSince: fc.record({calls: fc.nat(), beats: fc.nat()}, {requiredKeys: []}),
	transfers: fc
		.array(fc.oneof(anyTransfer, anyCounted), {maxLength: 10})
		.map(all => newestOf(all)),
	segments: fc.array(anySegment, {maxLength: 20}).map(all => newestOf(all)),
});

test('timeline: no row of a ladder is too wide, whatever the steps', () => {
	fc.assert(
		fc.property(
			fc.record({
				source: anySource,
				width: fc.integer({min: 14, max: 200}),
				height: fc.integer({min: 1, max: 40}),
				isExplained: fc.boolean(),
				side: fc.constantFrom('client', 'server'),
			}),
			view => {
				const rows = shown(view);
				assert.ok(rows.length <= view.height);
				for (const row of rows) {
					assert.ok(stringWidth(row) <= view.width, JSON.stringify(row));
				}
			},
		),
		{numRuns: runs},
	);
});

test('timeline: the first row says what is not kept, at any width', () => {
	const {transfers} = emptySocketView;
	const cut = appendNewest(
		{...transfers, dropped: 7},
		{...called('send(2)', {at}), result: '2', offset: 9} as Step,
		10,
	);
	const rowsAt = (width: number, keptSince = {}) =>
		shown({
			source: {
				...emptySocketView,
				steps,
				droppedSteps: 3,
				transfers: cut,
				keptSince,
			},
			width,
			height: 20,
		});
	assert.equal(
		rowsAt(110)[1],
		'Not kept: calls and states before 14:02:11.204; send() and recv() before 14:02:11.204.',
	);
	assert.match(
		rowsAt(110, {calls: at + 1000, beats: at + 2000}).join(' '),
		/ send\(\) and recv\(\) before 14:02:12\.204; heartbeats before *14:02:13\.204\./,
	);
	// A narrow list has no send() and recv() anyway.
	assert.match(rowsAt(60).join('\n'), /^Not kept: calls .*\.204\.$/m);
	assert.match(rowsAt(30).join(' '), /^Not kept: calls and states before/);
	for (const width of [110, 60, 30]) {
		assert.doesNotMatch(shown({steps, width}).join(' '), /Not kept/);
	}
});

test('timeline: how a segment is known shows without colour, and a closed window in any ladder', () => {
	const rowOf = (evidence: ArrowEvidence, window: number) => {
		const rung = {
			time: {at},
			peer: undefined,
			arrow: {from: 'client', evidence, name: 'ACK', ack: 4_000_000, window},
			segment: undefined,
			client: undefined,
			server: undefined,
		} as const;
		const rows = rungRows(rung, layRungs(rungColumns, false), 'client');
		return /│(.*)│/.exec(textsOf(rows)[0]!)?.[1];
	};

	assert.equal(rowOf('captured', 65_536), '───── ACK ack=4000000 ─────▸');
	assert.equal(rowOf('read', 65_536), '┄┄┄┄┄ ACK ack=4000000 ┄┄┄┄┄▸');
	assert.equal(rowOf('inferred', 65_536), '····· ACK ack=4000000 ·····▸');
	assert.equal(rowOf('captured', 0), '── ACK ack=4000000 win=0 ──▸');
});

test('timeline: a captured segment that was sent again says so, before its numbers', () => {
	const rowOf = (length: number, retransmitted?: number, seq = 1) => {
		const name = 'PSH';
		const sent = {seq, ack: 1, length, text: 'hello\n', retransmitted};
		const rung = {
			time: {at},
			peer: undefined,
			arrow: {from: 'client', evidence: 'captured', name, ...sent},
			segment: undefined,
			client: undefined,
			server: undefined,
		} as const;
		const rows = rungRows(rung, layRungs(rungColumns, false), 'client');
		return /│(.*)│/.exec(textsOf(rows)[0]!)?.[1];
	};

	assert.equal(rowOf(6), '─ PSH seq=1 len=6 "hell…" ─▸');
	assert.equal(rowOf(6, 1), '─ PSH (again) seq=1 len=6 ─▸');
	assert.equal(rowOf(65_483), '─── PSH seq=1 len=65483 ───▸');
	// A number that doesn't fit is left out whole.
	assert.equal(
		rowOf(65_483, undefined, 4_000_000),
		'─ PSH len=65483 "hello⏎" ──▸',
	);
	assert.equal(rowOf(65_483, 1), '── PSH (again) len=65483 ──▸');
});

test('timeline: a watched list names a peer only beside another one', () => {
	const rowsOf = (these: readonly Step[]) =>
		textsOf(
			visibleRows(
				lifecycleView({
					source: {...emptySocketView, steps: these},
					isExplained: false,
					side: 'server',
					style: {spelling: 'sockets', isWatched: true},
					anchor: undefined,
					width: 40,
					height: 9,
				}),
			).rows,
		);
	const one = read('ESTABLISHED', {at, end: 'remote', peer: '127.0.0.1:1'});
	const other = read('ESTABLISHED', {at, peer: '127.0.0.1:2'});
	assert.deepEqual(rowsOf([one]), ['14:02:11.204 c ● ESTABLISHED']);
	assert.deepEqual(rowsOf([one, other]), [
		'14:02:11.204 c ● ESTABLISHED :1',
		'14:02:11.204 s ● ESTABLISHED :2',
	]);
});

test('timeline: both pillars of a ladder stand, as long as there is room', () => {
	const peer = '127.0.0.1:53122';
	const accepted = {
		...called('accept()', {at, peer}),
		result: peer,
		evidence: 'inferred',
	} as Step;
	const rowAt = (width: number) =>
		shown({steps: [accepted], side: 'server', width}).at(-1);
	assert.match(rowAt(80)!, /│ {30}│○ accept\(\) → :53122$/);
	assert.match(rowAt(100)!, /│ +│ ○ accept\(\) → :53122$/);
});

test("timeline: a client's call that is longer than its side leaves the server's pillar", () => {
	const option = called('setsockopt(SO_REUSEADDR, 1)', {at});
	for (const width of [rungColumns, 80, 100]) {
		const [row, other] = [option, called('socket()', {at})].map(step =>
			shown({steps: [step], side: 'client', width}).at(-1)!,
		);
		assert.match(row!, /setsockopt\(SO_REUSEADDR, 1\) /);
		assert.equal(row!.lastIndexOf('│'), other!.lastIndexOf('│'));
	}
});

test('timeline: an RST that nobody saw has a head only if its sender is known', () => {
	const rst = {
		kind: 'segment',
		segment: 'RST',
		evidence: 'inferred',
		peer: '127.0.0.1:1',
		notBefore: at - 10,
		seenAt: at,
	} as const;
	const gone = (['remote', 'local'] as const).map(end =>
		read('CLOSED', {at, end, peer: '127.0.0.1:1'}),
	);
	const rowsOf = (step: Step, width: number) =>
		textsOf(
			visibleRows(
				lifecycleView({
					source: {...emptySocketView, steps: [step, ...gone]},
					isExplained: false,
					side: 'server',
					style: {spelling: 'sockets', isWatched: true},
					anchor: undefined,
					width,
					height: 9,
				}),
			).rows,
		).map(row => row.replace(/^ *≤ *\S+ /, ''));
	const unknown = {...rst, reason: 'unknown'} as const;
	const unread = {...rst, reason: 'unread', direction: 'out'} as const;
	assert.deepEqual(rowsOf(unread, 80), [
		'● CLOSED           │◂····· RST, bytes unread ·····│ ● CLOSED',
	]);
	assert.deepEqual(rowsOf({...unread, direction: 'in'}, 80), [
		'● CLOSED           │····· RST, bytes unread ·····▸│ ● CLOSED',
	]);
	assert.deepEqual(rowsOf(unknown, 80), [
		'● CLOSED           │······· RST of one end ·······│ ● CLOSED',
	]);
	const uncounted = {...rst, segment: 'ACK', reason: 'uncounted'} as const;
	assert.deepEqual(rowsOf(uncounted, 80).slice(0, 1), [
		'                   │····· bytes not counted ······│ ',
	]);
	assert.equal(rowsOf(uncounted, 50)[0], '─────── bytes not counted ─────────');
	assert.equal(rowsOf(uncounted, 40)[0], '  ○ bytes not counted');
	assert.equal(rowsOf(unread, 50)[0], '◂────────────── RST ───────────────');
	assert.equal(rowsOf(unknown, 50)[0], '────────────── RST ────────────────');
	assert.equal(rowsOf(unread, 40)[0], 's → RST');
	assert.equal(rowsOf(unknown, 40)[0], '  ○ RST');
});

test('timeline: a bound tells its minute, and is no earlier than what was seen', () => {
	const timesAt = (width: number, seenAt: number): readonly string[] => {
		const gone = (seen: number) => ({
			...read('CLOSED', {peer: '127.0.0.1:1'}),
			at: undefined,
			notBefore: seen - 100_000,
			seenAt: seen,
		});
		return textsOf(
			visibleRows(
				lifecycleView({
					source: {
						...emptySocketView,
						// One minute later, or the next moment.
						steps: [gone(seenAt), gone(seenAt + 60_000)] as readonly Step[],
					},
					isExplained: false,
					side: 'server',
					anchor: undefined,
					width,
					height: 9,
				}),
			).rows.slice(0, 2),
		).map(row => row.trim().replace(/ .*/, ''));
	};

	assert.deepEqual(timesAt(110, at), ['≤14:02:11.21', '≤14:03:11.21']);
	assert.deepEqual(timesAt(80, at), ['≤02:11.21', '≤03:11.21']);
	assert.deepEqual(timesAt(50, at), ['≤14:02:11.21', '≤14:03:11.21']);
	assert.deepEqual(timesAt(40, at), ['≤14:02:11.21', '≤14:03:11.21']);
	// Beside 14:02:11, two numbers would be an hour and a minute.
	assert.deepEqual(timesAt(26, at), ['≤:02:12', '≤:03:12']);
	// Whole hundredths, and whole minutes.
	assert.deepEqual(timesAt(80, at + 6), ['≤02:11.21', '≤03:11.21']);
	assert.deepEqual(timesAt(80, at + 48_792), ['≤03:00.00', '≤04:00.00']);
	assert.deepEqual(timesAt(26, at + 48_792), ['≤:03:00', '≤:04:00']);
});
