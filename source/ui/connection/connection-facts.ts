/**
 * What is known about the connection, as short texts: each about one layer, and
 * none of them a guess. Pure.
 *
 * Three layers have three sources: sockchat's own phases, Node's counts, the
 * kernel's table. A TCP state is the kernel's, or says that it was inferred
 * from calls; a mark is only before the phase.
 */
import type {Connection} from '../../connection/connection.js';
import type {Listening} from '../../connection/listening.js';
import {formatBytes} from '../../tcp/format-bytes.js';
import {
	nameOfCall,
	notSentOf,
	type CallName,
	type KernelPair,
	type KernelSocket,
	type TcpState,
} from '../../tcp/tcp.js';
import {assertNever} from '../../errors.js';
import type {TlsFacts} from '../../event/link-facts.js';
import {
	display,
	type DisplayText,
	displayWidth,
	toDisplay,
} from '../../protocol/display.js';
import type {Model} from '../../store/model.js';
import {
	closedWindows,
	hasClosedOwnWindow,
	nextKeepalives,
} from '../../store/socket-view.js';
import {
	formatAge,
	formatDuration,
	formatLeft,
	formatMs,
	untilOlderMs,
} from '../text/format.js';
import {timesLeftChangeAt} from '../lifecycle/time-left.js';
import type {Role} from '../theme/roles.js';
import {symbols} from '../theme/symbols.js';
import {relayChangesIn} from './relay-facts.js';

export type PhaseFact = {
	readonly name: string;
	/** The same, for narrow places. */
	readonly brief: string;
	readonly role: Role;
	/** How long it has lasted; undefined if the name counts already. */
	readonly age: string | undefined;
	/** When name or age will read differently, in monotonic milliseconds. */
	readonly changesAt: number;
};

/** The age of a phase that lasts: in coarse steps. */
const lasting = (since: number, now: number) => ({
	age: formatAge(now - since),
	changesAt: now + untilOlderMs(now - since),
});

/** The age of a phase that should end soon: in seconds. */
const passing = (since: number, now: number) => ({
	age: formatDuration(now - since),
	changesAt: now + 1000 - (Math.max(0, now - since) % 1000),
});

const readingCalls = new Set<CallName>(['connect', 'pause', 'resume']);

/** Whether this client has stopped reading its socket, by /pause. */
const isPaused = ({socket}: Model): boolean => {
	const last = socket.steps.findLast(
		step =>
			step.kind === 'call' &&
			step.peer === undefined &&
			readingCalls.has(nameOfCall(step.call)),
	);
	return last?.kind === 'call' && last.call === 'pause()';
};

const connectionPhase = (
	connection: Connection,
	model: Model,
	now: number,
): PhaseFact => {
	const {phase, since} = connection;
	switch (phase) {
		case 'connecting':
		case 'handshaking': {
			const {attempt} = connection;
			const [name, brief] =
				attempt > 1
					? [`${phase}, attempt ${attempt}`, `${phase} #${attempt}`]
					: [phase, phase];
			return {name, brief, role: 'warn', ...passing(since, now)};
		}

		case 'open': {
			const opened = isPaused(model) ? 'open, paused' : phase;
			const [name, brief] =
				model.link?.kind === 'udp'
					? ['bound, no connection', 'bound']
					: [opened, opened];
			return {name, brief, role: 'good', ...lasting(since, now)};
		}

		case 'silent': {
			const ms = Math.max(0, now - connection.lastHeardAt);
			const seconds = Math.floor(ms / 1000);
			const name = `silent, heard ${seconds} s ago`;
			const brief = `silent for ${seconds} s`;
			const changesAt = now + 1000 - (ms % 1000);
			return {name, brief, role: 'warn', age: undefined, changesAt};
		}

		case 'waiting': {
			const ms = Math.max(0, connection.retryAt - now);
			const seconds = Math.ceil(ms / 1000);
			const brief = `retry in ${seconds} s`;
			const name = `waiting, ${brief}`;
			const changesAt = ms > 0 ? now + ms - (seconds - 1) * 1000 : Infinity;
			return {name, brief, role: 'alarm', age: undefined, changesAt};
		}

		case 'draining': {
			const brief = phase;
			return {name: phase, brief, role: 'warn', ...passing(since, now)};
		}

		case 'closed': {
			const brief = phase;
			return {name: phase, brief, role: 'alarm', ...lasting(since, now)};
		}

		default: {
			return assertNever(connection);
		}
	}
};

