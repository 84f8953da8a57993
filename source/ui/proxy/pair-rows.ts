/**
 * The connections of a proxy as rows, with the states of all four ends:
 *
 * ```
 * 127.0.0.1:40000 ⇄ 127.0.0.1:9000 ┆ 127.0.0.1:51324 ⇄ 127.0.0.1:6379  3 min
 *     ESTABLISHED ⇄ ESTABLISHED    ┆     ESTABLISHED ⇄ CLOSE-WAIT
 *   out → 1.2 kB · paused · 64.0 kB unread here
 *   in  ← 3.4 kB · delay 200 ms
 * ```
 *
 * In narrow places the two connections stand below each other. Pure.
 */
import type {PairRow, ProxyDirection} from '../../event/proxy-event.js';
import {
	display,
	displayWidth,
	joinText,
	toDisplay,
	type DisplayText,
} from '../../protocol/display.js';
import type {Model} from '../../store/model.js';
import {formatBytes} from '../../tcp/format-bytes.js';
import {blanks, cutTo} from '../text/cells.js';
import {formatAge} from '../text/format.js';
import {cutRow, edgeRow, type Row, type Span} from '../text/row.js';
import type {Role} from '../theme/roles.js';
import {symbols} from '../theme/symbols.js';
import {
	addressesOf,
	arrows,
	directions,
	faultWords,
	linkWords,
	statesOf,
	waitingWords,
	type FourStates,
} from './pair-facts.js';

const between = display` ⇄ `;
const middle = display` ${symbols.margin} `;

/** 127.255.255.255:65535 */
const mostEndCells = 21;
/** 127.0.0.1:65535, and ESTABLISHED. */
const leastEndCells = 15;

/** The four ends, and what stands between them. */
const endsCells = (cells: number): number =>
	4 * cells + 2 * displayWidth(between) + displayWidth(middle);

/** From this width on, both connections stand in one row. */
const besideCells = endsCells(leastEndCells);

/** As wide as the addresses that there are, as far as there is room. */
const cellsFor = (model: Model, width: number): number => {
	const rows = model.socket.pairs?.rows ?? [];
	let wanted = leastEndCells;
	for (const row of rows) {
		const {client, target} = addressesOf(row, model);
		for (const {length} of [...client, ...target]) {
			wanted = Math.max(wanted, length);
		}
	}

	const room = Math.floor((width - endsCells(0)) / 4);
	return Math.min(wanted, mostEndCells, room);
};

/** How many rows each connection has. */
export const rowsOfPair = (width: number): number =>
	width >= besideCells ? 4 : 6;

type Look = {readonly role?: Role};

const lookOf = ({isOpen}: PairRow): Look => (isOpen ? {} : {role: 'faint'});

/** Our ends stand in the middle, next to what is between two ends. */
const end = (text: string, cells: number, isRight: boolean): DisplayText => {
	const shown = cutTo(toDisplay(text), cells);
	const free = blanks(cells - displayWidth(shown));
	return isRight ? joinText(free, shown) : joinText(shown, free);
};

const connectionText = (
	[first, second]: readonly [string, string],
	cells: number,
): DisplayText =>
	joinText(end(first, cells, true), between, end(second, cells, false));

/** Both connections; nothing is after the last end. */
const besideText = (
	{client, target}: FourStates,
	cells: number,
): DisplayText => {
	const [ours, theirs] = target;
	return joinText(
		connectionText(client, cells),
		middle,
		end(ours, cells, true),
		between,
		cutTo(toDisplay(theirs), cells),
	);
};

/** With a faint text at the right edge, if there is room for it. */
const edged = (
	spans: readonly Span[],
	edge: DisplayText,
	width: number,
): Row =>
	edge === ''
		? cutRow(spans, width)
		: edgeRow(spans, {text: display` ${edge}`, role: 'faint'}, width);

const ageOf = ({isOpen, since}: PairRow, now: number): DisplayText =>
	toDisplay(isOpen ? formatAge(now - since) : 'closed');

const directionRow = (
	row: PairRow,
	direction: ProxyDirection,
	width: number,
): Row => {
	const {bytes, faults} = row[direction];
	const head = `  ${direction.padEnd(3)} ${arrows[direction]} ${formatBytes(bytes)}`;
	const troubles = [...faultWords(faults), ...waitingWords(row, direction)];
	return cutRow(
		[
			{text: toDisplay(head), ...lookOf(row)},
			...troubles.flatMap((words): Span[] => [
				{text: display` · `, role: 'faint'},
				{text: toDisplay(words), role: row.isOpen ? 'warn' : 'faint'},
			]),
		],
		width,
	);
};

const besideRows = (
	row: PairRow,
	model: Model,
	{now, width, cells}: PairView & {readonly cells: number},
): readonly Row[] => {
	const addresses: Span = {
		text: besideText(addressesOf(row, model), cells),
		role: row.isOpen ? 'title' : 'faint',
	};
	const states: Span = {
		text: besideText(statesOf(row), cells),
		...lookOf(row),
	};
	return [
		edged([addresses], ageOf(row, now), width),
		edged([states], toDisplay(linkWords(row)), width),
	];
};

const labelCells = 'client '.length;

const stackedRows = (
	row: PairRow,
	model: Model,
	{now, width}: PairView,
): readonly Row[] => {
	const states = statesOf(row);
	const addresses = addressesOf(row, model);
	const look = lookOf(row);
	const isWide = width >= labelCells + 2 * 'ESTABLISHED'.length + 3;
	const rowsOf = (name: 'client' | 'target', whole: string): Row[] => {
		const [first, second] = states[name];
		const shown = isWide ? whole : (/:\d+$/.exec(whole)?.[0] ?? whole);
		const head: Span = {
			text: display`${name} ${shown}`,
			role: row.isOpen ? 'title' : 'faint',
		};
		return [
			name === 'client'
				? edged([head], ageOf(row, now), width)
				: cutRow([head], width),
			edged(
				[
					{
						text: joinText(
							blanks(isWide ? labelCells : 0),
							toDisplay(`${first}${isWide ? between : '⇄'}${second}`),
						),
						...look,
					},
				],
				toDisplay(name === 'client' ? linkWords(row) : ''),
				width,
			),
		];
	};

	return [
		...rowsOf('client', addresses.client[0]),
		...rowsOf('target', addresses.target[1]),
	];
};

export type PairView = {
	/** Monotonic milliseconds. */
	readonly now: number;
	readonly width: number;
};

/** Some connections: `rowsOfPair(width)` rows each. */
export const pairsRows = (
	pairs: readonly PairRow[],
	model: Model,
	view: PairView,
): readonly Row[] => {
	const {width} = view;
	const cells = cellsFor(model, width);
	return pairs.flatMap(row => [
		...(width >= besideCells
			? besideRows(row, model, {...view, cells})
			: stackedRows(row, model, view)),
		...directions.map(direction => directionRow(row, direction, width)),
	]);
};

/** Above them: which end is whose. */
export const pairsHead = (model: Model, width: number): Row => {
	const cells = cellsFor(model, width);
	const text =
		width < besideCells
			? display`theirs ⇄ ours, then ours ⇄ theirs`
			: besideText(
					{client: ['client', 'proxy'], target: ['proxy', 'target']},
					cells,
				);
	return cutRow([{text, role: 'faint'}], width);
};
