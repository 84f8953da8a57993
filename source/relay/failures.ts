/** The errors of a relay: one sentence each. */
import {quoted, SockchatError} from '../errors.js';

const relayError = (message: string, cause?: unknown) =>
	new SockchatError('ERR_RELAY', message, cause === undefined ? {} : {cause});

/** It may come back by itself. */
const engineAway = (message: string, cause?: unknown) =>
	new SockchatError(
		'ERR_RELAY_AWAY',
		message,
		cause === undefined ? {} : {cause},
	);

export const engineUnreachable = (url: string, cause: Error) =>
	engineAway(`No NATS server answers at ${url} (${cause.message}).`, cause);

export const engineSilent = (url: string) =>
	engineAway(`The NATS server at ${url} has stopped answering.`);

export const engineLost = (url: string, cause?: Error) =>
	engineAway(
		`The connection to the NATS server at ${url} was lost${cause ? ` (${cause.message})` : ''}.`,
		cause,
	);

/** Its stream or its consumer was deleted, by somebody who may. */
export const readingEnded = (url: string, cause: Error) =>
	engineAway(
		`JetStream of the NATS server at ${url} has ended what this server reads (${cause.message}).`,
		cause,
	);

const otherCredentials =
	'in a file, --relay-credentials FILE, or in SOCKCHAT_RELAY_CREDENTIALS.';

/** It has no consumer to read by, as of a limit. It is tried again. */
export const readingRefused = (url: string, cause: Error) =>
	engineAway(
		`JetStream of the NATS server at ${url} gives this server no consumer to read the room by (${cause.message}).`,
		cause,
	);

export const credentialsRefused = (url: string, cause: Error) =>
	relayError(
		`The NATS server at ${url} refuses these credentials (${cause.message}). Give others ${otherCredentials}`,
		cause,
	);

export const credentialsWanted = (url: string, cause: Error) =>
	relayError(
		`The NATS server at ${url} wants credentials. Give them ${otherCredentials}`,
		cause,
	);

/** @param endedAt Milliseconds since the epoch. */
export const credentialsExpired = (
	url: string,
	endedAt: number,
	cause: Error,
) => {
	const [day, time = ''] = new Date(endedAt).toISOString().split('T', 2);
	return relayError(
		`The credentials for the NATS server at ${url} expired on ${day} at ${time.slice(0, 5)} UTC. Give others ${otherCredentials}`,
		cause,
	);
};

export const credentialsIncomplete = () =>
	relayError(
		"The relay's credentials are no whole .creds file, which has the JWT of a user and its seed, as nsc writes them.",
	);

export const tlsWanted = (url: string, cause?: Error) =>
	relayError(
		`The NATS server at ${url} wants TLS. Use ${url.replaceAll('nats://', 'tls://')}.`,
		cause,
	);

export const tlsMissing = (url: string, cause: Error) =>
	relayError(
		`The NATS server at ${url} has no TLS. Give it a certificate, or use ${url.replaceAll('tls://', 'nats://')}, where nothing is encrypted.`,
		cause,
	);

export const engineUntrusted = (url: string, code: string, cause: Error) =>
	relayError(
		`The NATS server at ${url} is not trusted: the authority that signed its certificate is not known (${code}). Set NODE_EXTRA_CA_CERTS to the file of that authority (PEM).`,
		cause,
	);

/** @param why Completes 'its certificate …'. */
export const certificateDated = (url: string, why: string, cause: Error) =>
	relayError(
		`The certificate of the NATS server at ${url} ${why}. Renew it.`,
		cause,
	);

export const certificateOfOther = (
	url: string,
	names: string,
	hosts: string,
	cause: Error,
) =>
	relayError(
		`The certificate of the NATS server at ${url} is for ${quoted(names)}, not for ${hosts}. Name the server in --relay as its certificate does.`,
		cause,
	);

export const tlsFailed = (url: string, why: string, cause: Error) =>
	relayError(`No TLS with the NATS server at ${url}: ${why}.`, cause);

export const noJetStream = (url: string) =>
	relayError(
		`The NATS server at ${url} runs without JetStream, which keeps the room's order. Start it with -js, or enable jetstream in its config.`,
	);

const unanswered = (url: string, waitedMs: number, {message}: Error): string =>
	`JetStream of the NATS server at ${url} ${/timeout/i.test(message) ? `has not answered for ${waitedMs / 1000} s` : `doesn't answer (${message})`}.`;

/**
 * It is connected, and gets no answer from JetStream: the process may be stopped,
 * its disk full, or its cluster without a leader. From here all look the same.
 *
 * @param waitedMs If none came in time.
 */
export const jetStreamSilent = (url: string, waitedMs: number, cause: Error) =>
	engineAway(unanswered(url, waitedMs, cause), cause);

/** The same while the room is open, and the relay isn't away yet. */
export const publishUnanswered = (
	url: string,
	waitedMs: number,
	cause: Error,
) =>
	engineAway(
		`${unanswered(url, waitedMs, cause)} What is said waits here.`,
		cause,
	);

