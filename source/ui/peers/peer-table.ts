/**
 * The table of a server's peers: whose row it is, then as many columns as fit, the
 * most useful first, and only the rows in view. Pure.
 */
import {formatBytes} from '../../tcp/format-bytes.js';
import {notSentOf, type KernelSocket} from '../../tcp/tcp.js';
import {
	display,
	displayWidth,
	joinText,
	toDisplay,
} from '../../protocol/display.js';
import type {PeerRow} from '../../event/peer-row.js';
import type {Model} from '../../store/model.js';
import {blanks, cutTo} from '../text/cells.js';
import {formatAge, formatMs} from '../text/format.js';
import {createRow, type Row, type Span} from '../text/row.js';
import {hueOf, type Style} from '../theme/roles.js';

type Column = {
	readonly title: string;
	/** In cells, without the gap before it. */
	readonly width: number;
	readonly isRight: boolean;
	readonly value: (peer: PeerRow, now: number) => string;
	/** Whether raw mode has no such thing. */
	readonly isOfRoom?: true;
	/** The sort key: numbers sort highest first, words alphabetically. */
	readonly key: (peer: PeerRow) => number | string;
};

const unknown = '–';

/** Our end of the connection, from the kernel's table. */
const ownEnd = ({kernel}: PeerRow): KernelSocket | undefined => kernel?.local;

const notSent = (peer: PeerRow): number | undefined => {
	const end = ownEnd(peer);
	return end && notSentOf(end);
};

// 'paused' matters most, so it shows even if the phase has no room.
const phaseText = ({phase, isPaused}: PeerRow): string => {
	if (!isPaused) {
		return phase;
	}

	return phase === 'open' ? 'open, paused' : 'paused';
};

// Another user's uid comes first: the column may be too narrow for both.
const nickText = ({nick = unknown, otherUid}: PeerRow): string =>
	otherUid === undefined ? nick : `uid ${otherUid} ${nick}`;

const text = (
	title: string,
	width: number,
	value: (peer: PeerRow) => string,
): Column => ({title, width, isRight: false, value, key: value});

const amount = (
	title: string,
	width: number,
	key: (peer: PeerRow) => number | undefined,
	format: (value: number) => string,
): Column => ({
	title,
	width,
	isRight: true,
	value(peer) {
		const value = key(peer);
		return value === undefined ? unknown : format(value);
	},
	key: peer => key(peer) ?? -1,
});

const since: Column = {
	title: 'since',
	width: 8,
	isRight: true,
	value: (peer, now) => formatAge(now - peer.since),
	key: peer => -peer.since,
};

const ofRoom = (column: Column): Column => ({...column, isOfRoom: true});

/** All columns, the most useful first: narrow screens show the first ones. */
export const peerColumns: readonly Column[] = [
	// As wide as the addresses that there are.
	text('address', 0, ({peer}) => peer),
	ofRoom(text('nick', 14, nickText)),
	text('state', 12, phaseText),
	amount('queue', 8, ({queuedBytes}) => queuedBytes, formatBytes),
	ofRoom(amount('lag', 6, ({lagEntries}) => lagEntries, String)),
	amount('unread', 8, peer => ownEnd(peer)?.receiveQueueBytes, formatBytes),
	text('tcp', 12, peer => ownEnd(peer)?.state ?? unknown),
	ofRoom(amount('rtt', 8, ({rttMs}) => rttMs, formatMs)),
	amount('in', 8, ({bytesIn}) => bytesIn, formatBytes),
	amount('out', 8, ({bytesOut}) => bytesOut, formatBytes),
	since,
	ofRoom(text('dialect', 8, ({dialect}) => dialect ?? unknown)),
	amount('send-q', 8, peer => ownEnd(peer)?.sendQueueBytes, formatBytes),
	amount('unsent', 8, notSent, formatBytes),
];

const gap = 2;

/** Which of the columns a mode has. */
const isIn = ({isOfRoom}: Column, mode: Model['mode']): boolean =>
	mode === 'room' || !isOfRoom;

/** By what the peers are sorted first: by nick, or by address. */
export const firstOrder = (mode: Model['mode']): number =>
	mode === 'raw' ? 0 : peerColumns.findIndex(({title}) => title === 'nick');

/** The next column to sort by. */
export const nextOrder = (sortedBy: number, mode: Model['mode']): number => {
	let next = sortedBy;
	do {
		next = (next + 1) % peerColumns.length;
	} while (!isIn(peerColumns[next]!, mode));

	return next;
};

// The title with its arrow; 127.255.255.255:65535.
const addressCells = {least: 8, most: 21};

const addressWidth = (peers: readonly PeerRow[]): number =>
	Math.min(
		addressCells.most,
		Math.max(addressCells.least, ...peers.map(({peer}) => peer.length)),
	);

