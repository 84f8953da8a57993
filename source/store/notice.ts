/**
 * What happened, as a sentence: the screen and plain lines use the same words.
 */
import type {Connection} from '../connection/connection.js';
import {assertNever} from '../errors.js';
import type {
	Answered,
	Found,
	LeaveReason,
	Left,
	ServerFrame,
	Welcome,
} from '../protocol/frame.js';
import type {ChatEvent, ControlEvent, Tone} from '../event/event.js';
import type {EndReason, TurnedAway} from './item.js';

export type Words = {readonly tone: Tone; readonly text: string};

const reasons: Readonly<Record<EndReason, string>> = {
	quit: 'quit',
	closed: 'closed: FIN',
	'unix closed': 'closed',
	reset: 'reset: RST',
	'unix reset': 'reset',
	timeout: 'silent for too long',
	replaced: 'came back on another connection',
	protocol: 'turned away',
	kicked: 'kicked by the host',
	banned: 'banned by the host',
	shutdown: 'the server ended',
	// Whoever has its log next says it, also of a server that was killed.
	'past shutdown': 'the server had ended',
};

// A newer server may send reasons that this client doesn't know.
export const reasonWords = (reason: EndReason): string =>
	Object.hasOwn(reasons, reason) ? reasons[reason] : reason;

/** @param isUnix Whether the connection was one of a Unix domain socket. */
export const endReason = (reason: LeaveReason, isUnix: boolean): EndReason =>
	isUnix && (reason === 'closed' || reason === 'reset')
		? `unix ${reason}`
		: reason;

/** @param isUnix As for `endReason`. */
export const leftReason = (
	{reason, notBefore, unix}: Left,
	isUnix: boolean,
): EndReason =>
	reason === 'shutdown' && notBefore !== undefined
		? 'past shutdown'
		: endReason(reason, isUnix || unix === true);

const endWords = (peer: string, reason: LeaveReason): string =>
	reasonWords(endReason(reason, peer.startsWith('unix:')));

const info = (text: string): Words => ({tone: 'info', text});

const twoDigits = (value: number): string => String(value).padStart(2, '0');

/** A date and time, by this machine's clock. */
const formatMoment = (at: number): string => {
	const date = new Date(at);
	const day = [date.getFullYear(), date.getMonth() + 1, date.getDate()];
	const time = [date.getHours(), date.getMinutes()];
	return `${day.map(part => twoDigits(part)).join('-')} ${time.map(part => twoDigits(part)).join(':')}`;
};

/** The lines that show the answer to a search. */
export const foundLines = ({entries, text, next}: Found): readonly string[] => {
	const count = `${entries.length} message${entries.length === 1 ? '' : 's'}`;
	const older = next === undefined ? '' : '; /search for older ones';
	return [
		...entries.map(
			({at, from, text: said}) =>
				`${formatMoment(at)} ${from}: ${said.replaceAll('\n', ' ⏎ ')}`,
		),
		`${count} with "${text}"${older}`,
	];
};

/** What a bot answered; it may have said nothing but that it is done. */
export const answerText = ({name, text, failed}: Answered): string =>
	text === '' ? `/${name} ${failed ? 'failed' : 'is done'}.` : text;

const placeOf = ({name, room}: Welcome): string =>
	name === undefined ? room : `${name} ${room}`;

/**
 * After an outage, on a screen. Others come back at the same time, and the row
 * above grows by them: a count of those who were quicker would contradict it.
 */
export const returnWords = (frame: Welcome): Words => ({
	tone: 'good',
	text: `You are ${frame.nick} in ${placeOf(frame)} again.`,
});

