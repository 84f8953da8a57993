/**
 * Two programs that block in recv(), talk once, and close, and a watch that looks
 * at their table, their calls and their counters at any times in between: a call
 * is never told, nor drawn, above what made it return.
 */
import assert from 'node:assert/strict';
import {env} from 'node:process';
import test from 'node:test';
import fc from 'fast-check';
import type {PortEvent} from '../../../source/event/port-event.js';
import type {
	SocketHolder,
	ThreadCall,
} from '../../../source/socket/socket-holders.js';
import type {TcpRow} from '../../../source/socket/tcp-table.js';
import {
	createPortModel,
	ladderSource,
	reducePort,
} from '../../../source/store/port-model.js';
import {lastOf} from '../../../source/store/newest.js';
import type {SegmentStep} from '../../../source/tcp/captured.js';
import {ladderOf} from '../../../source/tcp/ladder.js';
import {noSegments} from '../../../source/tcp/segment-counts.js';
import {nameOfCall, type Call, type Step} from '../../../source/tcp/tcp.js';
import {PortLog} from '../../../source/watch/port/port-log.js';
import {endingInodes} from '../../../source/watch/port/port-rows.js';

const runs = Number(env['FAST_CHECK_RUNS'] ?? 500);

const server = '127.0.0.1:5001';
const peer = '127.0.0.1:40000';

const questionBytes = 5;
const answerBytes = 7;

type Name = 'client' | 'server';

const names = ['client', 'server'] as const;
const inodes = {server: '2', client: '3'} as const;
const endOf = {server: 'local', client: 'remote'} as const;

const holderOf = (name: Name): SocketHolder => ({
	pid: name === 'server' ? 7 : 8,
	fd: 4,
	name: 'python3',
	startedAt: '1',
	sockets: 1,
});

const captured = (
	segment: SegmentStep['segment'],
	from: Name,
	fields: Pick<SegmentStep, 'seq' | 'ack' | 'length'> & {readonly at: number},
): SegmentStep => ({
	kind: 'segment',
	segment,
	evidence: 'captured',
	direction: from === 'server' ? 'out' : 'in',
	peer,
	...fields,
});

/** A thing that a program does, as soon as it can. */
type Move = {readonly when?: () => boolean; readonly go: () => void};

class Pair {
	readonly #sent = {client: 0, server: 0};
	readonly #taken = {client: 0, server: 0};
	readonly #hasSentFin = {client: false, server: false};
	readonly #hasTakenFin = {client: false, server: false};
	readonly #isClosed = {client: false, server: false};
	readonly #blockedIn: Partial<Record<Name, Call | undefined>> = {};
	readonly #moves: Readonly<Record<Name, Move[]>>;
	/** What tcpdump would see. */
	readonly segments: SegmentStep[] = [];
	#now = 0;

