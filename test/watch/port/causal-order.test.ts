/**
 * Two programs that ask and answer in turn, and a watch that looks at their
 * table, their calls and their counters at any times in between: whatever it saw
 * first, an answer never stands above its question.
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
import {
	createPortModel,
	ladderSource,
	reducePort,
} from '../../../source/store/port-model.js';
import {lastOf} from '../../../source/store/newest.js';
import {ladderOf, type LadderSteps} from '../../../source/tcp/ladder.js';
import type {Rung} from '../../../source/tcp/rungs.js';
import {noSegments} from '../../../source/tcp/segment-counts.js';
import {PortLog} from '../../../source/watch/port/port-log.js';

const runs = Number(env['FAST_CHECK_RUNS'] ?? 500);

const server = '127.0.0.1:5001';
const peer = '127.0.0.1:40000';

const questionBytes = 5;
const answerBytes = 7;

type Name = 'client' | 'server';

type Look = {
	/** How often a program goes on before each thing that is looked at. */
	readonly moves: readonly number[];
	readonly hasFigures: boolean;
	/** Which end is looked at first, in the table, at its calls, and by ss. */
	readonly clientFirst: readonly boolean[];
};

const anyLook: fc.Arbitrary<Look> = fc.record({
	moves: fc.array(fc.nat({max: 3}), {minLength: 7, maxLength: 7}),
	hasFigures: fc.boolean(),
	clientFirst: fc.array(fc.boolean(), {minLength: 3, maxLength: 3}),
});

const holderOf = (name: Name): SocketHolder => ({
	pid: name === 'server' ? 7 : 8,
	fd: 4,
	name: 'python3',
	startedAt: '1',
	sockets: 1,
});

const inodes = {server: '2', client: '3'} as const;

/** Only one of them can go on at any time. */
class Pair {
	readonly sent = {client: 0, server: 0};
	readonly taken = {client: 0, server: 0};
	/** Whether it is in recv(1024), and not somewhere between two calls. */
	readonly isBlocked = {client: false, server: false};
	#next: 'ask' | 'wait' | 'take' | 'answer' | 'block' | 'get' = 'ask';

	move(): void {
		switch (this.#next) {
			case 'ask': {
				this.sent.client += questionBytes;
				this.#next = 'wait';
				break;
			}

			case 'wait': {
				this.isBlocked.client = true;
				this.#next = 'take';
				break;
			}

			case 'take': {
				this.taken.server = this.sent.client;
				this.isBlocked.server = false;
				this.#next = 'answer';
				break;
			}

			case 'answer': {
				this.sent.server += answerBytes;
				this.#next = 'block';
				break;
			}

			case 'block': {
				this.isBlocked.server = true;
				this.#next = 'get';
				break;
			}

			case 'get': {
				this.taken.client = this.sent.server;
				this.isBlocked.client = false;
				this.#next = 'ask';
				break;
			}
		}
	}

	rowOf(name: Name) {
		const own = name === 'server' ? server : peer;
		const other = name === 'server' ? peer : server;
		return {
			inode: inodes[name],
			socket: {
				local: own,
				remote: other,
				state: 'ESTABLISHED' as const,
				sendQueueBytes: 0,
				receiveQueueBytes: this.#received(name) - this.taken[name],
				uid: 0,
			},
		};
	}

	figuresOf(name: Name) {
		return {
			...noSegments,
			sentBytes: this.sent[name],
			receivedBytes: this.#received(name),
		};
	}

	#received(name: Name): number {
		return this.sent[name === 'client' ? 'server' : 'client'];
	}
}

const order = (isClientFirst: boolean): readonly Name[] =>
	isClientFirst ? ['client', 'server'] : ['server', 'client'];

const watchPair = (looks: readonly Look[]): LadderSteps => {
	const pair = new Pair();
	pair.isBlocked.server = true;
	const log = new PortLog(server, 5001);
	let at = 1000;
	const events: PortEvent[] = [];
	const take = (
		rows: Parameters<PortLog['take']>[0]['rows'],
		extra: Partial<Parameters<PortLog['take']>[0]>,
	) => {
		events.push(
			...log.take({
				begunAt: at,
				tableAt: at + 2,
				at: at + 4,
				rows,
				ending: new Set(),
				holders: new Map([
					['2', holderOf('server')],
					['3', holderOf('client')],
				]),
				held: new Set(),
				processes: new Map([
					[7, 'running'],
					[8, 'running'],
				]),
				calls: new Map(),
				resets: undefined,
				figures: undefined,
				hasCountFailed: false,
				isCountDue: false,
				...extra,
			}),
		);
		at += 10;
	};

	take([], {});
	for (const {moves, hasFigures, clientFirst} of looks) {
		let next = 0;
		const goOn = () => {
			for (let count = 0; count < (moves[next] ?? 0); count++) {
				pair.move();
			}

			next++;
		};

		const look = <T>(index: number, seen: (name: Name) => T) =>
			order(clientFirst[index]!).map(name => {
				goOn();
				return [name, seen(name)] as const;
			});
		const rows = look(0, name => pair.rowOf(name)).map(([, row]) => row);
		const calls = new Map(
			look(1, (name): ThreadCall[] =>
				pair.isBlocked[name]
					? [{call: 'recv(1024)', inode: inodes[name], fd: 4, thread: '1'}]
					: [],
			).map(([name, each]) => [holderOf(name).pid, each]),
		);
		const ends = new Map(
			look(2, name => pair.figuresOf(name)).map(([name, figures]) => [
				name === 'server' ? `${server} ${peer}` : `${peer} ${server}`,
				figures,
			]),
		);
		take(rows, {
			calls,
			figures: hasFigures ? {ends, backlogs: new Map()} : undefined,
		});
	}

	const {steps, transfers} = ladderSource(
		reducePort(createPortModel(server, false), events),
	);
	return {steps, transfers: lastOf(transfers), segments: []};
};

const textOf = ({arrow, client, server: own}: Rung): string => {
	const [left, right] = [client, own].map(step =>
		step?.kind === 'call' ? step.call : '',
	);
	return `${left} ${arrow?.from ?? ''} ${arrow?.seq ?? ''}+${arrow?.length ?? ''} ${right}`;
};

test('port-log: an answer stands below its question, whatever was seen first', () => {
	fc.assert(
		fc.property(fc.array(anyLook, {minLength: 1, maxLength: 12}), looks => {
			const rungs = ladderOf(watchPair(looks), {side: 'server', peer});
			const drawn = () => rungs.map(rung => textOf(rung)).join('\n');
			const arrows = (from: Name) =>
				rungs.flatMap(({arrow}, place) =>
					arrow?.from === from && arrow.length !== undefined
						? [{place, end: arrow.seq! - 1 + arrow.length}]
						: [],
				);
			const questions = arrows('client');
			for (const {place, end} of arrows('server')) {
				const asked = Math.ceil(end / answerBytes) * questionBytes;
				const last = questions.find(each => each.end >= asked);
				assert.ok(last, drawn());
				// Counted together with a later question, it has no place of its own.
				assert.ok(last.end > asked || last.place < place, drawn());
			}
		}),
		{numRuns: runs},
	);
});