const frameWords = (frame: ServerFrame, isUnix: boolean): Words | undefined => {
	switch (frame.type) {
		case 'welcome': {
			const {nick, members} = frame;
			const others = members.count - 1;
			const company =
				others === 0
					? 'nobody else is here'
					: `${others} other${others === 1 ? '' : 's'} here`;
			return {
				tone: 'good',
				text: `You are ${nick} in ${placeOf(frame)}; ${company}.`,
			};
		}

		case 'gap': {
			const {from, to} = frame;
			const missing = to - from + 1;
			return {
				tone: 'warn',
				text: `${missing} ${missing === 1 ? 'entry is' : 'entries are'} missing here: ${from} to ${to} are no longer kept.`,
			};
		}

		case 'joined': {
			return frame.oneShot ? undefined : info(`${frame.nick} joined`);
		}

		case 'left': {
			return frame.oneShot
				? undefined
				: info(
						`${frame.nick} left (${reasonWords(leftReason(frame, isUnix))})`,
					);
		}

		case 'renamed': {
			return info(`${frame.from} is now ${frame.to}`);
		}

		case 'error': {
			return {tone: 'bad', text: frame.message};
		}

		case 'answered': {
			return frame.from === undefined
				? {tone: 'bad', text: frame.text}
				: undefined;
		}

		case 'offered': {
			return frame.message === undefined
				? undefined
				: {tone: 'bad', text: frame.message};
		}

		case 'commands':
		case 'command':
		case 'message':
		case 'whispered':
		case 'found':
		case 'past':
		case 'members':
		case 'pending':
		case 'dropped':
		case 'bye':
		case 'status':
		case 'challenge':
		case 'present':
		case 'ping':
		case 'pong': {
			return undefined;
		}
	}
};

const connectionWords = (connection: Connection): Words | undefined => {
	switch (connection.phase) {
		case 'silent': {
			return {
				tone: 'warn',
				text: 'The server is silent; it may be stopped. Your messages wait.',
			};
		}

		case 'waiting': {
			const {cause, wasOpen} = connection;
			// Further attempts fail in the same way: it is said once.
			return wasOpen
				? {tone: 'warn', text: `${cause.message} Trying again.`}
				: undefined;
		}

		case 'closed': {
			return connection.cause
				? {tone: 'bad', text: connection.cause.message}
				: undefined;
		}

		case 'connecting':
		case 'handshaking':
		case 'open':
		case 'draining': {
			return undefined;
		}
	}
};

const acceptedWords = ({
	peer,
	link,
}: Extract<ChatEvent, {type: 'accepted'}>): string => {
	switch (link?.kind) {
		case 'udp': {
			return `first datagram from ${peer}`;
		}

		case 'tls': {
			const {version, cipher, protocol} = link;
			const facts = [version, cipher, ...(protocol ? [protocol] : [])];
			return `connection from ${peer} made: ${facts.join(', ')}`;
		}

		case 'ws':
		case undefined: {
			return `connection from ${peer} made`;
		}
	}
};

const foreignWords = (peer: string, protocol: string): string =>
	`${peer} speaks ${protocol}; it was turned away.`;

const endedWords = (peer: string, how: string): string =>
	`connection from ${peer} ended (${how})`;

/** The sentence for a run of connections that were turned away. */
export const turnedAwayText = ({count, speaking, peer}: TurnedAway): string => {
	const spoken = Object.entries(speaking);
	const [protocol] = spoken[0] ?? [];
	if (count === 1) {
		return protocol === undefined
			? endedWords(peer, reasons.protocol)
			: foreignWords(peer, protocol);
	}

	const others = spoken.reduce((left, [, times]) => left - times, count);
	const parts = [
		...spoken.map(([name, times]) =>
			times === count ? name : `${times} ${name}`,
		),
		...(others > 0 ? [`${others} other${others === 1 ? '' : 's'}`] : []),
	];
	const which = spoken.length === 0 ? '' : ` (${parts.join(', ')})`;
	return `${count} connections were turned away${which}; the last from ${peer}`;
};

/** A WebSocket's ping and pong are in the view of the wire alone. */
const controlWords = (event: ControlEvent): Words | undefined => {
	if (event.frame !== 'close') {
		return undefined;
	}

	const {code, reason, direction, peer} = event;
	const by = direction === 'out' ? 'we' : (peer ?? 'the other side');
	const why = [code ?? 'no code', ...(reason === '' ? [] : [reason])].join(' ');
	return info(`Close frame: ${by} closed the WebSocket (${why})`);
};

