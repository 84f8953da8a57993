/**
 * The lifecycle as rows: a list of steps with their times, or, where there is
 * room, a ladder with both ends side by side. Pure.
 */
import {explain} from '../../tcp/explain.js';
import type {Step} from '../../tcp/tcp.js';
import {assertNever} from '../../errors.js';
import {
	display,
	displayWidth,
	joinText,
	toDisplay,
	type DisplayText,
} from '../../protocol/display.js';
import type {Model} from '../../store/model.js';
import {blanks, cutTo} from '../text/cells.js';
import {formatTime} from '../text/format.js';
import {cellsOfSpans, createRow, type Row, type Span} from '../text/row.js';
import {symbols} from '../theme/symbols.js';
import type {ScrollView} from '../pane/window.js';
import {wrapText} from '../text/wrap.js';

export type TimelineOptions = {
	/** Which steps carry their sentence. */
	readonly explained: 'last' | 'none';
	readonly width: number;
	readonly height: number;
};

/** What a step is called: `connect()`, `FIN received`, `● ESTABLISHED`. */
const nameOf = (step: Step): DisplayText => {
	switch (step.kind) {
		case 'call': {
			return toDisplay(step.call);
		}

		case 'segment': {
			return display`${symbols.inward} ${step.segment}`;
		}

		case 'state': {
			const symbol = step.evidence === 'read' ? symbols.solid : symbols.hollow;
			return display`${symbol} ${step.state}`;
		}

		default: {
			return assertNever(step);
		}
	}
};

const isRemote = (step: Step): boolean =>
	step.kind === 'state' && step.end === 'remote';

const explanation = (step: Step, width: number): Row[] =>
	wrapText(toDisplay(explain(step)), Math.max(2, width - 2)).map(text =>
		createRow([{text: blanks(2)}, {text, role: 'faint'}]),
	);

/** :53122, where the step is about one peer of several. */
const peerOf = ({peer}: Step): string =>
	peer === undefined ? '' : ` ${/:\d+$/.exec(peer)?.[0] ?? peer}`;

/** 14:02:11, for where there is no room for more. */
const secondsOf = (at: number): string => formatTime(at).slice(0, 8);

const timeColumns = 13;

// As wide as the longest state that lasts with a port behind it.
const nameColumns = '● ESTABLISHED :53122'.length;

type DrawStep = (step: Step) => Row;

/**
 * One step a row: its time first, its peer last, and what there is no room for
 * not. Where names would lose their peer, times lose their milliseconds.
 */
const listOf = (steps: readonly Step[], width: number): DrawStep => {
	const isShort =
		width < timeColumns + nameColumns &&
		steps.some(({peer}) => peer !== undefined);
	return step => {
		const time = isShort ? secondsOf(step.at) : formatTime(step.at);
		// The far end stands apart, as it is not this process's own.
		const whose = isRemote(step) ? symbols.outward : display``;
		const gap = isRemote(step) ? whose : blanks(1);
		const timed: Span = {text: joinText(toDisplay(time), gap), role: 'faint'};
		const name: Span = {text: nameOf(step)};
		const peer: Span = {text: toDisplay(peerOf(step)), role: 'faint'};
		const fitting: ReadonlyArray<readonly Span[]> = [
			[timed, name, peer],
			[timed, name],
			[{text: whose, role: 'faint'}, name],
		];
		const spans = fitting.find(spans => cellsOfSpans(spans) <= width);
		return createRow(spans ?? [{text: cutTo(name.text, width)}]);
	};
};

/** The steps as a list: the newest at the bottom, as many as fit. */
export const timelineRows = (
	steps: readonly Step[],
	{explained, width, height}: TimelineOptions,
): readonly Row[] => {
	if (height < 1) {
		return [];
	}

	const draw = listOf(steps, width);
	const last = steps.at(-1);
	const rows: Row[] = [];
	for (const step of steps.slice(-height)) {
		rows.push(draw(step));
		if (explained === 'last' && step === last) {
			rows.push(...explanation(step, width));
		}
	}

	return rows.slice(-height);
};

/** Which end this process is. */
export type Side = 'client' | 'server';

export const sideOf = ({listening}: Pick<Model, 'listening'>): Side =>
	listening ? 'server' : 'client';

/** Columns from which a ladder can be read. */
export const ladderColumns = timeColumns + 2 * 15;

const columnOf = (width: number): number =>
	Math.floor((width - timeColumns) / 2);

const filled = (text: DisplayText, cells: number): DisplayText => {
	const cut = cutTo(text, cells);
	return joinText(cut, blanks(cells - displayWidth(cut)));
};

/** Whose column is whose: the client's is the left one. */
const ladderHead = (side: Side, width: number): Row => {
	const [client, server] =
		side === 'client'
			? [display`client (here)`, display`server`]
			: [display`client`, display`server (here)`];
	const column = columnOf(width);
	const text = joinText(
		blanks(timeColumns),
		filled(client, column),
		cutTo(server, column),
	);
	return createRow([{text, role: 'faint'}]);
};

/** A segment that came: it runs towards the end that is here. */
const arrow = (label: DisplayText, width: number, side: Side): DisplayText => {
	const cut = cutTo(label, Math.max(1, width - 4));
	const line = Math.max(0, width - displayWidth(cut) - 4);
	const before = '─'.repeat(Math.floor(line / 2));
	const after = '─'.repeat(line - before.length);
	return side === 'client'
		? display`◂${before} ${cut} ${after}`
		: display`${before} ${cut} ${after}▸`;
};

/**
 * The steps as textbooks draw them: the client left, the server right, the
 * segments between them. Only what was seen is drawn: a call of the other
 * process is not known here.
 */
const ladderOf = (side: Side, width: number): DrawStep => {
	const column = columnOf(width);
	return step => {
		const time: Span = {text: display`${formatTime(step.at)} `, role: 'faint'};
		if (step.kind === 'segment') {
			const label = toDisplay(step.segment + peerOf(step));
			return createRow([
				time,
				{text: arrow(label, 2 * column, side), role: 'faint'},
			]);
		}

		const isLeft = isRemote(step) === (side === 'server');
		const name = cutTo(toDisplay(nameOf(step) + peerOf(step)), column);
		return createRow([time, {text: blanks(isLeft ? 0 : column)}, {text: name}]);
	};
};

export type LifecycleView = Pick<ScrollView, 'anchor' | 'height'> & {
	readonly steps: readonly Step[];
	/** Whether each step carries its sentence. */
	readonly isExplained: boolean;
	readonly side: Side;
	readonly width: number;
};

/** What stands above the steps, however they are scrolled. */
export const lifecycleHead = ({
	side,
	width,
}: Pick<LifecycleView, 'side' | 'width'>): readonly Row[] =>
	width < ladderColumns ? [] : [ladderHead(side, width)];

/**
 * Makes of all steps what `visibleRows` and the scrolling functions take: a
 * ladder where there is room, else a list.
 *
 * @param view Its height is that of the head and the steps.
 */
export const lifecycleView = (view: LifecycleView): ScrollView => {
	const {steps, isExplained, side, width, height, anchor} = view;
	const draw =
		width < ladderColumns ? listOf(steps, width) : ladderOf(side, width);
	const allRowsAt = (index: number): readonly Row[] => {
		const step = steps[index]!;
		return [draw(step), ...(isExplained ? explanation(step, width) : [])];
	};

	return {
		first: 0,
		end: steps.length,
		newEnd: steps.length,
		anchor,
		height: height - lifecycleHead(view).length,
		countRows: index => allRowsAt(index).length,
		rowsAt: (index, start, end) => allRowsAt(index).slice(start, end),
	};
};
