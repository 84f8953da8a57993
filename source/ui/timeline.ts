/**
 * The lifecycle as rows: a list of steps with their times, or, where there is
 * room, a ladder with both ends side by side. Pure.
 */
import {explain} from '../connection/explain.js';
import type {Step} from '../connection/tcp.js';
import {assertNever} from '../errors.js';
import {display, toDisplay, type DisplayText} from '../protocol/display.js';
import {blanks, cutTo} from './cells.js';
import {formatTime} from './format.js';
import {cellsOfSpans, createRow, type Row, type Span} from './row.js';
import {symbols} from './theme.js';
import {wrapText} from './wrap.js';

export type TimelineOptions = {
	/** Which steps carry their sentence. */
	readonly explained: 'all' | 'last' | 'none';
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
		createRow([{text: blanks(2)}, {text, dim: true}]),
	);

/** :53122, where the step is about one peer of several. */
const peerOf = ({peer}: Step): string =>
	peer === undefined ? '' : ` ${/:\d+$/.exec(peer)?.[0] ?? peer}`;

/** One step: its time first, its peer last, and what there is no room for not. */
const stepRow = (step: Step, width: number): Row => {
	const time: Span = {text: display`${formatTime(step.at)} `, dim: true};
	// The far end stands apart, as it is not this process's own.
	const whose: Span = {
		text: isRemote(step) ? display`→` : display``,
		dim: true,
	};
	const name: Span = {text: nameOf(step)};
	const peer: Span = {text: toDisplay(peerOf(step)), dim: true};
	const fitting = [
		[time, whose, name, peer],
		[time, whose, name],
		[whose, name],
	];
	const spans = fitting.find(spans => cellsOfSpans(spans) <= width);
	return createRow(spans ?? [{text: cutTo(name.text, width)}]);
};

/** The steps as a list: the newest at the bottom, as many as fit. */
export const timelineRows = (
	steps: readonly Step[],
	{explained, width, height}: TimelineOptions,
): readonly Row[] => {
	const rows: Row[] = [];
	const last = steps.at(-1);
	for (const step of steps.slice(-height)) {
		rows.push(stepRow(step, width));
		if (explained === 'all' || (explained === 'last' && step === last)) {
			rows.push(...explanation(step, width));
		}
	}

	return rows.slice(-height);
};

export type LadderOptions = TimelineOptions & {
	/** Which end this process is. */
	readonly side: 'client' | 'server';
};

const timeColumns = 13;

/** Columns from which a ladder can be read. */
export const ladderColumns = timeColumns + 2 * 15;

/**
 * The steps as textbooks draw them: the client left, the server right, the
 * segments between them. Only what was seen is drawn: a call of the other
 * process is not known here.
 */
export const ladderRows = (
	steps: readonly Step[],
	{side, explained, width, height}: LadderOptions,
): readonly Row[] => {
	const column = Math.floor((width - timeColumns) / 2);
	const left = (text: DisplayText): Span[] => {
		const cut = cutTo(text, column);
		return [{text: cut}, {text: blanks(column - cellsOfSpans([{text: cut}]))}];
	};

	const right = (text: DisplayText): Span[] => [
		{text: blanks(column)},
		{text: cutTo(text, column)},
	];
	const isOwnLeft = side === 'client';
	const rows: Row[] = [
		createRow([
			{text: blanks(timeColumns)},
			...left(isOwnLeft ? display`client (here)` : display`client`).map(dim),
			{
				text: cutTo(
					isOwnLeft ? display`server` : display`server (here)`,
					column,
				),
				dim: true,
			},
		]),
	];
	const body: Row[] = [];
	for (const step of steps.slice(-height)) {
		const time: Span = {
			text: display`${formatTime(step.at)} `,
			dim: true,
		};
		const isLeft = isRemote(step) ? !isOwnLeft : isOwnLeft;
		const spans =
			step.kind === 'segment'
				? [{text: arrow(step.segment, 2 * column, isOwnLeft), dim: true}]
				: isLeft
					? left(toDisplay(nameOf(step) + peerOf(step)))
					: right(toDisplay(nameOf(step) + peerOf(step)));
		body.push(createRow([time, ...spans]));
		if (explained === 'all') {
			body.push(...explanation(step, width));
		}
	}

	return [...rows, ...body.slice(-Math.max(0, height - 1))].slice(0, height);
};

const dim = (span: Span): Span => ({...span, dim: true});

/** A segment that came: it runs towards the end that is here. */
const arrow = (
	segment: string,
	width: number,
	isOwnLeft: boolean,
): DisplayText => {
	const line = Math.max(0, width - segment.length - 4);
	const before = '─'.repeat(Math.floor(line / 2));
	const after = '─'.repeat(line - before.length);
	return toDisplay(
		isOwnLeft
			? `◂${before} ${segment} ${after}`
			: `${before} ${segment} ${after}▸`,
	);
};