const historyWords = (event: Extract<ChatEvent, {type: 'history'}>): Words => {
	switch (event.state) {
		case 'open': {
			const {path, cutBytes, damagedPath, isNextLog} = event;
			if (damagedPath !== undefined) {
				return {
					tone: 'bad',
					text: `The history ${path} was damaged. It is in ${damagedPath} now, nothing was deleted, and a new file continues after it.${isNextLog ? ' Returning members get the last 100 messages.' : ''}`,
				};
			}

			if (isNextLog) {
				return {
					tone: 'warn',
					text: `The history ${path} may lack what was shown last: the machine went down while the room was open, or the file was changed from outside. Returning members get the last 100 messages.`,
				};
			}

			return cutBytes > 0
				? {
						tone: 'warn',
						text: `The history ${path} ended in an unfinished write: ${cutBytes} bytes, which nobody had seen, were cut off.`,
					}
				: info(`The room is kept in ${path}`);
		}

		case 'failing': {
			return {tone: 'bad', text: event.error.message};
		}

		case 'mended': {
			return {tone: 'good', text: 'The history can be written again.'};
		}
	}
};

const relayWords = ({
	phase,
	url,
	room,
	error,
}: Extract<ChatEvent, {type: 'relay'}>): Words | undefined => {
	switch (phase) {
		case 'open': {
			return error
				? {tone: 'bad', text: error.message}
				: {
						tone: 'good',
						text: `The room "${room}" is shared through ${url}.`,
					};
		}

		case 'away': {
			const what = error?.message ?? 'The relay is away.';
			const text =
				error?.code === 'ERR_RELAY'
					? // It doesn't come back by itself.
						`${what} What is said here waits, and is not yet shared.`
					: `${what} What is said here is not yet shared; it goes out once the relay is back.`;
			return {tone: 'bad', text};
		}

		case 'connecting':
		case 'catching-up': {
			return undefined;
		}
	}
};

const placeWords = (
	event: Extract<ChatEvent, {type: 'listening'}>,
): Words | undefined => {
	const {place, state, tookOverFrom} = event;
	if (tookOverFrom !== undefined && state.phase === 'listening') {
		const former = tookOverFrom === '' ? 'its server' : tookOverFrom;
		return {tone: 'good', text: `You host this room now: ${former} left.`};
	}

	const where =
		'path' in place
			? place.path
			: `${place.host.includes(':') ? `[${place.host}]` : place.host}:${place.port}`;
	switch (state.phase) {
		case 'listening': {
			return {
				tone: 'good',
				text:
					event.link?.kind === 'udp'
						? `bound to ${where}, for datagrams`
						: `listening on ${where}`,
			};
		}

		case 'draining': {
			return event.link?.kind === 'udp'
				? undefined
				: info('draining: no new connections are accepted');
		}

		case 'binding':
		case 'closed': {
			return undefined;
		}
	}
};

/**
 * The sentence for an event; undefined if a reader needs none.
 *
 * @param isUnix Whether the room is on a Unix domain socket.
 */
export const wordsOf = (
	event: ChatEvent,
	isUnix = false,
): Words | undefined => {
	switch (event.type) {
		case 'connection': {
			return connectionWords(event.connection);
		}

		case 'frame': {
			return frameWords(event.frame, isUnix);
		}

		case 'listening': {
			return placeWords(event);
		}

		case 'accepted': {
			return info(acceptedWords(event));
		}

		case 'ended': {
			if (event.link?.kind === 'udp') {
				return undefined;
			}

			const {peer, flaw, reason} = event;
			return info(endedWords(peer, flaw ?? endWords(peer, reason)));
		}

		case 'foreign': {
			const {peer, protocol} = event;
			return {tone: 'warn', text: foreignWords(peer, protocol)};
		}

		case 'control': {
			return controlWords(event);
		}

		case 'history': {
			return historyWords(event);
		}

		case 'relay': {
			return event.isNews ? relayWords(event) : undefined;
		}

		case 'notice': {
			return {tone: event.tone, text: event.text};
		}

		case 'queued':
		case 'sent':
		case 'stored':
		case 'failed':
		case 'traffic':
		case 'rtt':
		case 'chunk':
		case 'step':
		case 'kernel':
		case 'peers':
		case 'wire':
		case 'clear':
		case 'hide':
		case 'asked':
		case 'reading':
		case 'look':
		case 'sending':
		case 'forget-past': {
			return undefined;
		}

		default: {
			return assertNever(event);
		}
	}
};
