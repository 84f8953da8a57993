/**
 * The rows of the side pane: the people, then the socket. Pure.
 *
 * Phase, TCP state and rtt keep their rows, whatever the height.
 */
import {formatBytes} from '../../tcp/format-bytes.js';
import {display, toDisplay, type DisplayText} from '../../protocol/display.js';
import {groupNames} from '../../protocol/presence.js';
import type {Model} from '../../store/model.js';
import {leastShownRate, steadyRtt} from '../../store/picture.js';
import {cutTo} from '../text/cells.js';
import {formatMs, sparkline} from '../text/format.js';
import {ruleRow} from '../pane/pane.js';
import {
	cellsOfSpans,
	createRow,
	cutRow,
	edgeRow as rowWithEdge,
	type Row,
	type Span,
} from '../text/row.js';
import {sideRows} from '../proxy/side-rows.js';
import {hueOf} from '../theme/roles.js';
import {symbols} from '../theme/symbols.js';
import {timesLeft} from '../lifecycle/time-left.js';
import {timelineRows} from '../lifecycle/timeline.js';
import {relayFact} from './relay-facts.js';
import {
	heardFact,
	isPresenceCurrent,
	layerFacts,
	linkFacts,
	peersFacts,
	phaseFact,
	routeText,
	tcpFact,
} from './connection-facts.js';

export type ConnectionView = {
	readonly model: Model;
	/** Monotonic milliseconds. */
	readonly now: number;
	/** Milliseconds since the epoch. */
	readonly wallNow: number;
	readonly isExplained: boolean;
	readonly width: number;
	readonly height: number;
};

export const text = (value: string): Span => ({text: toDisplay(value)});

export const faint = (value: string): Span => ({...text(value), role: 'faint'});

/** With a blank after the edge, as the line of the pane is next to it. */
const edgeRow = (spans: readonly Span[], edge: Span, width: number): Row =>
	rowWithEdge(spans, {...edge, text: display`${edge.text} `}, width);

/**
 * Puts spans into rows of those widths, in order, until one doesn't fit.
 *
 * @returns The rows that aren't empty, and how many spans they contain.
 */
const place = (
	spans: readonly Span[],
	widths: readonly number[],
	gap: Span,
): {rows: Span[][]; count: number} => {
	const rows: Span[][] = widths.map(() => []);
	let at = 0;
	let count = 0;
	for (const span of spans) {
		const joined = (row: Span[]) =>
			row.length > 0 ? [...row, gap, span] : [span];
		while (at < rows.length && cellsOfSpans(joined(rows[at]!)) > widths[at]!) {
			at++;
		}

		if (at === rows.length) {
			break;
		}

		rows[at] = joined(rows[at]!);
		count++;
	}

	return {rows: rows.filter(row => row.length > 0), count};
};

/** Joins facts into as many rows as they need. */
const flow = (facts: readonly string[], width: number): Row[] => {
	const spans = facts.map(fact => ({text: cutTo(toDisplay(fact), width)}));
	const widths = facts.map(() => width);
	const {rows} = place(spans, widths, {text: display` · `});
	return rows.map(row => createRow(row));
};

type NameSpans = {
	/** Names the machine of those that are on another one. */
	readonly label: Span | undefined;
	readonly names: readonly Span[];
};

/** Places the names of each machine, which begin a row of their own. */
const placeNames = (
	groups: readonly NameSpans[],
	widths: readonly number[],
	gap: Span,
) => {
	const rows: Span[][] = [];
	let count = 0;
	for (const {label, names} of groups) {
		const spans = label ? [label, ...names] : names;
		const placed = place(spans, widths.slice(rows.length), gap);
		const named = placed.count - (label ? 1 : 0);
		if (named < 1) {
			break;
		}

		rows.push(...placed.rows);
		count += named;
		if (named < names.length) {
			break;
		}
	}

	return {rows, count};
};

/** As many names as fit; the last row says how many don't. */
const memberRows = (model: Model, width: number, height: number): Row[] => {
	const {count} = model.presence.members;
	const gap: Span = {text: display`  `};
	const groups = groupNames(model.presence.members, symbols.unshared).map(
		({machine, names, marked}): NameSpans => ({
			label:
				machine === undefined
					? undefined
					: {text: cutTo(toDisplay(`on ${machine}:`), width), role: 'faint'},
			names: names.map((name, index) => ({
				text: cutTo(toDisplay(marked[index]!), width),
				role: name === model.nick ? ('own' as const) : ('other' as const),
				hue: hueOf(name),
			})),
		}),
	);
	const whole = Array.from({length: height}, () => width);
	const all = placeNames(groups, whole, gap);
	if (all.count === count) {
		return all.rows.map(row => createRow(row));
	}

	const more = (hidden: number) => faint(`… ${hidden} more`);
	const least = width - cellsOfSpans([gap, more(count)]);
	const some = placeNames(groups, [...whole.slice(0, -1), least], gap);
	const isFull = some.rows.length === height;
	const last = isFull ? [...some.rows.pop()!, gap] : [];
	return [...some.rows, [...last, more(count - some.count)]].map(row =>
		cutRow(row, width),
	);
};

