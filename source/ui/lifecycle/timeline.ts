/**
 * The lifecycle as rows: a ladder (rungs.ts), or if that doesn't fit the steps
 * alone, both ends side by side, or as a list with their times. Pure.
 */
import {explain, explainWatched} from '../../tcp/explain.js';
import {isAbout, type SegmentStep} from '../../tcp/captured.js';
import {ladderOf as rungsOf} from '../../tcp/ladder.js';
import {merge} from '../../tcp/places.js';
import type {Rung} from '../../tcp/rungs.js';
import {segmentsText} from '../../tcp/segment-counts.js';
import {nameOfCall, type Step} from '../../tcp/tcp.js';
import {assertNever} from '../../errors.js';
import {
	display,
	displayWidth,
	joinText,
	toDisplay,
	type DisplayText,
} from '../../protocol/display.js';
import type {Model} from '../../store/model.js';
import {lastOf, noneYet} from '../../store/newest.js';
import type {SocketView} from '../../store/socket-view.js';
import {formatBytes} from '../../tcp/format-bytes.js';
import {blanks, cutTo} from '../text/cells.js';
import {formatBound, formatTime} from '../text/format.js';
import {cellsOfSpans, createRow, type Row, type Span} from '../text/row.js';
import {symbols} from '../theme/symbols.js';
import type {ScrollView} from '../pane/window.js';
import {wrapText} from '../text/wrap.js';
import type {TimesLeft} from './time-left.js';
import {unkeptText} from './unkept.js';
import {
	callParts,
	evidenceOf,
	layRungs,
	ownStyle,
	rungColumns,
	rungHead,
	rungRows,
	stateText,
	stepsOf,
	uncountedText,
	type LifecycleStyle,
} from './rungs.js';

export type TimelineOptions = {
	/** Which steps are followed by their explanation. */
	readonly explained: 'last' | 'none';
	readonly width: number;
	readonly height: number;
	readonly timesLeft?: TimesLeft;
};

/** Whose steps, and how they are drawn. */
type Drawing = LifecycleStyle & {
	readonly side: Side;
	/** Whether each step names its peer. */
	readonly namesPeers: boolean;
};

/** Whether either end may have sent a segment. */
const isOfEither = (step: Step): boolean =>
	step.kind === 'segment' &&
	(step.reason === 'unknown' || step.reason === 'uncounted');

const nameOfSegment = ({segment, reason}: SegmentStep): string =>
	reason === 'uncounted' ? uncountedText : segment;

/** The name of a step: `connect()`, `← FIN`, `● ESTABLISHED`. */
const nameOf = (step: Step, drawing: Drawing): DisplayText => {
	const {side, spelling} = drawing;
	switch (step.kind) {
		case 'call': {
			const {errno, evidence, offset, result, segments} = step;
			const {call, ending} = callParts(step, side, spelling);
			const isOwn = evidence === undefined;
			const bytes =
				isOwn || offset === undefined ? '' : ` ${formatBytes(Number(result))}`;
			const counted =
				segments === undefined ? '' : `, ${segmentsText(segments)}`;
			return toDisplay(
				`${evidenceOf(step)}${call}${isOwn && errno === undefined ? '' : ending}${bytes}${counted}`,
			);
		}

		case 'segment': {
			if (isOfEither(step)) {
				return display`${symbols.hollow} ${nameOfSegment(step)}`;
			}

			const symbol =
				step.direction === 'out' ? symbols.outward : symbols.inward;
			return display`${symbol} ${step.segment}`;
		}

		case 'state': {
			return stateText(step, drawing);
		}

		default: {
			return assertNever(step);
		}
	}
};

/** A call without its arguments and its result. */
const briefest = (step: Extract<Step, {kind: 'call'}>): DisplayText =>
	toDisplay(`${evidenceOf(step)}${nameOfCall(step.call)}()`);

const isRemote = (step: Step): boolean =>
	step.kind !== 'segment' && step.end === 'remote';