/** The columns that fit. */
const columnsFor = ({
	peers,
	mode,
	width,
}: Pick<PeerTableView, 'peers' | 'mode' | 'width'>): readonly Column[] => {
	let used = 0;
	const fitting: Column[] = [];
	const [address, ...others] = peerColumns.filter(column => isIn(column, mode));
	const first = {...address!, width: addressWidth(peers)};
	const [second] = others;
	// A nick says more, if there is no room for both.
	const isNarrow = mode === 'room' && first.width + gap + second!.width > width;
	const columns = isNarrow ? others : [first, ...others];
	for (const column of columns) {
		const cells = column.width + (fitting.length > 0 ? gap : 0);
		if (used + cells > width) {
			break;
		}

		used += cells;
		fitting.push(column);
	}

	// At least one, cut to the width.
	return fitting.length > 0 ? fitting : [{...columns[0]!, width}];
};

const cell = ({width, isRight}: Column, value: string): Span['text'] => {
	const shown = cutTo(toDisplay(value), width);
	const padding = blanks(width - displayWidth(shown));
	return isRight ? joinText(padding, shown) : joinText(shown, padding);
};

const rowOf = (
	columns: readonly Column[],
	span: (column: Column) => Span,
): Row =>
	createRow(
		columns.flatMap((column, index) =>
			index === 0 ? [span(column)] : [{text: blanks(gap)}, span(column)],
		),
	);

const compare = (a: number | string, b: number | string): number => {
	if (typeof a === 'number' && typeof b === 'number') {
		return b - a;
	}

	// Unknown values come last, as with numbers.
	const isUnknown = Number(a === unknown) - Number(b === unknown);
	return isUnknown === 0
		? String(a).localeCompare(String(b), undefined, {numeric: true})
		: isUnknown;
};

/**
 * Sorts peers; equal ones stay in the order in which they were accepted.
 *
 * @param sortedBy An index of `peerColumns`.
 */
export const sortPeers = (
	peers: readonly PeerRow[],
	sortedBy: number,
): readonly PeerRow[] => {
	const column = peerColumns[sortedBy]!;
	// Keys are computed once: 1,000 peers are sorted every second.
	return peers
		.map(peer => ({peer, key: column.key(peer)}))
		.toSorted((a, b) => compare(a.key, b.key))
		.map(({peer}) => peer);
};

export type PeerTableView = {
	/** Sorted. */
	readonly peers: readonly PeerRow[];
	readonly mode: Model['mode'];
	/** The column they are sorted by, an index of `peerColumns`. */
	readonly sortedBy: number;
	/** Rows scrolled past. */
	readonly top: number;
	/** Monotonic milliseconds. */
	readonly now: number;
	readonly width: number;
	readonly height: number;
};

/** How far down the table can be scrolled. */
export const lastTop = ({
	peers,
	height,
}: Pick<PeerTableView, 'peers' | 'height'>): number =>
	Math.max(0, peers.length - Math.max(1, height - 1));

/** The head and the rows in view, together `height` at most. */
export const peerTableRows = ({
	peers,
	mode,
	sortedBy,
	top,
	now,
	width,
	height,
}: PeerTableView): readonly Row[] => {
	const columns = columnsFor({peers, mode, width});
	const sorted = peerColumns[sortedBy]!;
	const head = rowOf(columns, column => ({
		text: cell(
			column,
			column.title === sorted.title ? `${column.title}↓` : column.title,
		),
		role: column.title === sorted.title ? 'sorted' : 'faint',
	}));
	if (peers.length === 0) {
		const nobody = cutTo(display`Nobody is connected.`, width);
		return [head, createRow([{text: nobody, role: 'faint'}])].slice(
			0,
			Math.max(0, height),
		);
	}

	const first = Math.min(top, lastTop({peers, height}));
	const rows = peers.slice(first, first + Math.max(0, height - 1)).map(peer =>
		rowOf(columns, column => ({
			text: cell(column, column.value(peer, now)),
			...styleOf(peer, column),
		})),
	);
	return [head, ...rows].slice(0, Math.max(0, height));
};

const styleOf = (peer: PeerRow, column: Column): Style => {
	if (column.title === 'nick' && peer.nick !== undefined) {
		return {role: 'other', hue: hueOf(peer.nick)};
	}

	return isTrouble(peer, column) ? {role: 'warn'} : {};
};

/** What a host should notice: bytes that wait, a peer that lags. */
const isTrouble = (peer: PeerRow, {title}: Column): boolean =>
	(title === 'unread' && (ownEnd(peer)?.receiveQueueBytes ?? 0) > 0) ||
	(title === 'unsent' && (notSent(peer) ?? 0) > 0) ||
	(title === 'queue' && peer.queuedBytes > 0) ||
	(title === 'lag' && peer.lagEntries > 0);
