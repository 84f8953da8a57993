/**
 * What a lesson waits for, and whether it has happened: conditions over what the
 * sockets did, not over what was typed.
 */
import {assertNever, quoted} from '../errors.js';
import type {Phase} from '../connection/connection.js';
import type {ChatEvent} from '../event/event.js';
import {
	nameOfCall,
	type KernelPair,
	type Step,
	type TcpState,
} from '../tcp/tcp.js';

export type Condition =
	| {
			readonly kind: 'state';
			readonly end: 'local' | 'remote';
			readonly state: TcpState;
	  }
	/** A call of this process, with its arguments or without. */
	| {readonly kind: 'call'; readonly call: string}
	| {readonly kind: 'segment'; readonly segment: 'FIN' | 'RST'}
	| {
			readonly kind: 'chunk';
			readonly direction: 'in' | 'out';
			readonly text: string;
	  }
	/** What the other side's program printed. */
	| {readonly kind: 'printed'; readonly text: string}
	| {readonly kind: 'view'; readonly view: string}
	/** Of a member of a room. */
	| {readonly kind: 'connection'; readonly phase: Phase}
	/** The other end has acknowledged all that was sent, and not read all of it. */
	| {readonly kind: 'unread'}
	/** What the room has in its log. */
	| {readonly kind: 'stored'; readonly text: string};

/** One thing that happened. */
export type Fact = {readonly peer: string | undefined} & Condition;

const states: readonly TcpState[] = [
	'LISTEN',
	'SYN-SENT',
	'SYN-RECEIVED',
	'ESTABLISHED',
	'FIN-WAIT-1',
	'FIN-WAIT-2',
	'CLOSE-WAIT',
	'CLOSING',
	'LAST-ACK',
	'TIME-WAIT',
	'CLOSED',
];

const phases: readonly Phase[] = ['open', 'silent', 'handshaking'];

/**
 * @param code `this end FIN-WAIT-2`, `other end CLOSED`, `server CLOSE-WAIT` and
 * `client TIME-WAIT` of other programs, `close()`,
 * `received FIN`, `received "text"`, `sent "text"`, `printed "text"`, or `/wire`
 * for the view that is shown; in a room also `connection silent`, `unread by peer` and `stored "text"`.
 * @throws {Error} If it is none of these.
 */
export const parseCondition = (code: string): Condition => {
	const [, whose, name] =
		/^(this end|other end|server|client) ([A-Z\d-]+)$/.exec(code) ?? [];
	const state = states.find(known => known === name);
	if (state) {
		// Of other programs, the server's end has the port that is watched.
		const end = whose === 'this end' || whose === 'server' ? 'local' : 'remote';
		return {kind: 'state', end, state};
	}

	const [, verb, text] =
		/^(received|sent|printed|stored) "(.+)"$/.exec(code) ?? [];
	if (text !== undefined) {
		return verb === 'printed' || verb === 'stored'
			? {kind: verb, text}
			: {kind: 'chunk', direction: verb === 'sent' ? 'out' : 'in', text};
	}

	const phase = phases.find(known => code === `connection ${known}`);
	if (phase) {
		return {kind: 'connection', phase};
	}

	if (code === '/wire') {
		return {kind: 'view', view: 'wire'};
	}

	if (code === 'unread by peer') {
		return {kind: 'unread'};
	}

	if (code === 'received FIN' || code === 'received RST') {
		return {kind: 'segment', segment: code === 'received FIN' ? 'FIN' : 'RST'};
	}

	if (/^[a-z]+\(.*\)$/.test(code)) {
		return {kind: 'call', call: code};
	}

	throw new Error(`${quoted(code)} is no condition of a lesson.`);
};

const factOfStep = (step: Step): Fact | undefined => {
	const {peer} = step;
	switch (step.kind) {
		case 'call': {
			// Bytes are sent once the kernel has them: then `ss` shows them, too.
			const isSent =
				nameOfCall(step.call) === 'send' && step.errno === undefined;
			return isSent && step.text !== undefined
				? {kind: 'chunk', peer, direction: 'out', text: step.text}
				: {kind: 'call', peer, call: step.call};
		}

		case 'segment': {
			const {segment, direction, reason} = step;
			const isReceived = direction !== 'out' && reason !== 'unknown';
			return isReceived && (segment === 'FIN' || segment === 'RST')
				? {kind: 'segment', peer, segment}
				: undefined;
		}

		case 'state': {
			return {kind: 'state', peer, end: step.end, state: step.state};
		}

		default: {
			return assertNever(step);
		}
	}
};

