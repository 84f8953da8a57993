/**
 * The connections of a proxy beside the transcript, the newest first:
 *
 * ```
 * :40000      → 1.2 kB ← 3 B
 * c ESTABLISHED⇄ESTABLISHED
 * t ESTABLISHED⇄CLOSE-WAIT
 *   → 64.0 kB waiting, paused
 * ```
 *
 * The first row of states is the client's connection, the second that to the
 * target. Pure.
 */
import type {PairRow} from '../../event/proxy-event.js';
import {display, toDisplay} from '../../protocol/display.js';
import type {Model} from '../../store/model.js';
import {formatBytes} from '../../tcp/format-bytes.js';
import {ruleRow} from '../pane/pane.js';
import {cutTo} from '../text/cells.js';
import {createRow, edgeRow, type Row, type Span} from '../text/row.js';
import {sortPairs} from './pair-order.js';
import {
	arrows,
	directions,
	faultWords,
	laterFaults,
	statesOf,
	waitingBytes,
} from './pair-facts.js';

const headRow = (row: PairRow, width: number): Row => {
	const {peer, isOpen} = row;
	// All addresses here are of this machine.
	const name = /:\d+$/.exec(peer)?.[0] ?? peer;
	const bytes = directions
		.map(each => `${arrows[each]} ${formatBytes(row[each].bytes)}`)
		.join(' ');
	return edgeRow(
		[{text: toDisplay(name), role: isOpen ? 'title' : 'faint'}],
		{text: toDisplay(isOpen ? bytes : 'closed'), role: 'faint'},
		width,
	);
};

// ESTABLISHED⇄ESTABLISHED, after its letter.
const labelledCells = 25;

const stateRows = (row: PairRow, width: number): readonly Row[] => {
	const {client, target} = statesOf(row);
	const look = row.isOpen ? {} : ({role: 'faint'} as const);
	return (
		[
			['c', client, row.client],
			['t', target, row.target],
		] as const
	).map(([label, states, {kernel, link}]) => {
		// What has no states says what it is.
		const text = kernel === undefined ? link : states.join('⇄');
		const labelled = width < labelledCells ? text : `${label} ${text}`;
		return createRow([{text: cutTo(toDisplay(labelled), width), ...look}]);
	});
};

const troubleRows = (row: PairRow, width: number): readonly Row[] =>
	directions.flatMap(direction => {
		const waiting = waitingBytes(row, direction);
		const words = [
			...(waiting > 0 ? [`${formatBytes(waiting)} waiting`] : []),
			...faultWords(row[direction].faults),
		];
		return words.length === 0 || !row.isOpen
			? []
			: [
					createRow([
						{
							text: cutTo(
								display`  ${arrows[direction]} ${words.join(', ')}`,
								width,
							),
							role: 'warn',
						},
					]),
				];
	});

const rowsOf = (row: PairRow, width: number): readonly Row[] => [
	headRow(row, width),
	...stateRows(row, width),
	...troubleRows(row, width),
];

/** What is done to connections that come later. */
const faultRows = (model: Model, width: number): readonly Row[] =>
	laterFaults(model).map(text =>
		createRow([{text: cutTo(toDisplay(text), width), role: 'warn'}]),
	);

/** As many connections as fit; the last row says how many don't. */
export const sideRows = (
	model: Model,
	width: number,
	height: number,
): readonly Row[] => {
	const faults = faultRows(model, width);
	const pairs = model.socket.pairs?.rows ?? [];
	const title: Span = {text: display`c client · t target`, role: 'title'};
	const rows: Row[] = [];
	const room = height - faults.length - 1;
	let left = pairs.length;
	for (const pair of sortPairs(pairs, 0)) {
		const added = rowsOf(pair, width);
		const more = left > 1 ? 1 : 0;
		if (rows.length + added.length + more > room) {
			break;
		}

		rows.push(...added);
		left--;
	}

	const more: Span = {
		text: cutTo(display`… ${left} more: /peers`, width),
		role: 'faint',
	};
	return [
		...faults,
		...(pairs.length > 0 && room > 0 ? [ruleRow(width, title)] : []),
		...rows,
		...(left > 0 && room > 0 ? [createRow([more])] : []),
	].slice(0, Math.max(0, height));
};
