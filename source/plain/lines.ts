/**
 * Events as lines for pipes, simple terminals and screen readers: the transcript
 * goes to stdout, news of the connection to stderr.
 */
import type {Buffer} from 'node:buffer';
import {explain} from '../tcp/explain.js';
import {isAcknowledgement} from '../tcp/acknowledged.js';
import {isCounted} from '../tcp/segment-counts.js';
import type {Step} from '../tcp/tcp.js';
import {assertNever} from '../errors.js';
import {display, joinText, type DisplayText} from '../protocol/display.js';
import type {ServerFrame} from '../protocol/frame.js';
import {type ChatEvent, type WireChunk} from '../event/event.js';
import {answerText, foundLines, wordsOf} from '../store/notice.js';

export type Printed = {
	readonly out?: DisplayText;
	readonly err?: DisplayText;
};

export type LineOptions = {
	/** Whether only errors are printed. */
	readonly isQuiet: boolean;
	/** Whether each step of the lifecycle is printed with its sentence. */
	readonly isExplained: boolean;
	/** The member's own public id. */
	readonly id: string;
	/** Whether own messages are left out: the terminal has echoed them. */
	readonly isOwnHidden: boolean;
	/** Whether the state was printed before as inferred, and is now read. */
	readonly isConfirmed: boolean;
	/** Whether the event calls this member. */
	readonly isCall: boolean;
	/** Whether people read it: signs are then said in words. */
	readonly isWorded: boolean;
	/** Whether the room is on a Unix domain socket. */
	readonly isUnix: boolean;
};

const nothing: Printed = {};

const asLine = (text: string): DisplayText => display`${text}\n`;

/** Puts the speaker before each line of a text. */
const spoken = (head: string, text: string): DisplayText =>
	joinText(...text.split('\n').map(line => asLine(`${head}${line}`)));

const frameLines = (frame: ServerFrame, options: LineOptions): Printed => {
	switch (frame.type) {
		case 'message': {
			const {from, id, text} = frame;
			if (options.isQuiet || (options.isOwnHidden && id === options.id)) {
				return nothing;
			}

			const says = options.isCall && options.isWorded ? ' mentions you' : '';
			const action = /^\/me (.*)$/s.exec(text)?.[1];
			return {
				out:
					action === undefined
						? spoken(`${from}${says}: `, text)
						: spoken(`* ${from}${says === '' ? '' : `${says}:`} `, action),
			};
		}

		case 'pending': {
			const {from, id, text} = frame;
			return options.isQuiet || id === options.id
				? nothing
				: {out: spoken(`${from} (not yet shared): `, text)};
		}

		case 'dropped': {
			const {from, id, text, message} = frame;
			return options.isQuiet || id === options.id
				? nothing
				: {
						out: joinText(
							spoken(`${from} (not shared): `, text),
							asLine(`-- ${message}`),
						),
					};
		}

		case 'found': {
			return {
				out: joinText(...foundLines(frame).map(line => asLine(`-- ${line}`))),
			};
		}

		case 'whispered': {
			const {from, to, id, text} = frame;
			if (options.isQuiet) {
				return nothing;
			}

			const worded =
				id === options.id
					? `You whisper to ${to}: `
					: `${from} whispers to you: `;
			return {
				out: spoken(options.isWorded ? worded : `${from} → ${to}: `, text),
			};
		}

		case 'answered': {
			const {from, failed, name} = frame;
			if (from === undefined || (options.isQuiet && !failed)) {
				return nothing;
			}

			const head = options.isWorded
				? `${from} answers /${name}: `
				: `${from} → /${name}: `;
			const lines = spoken(head, answerText(frame));
			return failed ? {err: lines} : {out: lines};
		}

		default: {
			return nothing;
		}
	}
};

const nameOfStep = (step: Step): string => {
	const peer = step.peer === undefined ? '' : `${step.peer} `;
	switch (step.kind) {
		case 'call': {
			const {call, end, errno, isOrExit} = step;
			const whose = end === 'remote' ? "the other end's " : '';
			const orExit = isOrExit ? ' or exit' : '';
			const failure = errno === undefined ? '' : ` = ${errno}`;
			return peer + whose + call + orExit + failure;
		}

		case 'segment': {
			if (step.reason === 'unknown') {
				return `${peer}${step.segment} of one end`;
			}

			const done = step.direction === 'out' ? 'sent' : 'received';
			const why = step.errno === undefined ? '' : ` (${step.errno})`;
			return `${peer}${step.segment} ${done}${why}`;
		}

		case 'state': {
			const whose = step.end === 'remote' ? "the other end's " : '';
			const how = step.evidence === 'read' ? '' : ' (inferred)';
			return `${peer}${whose}${step.state}${how}`;
		}

		default: {
			return assertNever(step);
		}
	}
};

/** The bytes themselves are printed, or asked for as `wire`. */
const isTransfer = (step: Step): boolean =>
	(step.kind === 'call' && step.offset !== undefined) ||
	isCounted(step) ||
	isAcknowledgement(step);

/** A chunk in one line, as hex and as text. */
const wireLine = ({direction, peer, bytes, length}: WireChunk): DisplayText => {
	const arrow = direction === 'in' ? '←' : '→';
	const whose = peer === undefined ? '' : ` ${peer}`;
	const buffer = bytes as Buffer;
	const hex = buffer
		.toString('hex')
		.replaceAll(/(?<pair>..)(?!$)/g, '$<pair> ');
	const count = `${length} byte${length === 1 ? '' : 's'}`;
	// Of a large chunk only the first bytes are kept.
	const more = length > bytes.length ? ' …' : '';
	return asLine(
		`${arrow}${whose} ${count}: ${hex}${more} ${buffer.toString()}${more}`,
	);
};

/** Joins and leaves are part of the transcript. */
const isPresence = (event: ChatEvent): boolean =>
	event.type === 'frame' &&
	(event.frame.type === 'joined' ||
		event.frame.type === 'left' ||
		event.frame.type === 'renamed');

export const linesOf = (event: ChatEvent, options: LineOptions): Printed => {
	const words = wordsOf(event, options.isUnix);
	if (words) {
		if (options.isQuiet && words.tone !== 'bad') {
			return nothing;
		}

		return isPresence(event)
			? {out: asLine(`-- ${words.text}`)}
			: {err: asLine(words.text)};
	}

	switch (event.type) {
		case 'frame': {
			return frameLines(event.frame, options);
		}

		case 'failed': {
			return {err: asLine(`Not sent: ${event.error.message}`)};
		}

		case 'step': {
			const {step} = event;
			if (isTransfer(step)) {
				return nothing;
			}

			const sentence = options.isConfirmed
				? 'the kernel confirms it.'
				: explain(step);
			return options.isExplained && !options.isQuiet
				? {err: asLine(`${nameOfStep(step)}: ${sentence}`)}
				: nothing;
		}

		case 'wire': {
			return {err: wireLine(event)};
		}

		case 'kernel':
		case 'peers':
		case 'connection':
		case 'listening':
		case 'accepted':
		case 'ended':
		case 'foreign':
		case 'history':
		case 'relay':
		case 'queued':
		case 'sent':
		case 'stored':
		case 'traffic':
		case 'rtt':
		case 'chunk':
		case 'notice':
		case 'control':
		case 'clear':
		case 'hide':
		case 'asked':
		case 'reading':
		case 'look':
		case 'sending':
		case 'forget-past': {
			return nothing;
		}

		default: {
			return assertNever(event);
		}
	}
};
