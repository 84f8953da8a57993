/**
 * Several servers of a room on a stream that loses, repeats and forgets: their
 * logs are the same bytes, and each message is in them once, in its sender's
 * order.
 */
import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import {test} from 'node:test';
import fc from 'fast-check';
import {walkEntries} from '../../source/history/walk.js';
import {publicId} from '../../source/protocol/public-id.js';
import {Merging, type Delivery} from '../../source/relay/merging.js';
import {Outgoing, type Waiting} from '../../source/relay/outgoing.js';
import {findAbsent} from '../../source/room/absent.js';
import {Room} from '../../source/room/room.js';
import type {Member} from '../../source/room/results.js';

/** A stream that drops a key that it knows; it may forget what it knows. */
class Stream {
	readonly messages: Delivery[] = [];
	#known = new Set<string>();

	store({key, text}: {readonly key: string; readonly text: string}): void {
		if (!this.#known.has(key)) {
			this.#known.add(key);
			this.messages.push({seq: this.messages.length + 1, key, text});
		}
	}

	forget(): void {
		this.#known = new Set();
	}
}

const secretOf = (server: number): string =>
	`00000000-0000-4000-8000-00000000000${server}`;

const logOf = ({log}: Room): Buffer => {
	const pieces: Buffer[] = [];
	for (let cursor = log.start; cursor < log.shownEnd;) {
		const piece = log.slice(cursor);
		pieces.push(piece);
		cursor += piece.length;
	}

	return Buffer.concat(pieces);
};

/** A server, and one client of it that sends again what was not stored. */
class Server {
	readonly #index: number;
	readonly #stream: Stream;
	readonly said: string[] = [];
	#runs = 0;
	#isUnsure = false;
	#outgoing!: Outgoing;
	#merging!: Merging;
	#member!: Member;
	room!: Room;

	constructor(index: number, stream: Stream) {
		this.#index = index;
		this.#stream = stream;
		this.#start(Buffer.alloc(0), []);
	}

	get waiting(): number {
		return this.#outgoing.size;
	}

	say(): void {
		this.said.push(`${this.#index} says ${this.said.length + 1}`);
		this.#sayFrom(this.said.length);
	}

	/** Sends a burst, of which the engine stores the first `stored`. */
	publish(stored: number, isAnswered: boolean): void {
		if (this.#isUnsure) {
			this.deliver(Infinity);
			this.#outgoing.renumber((id, n) => this.room.isLogged(id, n));
			this.#outgoing.resend();
		}

		const burst = this.#outgoing.take(5, 10_000);
		for (const each of burst.slice(0, stored)) {
			this.#stream.store(each);
		}

		this.#isUnsure = stored < burst.length || !isAnswered;
	}