const listeningPhase = (
	{phase, since}: Listening,
	isUdp: boolean,
	now: number,
): PhaseFact => ({
	name: isUdp && phase === 'listening' ? 'bound, no connections' : phase,
	brief: isUdp && phase === 'listening' ? 'bound' : phase,
	...(phase === 'listening'
		? {role: 'good', ...lasting(since, now)}
		: {role: 'warn', ...passing(since, now)}),
});

/** sockchat's own phase. @param now Monotonic milliseconds. */
export const phaseFact = (model: Model, now: number): PhaseFact | undefined => {
	const {listening, connection} = model;
	if (listening) {
		return listeningPhase(listening.state, model.link?.kind === 'udp', now);
	}

	return connection && connectionPhase(connection, model, now);
};

export type TcpFact = {
	readonly state: TcpState;
	readonly isRead: boolean;
};

const listeningTcp = (
	{state, place}: NonNullable<Model['listening']>,
	read: KernelSocket | undefined,
	isUdp: boolean,
): TcpFact | undefined => {
	if (read) {
		return {state: read.state, isRead: true};
	}

	// UDP and Unix domain sockets have no TCP state.
	return state.phase === 'listening' && 'port' in place && !isUdp
		? {state: 'LISTEN', isRead: false}
		: undefined;
};

/** The TCP state of our end: read from the kernel, else inferred. */
export const tcpFact = ({
	socket,
	listening,
	connection,
	link,
}: Model): TcpFact | undefined => {
	if (listening) {
		return listeningTcp(
			listening,
			(socket.pairs ?? socket.peers)?.listening,
			link?.kind === 'udp',
		);
	}

	const read = socket.kernel?.pair?.local?.state;
	if (read) {
		return {state: read, isRead: true};
	}

	const step = socket.steps.findLast(
		step =>
			step.kind === 'state' && step.end === 'local' && step.peer === undefined,
	);
	if (step?.kind !== 'state') {
		return undefined;
	}

	// A WebSocket and TLS close before the calls of the socket below are known.
	const isStale =
		connection?.phase === 'closed' &&
		step.evidence === 'inferred' &&
		step.state === 'ESTABLISHED';
	return isStale
		? undefined
		: {state: step.state, isRead: step.evidence === 'read'};
};

/**
 * 127.0.0.1:53122 → :5001; the same host isn't repeated, and if that is too wide,
 * the ports stay.
 */
export const routeText = (
	{local, remote, where}: Model,
	columns = Infinity,
): DisplayText => {
	if (local === undefined || remote === undefined) {
		return toDisplay(where);
	}

	const port = /:\d+$/.exec(remote)?.[0] ?? '';
	const host = remote.slice(0, -port.length);
	const isSameHost = port !== '' && local.startsWith(`${host}:`);
	const to = isSameHost ? port : remote;
	const whole = display`${local} ${symbols.outward} ${to}`;
	return isSameHost && displayWidth(whole) > columns
		? display`${local.slice(host.length)} ${symbols.outward} ${to}`
		: whole;
};

const tlsFacts = ({
	version,
	cipher,
	protocol,
	isTrusted,
	untrusted,
	chain,
}: TlsFacts): readonly string[] => [
	version,
	cipher,
	...(protocol === undefined ? [] : [protocol]),
	...(isTrusted === undefined ? [] : [isTrusted ? 'trusted' : untrusted!]),
	...chain.flatMap(({subject, issuer, validTo}, index) => [
		index === 0 ? `for ${subject}` : `by ${subject}`,
		...(index === 0 ? [`until ${validTo}`] : []),
		...(index === chain.length - 1 && issuer !== subject
			? [`by ${issuer}`]
			: []),
	]),
];

