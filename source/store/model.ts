/** What a screen shows, as plain data; reduce.ts updates it. */
import type {OfferedCommand} from '../protocol/frame.js';
import type {Connection} from '../connection/connection.js';
import type {Listening} from '../connection/listening.js';
import type {Look, Place, SendingFile, ServerEvent} from '../event/event.js';
import type {LinkFacts} from '../event/link-facts.js';
import {nobody, type Presence} from '../protocol/presence.js';
import {dayOf, withDays} from './days.js';
import {
	isNothingHidden,
	nothingHidden,
	withoutHidden,
	type Hiding,
} from './hiding.js';
import type {Item, Message, Notice, Rule, Whisper} from './item.js';
import {
	readAgain,
	readAppended,
	startReading,
	type Reading,
} from './reading.js';
import type {Search} from './search.js';
import {emptySocketView, type SocketView} from './socket-view.js';
import {appendFolded, foldItems} from './comings.js';
import type {Outage} from './relay-outage.js';
import {sendingNotice} from './sending.js';
import {
	emptyTranscript,
	filterItems,
	itemAt,
	type Transcript,
} from './transcript.js';

/** One's own message that is not stored yet, with its n. */
export type Pending = (Message | Whisper) & {readonly n: number};

export type Model = {
	readonly mode: 'room' | 'raw';
	/** Whether the steps are those of other programs. */
	readonly isOfOthers: boolean;
	/** The server's or room's address, as people write it. */
	readonly where: string;
	/** Of a proxy: where it connects its clients to. */
	readonly target: string | undefined;
	/** What the room is called, if anything. */
	readonly roomName: string | undefined;
	/** One's own public id; empty in raw mode. */
	readonly id: string;
	/** Empty in raw mode. */
	readonly nick: string;
	/** The head of the newest welcome, which gave the nick. */
	readonly welcomeHead: number;
	readonly transcript: Transcript;
	/** With what is hidden; the same object if nothing is. */
	readonly whole: Transcript;
	/** The day of its last item; undefined before the first. */
	readonly lastDay: string | undefined;
	/** The rule of the current day, once it is known. */
	readonly today: Rule | undefined;
	/** The oldest entry that the server keeps, as far as it has reported. */
	readonly oldestKept: number;
	/** The identity of the room's log, once welcome. */
	readonly log: string | undefined;
	/** The newest entry so far; 0 before the first. */
	readonly newestSeq: number;
	/** The newest entry that `/clear` took away; undefined if there was none. */
	readonly clearedSeq: number | undefined;
	/** Said once the entries up to `head` are here, which it would stand above. */
	readonly greeting:
		{readonly notices: readonly Notice[]; readonly head: number} | undefined;
	/** Whether there was a welcome before the newest one. */
	readonly isBack: boolean;
	/** Whether this process opens the room again, which stands for the greeting. */
	readonly isTakingOver: boolean;
	/** How far the reader has read. */
	readonly reading: Reading;
	/** The search that is open, if one is. */
	readonly search: Search | undefined;
	readonly pending: readonly Pending[];
	/**
	 * What was said while the relay is away, and has no place yet. One's own of it
	 * is pending, too: the same object.
	 */
	readonly unshared: ReadonlyMap<string, Message>;
	/** Whether the relay is away, as a member knows. */
	readonly outage: Outage;
	/** Whether what waits for the relay ends with the room's server. */
	readonly isInMemory: boolean;
	/** Whether a lock keeps this member out, which was said. */
	readonly isLockedOut: boolean;
	/** Mentions and whispers since this client came; a replay's don't count. */
	readonly calls: {
		readonly count: number;
		readonly latest: Pick<Message, 'from' | 'text'> | undefined;
	};
	readonly hiding: Hiding;
	/** The commands of bots. */
	readonly offered: readonly OfferedCommand[];
	/** Whether something was said in the log, as far as is known. */
	readonly hasTalk: boolean;
	/** How others come in; undefined once they are here, or have talked. */
	readonly invitation: string | undefined;
	/** The same below the transcript, since the welcome. */
	readonly shownInvitation: Notice | undefined;
	readonly presence: Presence;
	readonly connection: Connection | undefined;
	readonly local: string | undefined;
	readonly remote: string | undefined;
	/** What is known of the link, unless it is a socket as it is. */
	readonly link: LinkFacts | undefined;
	readonly traffic: {
		readonly bytesIn: number;
		readonly bytesOut: number;
		readonly queuedBytes: number;
		/** When bytes last arrived, ms since the epoch, to the last sample. */
		readonly heardAt: number | undefined;
	};
	/** Milliseconds, newest last; at most `keptRtts`. */
	readonly rtts: readonly number[];
	/** Of raw mode, by direction and peer: a character that is not whole yet. */
	readonly unfinished: ReadonlyMap<string, Uint8Array>;
	/** How chunks are shown. */
	readonly look: Look;
	/** When the last chunk came or went. */
	readonly chunkAt: number | undefined;
	/** The file that is being sent, if one is. */
	readonly sending:
		{readonly file: SendingFile; readonly at: number} | undefined;
	readonly socket: SocketView;
	/** Of a proxy: what is known of its connections to the target. */
	readonly beyond: SocketView;
	/** Set on a server of a relayed room. */
	readonly relay: Extract<ServerEvent, {type: 'relay'}> | undefined;
	/** Of a room: who was turned away by their protocol, and has not ended. */
	readonly foreigners: ReadonlySet<string>;
	/** Set on a server. */
	readonly listening:
		| {
				readonly state: Listening;
				readonly place: Place;
				/** Peers connected now, and since the start. */
				readonly peers: number;
				readonly accepted: number;
				readonly turnedAway: number;
				/** Of peers whose connections have ended. */
				readonly bytesIn: number;
				readonly bytesOut: number;
		  }
		| undefined;
};