	/** Gets some of what it lacks; perhaps not the first, or some of it again. */
	deliver(count: number, shift = 0): void {
		const from = Math.max(0, this.#merging.next - 1 + shift);
		const batch = this.#stream.messages.slice(from, from + count);
		const merged = this.#merging.takeAll(batch);
		this.room.deliver(merged.map(({ordered}) => ordered));
		this.#merging.goOn();
	}

	/** Killed, and started again; the client comes back to it. */
	restart(hasOutbox: boolean): void {
		this.#outgoing.takeUnkept();
		const left = hasOutbox ? this.#outgoing.kept : [];
		this.#start(logOf(this.room), left);
		// What is in the log before its end shows which of these came back.
		this.deliver(Infinity, -20);
		this.#isUnsure = true;
		this.#sayFrom(this.room.lastStored(this.#member.id) + 1);
	}

	#sayFrom(first: number): void {
		const says = this.said
			.map((text, index) => ({n: index + 1, text}))
			.slice(first - 1);
		assert.deepEqual(this.room.sayAll(this.#member, says, 1), []);
	}

	#start(tail: Buffer, left: readonly Waiting[]): void {
		const run = `${this.#index}${String(++this.#runs).padStart(7, '0')}`;
		const outgoing = new Outgoing(run);
		const lastN = new Map<string, number>();
		walkEntries(tail, 0, lastN);
		const room = new Room({
			logId: () => 'stream',
			past: {tail, tailFirstSeq: 1, lastN},
			order: {
				offer(offers) {
					outgoing.offer(offers, 0);
				},
				waitingN: id => outgoing.waitingN(id),
			},
		});
		this.room = room;
		this.#outgoing = outgoing;
		this.#merging = new Merging(
			{
				head: () => room.log.head,
				isLogged: (id, n) => room.isLogged(id, n),
			},
			outgoing,
		);
		if (tail.length > 0) {
			this.#merging.roster.restore(findAbsent(tail, 100).members);
		}

		outgoing.restore(left, true);
		const joined = room.join(secretOf(this.#index), `nick${this.#index}`, 1);
		assert.equal(joined.kind, 'joined');
		this.#member = joined.member;
	}
}

const indexes = fc.integer({min: 0, max: 2});
const steps = fc.array(
	fc.oneof(
		fc.record({type: fc.constant('say' as const), server: indexes}),
		fc.record({
			type: fc.constant('publish' as const),
			server: indexes,
			stored: fc.integer({min: 0, max: 5}),
			isAnswered: fc.boolean(),
		}),
		fc.record({
			type: fc.constant('deliver' as const),
			server: indexes,
			count: fc.integer({min: 1, max: 6}),
			shift: fc.integer({min: -4, max: 2}),
		}),
		fc.record({
			type: fc.constant('restart' as const),
			server: indexes,
			hasOutbox: fc.boolean(),
		}),
		fc.record({type: fc.constant('forget' as const)}),
	),
	{maxLength: 60},
);

type Line = {readonly type: string; readonly seq: number} & Partial<{
	readonly id: string;
	readonly n: number;
	readonly text: string;
}>;

const linesOf = (room: Room): Line[] =>
	logOf(room)
		.toString()
		.split('\n')
		.filter(Boolean)
		.map(line => JSON.parse(line) as Line);

test('merging: every log is the same, and each message is in it once', () => {
	fc.assert(
		fc.property(steps, plan => {
			const stream = new Stream();
			const servers = [0, 1, 2].map(index => new Server(index, stream));
			for (const step of plan) {
				switch (step.type) {
					case 'say': {
						servers[step.server]!.say();
						break;
					}

					case 'publish': {
						servers[step.server]!.publish(step.stored, step.isAnswered);
						break;
					}

					case 'deliver': {
						servers[step.server]!.deliver(step.count, step.shift);
						break;
					}

					case 'restart': {
						servers[step.server]!.restart(step.hasOutbox);
						break;
					}

					case 'forget': {
						stream.forget();
						break;
					}
				}
			}

			for (let round = 0; servers.some(({waiting}) => waiting > 0); round++) {
				assert.ok(round < 1000, 'what waits is never delivered');
				for (const server of servers) {
					server.publish(5, true);
					server.deliver(Infinity);
				}
			}

			for (const server of servers) {
				server.deliver(Infinity);
			}

			const [first, ...others] = servers.map(({room}) =>
				logOf(room).toString(),
			);
			for (const other of others) {
				assert.equal(other, first);
			}

			const lines = linesOf(servers[0]!.room);
			assert.deepEqual(
				lines.map(({seq}) => seq),
				lines.map((_, index) => index + 1),
			);
			for (const [index, {said}] of servers.entries()) {
				const id = publicId(secretOf(index));
				const own = lines.filter(
					line => line.type === 'message' && line.id === id,
				);
				assert.deepEqual(
					own.map(({n, text}) => [n, text]),
					said.map((text, place) => [place + 1, text]),
				);
			}
		}),
		{numRuns: 500},
	);
});

test('merging: what is no entry takes its seq, and nobody is shown it', () => {
	const stream = new Stream();
	const server = new Server(0, stream);
	server.say();
	for (const text of ['junk', '{"type":"message","at":1}', '{"type":"bye"}']) {
		stream.store({key: text, text});
	}

	server.publish(5, true);
	server.deliver(Infinity);
	assert.deepEqual(
		linesOf(server.room).map(({type, seq, id}) => [type, seq, id?.length]),
		[
			['left', 1, 16],
			['left', 2, 16],
			['left', 3, 16],
			['joined', 4, 16],
			['message', 5, 16],
		],
	);
});

test('merging: a leave that comes after its member has joined again is void, also after a restart', () => {
	const stream = new Stream();
	const id = publicId(secretOf(0));
	const leaveOf = (seq: number) => ({
		key: `gone:${seq}`,
		text: `{"type":"left","at":1,"nick":"nick0","id":"${id}","reason":"timeout"}`,
	});
	const typesOf = ({room}: Server) =>
		linesOf(room).map(line => (line.id === id ? line.type : 'void'));
	const [here, other, restarted] = [0, 1, 2].map(
		index => new Server(index, stream),
	) as [Server, Server, Server];
	here.publish(5, true);
	// Killed and back, before those that are left have logged its leave.
	here.restart(false);
	here.publish(5, true);
	restarted.deliver(Infinity);
	restarted.restart(false);
	stream.store(leaveOf(1));
	const servers = [here, other, restarted];
	for (const server of servers) {
		server.deliver(Infinity);
		assert.deepEqual(typesOf(server), ['joined', 'joined', 'void']);
	}

	stream.store(leaveOf(2));
	for (const server of servers) {
		server.deliver(Infinity);
		assert.deepEqual(typesOf(server), ['joined', 'joined', 'void', 'left']);
	}
});

test('merging: the key of a numbered message is not looked for', () => {
	const outgoing = new Outgoing('01234567');
	const merging = new Merging(
		{head: () => 0, isLogged: (_, n) => n === 7},
		outgoing,
	);
	const id = '0123456789abcdef';
	const textWith = (n: number) =>
		`{"type":"message","at":1,"from":"otter","id":"${id}","n":${n},"text":"hello"}`;
	outgoing.offer([{id, n: 8, text: textWith(8)}], 0);
	const deliveries = [7, 8, 9, 9].map((n, index) => ({
		seq: index + 1,
		text: textWith(n),
		get key(): string {
			throw new Error('it takes the headers apart');
		},
	}));
	assert.deepEqual(
		merging.takeAll(deliveries).map(({ordered: {seq, line}, entry, own}) => {
			const n = entry?.type === 'message' ? entry.n : undefined;
			return [seq, n, own?.n, line.includes('"text":"hello"')];
		}),
		[
			[1, undefined, undefined, false],
			[2, 8, 8, true],
			[3, 9, undefined, true],
			[4, undefined, undefined, false],
		],
	);
	assert.equal(outgoing.size, 0);
});
