/**
 * Records chunks as they are read and written, for the view of the wire, and as
 * the calls that they were, for the ladder. While off it counts, to know the
 * offsets once it is on, and keeps the newest calls if a ladder may be opened.
 */
import {Buffer} from 'node:buffer';
import {
	type SocketEvent,
	type WireEvent,
	maxChunkBytes,
} from '../event/event.js';
import {shownBytes} from '../tcp/segment.js';
import type {Clock} from '../socket/clock.js';
import {KeptCalls, type CallEvent} from './kept-calls.js';

type Direction = WireEvent['direction'];

export class WireTap {
	isOn = false;
	#hasCalls = false;
	#order = 0;
	/** Undefined if nobody can ask for them later. */
	#kept: KeptCalls | undefined;
	readonly #clock: Clock;
	readonly #emit: (event: WireEvent | SocketEvent) => void;
	readonly #onTraffic: (direction?: Direction) => void;
	/** Bytes so far, by direction and peer; counted while off, too. */
	readonly #offsets = new Map<string, number>();

	/** @param onTraffic Called for each chunk that is more than a heartbeat. */
	constructor(
		clock: Clock,
		emit: (event: WireEvent | SocketEvent) => void,
		onTraffic: (direction?: Direction) => void = () => undefined,
	) {
		this.#clock = clock;
		this.#emit = emit;
		this.#onTraffic = onTraffic;
	}

	/** Whether send() and recv() are reported; turned on, those kept are, too. */
	get hasCalls(): boolean {
		return this.#hasCalls;
	}

	set hasCalls(hasCalls: boolean) {
		const isNew = hasCalls && !this.#hasCalls;
		this.#hasCalls = hasCalls;
		if (isNew) {
			this.#onTraffic();
			for (const event of this.#kept?.take() ?? []) {
				this.#emit(event);
			}
		}
	}

	/** Keeps send() and recv() from now on, until they are reported. */
	keepCalls(): void {
		this.#kept = new KeptCalls();
	}

	/** What was kept is of another connection than what follows. */
	forgetCalls(): void {
		this.#kept?.forget();
	}

	/** Numbers a call that is reported now; send() and recv() have theirs here. */
	nextOrder(): number {
		return this.#order++;
	}

	/** How many bytes were sent so far, or were to be. */
	sentTo(peer: string | undefined): number {
		return this.#offsets.get(keyOf('out', peer)) ?? 0;
	}

	/** A connection begins or has ended: both its offsets start at 0 again. */
	forget(peer: string | undefined): void {
		this.#offsets.delete(keyOf('in', peer));
		this.#offsets.delete(keyOf('out', peer));
	}

	/**
	 * @param peer The server's peer; undefined on a client.
	 * @param frame How a WebSocket message was sent.
	 */
	note(
		direction: Direction,
		peer: string | undefined,
		chunk: Buffer | string,
		frame?: WireEvent['frame'],
	): void {
		const key = keyOf(direction, peer);
		const offset = this.#offsets.get(key) ?? 0;
		const length = Buffer.byteLength(chunk);
		this.#offsets.set(key, offset + length);
		const isBeat = isHeartbeat(chunk, length);
		if (!isBeat) {
			this.#onTraffic(direction);
		}

		if (!this.isOn && !this.#hasCalls && !this.#kept) {
			return;
		}

		const whole = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
		if (this.#hasCalls) {
			this.#emit(this.#callOf(direction, peer, {whole, offset}));
		} else {
			this.#kept?.add(this.#callOf(direction, peer, {whole, offset}), isBeat);
		}

		if (!this.isOn) {
			return;
		}

		// Copied: a slice would keep all of Node's pool or of the log in memory.
		const bytes = Buffer.from(whole.subarray(0, maxChunkBytes));
		const at = this.#clock.wallMs();
		this.#emit({
			type: 'wire',
			at,
			direction,
			peer,
			offset,
			bytes,
			length,
			...(frame && {frame}),
		});
	}

	/** A frame that is no part of what is said: its bytes don't count. */
	control(
		direction: Direction,
		peer: string | undefined,
		bytes: Buffer,
		frame: WireEvent['frame'],
	): void {
		if (this.isOn) {
			const at = this.#clock.wallMs();
			const offset = this.#offsets.get(keyOf(direction, peer)) ?? 0;
			const {length} = bytes;
			this.#emit({
				type: 'wire',
				at,
				direction,
				peer,
				offset,
				bytes,
				length,
				frame,
			});
		}
	}

	#callOf(
		direction: Direction,
		peer: string | undefined,
		{whole, offset}: {readonly whole: Buffer; readonly offset: number},
	): CallEvent {
		const at = this.#clock.wallMs();
		return {
			type: 'step',
			at,
			step: {
				kind: 'call',
				call:
					direction === 'out' ? `send(${whole.length})` : `recv(${readBytes})`,
				result: String(whole.length),
				at,
				peer,
				order: this.nextOrder(),
				offset,
				text: whole.toString('utf8', 0, shownBytes),
			},
		};
	}
}

/** What Node asks for at each read. */
const readBytes = 65_536;

// `{"type":"ping","id":1234567890}` and its line feed.
const longestHeartbeat = 33;

/** Whether a chunk begins with a ping or a pong, and is no longer than one. */
const isHeartbeat = (chunk: Buffer | string, length: number): boolean =>
	length <= longestHeartbeat &&
	/^\{"type":"p[io]ng"/.test(
		typeof chunk === 'string' ? chunk : chunk.toString('latin1'),
	);

const keyOf = (direction: Direction, peer: string | undefined): string =>
	`${direction} ${peer ?? ''}`;
