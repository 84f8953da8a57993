/**
 * The line about the connection above the transcript, where there is no side
 * pane. Pure.
 *
 * Phase, TCP state, rtt, and a relay that isn't well come first; to keep them,
 * the rest of their words are left out. Then people, who are cut, not dropped:
 * addresses and counters get what is left.
 */
import {formatBytes} from '../../tcp/format-bytes.js';
import {display, displayWidth, toDisplay} from '../../protocol/display.js';
import {namesLine} from '../../protocol/presence.js';
import {steadyRtt} from '../../store/picture.js';
import {cutTo} from '../text/cells.js';
import {formatMs} from '../text/format.js';
import {cellsOfSpans, createRow, type Row, type Span} from '../text/row.js';
import {symbols} from '../theme/symbols.js';
import {laterFaults} from '../proxy/pair-facts.js';
import {relayFact, type RelayFact} from './relay-facts.js';
import {faint, text, type ConnectionView} from './connection-rows.js';
import {
	isPresenceCurrent,
	layerFacts,
	linkFacts,
	peerCounts,
	phaseFact,
	routeText,
	standingFacts,
	tcpFact,
	type PhaseFact,
	type TcpFact,
} from './connection-facts.js';

const separator = ' · ';

/** Adds parts to a line, the most useful first; what doesn't fit is dropped. */
const fillLine = (
	parts: readonly Span[],
	width: number,
	begun: readonly Span[] = [],
): Span[] => {
	const line = [...begun];
	for (const part of parts) {
		const gap: Span[] = line.length > 0 ? [faint(separator)] : [];
		if (cellsOfSpans([...line, ...gap, part]) <= width) {
			line.push(...gap, part);
		}
	}

	return line;
};

const withAge = (words: string, {age}: PhaseFact): string =>
	age === undefined ? words : `${words} ${age}`;

const tcpWords = ({state, isRead}: TcpFact): string =>
	isRead ? state : `${state} inferred`;

const relayWords = ({name, counts}: RelayFact): string =>
	[`relay ${name}`, ...counts].join(', ');

/** What is never left out, in the longest wording that fits. */
const keptFacts = (
	phase: PhaseFact | undefined,
	tcp: TcpFact | undefined,
	rtt: string | undefined,
	trouble: RelayFact | undefined,
	width: number,
): readonly string[] => {
	const state = tcp && tcpWords(tcp);
	const labelled = state && `tcp ${state}`;
	const relay = trouble && `relay ${trouble.name}`;
	const wordings = [
		[
			phase && withAge(phase.name, phase),
			labelled,
			rtt,
			trouble && relayWords(trouble),
		],
		[phase && withAge(phase.name, phase), labelled, rtt, relay],
		[phase && withAge(phase.name, phase), state, rtt, relay],
		[phase && withAge(phase.brief, phase), state, rtt, relay],
		[phase?.brief, state, rtt, relay],
		[phase?.brief, state, relay],
		[phase?.brief, relay ?? state],
	].map(facts => facts.filter(fact => fact !== undefined));
	const fits = (facts: readonly string[]) =>
		displayWidth(toDisplay(facts.join(separator))) <= width;
	return wordings.find(facts => fits(facts)) ?? wordings.at(-1)!;
};

/** The line above the transcript. */
export const statusRows = (view: ConnectionView): readonly Row[] => {
	const {model, now, wallNow, width, height} = view;
	const {traffic, listening, presence} = model;
	const {count} = presence.members;
	const phase = phaseFact(model, now);
	const rtt = steadyRtt(model);
	const isHere = model.mode === 'room' && isPresenceCurrent(model);
	const symbol: Span[] = phase
		? [{text: display`${symbols.solid} `, role: phase.role}]
		: [];
	const room = Math.max(1, width - cellsOfSpans(symbol));
	const relay = relayFact(model, wallNow);
	const isTroubled = relay !== undefined && relay.role !== 'good';
	const kept = keptFacts(
		phase,
		tcpFact(model),
		rtt === undefined ? undefined : `rtt ${formatMs(rtt)}`,
		isTroubled ? relay : undefined,
		room,
	);
	const standing = standingFacts(model);
	const [first = '', ...others] = kept;
	const line = fillLine(
		[
			{text: cutTo(toDisplay(first), room)},
			...spansOf([
				...others,
				relay && !isTroubled && relayWords(relay),
				isHere && `${count} here`,
				...standing,
			]),
		].filter(span => span.text !== ''),
		room,
	);
	const names = isHere && namesLine(presence.members, symbols.unshared);
	const counters = [
		...(model.target === undefined
			? [routeText(model), ...peerCounts(model)]
			: [...laterFaults(model), ...peerCounts(model), routeText(model)]),
		...linkFacts(model).slice(0, 2),
		!listening && `in ${formatBytes(traffic.bytesIn)}`,
		!listening && `out ${formatBytes(traffic.bytesOut)}`,
		...layerFacts(model, wallNow)
			.map(({brief}) => brief)
			.filter(brief => !standing.includes(brief)),
	];
	const free = room - cellsOfSpans(line) - separator.length;
	const people = names ? spansOf([fittingNames(names, free)]) : [];
	const spans = fillLine([...people, ...spansOf(counters)], room, line);
	return [createRow([...symbol, ...spans])].slice(0, Math.max(0, height));
};

/** Whole names, as half a name is nobody's; empty if not one fits. */
const fittingNames = (names: string, columns: number): string => {
	const shown = toDisplay(names);
	if (displayWidth(shown) <= columns) {
		return names;
	}

	const cut = cutTo(shown, columns);
	const end = cut.lastIndexOf(' ');
	return end === -1 ? '' : `${cut.slice(0, end)} ${symbols.ellipsis}`;
};

const spansOf = (facts: ReadonlyArray<string | false | undefined>): Span[] =>
	facts.flatMap(fact => (fact ? [text(fact)] : []));
