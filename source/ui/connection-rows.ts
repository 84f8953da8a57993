/**
 * What the connection pane says, as rows: a column of them where there is room
 * beside the transcript, else one or two lines above it. Pure.
 */
import type {Connection} from '../connection/lifecycle.js';
import type {Listening} from '../connection/serving.js';
import {assertNever} from '../errors.js';
import {display, toDisplay, type DisplayText} from '../protocol/display.js';
import type {Model} from '../store/model.js';
import {cutTo} from './cells.js';
import {formatBytes, formatDuration, formatMs, sparkline} from './format.js';
import {ruleRow} from './pane.js';
import {
	cellsOfSpans,
	createRow,
	withRightEdge,
	type Row,
	type Span,
} from './row.js';
import {colors, symbols} from './theme.js';

type Phase = {
	readonly name: string;
	readonly color: string;
	readonly since: number;
};

const connectionPhase = (connection: Connection, now: number): Phase => {
	const {phase, since} = connection;
	switch (phase) {
		case 'connecting':
		case 'handshaking': {
			const {attempt} = connection;
			const name = attempt > 1 ? `${phase}, attempt ${attempt}` : phase;
			return {name, color: colors.warn, since};
		}

		case 'open': {
			return {name: phase, color: colors.good, since};
		}

		case 'silent': {
			return {name: phase, color: colors.warn, since};
		}

		case 'waiting': {
			const seconds = Math.max(0, Math.ceil((connection.retryAt - now) / 1000));
			return {name: `retry in ${seconds} s`, color: colors.bad, since};
		}

		case 'draining': {
			return {name: phase, color: colors.warn, since};
		}

		case 'closed': {
			return {name: phase, color: colors.bad, since};
		}

		default: {
			return assertNever(connection);
		}
	}
};

const listeningPhase = ({phase, since}: Listening): Phase => ({
	name: phase,
	color: phase === 'listening' ? colors.good : colors.warn,
	since,
});

const phaseOf = (
	{listening, connection}: Model,
	now: number,
): Phase | undefined => {
	if (listening) {
		return listeningPhase(listening.state);
	}

	return connection && connectionPhase(connection, now);
};

/** 127.0.0.1:53122 → :5001, the host only once where both are the same. */
const route = ({local, remote, where}: Model): DisplayText => {
	if (local === undefined || remote === undefined) {
		return toDisplay(where);
	}

	const [, host, port] = /^(.*)(:\d+)$/.exec(remote) ?? [];
	const isSameHost = host !== undefined && local.startsWith(`${host}:`);
	return display`${local} ${symbols.outward} ${isSameHost ? port! : remote}`;
};

const peersText = ({listening}: Model): string | undefined => {
	if (!listening) {
		return undefined;
	}

	const {peers, accepted, turnedAway} = listening;
	const away = turnedAway > 0 ? ` · ${turnedAway} turned away` : '';
	return `${peers} connected · ${accepted} accepted${away}`;
};

const trafficText = ({traffic, listening}: Model): string | undefined =>
	listening
		? undefined
		: `in ${formatBytes(traffic.bytesIn)} · out ${formatBytes(traffic.bytesOut)}`;

const queueText = ({
	traffic,
	pending,
	listening,
	mode,
}: Model): string | undefined => {
	if (listening) {
		return undefined;
	}

	const queue = `queue ${formatBytes(traffic.queuedBytes)}`;
	return mode === 'raw' || pending.length === 0
		? queue
		: `${queue} · ${pending.length} not stored`;
};

const text = (value: string): Span => ({text: toDisplay(value)});

/** Names in rows, as many as fit; the last row says how many don't. */
const memberRows = (model: Model, width: number, height: number): Row[] => {
	const {count, names} = model.presence.members;
	const rows: Row[] = [];
	let shown = 0;
	while (shown < names.length && rows.length < height) {
		const line: Span[] = [];
		while (shown < names.length) {
			const name = names[shown]!;
			const span: Span = {
				text: cutTo(toDisplay(name), width),
				bold: name === model.nick,
			};
			const gap: Span[] = line.length > 0 ? [{text: display`  `}] : [];
			if (cellsOfSpans([...line, ...gap, span]) > width) {
				break;
			}

			line.push(...gap, span);
			shown++;
		}

		rows.push(createRow(line));
	}

	const hidden = count - shown;
	if (hidden > 0 && rows.length > 0) {
		rows[rows.length - 1] = createRow([
			{text: display`… ${String(hidden)} more`, dim: true},
		]);
	}

	return rows;
};

/**
 * The rows of the pane beside the transcript.
 *
 * @param now Monotonic milliseconds.
 */
export const connectionRows = (
	model: Model,
	now: number,
	width: number,
	height: number,
): readonly Row[] => {
	const rows: Row[] = [];
	const phase = phaseOf(model, now);
	if (phase) {
		const head = createRow([
			{text: symbols.solid, color: phase.color},
			text(` ${phase.name}`),
		]);
		rows.push(
			// A blank keeps it off the frame.
			withRightEdge(head, text(`${formatDuration(now - phase.since)} `), width),
		);
	}

	rows.push(createRow([{text: cutTo(route(model), width)}]));
	const rtt = model.rtts.at(-1);
	if (rtt !== undefined) {
		const label = `rtt ${formatMs(rtt)}`.padEnd(13);
		rows.push(
			createRow([
				text(label),
				{...text(sparkline(model.rtts, width - label.length)), dim: true},
			]),
		);
	}

	for (const line of [peersText(model), trafficText(model), queueText(model)]) {
		if (line !== undefined) {
			rows.push(createRow([{text: cutTo(toDisplay(line), width)}]));
		}
	}

	if (model.mode === 'room') {
		const {count} = model.presence.members;
		rows.push(ruleRow(width, {text: display`members ${String(count)}`}));
		rows.push(...memberRows(model, width, height - rows.length));
	}

	return rows.slice(0, height);
};

/** Joins what fits, in order of worth; the first stands whatever it takes. */
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

/**
 * The one or two lines above the transcript.
 *
 * @param now Monotonic milliseconds.
 */
export const statusRows = (
	model: Model,
	now: number,
	width: number,
	height: number,
): readonly Row[] => {
	const phase = phaseOf(model, now);
	const {count, names} = model.presence.members;
	const rtt = model.rtts.at(-1);
	const members = model.mode === 'room' ? `${count} here` : undefined;
	const symbol: Span[] = phase
		? [{text: display`${symbols.solid} `, color: phase.color}]
		: [];
	const phaseText =
		phase && `${phase.name} ${formatDuration(now - phase.since)}`;
	const rttText = rtt === undefined ? undefined : `rtt ${formatMs(rtt)}`;
	const first = createRow([
		...symbol,
		...fitting(
			[
				...defined([phaseText]),
				...defined([members, rttText]),
				{text: route(model)},
			],
			width - cellsOfSpans(symbol),
		),
	]);
	const second = createRow(
		fitting(
			defined([
				peersText(model),
				trafficText(model),
				queueText(model),
				model.mode === 'room' ? names.join(' ') : undefined,
			]),
			width,
		),
	);
	return [first, second].slice(0, height);
};