/** Whose step it is; of an RST, that may be unknown. */
const watchedMark = (step: Step): 'c' | 's' | ' ' =>
	isOfEither(step) ? ' ' : isRemote(step) ? 'c' : 's';

const explanation = (step: Step, width: number, isWatched: boolean): Row[] =>
	wrapText(
		toDisplay(isWatched ? explainWatched(step) : explain(step)),
		Math.max(2, width - 2),
	).map(text => createRow([{text: blanks(2)}, {text, role: 'faint'}]));

/** :53122, if the step is about one peer of several. */
const peerOf = ({peer}: Step): string =>
	peer === undefined ? '' : ` ${/:\d+$/.exec(peer)?.[0] ?? peer}`;

/**
 * 14:02:11.204, or `≤14:02:11.21` for what happened at some time before it was
 * seen.
 */
const timeOfStep = (step: Step): string =>
	step.at === undefined ? formatBound(step.seenAt) : formatTime(step.at);

/** 14:02:11, or `≤:02:11` without the hour, for narrow lists. */
const secondsOf = (step: Step): string =>
	step.at === undefined
		? `≤${formatTime(Math.ceil(step.seenAt / 1000) * 1000).slice(2, 8)}`.padStart(
				8,
			)
		: formatTime(step.at).slice(0, 8);

const timeColumns = 13;

// The longest state that lasts, and followed by a port.
const nameColumns = '● ESTABLISHED'.length;
const namePeerColumns = '● ESTABLISHED :53122'.length;

// Below it not even the seconds fit beside that state.
const shortTimed = '14:02:11 '.length + nameColumns;

type DrawStep = (step: Step) => Row;

/**
 * One step per row: time, name, peer; whatever doesn't fit is dropped. Times
 * lose their milliseconds before names lose their peers.
 */
const listOf = (
	steps: readonly Step[],
	width: number,
	drawing: Drawing,
): DrawStep => {
	const {namesPeers} = drawing;
	const isNamed = namesPeers && steps.some(({peer}) => peer !== undefined);
	const isShort = isNamed
		? width < timeColumns + namePeerColumns
		: width < timeColumns + nameColumns && width >= shortTimed;
	const timeCells = isShort ? '14:02:11'.length : timeColumns - 1;
	const nameCells = isNamed ? namePeerColumns : nameColumns;
	// Where there is no room for both, the arrow stands for the blank.
	const isBlankKept = width >= timeCells + 2 + nameCells;
	const brief = {...drawing, timesLeft: undefined};
	return step => {
		const time = isShort ? secondsOf(step) : timeOfStep(step);
		// The other end gets an arrow, as it isn't this process's own.
		const whose = isRemote(step) ? symbols.outward : display``;
		const gap =
			isRemote(step) && !isBlankKept ? whose : joinText(blanks(1), whose);
		const mark = drawing.isWatched ? display`${watchedMark(step)} ` : whose;
		const timed: Span = {
			text: joinText(
				toDisplay(time),
				drawing.isWatched ? joinText(blanks(1), mark) : gap,
			),
			role: 'faint',
		};
		const name: Span = {text: nameOf(step, brief)};
		const whole: Span = {text: nameOf(step, drawing)};
		const peer: Span = {
			text: toDisplay(namesPeers ? peerOf(step) : ''),
			role: 'faint',
		};
		const fitting: ReadonlyArray<readonly Span[]> = [
			[timed, whole, peer],
			[timed, name, peer],
			[timed, whole],
			[timed, name],
			...(step.kind === 'call' ? [[timed, {text: briefest(step)}]] : []),
			[{text: mark, role: 'faint'}, name],
		];
		const spans = fitting.find(spans => cellsOfSpans(spans) <= width);
		return createRow(spans ?? [{text: cutTo(name.text, width)}]);
	};
};