/** What carries the bytes, the most useful first. */
export const linkFacts = ({link}: Model): readonly string[] => {
	switch (link?.kind) {
		case 'tls': {
			return tlsFacts(link);
		}

		case 'ws': {
			return [`ws ${link.path}`, ...(link.tls ? tlsFacts(link.tls) : [])];
		}

		case 'udp': {
			return ['udp'];
		}

		case undefined: {
			return [];
		}
	}
};

const timerText = (ms: number): string =>
	ms > 60_000 ? `≤${ms / 60_000} min` : `≤${ms / 1000} s`;

/** When the kernel will probe an idle connection, if SO_KEEPALIVE is set. */
const keepaliveFacts = (
	pairs: ReadonlyArray<KernelPair | undefined>,
): readonly string[] => {
	const {here, there} = nextKeepalives(pairs);
	const ends = [
		...(here < Infinity ? [`${timerText(here)} here`] : []),
		...(there < Infinity ? [`${timerText(there)} there`] : []),
	];
	return ends.length === 0 ? [] : [`keepalive ${ends.join(', ')}`];
};

/** What stands still at a server's connections, and what will wake them. */
const standingAtPeers = ({socket}: Model): readonly string[] => {
	const {unreadBytes = 0, rows = []} = socket.peers ?? {};
	const closed = closedWindows(rows);
	return [
		...(unreadBytes > 0 ? [`unread here ${formatBytes(unreadBytes)}`] : []),
		...(hasClosedOwnWindow(rows) ? ['window closed here'] : []),
		...(closed > 0 ? [`${closed} with a closed window`] : []),
		...keepaliveFacts(rows.map(({kernel}) => kernel)),
	];
};

const unreadByPeer = (bytes: number): string =>
	`unread by peer ${formatBytes(bytes)}`;

const windowClosed = 'window closed';

const notSentText = (bytes: number): string => `not sent ${formatBytes(bytes)}`;

/** What stands still, if anything does. */
export const standingFacts = (model: Model): readonly string[] => {
	if (model.listening) {
		return standingAtPeers(model);
	}

	const {local, remote} = model.socket.kernel?.pair ?? {};
	const unread = remote?.receiveQueueBytes ?? 0;
	const isHeldUp = local?.timer?.name === 'persist';
	const notSent = isHeldUp && notSentOf(local);
	return [
		...(isHeldUp ? [windowClosed] : []),
		...(notSent ? [notSentText(notSent)] : []),
		...(unread > 0 ? [unreadByPeer(unread)] : []),
	];
};

/** A server's counts of connections. */
export const peerCounts = ({
	listening,
	socket,
	link,
}: Model): readonly string[] => {
	if (!listening) {
		return [];
	}

	const {peers, accepted, turnedAway} = listening;
	if (link?.kind === 'udp') {
		return [`${peers} ${peers === 1 ? 'peer' : 'peers'} heard`];
	}

	const {refused = 0, backlog, listening: read} = socket.peers ?? {};
	const queue = read?.receiveQueueBytes ?? 0;
	return [
		`${peers} connected`,
		`${accepted} accepted`,
		...(refused > 0 ? [`${refused} refused`] : []),
		...(turnedAway > 0 ? [`${turnedAway} turned away`] : []),
		...(backlog === undefined
			? []
			: queue > 0
				? [`${queue} of ${backlog} wait for accept()`]
				: [`backlog ${backlog}`]),
	];
};

/** All of that. */
export const peersFacts = (model: Model): readonly string[] => [
	...peerCounts(model),
	...(model.listening ? standingAtPeers(model) : []),
];