/** A port, and no path that ends as one. */
export const isTcp = ({where}: Pick<Model, 'where'>): boolean =>
	/^[^/@]+:\d+$/.test(where);

export const keptRtts = 60;

/** A member's identity exists in a room only. */
export type ModelStart =
	| ({
			readonly mode: 'room';
			readonly invitation?: string | undefined;
	  } & Pick<Model, 'where' | 'id' | 'nick'>)
	| ({
			readonly mode: 'raw';
			readonly isOfOthers?: boolean;
			readonly target?: string;
	  } & Pick<Model, 'where'>);

export const noTraffic: Model['traffic'] = {
	bytesIn: 0,
	bytesOut: 0,
	queuedBytes: 0,
	heardAt: undefined,
};

export const createModel = (start: ModelStart): Model => ({
	mode: start.mode,
	isOfOthers: start.mode === 'raw' && start.isOfOthers === true,
	where: start.where,
	target: start.mode === 'raw' ? start.target : undefined,
	roomName: undefined,
	id: start.mode === 'room' ? start.id : '',
	nick: start.mode === 'room' ? start.nick : '',
	welcomeHead: 0,
	transcript: emptyTranscript,
	whole: emptyTranscript,
	lastDay: undefined,
	today: undefined,
	oldestKept: 1,
	log: undefined,
	newestSeq: 0,
	clearedSeq: undefined,
	greeting: undefined,
	isBack: false,
	isTakingOver: false,
	reading: startReading,
	search: undefined,
	pending: [],
	unshared: new Map(),
	outage: undefined,
	isInMemory: false,
	isLockedOut: false,
	calls: {count: 0, latest: undefined},
	hiding: nothingHidden,
	offered: [],
	hasTalk: false,
	invitation: start.mode === 'room' ? start.invitation : undefined,
	shownInvitation: undefined,
	presence: nobody,
	connection: undefined,
	local: undefined,
	remote: undefined,
	link: undefined,
	traffic: noTraffic,
	rtts: [],
	unfinished: new Map(),
	look: {isPretty: false, isTimed: false, isOpen: false},
	chunkAt: undefined,
	sending: undefined,
	socket: emptySocketView,
	beyond: emptySocketView,
	relay: undefined,
	foreigners: new Set(),
	listening: undefined,
});

/**
 * A model that is being updated: what would be copied for each event is copied
 * once for all of them.
 */
export type ModelUpdate = {
	-readonly [Key in keyof Omit<Model, 'pending'>]: Model[Key];
} & {
	/** To be appended to the transcript. */
	items: Item[];
	/** Those of them that are hidden. */
	hidden: Set<Item>;
	/** By their n, in their order. */
	readonly pending: Map<number, Pending>;
	readonly unsharedBefore: Model['unshared'];
	readonly foreignersBefore: Model['foreigners'];
};

/**
 * What stands below the transcript: the day, if nothing in it is of today yet, an
 * invitation, what isn't stored yet, and how far a file is sent.
 */
export const tailOf = ({
	today,
	lastDay,
	shownInvitation,
	pending,
	sending,
	unshared,
}: Model): readonly Item[] => {
	const isNewDay =
		today !== undefined && lastDay !== undefined && lastDay !== today.text;
	const waiting = new Set<Item>(unshared.values());
	return [
		...(isNewDay ? [today] : []),
		...(shownInvitation ? [shownInvitation] : []),
		...waiting,
		...pending.filter(item => !waiting.has(item)),
		...(sending ? [sendingNotice(sending)] : []),
	];
};

export const startUpdate = ({pending, ...model}: Model): ModelUpdate => ({
	...model,
	items: [],
	hidden: new Set(),
	pending: new Map(pending.map(item => [item.n, item])),
	unsharedBefore: model.unshared,
	foreignersBefore: model.foreigners,
});

/** Appends the items so far: an index is never given twice. */
export const flushItems = (update: ModelUpdate): void => {
	const {transcript, whole, hidden, lastDay} = update;
	const items = update.items.filter(item => !hidden.has(item));
	const appended = appendFolded(transcript, withDays(items, lastDay));
	update.reading = readAppended(update.reading, appended, transcript.end);
	update.transcript = appended;
	update.whole = isNothingHidden(update.hiding)
		? appended
		: appendFolded(whole, withDays(update.items, lastDayOf(whole) ?? lastDay));
	update.items = [];
	update.hidden = new Set();
	const last = items.at(-1);
	update.lastDay = last ? dayOf(last.at) : lastDay;
};

const lastDayOf = (transcript: Transcript): string | undefined => {
	const last = itemAt(transcript, transcript.end - 1);
	return last && dayOf(last.at);
};

/** Shows what isn't hidden of all that is kept; the newest keeps its index. */
export const showAgain = (update: ModelUpdate): void => {
	const {whole, transcript, hiding} = update;
	update.transcript = filterItems(
		whole,
		items => foldItems(withoutHidden(items, hiding)),
		transcript.end,
	);
	if (isNothingHidden(hiding)) {
		update.whole = update.transcript;
	}

	update.reading = readAgain(update.reading, update.transcript);
};

export const finishUpdate = (update: ModelUpdate): Model => {
	flushItems(update);
	const {items, hidden, pending, unsharedBefore, foreignersBefore, ...rest} =
		update;
	return {...rest, pending: [...pending.values()]};
};
