/**
 * What `sockchat watch` sees as lines: whose socket, by its side and the
 * client's port, and what happened to it. Pure.
 */
import {assertNever} from '../errors.js';
import {display, joinText, type DisplayText} from '../protocol/display.js';
import type {SegmentStep} from '../tcp/captured.js';
import {explainWatched} from '../tcp/explain.js';
import {segmentsText} from '../tcp/segment-counts.js';
import type {Step, StepTime} from '../tcp/tcp.js';
import {
	gapOf,
	isInBacklog,
	type DataEvent,
	type PortEvent,
	type SocketsEvent,
	type WatchedEnd,
	type WatchedListener,
} from '../event/port-event.js';

export type WatchLineOptions = {
	/** Whether each step is followed by its sentence. */
	readonly isExplained: boolean;
	/** Whether each line begins with its time. */
	readonly isTimed: boolean;
	/** Of the terminal; Infinity without one. */
	readonly columns: number;
};

/** What it means to a socket that its program is in another state. */
const becoming = {
	stopped: {
		became: 'is stopped (SIGSTOP)',
		explained:
			'Its kernel still receives and acknowledges, until the receive queue is full and the window closed (RFC 9293, 3.8.6).',
	},
	running: {
		became: 'goes on (SIGCONT)',
		explained: 'It reads again: the receive queue empties.',
	},
	ended: {
		became: 'has ended',
		explained:
			'What it had not closed, its kernel closed: with FIN, or with RST if bytes were unread.',
	},
} as const;

/** In fewer columns, sentences are not aligned below the text. */
const leastColumns = 60;

/** Breaks a sentence at its spaces. */
const brokenAt = (sentence: string, columns: number): readonly string[] => {
	const lines: string[] = [];
	let line = '';
	for (const word of sentence.split(' ')) {
		if (line !== '' && line.length + 1 + word.length > columns) {
			lines.push(line);
			line = word;
		} else {
			line = line === '' ? word : `${line} ${word}`;
		}
	}

	return [...lines, line];
};

const sides = {
	local: 'server',
	remote: 'client',
	unknown: 'an end',
	either: 'either',
} as const;

/** `server :41306`, and as wide as that. */
const whose = (end: keyof typeof sides, port: string): string =>
	`${sides[end]} ${port}`.padEnd('server :41306'.length);

const pad = (value: number, length = 2): string =>
	String(value).padStart(length, '0');

/** 14:02:11.204, by this machine's clock and time zone. */
const clockTime = (at: number): string => {
	const date = new Date(at);
	return `${date.toTimeString().slice(0, 8)}.${pad(date.getMilliseconds(), 3)}`;
};

/** With `≤` if it happened at some time before. */
const timeColumn = ({at, seenAt}: StepTime): string =>
	at === undefined ? `≤ ${clockTime(seenAt)}` : `  ${clockTime(at)}`;

const untimed = ' '.repeat('≤ 14:02:11.204  '.length);

/** `PSH seq=1 ack=1 len=6 win=65536 "hello⏎"`, with `(again)` after its name. */
const segmentText = ({
	segment,
	seq,
	ack,
	length = 0,
	window,
	text = '',
	retransmitted,
}: SegmentStep): string => {
	const shown = text.replaceAll('\r', '␍').replaceAll('\n', '⏎');
	return [
		segment,
		retransmitted === undefined ? '' : '(again)',
		`seq=${seq!}`,
		ack === undefined ? '' : `ack=${ack}`,
		length === 0 ? '' : `len=${length}`,
		window === undefined || segment === 'RST' ? '' : `win=${window}`,
		length === 0 ? '' : `"${shown}"`,
	]
		.filter(part => part !== '')
		.join(' ');
};

/** `12 B in 2 segments (1 again)`, as far as that was counted. */
const sentText = ({bytes, count, retransmitted}: DataEvent): string =>
	[
		`${bytes} B`,
		count === undefined ? '' : `in ${segmentsText(count)}`,
		retransmitted === undefined ? '' : `(${retransmitted} again)`,
	]
		.filter(part => part !== '')
		.join(' ');

const nameOfStep = (step: Step, shortOf: (peer: string) => string): string => {
	switch (step.kind) {
		case 'call': {
			const {call, result, evidence, isBlocked} = step;
			const value = result === undefined ? '' : ` = ${shortOf(result)}`;
			if (evidence === 'inferred') {
				return `${call}${value} (inferred)`;
			}

			return isBlocked ? `${call} blocks` : `${call} has returned`;
		}

		case 'segment': {
			if (step.reason) {
				const why = step.reason === 'unread' ? ', as bytes were unread' : '';
				return `sends ${step.segment}${why} (inferred)`;
			}

			return step.evidence === 'captured'
				? `sends ${segmentText(step)}`
				: `${step.segment} received`;
		}

		case 'state': {
			const how = step.evidence === 'read' ? '' : ' (inferred)';
			return `${step.state}${how}`;
		}

		default: {
			return assertNever(step);
		}
	}
};