/** The newest steps as a list, as many as fit, newest at the bottom. */
export const timelineRows = (
	steps: readonly Step[],
	{explained, width, height, timesLeft}: TimelineOptions,
): readonly Row[] => {
	if (height < 1) {
		return [];
	}

	const draw = listOf(steps, width, {
		...ownStyle,
		side: 'client',
		namesPeers: true,
		timesLeft,
	});
	const last = steps.at(-1);
	const rows: Row[] = [];
	for (const step of steps.slice(-height)) {
		rows.push(draw(step));
		if (explained === 'last' && step === last) {
			rows.push(...explanation(step, width, false));
		}
	}

	return rows.slice(-height);
};

/** Which end the steps call theirs. */
export type Side = 'client' | 'server';

export const sideOf = ({
	listening,
	isOfOthers,
}: Pick<Model, 'listening'> & Partial<Pick<Model, 'isOfOthers'>>): Side =>
	listening !== undefined || isOfOthers === true ? 'server' : 'client';

/** From this width on, a ladder is readable. */
export const ladderColumns = timeColumns + 2 * 15;

const columnOf = (width: number): number =>
	Math.floor((width - timeColumns) / 2);

const filled = (text: DisplayText, cells: number): DisplayText => {
	const cut = cutTo(text, cells);
	return joinText(cut, blanks(cells - displayWidth(cut)));
};

/** Says which column is whose: the client's is on the left. */
const ladderHead = ({side, isWatched}: Drawing, width: number): Row => {
	const [client, server] = (['client', 'server'] as const).map(name =>
		toDisplay(name === side && !isWatched ? `${name} (here)` : name),
	);
	const column = columnOf(width);
	const text = joinText(
		blanks(timeColumns),
		filled(client!, column),
		cutTo(server!, column),
	);
	return createRow([{text, role: 'faint'}]);
};

/** A segment, as an arrow to the end that gets it, if that is known. */
const arrow = (
	label: DisplayText,
	width: number,
	to: Side | undefined,
): DisplayText => {
	const cut = cutTo(label, Math.max(1, width - 4));
	const line = Math.max(0, width - displayWidth(cut) - 4);
	const before = '─'.repeat(Math.floor(line / 2));
	const after = '─'.repeat(line - before.length);
	if (to === undefined) {
		return display`${before} ${cut} ${after}─`;
	}

	return to === 'client'
		? display`◂${before} ${cut} ${after}`
		: display`${before} ${cut} ${after}▸`;
};

/**
 * The steps as textbooks draw them: the client on the left, the server on the
 * right, segments between them. Calls of the other process are drawn if they
 * are known.
 */
const ladderOf = (drawing: Drawing, width: number): DrawStep => {
	const {side, namesPeers} = drawing;
	const portOf = (step: Step) => (namesPeers ? peerOf(step) : '');
	const column = columnOf(width);
	return step => {
		const time: Span = {
			text: display`${toDisplay(timeOfStep(step))} `,
			role: 'faint',
		};
		if (step.kind === 'segment') {
			const label = toDisplay(nameOfSegment(step) + portOf(step));
			const other = side === 'client' ? 'server' : 'client';
			const to = step.direction === 'out' ? other : side;
			const end = isOfEither(step) ? undefined : to;
			return createRow([
				time,
				{text: arrow(label, 2 * column, end), role: 'faint'},
			]);
		}

		const isLeft = isRemote(step) === (side === 'server');
		const [whole, brief] = [drawing, {...drawing, timesLeft: undefined}].map(
			each => toDisplay(nameOf(step, each) + portOf(step)),
		);
		const name =
			displayWidth(whole!) <= column ? whole! : cutTo(brief!, column);
		return createRow([time, {text: blanks(isLeft ? 0 : column)}, {text: name}]);
	};
};

/** What the lifecycle is made from. */
export type LifecycleSource = Pick<
	SocketView,
	'steps' | 'droppedSteps' | 'transfers' | 'keptSince' | 'segments'
>;

export type LifecycleView = Pick<ScrollView, 'anchor' | 'height'> & {
	readonly source: LifecycleSource;
	/** Only this peer's steps; undefined for all. */
	readonly peer?: string | undefined;
	/** Whether only the end is needed, as when it is followed. */
	readonly isTail?: boolean;
	/** Whether each step is followed by its explanation. */
	readonly isExplained: boolean;
	readonly side: Side;
	readonly style?: LifecycleStyle | undefined;
	readonly width: number;
};

