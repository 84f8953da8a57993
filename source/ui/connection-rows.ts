/**
 * What the connection pane says, as rows: a column of them where there is room
 * beside the transcript, else one or two lines above it. Pure.
 */
import {display, toDisplay} from '../protocol/display.js';
import type {Model} from '../store/model.js';
import {cutTo} from './cells.js';
import {
	layerFacts,
	peersText,
	phaseFact,
	routeText,
	tcpFact,
	tcpText,
} from './connection-facts.js';
import {formatBytes, formatDuration, formatMs, sparkline} from './format.js';
import {ruleRow} from './pane.js';
import {
	cellsOfSpans,
	createRow,
	withRightEdge,
	type Row,
	type Span,
} from './row.js';
import {symbols} from './theme.js';
import {timelineRows} from './timeline.js';

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

const text = (value: string): Span => ({text: toDisplay(value)});

const textRow = (value: string, width: number): Row =>
	createRow([{text: cutTo(toDisplay(value), width)}]);

/** Names in rows, as many as fit; the last row says how many don't. */
const memberRows = (model: Model, width: number, height: number): Row[] => {
	const {count, names} = model.presence.members;
	const rows: Row[] = [];
	let line: Span[] = [];
	let shown = 0;
	for (const name of names) {
		const span: Span = {
			text: cutTo(toDisplay(name), width),
			bold: name === model.nick,
		};
		const gap: Span[] = line.length > 0 ? [{text: display`  `}] : [];
		if (cellsOfSpans([...line, ...gap, span]) <= width) {
			line.push(...gap, span);
		} else if (rows.length + 1 < height) {
			rows.push(createRow(line));
			line = [span];
		} else {
			break;
		}

		shown++;
	}

	const hidden = count - shown;
	const more = createRow([{text: display`… ${hidden} more`, dim: true}]);
	return [...rows, hidden > 0 ? more : createRow(line)].slice(0, height);
};

const phaseRows = ({model, now, wallNow, width}: ConnectionView): Row[] => {
	const rows: Row[] = [];
	const phase = phaseFact(model, now);
	if (phase) {
		const head = createRow([
			{text: symbols.solid, color: phase.color},
			text(` ${phase.name}`),
		]);
		// A blank keeps it off the frame.
		const time = text(`${formatDuration(now - phase.since)} `);
		rows.push(withRightEdge(head, time, width));
	}

	const tcp = tcpFact(model);
	if (tcp) {
		const head = createRow([{text: tcpText(tcp)}]);
		const readAt = model.socket.kernel?.at ?? model.socket.peers?.at;
		const age: Span = {
			text:
				tcp.isRead && readAt !== undefined
					? display`kernel ${Math.max(0, Math.floor((wallNow - readAt) / 1000))} s ago `
					: display`inferred `,
			dim: true,
		};
		const isRoom = cellsOfSpans([...head.spans, age]) < width;
		rows.push(isRoom ? withRightEdge(head, age, width) : head);
	}

	return rows;
};

const rateRow = (
	label: string,
	bytes: number,
	rates: readonly number[],
	width: number,
): Row => {
	const total = `${label} ${formatBytes(bytes)}`.padEnd(13);
	const rate = ` ${formatBytes(rates.at(-1) ?? 0)}/s`;
	const cells = width - total.length - rate.length;
	return createRow([
		text(total),
		{...text(sparkline(rates, cells)), dim: true},
		...(rates.length > 0 ? [text(rate)] : []),
	]);
};

const trafficRows = ({model, width}: ConnectionView): Row[] => {
	const {listening, traffic, socket, rtts} = model;
	const {bytesIn, bytesOut, ins, outs} = socket.rates;
	const rtt = rtts.at(-1);
	const label = rtt === undefined ? '' : `rtt ${formatMs(rtt)}`.padEnd(13);
	const rttRow = createRow([
		text(label),
		{...text(sparkline(rtts, width - label.length)), dim: true},
	]);
	return [
		...(rtt === undefined ? [] : [rttRow]),
		rateRow('in ', listening ? bytesIn : traffic.bytesIn, ins, width),
		rateRow('out', listening ? bytesOut : traffic.bytesOut, outs, width),
		...layerFacts(model).map(({text: fact, source}) =>
			withRightEdge(
				createRow([text(fact)]),
				{text: display`${source} `, dim: true},
				width,
			),
		),
	];
};

/** The rows of the pane beside the transcript. */
export const connectionRows = (view: ConnectionView): readonly Row[] => {
	const {model, width, height, isExplained} = view;
	const peers = peersText(model);
	const top = [
		...phaseRows(view),
		createRow([{text: cutTo(routeText(model), width)}]),
		...(peers === undefined ? [] : [textRow(peers, width)]),
		...trafficRows(view),
	];
	const {members} = model.presence;
	const memberPart =
		model.mode === 'room'
			? [
					ruleRow(width, {text: display`members ${members.count}`}),
					...memberRows(model, width, Math.max(1, Math.floor(height / 5))),
				]
			: [];
	const free = height - top.length - memberPart.length - 1;
	const steps =
		free > 0
			? [
					ruleRow(width, {text: display`lifecycle`}),
					...timelineRows(model.socket.steps, {
						explained: isExplained ? 'last' : 'none',
						width,
						height: free,
					}),
				]
			: [];
	return [...top, ...steps, ...memberPart].slice(0, height);
};

/** Joins what fits, in order of worth; the rest is left out. */
const fitting = (parts: readonly Span[], width: number): readonly Span[] => {
	const spans: Span[] = [];
	for (const part of parts) {
		const gap: Span[] =
			spans.length > 0 ? [{text: display` · `, dim: true}] : [];
		if (cellsOfSpans([...spans, ...gap, part]) <= width) {
			spans.push(...gap, part);
		}
	}

	return spans;
};

const defined = (values: ReadonlyArray<string | undefined>): Span[] =>
	values.filter(value => value !== undefined).map(value => text(value));

/** The one or two lines above the transcript. */
export const statusRows = (view: ConnectionView): readonly Row[] => {
	const {model, now, width, height} = view;
	const {count, names} = model.presence.members;
	const phase = phaseFact(model, now);
	const tcp = tcpFact(model);
	const rtt = model.rtts.at(-1);
	const isRoom = model.mode === 'room';
	const symbol: Span[] = phase
		? [{text: display`${symbols.solid} `, color: phase.color}]
		: [];
	const first = [
		...defined([
			phase && `${phase.name} ${formatDuration(now - phase.since)}`,
			isRoom ? `${count} here` : undefined,
			tcp && tcpText(tcp),
			rtt === undefined ? undefined : `rtt ${formatMs(rtt)}`,
		]),
		{text: routeText(model)},
	];
	const {traffic, listening} = model;
	const second = defined([
		peersText(model),
		listening
			? undefined
			: `in ${formatBytes(traffic.bytesIn)} · out ${formatBytes(traffic.bytesOut)}`,
		...layerFacts(model).map(({text: fact}) => fact),
		isRoom ? names.join(' ') : undefined,
	]);
	return [
		createRow([...symbol, ...fitting(first, width - cellsOfSpans(symbol))]),
		createRow(fitting(second, width)),
	].slice(0, height);
};
