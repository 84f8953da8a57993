/**
 * The one or two lines about the connection above the transcript, if there is
 * no room for a pane. Pure.
 */
import {display, toDisplay, type DisplayText} from '../../protocol/display.js';
import {cutTo} from '../text/cells.js';
import {formatBytes, formatDuration, formatMs} from '../text/format.js';
import {cellsOfSpans, createRow, type Row, type Span} from '../text/row.js';
import {symbols} from '../theme/symbols.js';
import {faint, text, type ConnectionView} from './connection-rows.js';
import {
	isPresenceCurrent,
	layerFacts,
	peersFacts,
	phaseFact,
	routeText,
	tcpFact,
	tcpText,
	type PhaseFact,
} from './connection-facts.js';

/** Puts parts into lines, the most useful first; the rest is dropped. */
const fillLines = (parts: readonly Span[], widths: readonly number[]) => {
	const lines: Span[][] = widths.map(() => []);
	for (const part of parts) {
		for (const [index, line] of lines.entries()) {
			const gap: Span[] = line.length > 0 ? [faint(' · ')] : [];
			if (cellsOfSpans([...line, ...gap, part]) <= widths[index]!) {
				line.push(...gap, part);
				break;
			}
		}
	}

	return lines;
};

/** The phase, in the longest wording that fits. */
const phaseText = (
	{name, brief, since}: PhaseFact,
	now: number,
	width: number,
): DisplayText => {
	const time = formatDuration(now - since);
	const wordings = [`${name} ${time}`, `${brief} ${time}`];
	const fitting = wordings.find(wording => wording.length <= width);
	return cutTo(toDisplay(fitting ?? brief), width);
};

/** The one or two lines above the transcript. */
export const statusRows = (view: ConnectionView): readonly Row[] => {
	const {model, now, width, height} = view;
	const {traffic, listening, rtts, presence} = model;
	const {count, names} = presence.members;
	const phase = phaseFact(model, now);
	const tcp = tcpFact(model);
	const rtt = rtts.at(-1);
	const isHere = model.mode === 'room' && isPresenceCurrent(model);
	const symbol: Span[] = phase
		? [{text: display`${symbols.solid} `, role: phase.role}]
		: [];
	const room = Math.max(1, width - cellsOfSpans(symbol));
	const facts = [
		phase && phaseText(phase, now, room),
		tcp && tcpText(tcp),
		isHere && `${count} here`,
		rtt !== undefined && `rtt ${formatMs(rtt)}`,
		routeText(model),
		...peersFacts(model),
		!listening && `in ${formatBytes(traffic.bytesIn)}`,
		!listening && `out ${formatBytes(traffic.bytesOut)}`,
		...layerFacts(model).map(({brief}) => brief),
		isHere && names.join(' '),
	];
	const spans = facts.flatMap(fact => (fact ? [text(fact)] : []));
	const [first = [], second = []] = fillLines(spans, [room, width]);
	return [createRow([...symbol, ...first]), createRow(second)].slice(
		0,
		Math.max(0, height),
	);
};