/** Whether several peers are shown, so that each row names its own. */
const hasPeers = ({source, peer}: LifecycleView): boolean => {
	if (peer !== undefined) {
		return false;
	}

	const steps = [
		...source.steps,
		...lastOf(source.transfers, tailItems),
		...lastOf(source.segments, tailItems),
	];
	const peers = new Set(steps.map(step => step.peer));
	peers.delete(undefined);
	return peers.size > 1;
};

const drawingOf = (view: LifecycleView): Drawing => {
	const {side, style = ownStyle} = view;
	return {...style, side, namesPeers: !style.isWatched || hasPeers(view)};
};

/** The head above the steps, which doesn't scroll. */
export const lifecycleHead = (view: LifecycleView): readonly Row[] => {
	const {side, width, style} = view;
	if (width >= rungColumns) {
		return [rungHead(side, layRungs(width, hasPeers(view)), style)];
	}

	return width < ladderColumns ? [] : [ladderHead(drawingOf(view), width)];
};

// More than a screen has rows.
const tailItems = 400;

const explained = (
	steps: readonly Step[],
	{isExplained, width, style = ownStyle}: LifecycleView,
): readonly Row[] =>
	isExplained
		? steps.flatMap(step => explanation(step, width, style.isWatched))
		: [];

/** What is drawn one by one: the rows of each, and how many there are. */
type Items = {
	readonly count: number;
	readonly rowsOf: (index: number) => readonly Row[];
};

/** First of all, what is missing. */
const withUnkept = (items: Items, view: LifecycleView): Items => {
	const {source, width, style = ownStyle} = view;
	const hasTransfers = width >= rungColumns || style.isWatched;
	const text = unkeptText(
		hasTransfers
			? source
			: {...source, transfers: noneYet, keptSince: {}, segments: noneYet},
	);
	return text === ''
		? items
		: {
				count: items.count + 1,
				rowsOf: index =>
					index === 0
						? wrapText(text, Math.max(2, width)).map(row =>
								createRow([{text: row, role: 'faint'}]),
							)
						: items.rowsOf(index - 1),
			};
};

const itemsOf = (view: LifecycleView): Items => {
	const {source, peer, side, width, isTail = false} = view;
	if (width < rungColumns) {
		const drawing = drawingOf(view);
		// Of other programs, a send() tells what happened between two recv().
		const all = drawing.isWatched
			? merge(source.steps, lastOf(source.transfers), side)
			: source.steps;
		const steps = all.filter(step => peer === undefined || isAbout(step, peer));
		const draw =
			width < ladderColumns
				? listOf(steps, width, drawing)
				: ladderOf(drawing, width);
		return {
			count: steps.length,
			rowsOf(index) {
				const step = steps[index]!;
				return [draw(step), ...explained([step], view)];
			},
		};
	}

	const wanted = isTail ? tailItems : Infinity;
	const rungs: readonly Rung[] = rungsOf(
		{
			steps: source.steps,
			transfers: lastOf(source.transfers, wanted),
			segments: lastOf(source.segments, wanted),
		},
		{side, peer},
	);
	const layout = layRungs(width, hasPeers(view));
	return {
		count: rungs.length,
		rowsOf(index) {
			const rung = rungs[index]!;
			return [
				...rungRows(rung, layout, side, view.style),
				...explained(stepsOf(rung), view),
			];
		},
	};
};

/**
 * The steps as `visibleRows` and the scrolling functions take them.
 *
 * @param view Its height includes the head.
 */
export const lifecycleView = (view: LifecycleView): ScrollView => {
	const {height, anchor} = view;
	const {count, rowsOf} = withUnkept(itemsOf(view), view);
	return {
		first: 0,
		end: count,
		newEnd: count,
		anchor,
		height: height - lifecycleHead(view).length,
		countRows: index => rowsOf(index).length,
		rowsAt: (index, start, end) => rowsOf(index).slice(start, end),
	};
};
