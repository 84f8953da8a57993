/**
 * The sockets on a watched port as a table: who listens, then both ends of each
 * connection; as many columns as fit, the most useful first. Pure.
 */
import {
	isInBacklog,
	type EndName,
	type WatchedEnd,
	type WatchedListener,
} from '../../event/port-event.js';
import {
	display,
	displayWidth,
	joinText,
	toDisplay,
} from '../../protocol/display.js';
import {
	entriesOf,
	type PortEntry,
	type PortModel,
} from '../../store/port-model.js';
import {blanks, cutTo} from '../text/cells.js';
import {formatBytes} from '../../tcp/format-bytes.js';
import {formatLeft, untilLessMs} from '../text/format.js';
import {createRow, type Row, type Span} from '../text/row.js';
import type {Style} from '../theme/roles.js';

/** One socket, in words. */
type Cells = {
	readonly name: string;
	readonly state: string;
	readonly receiveQueue: string;
	readonly sendQueue: string;
	readonly holder: string;
	readonly call: string;
	readonly timer: string;
};

type Line = {
	/** Undefined for what listens. */
	readonly peer: string | undefined;
	readonly cells: Cells;
	/** What a reader should notice. */
	readonly troubles: ReadonlySet<keyof Cells>;
	readonly isOver: boolean;
};

type Column = {
	readonly key: keyof Cells;
	readonly title: string;
	readonly width: number;
	readonly isRight?: true;
};

const queueColumns = '0 of 4096'.length;
const holderColumns = 19;

const columns: readonly Column[] = [
	{key: 'name', title: 'socket', width: 'client :41306'.length},
	{key: 'state', title: 'state', width: 'SYN-RECEIVED'.length},
	{
		key: 'receiveQueue',
		title: 'recv-q',
		width: queueColumns,
		isRight: true,
	},
	{key: 'sendQueue', title: 'send-q', width: 8, isRight: true},
	{key: 'holder', title: 'program', width: holderColumns},
	{key: 'call', title: 'blocks in', width: 12},
	{key: 'timer', title: 'timer', width: 16},
];

/** Below it a name has one letter, and states are all that fits. */
const wholeNameColumns = 30;

const gap = 1;
const markColumns = 1;

const columnsFor = (width: number): readonly Column[] => {
	const isShort = width < wholeNameColumns;
	let used = markColumns;
	const fitting: Column[] = [];
	for (const column of columns) {
		const cells =
			column.key === 'name' && isShort ? 'c:41306'.length : column.width;
		const from = used + (fitting.length > 0 ? gap : 0);
		if (from + cells > width && fitting.length > 0) {
			// A state is cut rather than left out.
			if (column.key === 'state' && width - from > 2) {
				fitting.push({...column, width: width - from});
			}

			break;
		}

		fitting.push({...column, width: Math.min(cells, width - from)});
		used = from + cells;
	}

	return fitting;
};

const endNames = {remote: 'client', local: 'server'} as const;

const portOf = (address: string): string =>
	/:\d+$/.exec(address)?.[0] ?? address;

const nameOf = (end: EndName, address: string, width: number): string =>
	width < wholeNameColumns
		? `${endNames[end][0]!}${portOf(address)}`
		: `${endNames[end]} ${portOf(address)}`;

const bytesIn = (bytes: number): string =>
	bytes === 0 ? '0' : formatBytes(bytes);

/** Timers that end a socket; the others fire again, soon or not for hours. */
const endings: ReadonlySet<string> = new Set(['time-wait', 'fin-wait-2']);

const timerText = ({timer}: WatchedEnd, ageMs: number): string =>
	timer === undefined
		? ''
		: endings.has(timer.name)
			? `ends in ${formatLeft(timer.inMs - ageMs)}`
			: timer.name;

type Held = Pick<WatchedEnd, 'program' | 'pid' | 'call' | 'isStopped'>;

/** A name can be cut and still be known, a number can't. */
const holderIn = (
	width: number,
	program: string | undefined,
	pid: number | undefined,
): string =>
	program === undefined
		? ''
		: `${cutTo(toDisplay(program), width - ` ${pid!}`.length)} ${pid!}`;

