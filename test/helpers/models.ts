/** Models for a screen, with defaults for what a test doesn't care about. */
import type {Connection} from '../../source/connection/connection.js';
import type {Listening} from '../../source/connection/listening.js';
import type {KernelSocket} from '../../source/tcp/tcp.js';
import {SockchatError} from '../../source/errors.js';
import {createModel, type Model} from '../../source/store/model.js';
import type {PeerRow} from '../../source/event/peer-row.js';
import {emptySocketView} from '../../source/store/socket-view.js';
import type {Row} from '../../source/ui/text/row.js';

/** The current time of all models here: monotonic, and by the wall clock. */
export const now = 1_000_000;
export const wallNow = new Date(2026, 0, 2, 14, 2, 11, 204).getTime();

export const textsOf = (rows: readonly Row[]): string[] =>
	rows.map(({spans}) => spans.map(({text}) => text).join(''));

export const modelOf = (changes: Partial<Model> = {}): Model => ({
	...createModel({
		mode: 'room',
		where: '127.0.0.1:5001',
		id: '0123456789abcdef',
		nick: 'otter',
	}),
	...changes,
});

export const socketOf = (
	changes: Partial<Model['socket']>,
): Pick<Model, 'socket'> => ({socket: {...emptySocketView, ...changes}});

const cause = new SockchatError('ERR_LOST', 'lost');
const trying = {since: now - 5000, attempt: 1};
const beating = {heartbeatMs: 2000, lastHeardAt: now - 3400};

/** A connection in each phase. */
export const connections = {
	connecting: {phase: 'connecting', ...trying},
	handshaking: {phase: 'handshaking', ...trying},
	open: {phase: 'open', ...trying, ...beating, lastPingAt: now},
	silent: {phase: 'silent', ...trying, ...beating, openSince: 0},
	waiting: {
		phase: 'waiting',
		...trying,
		retryAt: now + 2100,
		cause,
		wasOpen: true,
	},
	draining: {phase: 'draining', since: now - 5000, deadline: now},
	closed: {phase: 'closed', since: now - 5000, cause},
} as const satisfies Record<Connection['phase'], Connection>;

export const listeningOf = (
	phase: Listening['phase'] = 'listening',
	changes: Partial<NonNullable<Model['listening']>> = {},
): NonNullable<Model['listening']> => ({
	state: {phase, since: now - 5000, deadline: now, cause},
	place: {host: '127.0.0.1', port: 5001},
	peers: 0,
	accepted: 0,
	turnedAway: 0,
	bytesIn: 0,
	bytesOut: 0,
	...changes,
});

export const kernelSocket = (
	changes: Partial<KernelSocket> = {},
): KernelSocket => ({
	local: '127.0.0.1:53122',
	remote: '127.0.0.1:5001',
	state: 'ESTABLISHED',
	sendQueueBytes: 0,
	receiveQueueBytes: 0,
	uid: 1000,
	...changes,
});

export const peerRow = (changes: Partial<PeerRow> = {}): PeerRow => ({
	peer: '127.0.0.1:53122',
	nick: 'otter',
	dialect: 'framed',
	phase: 'open',
	since: now - 5000,
	rttMs: undefined,
	bytesIn: 0,
	bytesOut: 0,
	queuedBytes: 0,
	lagEntries: 0,
	isPaused: false,
	kernel: undefined,
	...changes,
});

/** A relay that is away, with defaults for the rest. */
export const relayOf = (
	changes: Partial<NonNullable<Model['relay']>> = {},
): NonNullable<Model['relay']> => ({
	type: 'relay',
	at: 0,
	phase: 'away',
	url: 'nats://box:4222',
	room: 'lab',
	since: 0,
	lag: undefined,
	outbox: 0,
	servers: 0,
	error: undefined,
	isNews: false,
	...changes,
});
