/** What a screen shows, as plain data; reduce.ts moves it on. */
import type {Connection} from '../connection/connection.js';
import type {Listening} from '../connection/listening.js';
import type {Place} from '../event/event.js';
import {nobody, type Presence} from '../protocol/presence.js';
import type {Message, Whisper} from './item.js';
import {emptySocketView, type SocketView} from './socket-view.js';
import {emptyTranscript, type Transcript} from './transcript.js';

/** One's own message that is not stored yet, with its n. */
export type Pending = (Message | Whisper) & {readonly n: number};

export type Model = {
	readonly mode: 'room' | 'raw';
	/** The server's or room's address, as people write it. */
	readonly where: string;
	/** One's own public id; empty in raw mode. */
	readonly id: string;
	readonly nick: string;
	readonly transcript: Transcript;
	/** Of the last item in it; undefined before the first. */
	readonly lastDay: string | undefined;
	/** The oldest entry that the server holds, as far as it has said so. */
	readonly oldestKept: number;
	readonly pending: readonly Pending[];
	readonly presence: Presence;
	readonly connection: Connection | undefined;
	readonly local: string | undefined;
	readonly remote: string | undefined;
	readonly traffic: {
		readonly bytesIn: number;
		readonly bytesOut: number;
		readonly queuedBytes: number;
		/** When bytes came last, ms since the epoch, as far as it was sampled. */
		readonly heardAt: number | undefined;
	};
	/** Milliseconds, newest last; at most `keptRtts`. */
	readonly rtts: readonly number[];
	readonly socket: SocketView;
	/** Set on a server. */
	readonly listening:
		| {
				readonly state: Listening;
				readonly place: Place;
				/** Peers connected now, and since the start. */
				readonly peers: number;
				readonly accepted: number;
				readonly turnedAway: number;
				/** Of the peers that have ended. */
				readonly bytesIn: number;
				readonly bytesOut: number;
		  }
		| undefined;
};

export const keptRtts = 60;

export const createModel = (
	start: Pick<Model, 'mode' | 'where' | 'id' | 'nick'>,
): Model => ({
	...start,
	transcript: emptyTranscript,
	lastDay: undefined,
	oldestKept: 1,
	pending: [],
	presence: nobody,
	connection: undefined,
	local: undefined,
	remote: undefined,
	traffic: {bytesIn: 0, bytesOut: 0, queuedBytes: 0, heardAt: undefined},
	rtts: [],
	socket: emptySocketView,
	listening: undefined,
});
