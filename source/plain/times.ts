/** `--times`: when it happened, before each plain line. */
import {
	display,
	joinText,
	sliceText,
	type DisplayText,
} from '../protocol/display.js';
import type {ChatEvent} from '../event/event.js';

const pad = (value: number): string => String(value).padStart(2, '0');

/** 2026-11-27 14:02:11, by this machine's clock and time zone. */
export const formatDateTime = (at: number): string => {
	const date = new Date(at);
	const day = [date.getFullYear(), date.getMonth() + 1, date.getDate()];
	return `${day.map(part => pad(part)).join('-')} ${date.toTimeString().slice(0, 8)}`;
};

/** An entry has the server's time, which may be long ago. */
const timeOf = (event: ChatEvent): number =>
	event.type === 'frame' && 'at' in event.frame ? event.frame.at : event.at;

/** `≤` before a time by which a step had happened: rounded up, never down. */
const headOf = (event: ChatEvent): string =>
	event.type === 'step' && event.step.at === undefined
		? `≤ ${formatDateTime(Math.ceil(event.step.seenAt / 1000) * 1000)}`
		: formatDateTime(timeOf(event));

export const withTime = (lines: DisplayText, event: ChatEvent): DisplayText => {
	const time = display`${headOf(event)} `;
	const parts: DisplayText[] = [];
	for (let start = 0; start < lines.length;) {
		const end = lines.indexOf('\n', start) + 1;
		parts.push(time, sliceText(lines, start, end));
		start = end;
	}

	return joinText(...parts);
};

/** Before a chunk that came: -- 14:02:11.204, 31 ms later, 5 bytes */
export const chunkHead = (
	at: number,
	bytes: number,
	sinceMs: number | undefined,
): string => {
	const date = new Date(at);
	const clock = date.toTimeString().slice(0, 8);
	const ms = String(date.getMilliseconds()).padStart(3, '0');
	const later = sinceMs === undefined ? '' : `, ${sinceMs} ms later`;
	return `-- ${clock}.${ms}${later}, ${bytes} ${bytes === 1 ? 'byte' : 'bytes'}`;
};
