/**
 * The ladder as rows: the time, what the client did, the segment as an arrow,
 * what the server did:
 *
 * 02:11.204 send(6) = 6        │── PSH seq=1 len=6 "hello⏎" ─▸│
 *
 * Three kinds of line show without colour how a segment is known. Pure.
 */
import {roleOf, type Role} from '../../tcp/captured.js';
import type {Arrow, ArrowEvidence, Rung} from '../../tcp/rungs.js';
import {segmentsText} from '../../tcp/segment-counts.js';
import {
	spelledCall,
	spelledFailure,
	type Spelling,
} from '../../tcp/spelling.js';
import {
	nameOfCall,
	type CallName,
	type Step,
	type StepTime,
} from '../../tcp/tcp.js';
import {
	display,
	displayWidth,
	joinText,
	toDisplay,
	type DisplayText,
} from '../../protocol/display.js';
import {blanks, cutTo} from '../text/cells.js';
import {formatBound, formatTime} from '../text/format.js';
import {createRow, type Row, type Span} from '../text/row.js';
import {symbols} from '../theme/symbols.js';
import type {TimesLeft} from './time-left.js';

type CallStep = Extract<Step, {kind: 'call'}>;

/** From this width on a row has room for an arrow and both sides. */
export const rungColumns = 76;

const wholeTimeColumns = 100;

export type RungLayout = {
	readonly time: number;
	/** A port, where there are several peers; else 0. */
	readonly peer: number;
	readonly side: number;
	readonly arrow: number;
};

const peerColumns = ':65535 '.length;
const pillars = 2;

export const layRungs = (width: number, hasPeers: boolean): RungLayout => {
	const time =
		(width < wholeTimeColumns ? '02:11.204' : '14:02:11.204').length + 1;
	const peer = hasPeers ? peerColumns : 0;
	const free = width - time - peer - pillars;
	// For `setsockopt(SO_REUSEADDR, 1)`, and for `shutdown(SHUT_WR)` at least.
	const side = Math.min(27, Math.max(18, Math.floor(free * 0.28)));
	return {time, peer, side, arrow: free - 2 * side};
};

const timeText = (time: StepTime, cells: number): DisplayText => {
	const text =
		time.at === undefined
			? `≤${formatBound(time.seenAt).slice(-cells + 2)}`
			: formatTime(time.at).slice(-cells + 1);
	return toDisplay(`${text} `);
};

const portOf = (peer: string | undefined): string =>
	peer === undefined ? '' : (/:\d+$/.exec(peer)?.[0] ?? peer);

/** Without the host, if it is too long with it. */
const shortened = (call: string, cells: number): string =>
	call.length <= cells
		? call
		: call.replace(/\((?:[\d.]+|\[[\da-f:.]+\])(?=:\d+\))/, '(');

/** What is done with the steps besides their places. */
export type LifecycleStyle = {
	/** In what calls are written. */
	readonly spelling: Spelling;
	/** Whether both ends are other programs', so that none is here. */
	readonly isWatched: boolean;
	readonly timesLeft?: TimesLeft | undefined;
};

export const ownStyle: LifecycleStyle = {
	spelling: 'sockets',
	isWatched: false,
};

/** How a step is known, if it can be known in several ways. */
export const evidenceOf = (step: Step): DisplayText => {
	if (step.kind === 'segment' || step.evidence === undefined) {
		return display``;
	}

	return step.evidence === 'read'
		? display`${symbols.solid} `
		: display`${symbols.hollow} `;
};

const receiving = new Set<CallName>(['recv', 'read', 'recvmsg']);

/** A call as it is spelled, and what became of it. */
export const callParts = (
	step: CallStep,
	side: Role,
	spelling: Spelling,
): Readonly<Record<'call' | 'ending', string>> => {
	const {call, end, result, errno, evidence, isBlocked, isOrExit, peer} = step;
	const role = roleOf(step, side);
	// Of its server a client sees one connection alone.
	const isAccepted =
		role === 'server' && (peer !== undefined || end === 'remote');
	const spelled = spelledCall(call, spelling, isAccepted);
	const name = nameOfCall(call);
	if (errno !== undefined) {
		return {call: spelled, ending: spelledFailure(errno, spelling)};
	}

	if (isBlocked) {
		return {call: spelled, ending: ' blocks'};
	}

	if (isOrExit) {
		return {call: spelled, ending: ' or exit'};
	}

	if (name === 'accept' && result !== undefined) {
		return {call: spelled, ending: ` → ${portOf(result)}`};
	}

	if (evidence === 'inferred' && receiving.has(name) && result === '0') {
		return {call: spelled, ending: spelling === 'python' ? " → b''" : ' = 0'};
	}

	if (evidence !== undefined) {
		// How the bytes were cut into calls isn't known.
		return {call: spelled, ending: evidence === 'read' ? ' returned' : ''};
	}

	const isBytes = spelling === 'python' && receiving.has(name);
	return {
		call: spelled,
		ending:
			result === undefined
				? ''
				: isBytes
					? ` → ${result} bytes`
					: ` = ${result}`,
	};
};