/** A count of bytes on their way, and where the count is from. */
export type LayerFact = {
	readonly text: string;
	/** The same, for places that don't show the source. */
	readonly brief: string;
	readonly source: 'Node' | 'kernel' | 'room';
};

const counted = (text: string, source: LayerFact['source']): LayerFact => ({
	text,
	brief: text,
	source,
});

/**
 * What our end has sent and not sent. Its queue alone doesn't tell them apart.
 */
const sendingTexts = (
	socket: KernelSocket,
	ageMs: number,
): readonly string[] => {
	const {sendQueueBytes, sending, timer, state} = socket;
	const notSent = notSentOf(socket);
	const isWaiting = state === 'TIME-WAIT' && timer;
	return [
		...(notSent === undefined
			? [`send queue ${formatBytes(sendQueueBytes)}`]
			: [`unacked ${formatBytes(sendQueueBytes - notSent)}`]),
		...(notSent ? [notSentText(notSent)] : []),
		...(timer?.name === 'persist'
			? [windowClosed, `persist timer ${formatMs(timer.inMs)}`]
			: []),
		...(sending && sending.windowLimitedMs > 0
			? [`window held it ${formatMs(sending.windowLimitedMs)}`]
			: []),
		...(isWaiting
			? [`TIME-WAIT ends in ${formatLeft(timer.inMs - ageMs)}`]
			: []),
	];
};

const kernelFacts = (
	{kernel}: Model['socket'],
	wallNow: number,
): readonly LayerFact[] => {
	if (!kernel) {
		return [];
	}

	if (!kernel.pair) {
		const text = 'not available here';
		return [{text, brief: `kernel: ${text}`, source: 'kernel'}];
	}

	const {local, remote} = kernel.pair;
	if (!local && !remote) {
		return [];
	}

	const unreadHere = local?.receiveQueueBytes ?? 0;
	return [
		...(local ? sendingTexts(local, wallNow - kernel.at) : ['unacked unknown']),
		remote ? unreadByPeer(remote.receiveQueueBytes) : 'unread by peer unknown',
		...(unreadHere > 0 ? [`unread by us ${formatBytes(unreadHere)}`] : []),
		...keepaliveFacts([kernel.pair]),
	].map(text => counted(text, 'kernel'));
};

/** Bytes on their way to the other program, layer by layer. */
export const layerFacts = (
	model: Model,
	wallNow: number,
): readonly LayerFact[] => {
	const {traffic, pending, listening, mode, socket} = model;
	return listening
		? []
		: [
				counted(`queued ${formatBytes(traffic.queuedBytes)}`, 'Node'),
				...kernelFacts(socket, wallNow),
				...(mode === 'room' && pending.length > 0
					? [counted(`unstored ${pending.length}`, 'room')]
					: []),
			];
};

/** How long ago bytes last came, where no phase reports a silence. */
export const heardFact = (
	{mode, connection, traffic}: Model,
	wallNow: number,
): string | undefined =>
	mode === 'raw' &&
	connection?.phase === 'open' &&
	traffic.heardAt !== undefined
		? `${formatAge(wallNow - traffic.heardAt)} ago`
		: undefined;

/** When a clock among these facts will read differently, monotonic. */
export const nextChangeAt = (
	model: Model,
	now: number,
	wallNow: number,
): number => {
	const {heardAt} = model.traffic;
	const heardChangesAt =
		heardAt === undefined || heardFact(model, wallNow) === undefined
			? Infinity
			: now + untilOlderMs(wallNow - heardAt);
	const leftChangesAt = timesLeftChangeAt(model.socket.steps, wallNow);
	return Math.min(
		heardChangesAt,
		phaseFact(model, now)?.changesAt ?? Infinity,
		now + leftChangesAt - wallNow,
		now + relayChangesIn(model, wallNow),
	);
};

/** Whether the list of members is current, not from before a disconnect. */
export const isPresenceCurrent = ({listening, connection}: Model): boolean =>
	listening !== undefined ||
	connection?.phase === 'open' ||
	connection?.phase === 'silent';