/** Whose step it is: of a segment, who sent it. */
const endOfStep = (step: Step): keyof typeof sides => {
	if (step.kind === 'segment') {
		if (step.reason === 'unknown') {
			return 'unknown';
		}

		return step.direction === 'in' ? 'remote' : 'local';
	}

	return step.end ?? 'local';
};

const programOf = ({
	program,
	pid,
}: Pick<WatchedEnd, 'program' | 'pid'>): string | undefined =>
	program === undefined ? undefined : `${program} (pid ${pid!})`;

const secondsLeft = (ms: number): string => `${Math.ceil(ms / 1000)} s`;

/** What a socket has to say beyond its state. */
const factsOf = (end: WatchedEnd): readonly string[] => {
	const {state, unreadBytes, sendQueueBytes, timer} = end;
	return [
		unreadBytes > 0 ? `${unreadBytes} B unread` : undefined,
		sendQueueBytes > 0 ? `${sendQueueBytes} B in the send queue` : undefined,
		timer?.name === 'persist'
			? 'persist timer'
			: timer?.name === 'time-wait' && state === 'TIME-WAIT'
				? `TIME-WAIT ends in ${secondsLeft(timer.inMs)}`
				: undefined,
	].filter(fact => fact !== undefined);
};

/** Without what changes all the time: a queue matters by its magnitude. */
const steady = (facts: string): string =>
	facts
		.replace(/ends in \d+ s/, 'ends')
		.replaceAll(/\d+ B/g, queue => String(queue.length));

/** The holder of a socket, if it can't be read who that is. */
const somebody = 'a program';

const listenerText = (listener: WatchedListener, watched: string): string => {
	const {address, waiting, backlog} = listener;
	const limit = backlog === undefined ? '' : ` of ${backlog}`;
	const where = address === watched ? '' : ` on ${address}`;
	return `${programOf(listener) ?? somebody} listens${where}, backlog ${waiting}${limit}`;
};

/** Whether a listener is as before, but for who has it. */
const isWithoutItsProgram = (
	text: string,
	before: string | undefined,
): before is string =>
	text.startsWith(`${somebody} `) &&
	before?.endsWith(steady(text.slice(somebody.length))) === true;

/** Prints a list of sockets as the lines that have changed in it. */
export class WatchLines {
	readonly #address: string;
	readonly #options: WatchLineOptions;
	/** What was printed of each socket. */
	#printed = new Map<string, string>();
	/** Ends of which it was printed that they are in TIME-WAIT. */
	readonly #waiting = new Set<string>();
	/** Countdowns that were listed before their state was a step. */
	readonly #early = new Map<string, DisplayText>();
	#wasListening: boolean | undefined;
	#wasReadable = true;
	#more = 0;

	/** @param address As formatted, such as 127.0.0.1:5001. */
	constructor(address: string, options: WatchLineOptions) {
		this.#address = address;
		this.#options = options;
	}

	/** @returns Empty if there is nothing to print. */
	linesOf(event: PortEvent): DisplayText {
		switch (event.type) {
			case 'step': {
				const {step} = event;
				const name = nameOfStep(step, peer => this.#short(peer));
				const who = whose(endOfStep(step), this.#short(step.peer));
				return joinText(
					this.#line(step, `${who} ${name}`),
					this.#explanation(explainWatched(step)),
					this.#countdown(step),
				);
			}

			case 'data': {
				const {from, peer} = event;
				const who = whose(from, this.#short(peer));
				return this.#line(event, `${who} sent ${sentText(event)}`);
			}

			case 'uncounted': {
				const {peer, notBefore, seenAt} = event;
				const who = whose('either', this.#short(peer));
				const ms = seenAt - notBefore;
				const time = ms < 1000 ? `${ms} ms` : `${(ms / 1000).toFixed(1)} s`;
				return joinText(
					this.#line(
						event,
						`${who} may have sent more: nothing was counted for ${time}`,
					),
					this.#explanation(explainWatched(gapOf(event))),
				);
			}

			case 'process': {
				const {end, program, pid, state} = event;
				const {became, explained} = becoming[state];
				return joinText(
					this.#line(
						event,
						`${whose(end, '')} ${program} (pid ${pid}) ${became}`,
					),
					this.#explanation(explained),
				);
			}

			case 'sockets': {
				return this.#changes(event);
			}

			default: {
				return assertNever(event);
			}
		}
	}

	/** :41306, or all of the address if the host is another. */
	#short(peer: string | undefined): string {
		const host = this.#address.replace(/:\d+$/, '');
		return peer === undefined
			? ''
			: peer.startsWith(`${host}:`)
				? peer.slice(host.length)
				: peer;
	}

	#line(time: StepTime, text: string): DisplayText {
		return this.#options.isTimed
			? display`${timeColumn(time)}  ${text}\n`
			: display`${text}\n`;
	}