/** Of a watched port, what has no peer is what listened. */
export const stateText = (
	step: Extract<Step, {kind: 'state'}>,
	{isWatched, timesLeft}: LifecycleStyle,
): DisplayText => {
	const left = timesLeft?.get(step);
	const ending =
		left === undefined
			? step.state === 'CLOSED' && step.peer === undefined && isWatched
				? ' (LISTEN)'
				: ''
			: ` ${left}`;
	return toDisplay(`${evidenceOf(step)}${step.state}${ending}`);
};

/** @param cells Undefined if it may be as long as it is. */
const sideText = (
	step: Step | undefined,
	side: Role,
	style: LifecycleStyle,
	cells?: number,
): DisplayText => {
	if (step?.kind === 'call') {
		const {call, ending} = callParts(step, side, style.spelling);
		const mark = evidenceOf(step);
		const least = displayWidth(mark) + ending.length;
		const short = cells === undefined ? call : shortened(call, cells - least);
		return toDisplay(mark + short + ending);
	}

	return step?.kind === 'state' ? stateText(step, style) : display``;
};

const lines: Readonly<Record<ArrowEvidence, string>> = {
	captured: '─',
	read: '┄',
	inferred: '·',
};

const textOf = (text: string): DisplayText =>
	toDisplay(
		text
			.replaceAll('\r\n', '␍⏎')
			.replaceAll('\n', '⏎')
			.replaceAll('\r', '␍')
			.replaceAll('\t', '⇥'),
	);

const leastText = 4;

const cellsOf = (parts: readonly DisplayText[]): number => {
	let cells = Math.max(0, parts.length - 1);
	for (const part of parts) {
		cells += displayWidth(part);
	}

	return cells;
};

/** `(again)` of one segment, `(2 again)` of those that were counted. */
const againText = ({
	count,
	retransmitted = 0,
}: Arrow): readonly DisplayText[] =>
	retransmitted === 0
		? []
		: [
				count === undefined
					? display`(again)`
					: display`(${retransmitted} again)`,
			];

/** What an arrow says: its numbers, then the text, then what else fits. */
const labelOf = (arrow: Arrow, cells: number): DisplayText => {
	const {name, seq, ack, length = 0, window, text = ''} = arrow;
	const {count} = arrow;
	const hasSeq = length > 0 || (name !== 'ACK' && name !== undefined);
	const needsAck = name === 'SYN+ACK' || (name === 'ACK' && length === 0);
	const number = (
		key: string,
		value: number | undefined,
		isShown: boolean,
	): readonly DisplayText[] =>
		isShown && value !== undefined ? [toDisplay(`${key}=${value}`)] : [];
	const isOne = count === undefined;
	const again = againText(arrow);
	const partsOf = (
		counts: readonly DisplayText[],
		isSeqShown: boolean,
	): DisplayText[] => [
		...(name === undefined ? [] : [toDisplay(name)]),
		...counts,
		...number('seq', seq, isSeqShown),
		...number('ack', ack, needsAck),
		...number('len', length, length > 0),
		...number('win', window, window === 0 && name !== 'RST'),
	];
	const counts = isOne ? [] : [toDisplay(segmentsText(count))];
	// What doesn't fit is left out whole, first what says least: of one segment
	// that is where it begins; of those that were counted, how many came again.
	const briefer = isOne
		? [partsOf(again, false)]
		: [
				partsOf([...counts, ...again], false),
				partsOf(counts, hasSeq),
				partsOf(counts, false),
			];
	const whole = partsOf([...counts, ...again], hasSeq);
	const parts =
		[whole, ...briefer].find(each => cellsOf(each) <= cells) ??
		briefer.at(-1) ??
		whole;
	const free = () => cells - cellsOf(parts) - 1;
	const shown = length > 0 && isOne ? textOf(text) : display``;
	if (shown !== '' && free() >= leastText) {
		parts.push(display`"${cutTo(shown, free() - 2)}"`);
	}

	const extra = [
		...number('ack', ack, !needsAck),
		...number('win', window, window !== 0),
	];
	for (const part of extra) {
		if (displayWidth(part) <= free()) {
			parts.push(part);
		}
	}

	const [first = display``, ...rest] = parts;
	return cutTo(
		joinText(first, ...rest.flatMap(part => [display` `, part])),
		cells,
	);
};

export const uncountedText = 'bytes not counted';

/** What nobody saw, and what is known of it. */
const unseenText = {
	unread: 'RST, bytes unread',
	answer: 'RST, end closed',
	unknown: 'RST of one end',
	uncounted: uncountedText,
} as const;