/** Who holds it, and what that program is in; a stopped one does nothing. */
const holderCells = (
	{program, pid, call, isStopped}: Held,
	width: number,
): Pick<Cells, 'holder' | 'call'> => {
	const hasCall = columnsFor(width).some(({key}) => key === 'call');
	const sign = isStopped && !hasCall ? 'stopped: ' : '';
	return {
		holder: `${sign}${holderIn(holderColumns - sign.length, program, pid)}`,
		call: isStopped ? 'stopped' : (call ?? ''),
	};
};

const stoppedTroubles = ({isStopped}: Held): ReadonlyArray<keyof Cells> =>
	isStopped ? ['holder', 'call'] : [];

const backlogText = ({waiting, backlog}: WatchedListener): string => {
	if (backlog === undefined) {
		return `${waiting}`;
	}

	const whole = `${waiting} of ${backlog}`;
	return whole.length > queueColumns ? `${waiting}/${backlog}` : whole;
};

const lineOfListener = (listener: WatchedListener, width: number): Line => {
	const {address, waiting} = listener;
	return {
		peer: undefined,
		isOver: false,
		troubles: new Set([
			...(waiting > 0 ? (['receiveQueue'] as const) : []),
			...stoppedTroubles(listener),
		]),
		cells: {
			name: nameOf('local', address, width),
			state: 'LISTEN',
			receiveQueue: backlogText(listener),
			sendQueue: '',
			...holderCells(listener, width),
			timer: '',
		},
	};
};

const lineOfEnd = (
	name: EndName,
	{peer, connection, states}: PortEntry,
	{width, ageMs}: {readonly width: number; readonly ageMs: number},
): Line => {
	const end = connection?.[name];
	const last = states[name];
	const common = {peer, isOver: end === undefined && last === undefined};
	const shown = nameOf(name, peer, width);
	if (end === undefined) {
		const cells = {
			name: shown,
			state: last ?? 'CLOSED',
			receiveQueue: '',
			sendQueue: '',
			holder: '',
			call: '',
			timer: '',
		};
		return {...common, troubles: new Set(), cells};
	}

	const {unreadBytes, sendQueueBytes, timer, state} = end;
	const isWaiting = name === 'local' && isInBacklog(connection!);
	const ending = timerText(end, ageMs);
	const held = holderCells(end, width);
	const isEnding = timer !== undefined && endings.has(timer.name);
	return {
		...common,
		troubles: new Set([
			...(unreadBytes > 0 ? (['receiveQueue'] as const) : []),
			...(sendQueueBytes > 0 ? (['sendQueue'] as const) : []),
			...(isWaiting ? (['holder'] as const) : []),
			...stoppedTroubles(end),
		]),
		cells: {
			name: shown,
			state,
			receiveQueue: bytesIn(unreadBytes),
			sendQueue: bytesIn(sendQueueBytes),
			// No program holds a socket that is only waiting for its end.
			holder: isWaiting ? 'in the backlog' : isEnding ? ending : held.holder,
			call: held.call,
			timer: isEnding ? '' : ending,
		},
	};
};

/** A socket that is connected to itself is one. */
const endsOf = (peer: string, address: string): readonly EndName[] =>
	peer === address ? ['local'] : ['remote', 'local'];

/** What has ended has one line. */
const shownEnds = (
	{peer, connection, states: {local, remote}}: PortEntry,
	address: string,
): readonly EndName[] =>
	(connection ?? local ?? remote) === undefined
		? ['remote']
		: endsOf(peer, address);

const linesOf = (
	model: PortModel,
	width: number,
	now: number,
): readonly Line[] => {
	const {sockets} = model;
	const ageMs = sockets ? Math.max(0, now - sockets.at) : 0;
	return [
		...(sockets?.listening ?? []).map(listener =>
			lineOfListener(listener, width),
		),
		...entriesOf(model).flatMap(entry =>
			shownEnds(entry, model.address).map(name =>
				lineOfEnd(name, entry, {width, ageMs}),
			),
		),
	];
};

const cell = (column: Column, value: string): Span['text'] => {
	const shown = cutTo(toDisplay(value), column.width);
	const padding = blanks(column.width - displayWidth(shown));
	return column.isRight ? joinText(padding, shown) : joinText(shown, padding);
};

const rowOf = (
	mark: Span,
	fitting: readonly Column[],
	span: (column: Column) => Span,
): Row =>
	createRow([
		mark,
		...fitting.flatMap((column, index) =>
			index === 0 ? [span(column)] : [{text: blanks(gap)}, span(column)],
		),
	]);

