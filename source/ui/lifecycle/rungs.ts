/**
 * The ladder as rows: the time, what the client did, the segment as an arrow,
 * what the server did:
 *
 * 02:11.204 send(6) = 6        │── PSH seq=1 len=6 "hello⏎" ─▸│
 *
 * Three lines tell without colour how a segment is known. Pure.
 */
import type {Arrow, ArrowEvidence, Rung} from '../../tcp/rungs.js';
import type {Step, StepTime} from '../../tcp/tcp.js';
import {
	display,
	displayWidth,
	joinText,
	toDisplay,
	type DisplayText,
} from '../../protocol/display.js';
import {blanks, cutTo} from '../text/cells.js';
import {formatTime} from '../text/format.js';
import {createRow, type Row, type Span} from '../text/row.js';
import {symbols} from '../theme/symbols.js';

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
			? `≤ ${formatTime(time.seenAt).slice(6)}`
			: formatTime(time.at).slice(-cells + 1);
	return toDisplay(`${text.padStart(cells - 1)} `);
};

const portOf = (peer: string | undefined): string =>
	peer === undefined ? '' : (/:\d+$/.exec(peer)?.[0] ?? peer);

/** Without the host, if it is too long with it. */
const shortened = (call: string, cells: number): string =>
	call.length <= cells
		? call
		: call.replace(/\((?:[\d.]+|\[[\da-f:.]+\])(?=:\d+\))/, '(');

const callText = (
	{call, result, errno}: Extract<Step, {kind: 'call'}>,
	cells: number,
): string => {
	const given =
		errno ??
		(call === 'accept()' && result !== undefined ? portOf(result) : result);
	if (given === undefined) {
		return shortened(call, cells);
	}

	const end = ` ${call === 'accept()' && errno === undefined ? '→' : '='} ${given}`;
	return shortened(call, cells - end.length) + end;
};

const sideText = (step: Step | undefined, cells: number): DisplayText => {
	if (step?.kind === 'call') {
		return toDisplay(callText(step, cells));
	}

	if (step?.kind === 'state') {
		const symbol = step.evidence === 'read' ? symbols.solid : symbols.hollow;
		return display`${symbol} ${step.state}`;
	}

	return display``;
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

/** What an arrow says: its numbers, then the text, then what else fits. */
const labelOf = (arrow: Arrow, cells: number): DisplayText => {
	const {name, seq, ack, length = 0, window, text = ''} = arrow;
	const hasSeq = length > 0 || (name !== 'ACK' && name !== undefined);
	const needsAck = name === 'SYN+ACK' || (name === 'ACK' && length === 0);
	const number = (
		key: string,
		value: number | undefined,
		isShown: boolean,
	): readonly DisplayText[] =>
		isShown && value !== undefined ? [toDisplay(`${key}=${value}`)] : [];
	const parts: DisplayText[] = [
		...(name === undefined ? [] : [toDisplay(name)]),
		...number('seq', seq, hasSeq),
		...number('ack', ack, needsAck),
		...number('len', length, length > 0),
		...number('win', window, window === 0 && name !== 'RST'),
	];
	const free = () => cells - cellsOf(parts) - 1;
	const shown = length > 0 ? textOf(text) : display``;
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

const arrowText = (arrow: Arrow, cells: number): DisplayText => {
	const line = lines[arrow.evidence];
	const label = labelOf(arrow, cells - 5);
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

/** What stands between the time and the right edge. */
const bodyOf = (rung: Rung, {side, arrow}: RungLayout): readonly Span[] => {
	const client = sideText(rung.client, side);
	const server = sideText(rung.server, side - 1);
	if (rung.arrow) {
		return [
			{text: filled(cutTo(client, side), side)},
			pillar,
			{text: arrowText(rung.arrow, arrow)},
			pillar,
			{text: display` ${cutTo(server, side - 1)}`},
		];
	}

	const whole = 2 * side + arrow + pillars;
	if (displayWidth(client) > side) {
		return [{text: cutTo(client, whole)}];
	}

	if (displayWidth(server) >= side) {
		// It ends at the edge, so that it stays on its side.
		const cut = cutTo(server, whole - side - 2);
		const before = whole - side - 1 - displayWidth(cut);
		return [{text: blanks(side)}, pillar, {text: blanks(before)}, {text: cut}];
	}

	return [
		{text: filled(client, side)},
		pillar,
		{text: blanks(arrow)},
		pillar,
		{text: display` ${server}`},
	];
};

export const rungRow = (rung: Rung, layout: RungLayout): Row => {
	const port =
		layout.peer === 0
			? display``
			: cutTo(toDisplay(portOf(rung.peer)), layout.peer - 1);
	return createRow([
		{text: timeText(rung.time, layout.time), role: 'faint'},
		{text: filled(port, layout.peer), role: 'faint'},
		...bodyOf(rung, layout),
	]);
};

/** Which side is whose. */
export const rungHead = (
	side: 'client' | 'server',
	layout: RungLayout,
): Row => {
	const here = (name: 'client' | 'server') =>
		toDisplay(name === side ? `${name} (here)` : name);
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