const arrowText = (arrow: Arrow, cells: number): DisplayText => {
	const line = lines[arrow.evidence];
	const label = arrow.reason
		? cutTo(toDisplay(unseenText[arrow.reason]), cells - 5)
		: labelOf(arrow, cells - 5);
	if (arrow.reason === 'unknown' || arrow.reason === 'uncounted') {
		const free = Math.max(0, cells - displayWidth(label) - 2);
		const half = Math.floor(free / 2);
		return display`${line.repeat(half)} ${label} ${line.repeat(free - half)}`;
	}

	const rest = Math.max(0, cells - displayWidth(label) - 3);
	const before = line.repeat(Math.floor(rest / 2));
	const after = line.repeat(rest - Math.floor(rest / 2));
	return arrow.from === 'client'
		? display`${before} ${label} ${after}▸`
		: display`◂${before} ${label} ${after}`;
};

const filled = (text: DisplayText, cells: number): DisplayText =>
	joinText(text, blanks(cells - displayWidth(text)));

const pillar: Span = {text: display`│`, role: 'faint'};

/** A call or a state beside no arrow: as long as it is, on its own side. */
const aloneOf = (
	text: DisplayText,
	role: Role,
	{side, arrow}: RungLayout,
): readonly Span[] => {
	const whole = 2 * side + arrow + pillars;
	const isLong = displayWidth(text) > (role === 'client' ? side : side - 1);
	if (isLong && role === 'client') {
		const before = side + arrow + 1;
		// It covers its own pillar, and leaves the other one if it can.
		return displayWidth(text) < before
			? [{text: filled(text, before)}, pillar]
			: [{text: cutTo(text, whole)}];
	}

	if (isLong) {
		// It ends at the edge, so that it stays on its side.
		const cut = cutTo(text, whole - side - 2);
		const before = whole - side - 1 - displayWidth(cut);
		return [
			{text: blanks(side)},
			pillar,
			// Without a space between them, both may have room.
			...(before === arrow + 1
				? [{text: blanks(arrow)}, pillar]
				: [{text: blanks(before)}]),
			{text: cut},
		];
	}

	return [
		{text: filled(role === 'client' ? text : display``, side)},
		pillar,
		{text: blanks(arrow)},
		pillar,
		...(role === 'server' ? [{text: display` ${text}`}] : []),
	];
};

/** The rows of a rung: a call that has no room beside its arrow has one more. */
export const rungRows = (
	rung: Rung,
	layout: RungLayout,
	here: Role,
	style: LifecycleStyle = ownStyle,
): readonly Row[] => {
	const {side, arrow, peer, time} = layout;
	const port =
		peer === 0 ? display`` : cutTo(toDisplay(portOf(rung.peer)), peer - 1);
	const rowOf = (body: readonly Span[], isFirst: boolean): Row =>
		createRow([
			{
				text: isFirst ? timeText(rung.time, time) : blanks(time),
				role: 'faint',
			},
			{text: filled(isFirst ? port : display``, peer), role: 'faint'},
			...body,
		]);
	const {client, server} = rung;
	if (!rung.arrow) {
		const role = client ? 'client' : 'server';
		const cells = client ? side : side - 1;
		const text = sideText(client ?? server, here, style, cells);
		return [rowOf(aloneOf(text, role, layout), true)];
	}

	const beside: Partial<Record<Role, DisplayText>> = {};
	const before: Array<readonly Span[]> = [];
	const after: Array<readonly Span[]> = [];
	for (const role of ['client', 'server'] as const) {
		const step = rung[role];
		const cells = role === 'client' ? side : side - 1;
		const whole = sideText(step, here, style, cells);
		// How many bytes it was stands in the arrow, too.
		const short =
			step?.kind === 'call' && step.errno === undefined
				? toDisplay(
						evidenceOf(step) + callParts(step, here, style.spelling).call,
					)
				: whole;
		// The arrow shows that it returned.
		const isReturn = step?.kind === 'call' && step.evidence === 'read';
		const fitting = [...(isReturn ? [] : [whole]), short].find(
			text => displayWidth(text) <= cells,
		);
		beside[role] = fitting ?? display``;
		if (fitting !== undefined) {
			continue;
		}

		const rows = rung.arrow.from === role ? before : after;
		rows.push(aloneOf(whole, role, layout));
	}

	const middle: readonly Span[] = [
		{text: filled(beside.client!, side)},
		pillar,
		{text: arrowText(rung.arrow, arrow)},
		pillar,
		{text: display` ${beside.server!}`},
	];
	return [...before, middle, ...after].map((body, index) =>
		rowOf(body, index === 0),
	);
};

/** Which side is whose. */
export const rungHead = (
	side: Role,
	layout: RungLayout,
	{isWatched}: LifecycleStyle = ownStyle,
): Row => {
	const here = (name: Role) =>
		toDisplay(name === side && !isWatched ? `${name} (here)` : name);
	return createRow([
		{
			text: joinText(
				blanks(layout.time + layout.peer),
				filled(here('client'), layout.side + layout.arrow + pillars + 1),
				here('server'),
			),
			role: 'faint',
		},
	]);
};

/** The steps that a rung shows. */
export const stepsOf = ({segment, client, server}: Rung): readonly Step[] =>
	[segment, client, server].filter(step => step !== undefined);