const decoder = new TextDecoder();

/** @returns Undefined for what no lesson asks for. */
export const factOf = (event: ChatEvent): Fact | undefined => {
	switch (event.type) {
		case 'step': {
			return factOfStep(event.step);
		}

		case 'chunk': {
			const {direction, peer, bytes} = event;
			// One that is on its way out has only been handed to Node.
			return direction === 'in'
				? {kind: 'chunk', peer, direction, text: decoder.decode(bytes)}
				: undefined;
		}

		case 'connection': {
			const {phase} = event.connection;
			return {kind: 'connection', peer: undefined, phase};
		}

		case 'frame': {
			const {frame} = event;
			return frame.type === 'message'
				? {kind: 'stored', peer: undefined, text: frame.text}
				: undefined;
		}

		default: {
			return undefined;
		}
	}
};

const isUnread = ({local, remote}: Partial<KernelPair>): boolean =>
	local?.sendQueueBytes === 0 &&
	remote !== undefined &&
	remote.receiveQueueBytes > 0;

/** Facts about a member of a room that take more than one event. */
export class MemberFacts {
	readonly #texts = new Map<number, string>();
	#wasUnread = false;

	factOf(event: ChatEvent): Fact | undefined {
		switch (event.type) {
			case 'queued': {
				this.#texts.set(event.n, event.text);
				return undefined;
			}

			case 'sent': {
				const text = this.#texts.get(event.n);
				return text === undefined
					? undefined
					: {kind: 'chunk', peer: undefined, direction: 'out', text};
			}

			case 'kernel': {
				// What the first look finds is on its way; nor does the screen show it.
				const wasUnread = this.#wasUnread;
				this.#wasUnread = isUnread(event.pair ?? {});
				return wasUnread && this.#wasUnread
					? {kind: 'unread', peer: undefined}
					: undefined;
			}

			default: {
				return factOf(event);
			}
		}
	}
}

/** Whether a call is the one that is meant: `close()` is any close. */
const isCall = (made: string, meant: string): boolean =>
	made === meant ||
	(meant.endsWith('()') && made.startsWith(meant.slice(0, -1)));

const isMet = (condition: Condition, fact: Fact): boolean => {
	switch (condition.kind) {
		case 'state': {
			return (
				fact.kind === 'state' &&
				fact.end === condition.end &&
				fact.state === condition.state
			);
		}

		case 'call': {
			return fact.kind === 'call' && isCall(fact.call, condition.call);
		}

		case 'segment': {
			return fact.kind === 'segment' && fact.segment === condition.segment;
		}

		case 'chunk': {
			return (
				fact.kind === 'chunk' &&
				fact.direction === condition.direction &&
				fact.text.includes(condition.text)
			);
		}

		case 'printed': {
			return fact.kind === 'printed' && fact.text.includes(condition.text);
		}

		case 'view': {
			return fact.kind === 'view' && fact.view === condition.view;
		}

		case 'connection': {
			return fact.kind === 'connection' && fact.phase === condition.phase;
		}

		case 'unread': {
			return fact.kind === 'unread';
		}

		case 'stored': {
			return fact.kind === 'stored' && fact.text.includes(condition.text);
		}

		default: {
			return assertNever(condition);
		}
	}
};

/** Whether any of the facts is what the condition says. */
export const holds = (condition: Condition, facts: readonly Fact[]): boolean =>
	facts.some(fact => isMet(condition, fact));

const call = (made: string): Condition => ({kind: 'call', call: made});

/** What happens when a line is typed as a lesson has it: any of these. */
export const effectsOf = (line: string): readonly Condition[] => {
	const [word = '', value] = line.split(' ', 2);
	const isOn = value === 'on' ? 1 : 0;
	switch (word) {
		case '/pause':
		case '/resume': {
			return [call(`${word.slice(1)}()`)];
		}

		case '/end': {
			return [call('shutdown()')];
		}

		case '/close': {
			return [call('close()')];
		}

		case '/reset': {
			return [call('setsockopt(SO_LINGER, 0)')];
		}

		case '/nodelay': {
			return [call(`setsockopt(TCP_NODELAY, ${isOn})`)];
		}

		case '/keepalive': {
			return [call(`setsockopt(SO_KEEPALIVE, ${isOn})`)];
		}

		case '/wire':
		case '/peers': {
			return [{kind: 'view', view: word.slice(1)}];
		}

		default: {
			return [{kind: 'chunk', direction: 'out', text: line}];
		}
	}
};