export const streamNotMade = (
	stream: string,
	replicas: number,
	cause: Error,
) => {
	const remedy =
		replicas > 1
			? `Is ${replicas} too many for --relay-replicas? Or have`
			: 'Have';
	return relayError(
		`The stream ${stream} isn't there, and can't be created (${cause.message}). ${remedy} its operator create it; docs/relay.md says how.`,
		cause,
	);
};

/** @param why Completes 'its …'. */
export const streamOfOtherShape = (stream: string, why: string) =>
	relayError(
		`The stream ${stream} can't keep a room's order: its ${why}. Use another --room, or have its operator change it.`,
	);

export const streamOfOtherLog = (stream: string) =>
	relayError(
		`The stream ${stream} was made anew: it is another log than this room's. End this server, move its history away without its .outbox file, and start it again; or use another --room.`,
	);

export const streamGone = (stream: string) =>
	relayError(
		`The stream ${stream} is gone, and with it the room's order: it was deleted. This server makes no new one, which would be another log. Have it restored; or end all servers, move their histories away without their .outbox files, and start them again.`,
	);

export const streamMissing = (stream: string, history: string) =>
	relayError(
		`The relay has no stream ${stream}, and the history ${history} was begun from one: that was deleted, or the history is another room's. This server makes no new stream, which would be another log. Have the stream restored, or move the history away without its .outbox file.`,
	);

export const streamLostItsEnd = (stream: string, last: number, head: number) =>
	relayError(
		`The stream ${stream} ends at seq ${last}, and this room has shown ${head}: it was restored from an older copy. Move the history away, or use another --room.`,
	);

export const streamFull = (stream: string, cause: string) =>
	relayError(
		`The stream ${stream} is full (${cause}). What is said waits here until it has room.`,
	);

export const engineDiskFull = (url: string, cause: string) =>
	relayError(
		`The NATS server at ${url} can't store more (${cause}). What is said waits here until it can.`,
	);

export const entryRefused = (url: string, cause: string) =>
	relayError(
		`The NATS server at ${url} doesn't take what is said (${cause}). It waits here.`,
	);

/** What a text is too long for. */
export type TooLong = {
	/** Completes 'the relay's …'. */
	readonly whose: string;
	/** What its operator calls it. */
	readonly setting: string;
	readonly limit: number;
	readonly bytes: number;
};

const lengths = ({whose, setting, limit, bytes}: TooLong): string =>
	`relay's ${whose} takes at most ${limit} bytes in one message (${setting}), and this has ${bytes}`;

export const entryTooLong = (why: TooLong) =>
	new SockchatError(
		'ERR_TEXT_TOO_LONG',
		`The ${lengths(why)}: it isn't sent. Say it in parts, or have ${why.setting} raised.`,
	);

/** To those who didn't say it. */
export const entryNotShared = (why: TooLong) =>
	new SockchatError(
		'ERR_TEXT_TOO_LONG',
		`This isn't shared, and not kept: the ${lengths(why)}.`,
	);

/** Nobody is here who could say it in parts. */
export const entryOfLeftTooLong = (nick: string, why: TooLong) =>
	new SockchatError(
		'ERR_TEXT_TOO_LONG',
		`What ${nick} said before it left is dropped: the ${lengths(why)}.`,
	);

/** It doesn't say which limit it has. */
export const streamTakesShorter = (stream: string, cause: string) =>
	new SockchatError(
		'ERR_TEXT_TOO_LONG',
		`The stream ${stream} doesn't take texts as long as what was said (${cause}). It waits here.`,
	);

export const entryNotTaken = () =>
	notDelivered(
		'The relay has later messages of yours and not this one. Say it again.',
	);

/** To those who didn't say it. */
export const entryOvertaken = () =>
	notDelivered(
		"This isn't shared, and not kept: the relay has later messages of the same sender.",
	);

export const entryDropped = () =>
	notDelivered(
		"The relay's stream took this and has dropped it by its limits, before it was read here. To lose no more, have its operator raise them (max_msgs, max_bytes, max_age).",
	);

export const outboxUnusable = (path: string, cause: Error) =>
	relayError(
		`The outbox ${path} can't be used: ${cause.message}. Fix that, or use another --history.`,
		cause,
	);

export const serverTwice = (machine: string, outbox: string) =>
	relayError(
		`Another server of this room, on ${machine}, has the identity of this one, so they don't hear each other: ${outbox} was copied. End one of them once its outbox is empty, delete its .outbox file, and start it again.`,
	);

export const outboxFull = (bytes: number) =>
	new SockchatError(
		'ERR_RELAY_AWAY',
		`The relay is away, and ${Math.round(bytes / 1024 / 1024)} MiB wait for it already: this can't be taken. Say it again once the relay is back.`,
	);

/** @param isAway Whether the engine is, rather than slow. */
export const renameLater = (nick: string, isAway: boolean) =>
	new SockchatError(
		'ERR_RELAY_AWAY',
		`You are still ${nick}: the room's relay ${isAway ? 'is away' : "doesn't keep up"}, and a nick has to be free on all its machines. Try again ${isAway ? 'once it is back' : 'soon'}.`,
	);

export const notDelivered = (why: string) =>
	new SockchatError('ERR_RELAY_AWAY', why);