	constructor(by: 'shutdown' | 'close') {
		const send = (name: Name, bytes: number): Move => ({
			go: () => {
				this.#pass(name, 'PSH', bytes);
				this.#sent[name] += bytes;
			},
		});
		const receive = (name: Name, call: Call): readonly Move[] => {
			const other = name === 'client' ? 'server' : 'client';
			return [
				{
					go: () => {
						this.#blockedIn[name] = call;
					},
				},
				{
					when: () =>
						this.#sent[other] > this.#taken[name] || this.#hasSentFin[other],
					go: () => {
						this.#hasTakenFin[name] = this.#sent[other] === this.#taken[name];
						this.#taken[name] = this.#sent[other];
						this.#blockedIn[name] = undefined;
					},
				},
			];
		};

		const sendFin = (name: Name) => {
			if (!this.#hasSentFin[name]) {
				this.#pass(name, 'FIN');
				this.#hasSentFin[name] = true;
			}
		};

		const finish = (name: Name): Move => ({
			go() {
				sendFin(name);
			},
		});
		const close = (name: Name): Move => ({
			go: () => {
				sendFin(name);
				this.#isClosed[name] = true;
			},
		});
		this.#moves = {
			client: [
				send('client', questionBytes),
				...receive('client', 'recv(512)'),
				...(by === 'shutdown'
					? [finish('client'), ...receive('client', 'recv(1)')]
					: []),
				close('client'),
			],
			server: [
				...receive('server', 'recv(1024)'),
				send('server', answerBytes),
				...receive('server', 'recv(64)'),
				close('server'),
			],
		};
	}

	/** @returns Whether somebody did something. */
	move(first: Name, at: number): boolean {
		this.#now = at;
		const order = first === 'client' ? names : names.toReversed();
		const name = order.find(each => {
			const [next] = this.#moves[each];
			return next !== undefined && (next.when?.() ?? true);
		});
		if (name === undefined) {
			return false;
		}

		this.#moves[name].shift()!.go();
		return true;
	}

	rowOf(name: Name): readonly TcpRow[] {
		const other = name === 'client' ? 'server' : 'client';
		const [own, others] = [this.#hasSentFin[name], this.#hasSentFin[other]];
		// The client is always the first to close.
		if (own && others && name === 'server') {
			return [];
		}

		const state = own
			? others
				? 'TIME-WAIT'
				: 'FIN-WAIT-2'
			: others
				? 'CLOSE-WAIT'
				: 'ESTABLISHED';
		return [
			{
				inode:
					this.#isClosed[name] || state === 'TIME-WAIT' ? '0' : inodes[name],
				socket: {
					local: name === 'server' ? server : peer,
					remote: name === 'server' ? peer : server,
					state,
					sendQueueBytes: 0,
					receiveQueueBytes:
						state === 'TIME-WAIT' ? 0 : this.#sent[other] - this.#taken[name],
					uid: 0,
				},
				...(state === 'CLOSE-WAIT' &&
					!this.#hasTakenFin[name] && {isEndUnread: true as const}),
			},
		];
	}

	isHeld(name: Name): boolean {
		return !this.#isClosed[name];
	}

	callsOf(name: Name): readonly ThreadCall[] {
		const call = this.#blockedIn[name];
		return call === undefined
			? []
			: [{call, inode: inodes[name], fd: 4, thread: '1'}];
	}

	#pass(from: Name, segment: 'PSH' | 'FIN', length = 0): void {
		const to = from === 'client' ? 'server' : 'client';
		const endOfStream = (name: Name) =>
			1 + this.#sent[name] + (this.#hasSentFin[name] ? 1 : 0);
		const seq = endOfStream(from);
		const ack = endOfStream(to);
		const next = seq + (segment === 'FIN' ? 1 : length);
		this.segments.push(
			captured(segment, from, {seq, ack, length, at: this.#now}),
			captured('ACK', to, {seq: ack, ack: next, length: 0, at: this.#now}),
		);
	}

	/** A closed socket is no full one any more. */
	figuresOf(name: Name) {
		const other = name === 'client' ? 'server' : 'client';
		return this.#isClosed[name] || this.rowOf(name)[0]?.inode !== inodes[name]
			? undefined
			: {
					...noSegments,
					sentBytes: this.#sent[name],
					receivedBytes: this.#sent[other],
				};
	}
}

const handshake = [
	captured('SYN', 'client', {seq: 0, length: 0, at: 990}),
	captured('SYN+ACK', 'server', {seq: 0, ack: 1, length: 0, at: 990}),
	captured('ACK', 'client', {seq: 1, ack: 1, length: 0, at: 990}),
];

type Look = {
	/** Who goes on before each thing that is looked at. */
	readonly moves: ReadonlyArray<readonly Name[]>;
	readonly hasFigures: boolean;
	readonly clientFirst: readonly boolean[];
};

const anyLook: fc.Arbitrary<Look> = fc.record({
	moves: fc.array(fc.array(fc.constantFrom(...names), {maxLength: 2}), {
		minLength: 8,
		maxLength: 8,
	}),
	hasFigures: fc.boolean(),
	clientFirst: fc.array(fc.boolean(), {minLength: 4, maxLength: 4}),
});

const nothingYet: Look = {
	moves: [],
	hasFigures: true,
	clientFirst: [true, true, true, true],
};

const watchPair = (
	by: 'shutdown' | 'close',
	looks: readonly Look[],
): {
	readonly events: readonly PortEvent[];
	readonly segments: readonly SegmentStep[];
} => {
	const pair = new Pair(by);
	const log = new PortLog(server, 5001);
	let at = 1000;
	let isDue = true;
	const look = ({moves, hasFigures, clientFirst}: Look) => {
		let next = 0;
		const each = <T>(index: number, seen: (name: Name) => T) =>
			(clientFirst[index]! ? names : names.toReversed()).map(name => {
				for (const [count, first] of (moves[next] ?? []).entries()) {
					// Each thing is looked at by a time of the reading.
					const movedAt = at + next / 2 + count / 10;
					isDue = pair.move(first, movedAt) || isDue;
				}

				next++;
				return [name, seen(name)] as const;
			});
		const rows = each(0, name => pair.rowOf(name)).flatMap(([, row]) => row);
		const held = each(1, name => pair.isHeld(name));
		const calls = each(2, name => pair.callsOf(name));
		const isAtRest = rows.every(({socket}) => socket.state === 'TIME-WAIT');
		const isCounted = hasFigures && isDue && !isAtRest;
		isDue &&= !isCounted;
		const figures = each(3, name => pair.figuresOf(name));
		const events = log.take({
			begunAt: at,
			tableAt: at + 2,
			at: at + 4,
			rows,
			ending: endingInodes(rows),
			holders: new Map(names.map(name => [inodes[name], holderOf(name)])),
			held: new Set(
				held.flatMap(([name, isHeld]) => (isHeld ? [inodes[name]] : [])),
			),
			processes: new Map(
				names.map(name => [holderOf(name).pid, 'running' as const]),
			),
			calls: new Map(calls.map(([name, all]) => [holderOf(name).pid, all])),
			resets: undefined,
			hasCountFailed: false,
			isCountDue: isDue && !isAtRest,
			figures: isCounted
				? {
						ends: new Map(
							figures.flatMap(([name, counted]) =>
								counted
									? [
											[
												name === 'server'
													? `${server} ${peer}`
													: `${peer} ${server}`,
												counted,
											] as const,
										]
									: [],
							),
						),
						backlogs: new Map(),
					}
				: undefined,
		});
		at += 10;
		return events;
	};

	const all = [nothingYet, ...looks, nothingYet, nothingYet];
	const events = all.flatMap(each => look(each));
	return {events, segments: pair.segments};
};

const isReturn = (step: Step | undefined, name: Name, call: Call): boolean =>
	step?.kind === 'call' &&
	step.call === call &&
	!step.isBlocked &&
	(step.end ?? 'local') === endOf[name];

const isClosing = (step: Step | undefined, name: Name): boolean =>
	step?.kind === 'call' &&
	['shutdown', 'close'].includes(nameOfCall(step.call)) &&
	(step.end ?? 'local') === endOf[name];

type Row = {
	/** Whose bytes, if there are any. */
	readonly data?: Name | undefined;
	readonly steps: ReadonlyArray<Step | undefined>;
	readonly text: string;
};

/** No cause is below its effect. */
const assertOrder = (rows: readonly Row[]): void => {
	const story = rows.map(({text}) => text).join('\n');
	const hasReturned = (name: Name, call: Call) => (row: Row) =>
		row.steps.some(step => isReturn(step, name, call));
	const hasClosed = (name: Name) => (row: Row) =>
		row.steps.some(step => isClosing(step, name));
	const hasTakenQuestion = (row: Row) =>
		hasReturned('server', 'recv(1024)')(row) ||
		row.steps.some(
			step => step?.kind === 'call' && step.taken === questionBytes,
		);
	/** Which call it was isn't known, but how many bytes it took. */
	const hasTaken = (name: Name) => (row: Row) =>
		row.steps.some(
			step =>
				step?.kind === 'call' &&
				step.end === endOf[name] &&
				step.taken !== undefined,
		);
	const hasData = (name: Name) => (row: Row) => row.data === name;
	const inOrder = [
		[hasData('client'), hasReturned('server', 'recv(1024)')],
		[hasReturned('server', 'recv(1024)'), hasReturned('server', 'recv(64)')],
		[hasData('server'), hasReturned('client', 'recv(512)')],
		[hasReturned('client', 'recv(512)'), hasClosed('client')],
		[
			hasClosed('client'),
			// Else it may as well have taken the question.
			rows.some(row => hasTakenQuestion(row))
				? hasReturned('server', 'recv(64)')
				: () => false,
		],
		[hasReturned('server', 'recv(64)'), hasClosed('server')],
	] as const;
	const all = [
		...inOrder,
		[hasData('client'), hasTaken('server')],
		[hasData('server'), hasTaken('client')],
	] as const;
	for (const [index, [cause, effect]] of all.entries()) {
		const isFirst = index === 4;
		const place = isFirst ? rows.findIndex(cause) : rows.findLastIndex(cause);
		const other = rows.findIndex(effect);
		assert.ok(place <= other || other === -1, `${index}\n${story}`);
	}
};

for (const by of ['shutdown', 'close'] as const) {
	test(`port-log: a recv() that returned is told below its cause, up to ${by}()`, () => {
		fc.assert(
			fc.property(fc.array(anyLook, {minLength: 1, maxLength: 12}), looks => {
				const rows = watchPair(by, looks).events.map((event): Row => ({
					data:
						event.type === 'data'
							? event.from === 'local'
								? 'server'
								: 'client'
							: undefined,
					steps: event.type === 'step' ? [event.step] : [],
					text: JSON.stringify(event),
				}));
				assertOrder(rows);
			}),
			{numRuns: runs},
		);
	});

	for (const isCaptured of [false, true]) {
		const how = isCaptured ? ', captured' : '';
		test(`port-log: a recv() that returned is drawn below its cause, up to ${by}()${how}`, () => {
			fc.assert(
				fc.property(fc.array(anyLook, {minLength: 1, maxLength: 12}), looks => {
					const {events, segments} = watchPair(by, looks);
					const {steps, transfers} = ladderSource(
						reducePort(createPortModel(server, false), events),
					);
					const rungs = ladderOf(
						{
							steps,
							transfers: lastOf(transfers),
							segments: isCaptured ? [...handshake, ...segments] : [],
						},
						{side: 'server', peer},
					);
					const rows = rungs.map(({arrow, client, server: own}): Row => ({
						data: arrow?.length ? arrow.from : undefined,
						steps: [client, own],
						text: JSON.stringify({arrow, client, own}),
					}));
					assertOrder(rows);
				}),
				{numRuns: runs},
			);
		});
	}
}