const phaseRows = ({model, now, width}: ConnectionView): Row[] => {
	const rows: Row[] = [];
	const phase = phaseFact(model, now);
	if (phase) {
		const {name, brief, role, age = ''} = phase;
		const symbol: Span = {text: symbols.solid, role};
		const time = text(age);
		const gaps = age === '' ? 0 : 2;
		const isRoom =
			cellsOfSpans([symbol, text(` ${name}`), time]) + gaps <= width;
		const head = [symbol, text(` ${isRoom ? name : brief}`)];
		rows.push(age === '' ? cutRow(head, width) : edgeRow(head, time, width));
	}

	const tcp = tcpFact(model);
	if (tcp) {
		const source = faint(tcp.isRead ? 'kernel' : 'inferred');
		const labelled = text(`tcp ${tcp.state}`);
		const isRoom = cellsOfSpans([labelled, source]) + 2 <= width;
		const head = isRoom ? labelled : text(tcp.state);
		rows.push(edgeRow([head], source, width));
	}

	return rows;
};

const labelCells = 13;

/** A value and its bars, the newest on the right. */
const barsRow = (
	label: string,
	values: readonly number[],
	edge: string,
	width: number,
): Row => {
	const head = text(label.padEnd(labelCells));
	const right = text(edge);
	const room = width - cellsOfSpans([head, right]) - (edge === '' ? 1 : 2);
	const bars = faint(sparkline(values, room).padStart(Math.max(0, room)));
	return edge === ''
		? cutRow([head, bars], width)
		: edgeRow([head, bars], right, width);
};

// Rates up to 999.9 B/s and 99.9 kB/s don't move the bars.
const rateCells = 9;

const rttRows = ({model, width}: ConnectionView): Row[] => {
	const rtt = steadyRtt(model);
	return rtt === undefined
		? []
		: [barsRow(`rtt ${formatMs(rtt)}`, model.rtts.slice(1), '', width)];
};

const heardRows = ({model, wallNow, width}: ConnectionView): Row[] => {
	const heard = heardFact(model, wallNow);
	return heard === undefined
		? []
		: [edgeRow([text('last heard')], text(heard), width)];
};

const trafficRows = (view: ConnectionView): Row[] => {
	const {model, wallNow, width} = view;
	const {listening, traffic, socket} = model;
	const {bytesIn, bytesOut, ins, outs} = socket.rates;
	const passed = socket.pairs?.bytes;
	const row = (label: string, bytes: number, rates: readonly number[]) => {
		const rate = rates.at(-1) ?? 0;
		const total = `${label} ${formatBytes(bytes)}`;
		// A smaller one, as of heartbeats, would stay on the screen when it ends.
		return rate < leastShownRate
			? cutRow([text(total)], width)
			: barsRow(
					total,
					rates,
					`${formatBytes(rate)}/s`.padStart(rateCells),
					width,
				);
	};

	return [
		...heardRows(view),
		row('in ', listening ? (passed?.in ?? bytesIn) : traffic.bytesIn, ins),
		row('out', listening ? (passed?.out ?? bytesOut) : traffic.bytesOut, outs),
		...layerFacts(model, wallNow).map(({text: fact, source}) =>
			edgeRow([text(fact)], faint(source), width),
		),
	];
};

/** Who is here, as the title of a pane that begins with their names. */
export const peopleTitle = (model: Model): DisplayText => {
	const known = isPresenceCurrent(model) ? '' : ', last known';
	return display`members ${model.presence.members.count}${known}`;
};

// A rule, the phase, the TCP state, the rtt.
const leastSocketRows = 4;

const peopleRows = ({model, width, height}: ConnectionView): Row[] => {
	const most = Math.min(Math.floor(height * 0.4), height - leastSocketRows);
	const {count} = model.presence.members;
	return most < 1 || count === 0 ? [] : memberRows(model, width, most);
};

/** Below the socket: the relay is one more connection. */
const relayRows = ({model, wallNow, width}: ConnectionView): Row[] => {
	const relay = relayFact(model, wallNow);
	if (!relay) {
		return [];
	}

	const {name, role, age, engine, counts} = relay;
	const head: Span[] = [{text: symbols.solid, role}, text(` ${name}`)];
	return [
		ruleOf(display`relay`, width),
		edgeRow(head, text(age), width),
		cutRow([text(engine)], width),
		...flow(counts, width),
	];
};

const ruleOf = (label: DisplayText, width: number): Row =>
	ruleRow(width, {text: label, role: 'title'});

const routeRows = (model: Model, width: number): readonly Row[] => {
	const {target} = model;
	return [
		cutRow([{text: routeText(model, width)}], width),
		...(target === undefined ? [] : [cutRow([text(`⇄ ${target}`)], width)]),
	];
};

/** The rows of the pane beside the transcript. */
export const connectionRows = (view: ConnectionView): readonly Row[] => {
	const {model, wallNow, width, height, isExplained} = view;
	const people =
		model.mode === 'room'
			? [...peopleRows(view), ruleOf(display`connection`, width)]
			: [];
	const socket = [
		...phaseRows(view),
		...rttRows(view),
		...routeRows(model, width),
		...flow(linkFacts(model), width),
		...flow(peersFacts(model), width),
		...trafficRows(view),
		...relayRows(view),
	];
	if (model.target !== undefined) {
		const pairs = sideRows(model, width, height - socket.length);
		return [...socket, ...pairs].slice(0, Math.max(0, height));
	}

	const free = height - people.length - socket.length - 1;
	const steps =
		free > 0 && model.socket.steps.length > 0
			? [
					ruleOf(display`lifecycle · ● read`, width),
					...timelineRows(model.socket.steps, {
						explained: isExplained ? 'last' : 'none',
						width,
						height: free,
						timesLeft: timesLeft(model.socket.steps, wallNow),
					}),
				]
			: [];
	return [...people, ...socket, ...steps].slice(0, Math.max(0, height));
};