	/** A sentence below its line, broken at its spaces if that helps. */
	#explanation(sentence: string): DisplayText {
		const {isExplained, isTimed, columns} = this.#options;
		if (!isExplained) {
			return display``;
		}

		const indent = isTimed && columns >= leastColumns ? `${untimed}  ` : '  ';
		const lines = brokenAt(sentence, columns - indent.length);
		return joinText(...lines.map(line => display`${indent}${line}\n`));
	}

	/** What runs from a step on, if it was listed before. */
	#countdown(step: Step): DisplayText {
		if (step.kind !== 'state' || step.state !== 'TIME-WAIT') {
			return display``;
		}

		const key = `${step.end} ${step.peer ?? ''}`;
		const early = this.#early.get(key) ?? display``;
		this.#early.delete(key);
		this.#waiting.add(key);
		return early;
	}

	/** @param counting The ends in whose list there is a countdown. */
	#keep(counting: ReadonlySet<string>): void {
		for (const key of [...this.#waiting, ...this.#early.keys()]) {
			if (counting.has(key)) {
				continue;
			}

			this.#waiting.delete(key);
			this.#early.delete(key);
		}
	}

	#changes(event: SocketsEvent): DisplayText {
		const {at, listening, connections, more, isReadable} = event;
		const isListening = listening.length > 0;
		const printed = new Map<string, string>();
		const counting = new Set<string>();
		const lines: DisplayText[] = [];
		const push = (text: string, time?: StepTime) => {
			lines.push(this.#line(time ?? {at}, text));
		};

		const note = (key: string, who: string, text: string) => {
			printed.set(key, steady(text));
			// How long a timer runs is so at that time; the rest began before.
			const isTimer = /ends in \d/.test(text);
			if (isTimer) {
				counting.add(key);
			}

			if (this.#printed.get(key) === steady(text) || text === '') {
				return;
			}

			if (isTimer && !this.#waiting.has(key)) {
				this.#early.set(key, this.#line({at}, `${who}${text}`));
				return;
			}

			push(`${who}${text}`, isTimer ? {at} : {notBefore: 0, seenAt: at});
		};

		if (isReadable !== this.#wasReadable) {
			push(
				isReadable
					? "The kernel's tables can be read again."
					: "The kernel's tables can't be read any more.",
			);
		}

		if (isReadable && !isListening && this.#wasListening !== false) {
			const when = this.#wasListening ? 'any more' : 'yet';
			push(`nobody listens on ${this.#address} ${when}`);
		}

		for (const listener of listening) {
			const key = listener.address;
			const before = this.#printed.get(key);
			const text = listenerText(listener, this.#address);
			// Its program has ended, and the kernel is about to close it.
			if (isWithoutItsProgram(text, before)) {
				printed.set(key, before);
				continue;
			}

			note(key, `${whose('local', '')} `, text);
		}

		for (const connection of connections) {
			const {peer} = connection;
			for (const name of ['remote', 'local'] as const) {
				const end = connection[name];
				const who = `${whose(name, this.#short(peer))} `;
				const isHeld = end !== undefined && end.state !== 'TIME-WAIT';
				note(
					`${name} ${peer} program`,
					who,
					(isHeld ? programOf(end) : undefined) ?? '',
				);
				const isWaiting = name === 'local' && isInBacklog(connection);
				const facts = [
					...(isWaiting ? ['waits in the backlog for accept()'] : []),
					...(end ? factsOf(end) : []),
				];
				note(`${name} ${peer}`, who, facts.join(', '));
			}
		}

		if (more > 0 && more !== this.#more) {
			push(`and ${more} more connections`);
		}

		this.#keep(counting);
		this.#more = more;
		this.#printed = printed;
		this.#wasListening = isListening;
		this.#wasReadable = isReadable;
		return joinText(...lines);
	}
}