/** How many rows the table would fill, its head not counted. */
export const wantedTableRows = (model: PortModel): number => {
	const {listening = [], connections = [], more = 0} = model.sockets ?? {};
	const unlisted = entriesOf(model).find(
		({peer, connection}) =>
			peer === model.look.chosen && connection === undefined,
	);
	return (
		Math.max(1, listening.length) +
		connections.flatMap(({peer}) => endsOf(peer, model.address)).length +
		(unlisted ? shownEnds(unlisted, model.address).length : 0) +
		(more > 0 ? 1 : 0)
	);
};

/** What is shown of the lines: the chosen one among them, else the newest. */
const windowOf = (
	lines: readonly Line[],
	chosen: string | undefined,
	height: number,
): readonly Line[] => {
	const listeners = lines.filter(({peer}) => peer === undefined);
	const rest = lines.slice(listeners.length);
	const head = listeners.slice(0, Math.max(1, Math.min(2, height)));
	const room = Math.max(0, height - head.length);
	const last = rest.findLastIndex(({peer}) => peer === chosen);
	// It is the last in view, with those before it; or in the tail of all.
	const end =
		chosen === undefined || last === -1 || last >= rest.length - room
			? rest.length
			: last + 1;
	return [
		...head.slice(0, height),
		...rest.slice(Math.max(0, end - room), end),
	];
};

/** Without the address, which the title has, rather than cut. */
const nobodyListens = (
	{address, hasListened}: PortModel,
	width: number,
): string => {
	const when = hasListened ? 'any more' : 'yet';
	const whole = `nobody listens on ${address} ${when}`;
	return displayWidth(toDisplay(whole)) > width
		? `nobody listens ${when}`
		: whole;
};

export type SocketsTable = {
	readonly model: PortModel;
	readonly width: number;
	readonly height: number;
	readonly hasHead: boolean;
	/** Milliseconds since the epoch. */
	readonly now: number;
};

/** The head and the rows; at most `height`. */
export const socketsTableRows = ({
	model,
	width,
	height,
	hasHead,
	now,
}: SocketsTable): readonly Row[] => {
	const fitting = columnsFor(width);
	const {sockets, look} = model;
	const head = rowOf({text: blanks(markColumns)}, fitting, column => ({
		text: cell(column, column.title),
		role: 'faint',
	}));
	const note = (text: string): Row =>
		createRow([
			{text: cutTo(display` ${toDisplay(text)}`, width), role: 'faint'},
		]);
	const above = [
		...(hasHead ? [head] : []),
		...(sockets?.isReadable === false
			? [note("the kernel's tables can't be read any more")]
			: !sockets || sockets.listening.length > 0
				? []
				: [note(nobodyListens(model, width - markColumns))]),
	];
	const more = sockets?.more ?? 0;
	const below = more > 0 ? [note(`and ${more} more connections`)] : [];
	const room = Math.max(0, height - above.length - below.length);
	const rows = windowOf(linesOf(model, width, now), look.chosen, room).map(
		line => {
			const isChosen = line.peer !== undefined && line.peer === look.chosen;
			const mark = isChosen ? display`▸` : blanks(markColumns);
			return rowOf({text: mark, role: 'title'}, fitting, column => ({
				text: cell(column, line.cells[column.key]),
				...styleOf(line, column, isChosen),
			}));
		},
	);
	return [...above, ...rows, ...below].slice(0, Math.max(0, height));
};

const styleOf = (line: Line, {key}: Column, isChosen: boolean): Style => {
	if (line.troubles.has(key)) {
		return {role: 'warn'};
	}

	if (line.isOver) {
		return {role: 'faint'};
	}

	return isChosen && key === 'name' ? {role: 'title'} : {};
};

/** When a countdown in the table reads differently; Infinity without one. */
export const tableChangesAt = ({sockets}: PortModel, now: number): number => {
	let next = Infinity;
	for (const {local, remote} of sockets?.connections ?? []) {
		for (const end of [local, remote]) {
			if (end?.timer === undefined || !endings.has(end.timer.name)) {
				continue;
			}

			const leftMs = end.timer.inMs - (now - sockets!.at);
			next = Math.min(next, now + untilLessMs(leftMs));
		}
	}

	return next;
};
