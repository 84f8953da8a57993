/**
 * One client and its connection to the target. An end of either is passed on
 * as an end, a reset as a reset.
 */
import type {Buffer} from 'node:buffer';
import {bytesOf, SockchatError} from '../errors.js';
import type {Faults, ProxyDirection, ProxyEvent} from '../event/proxy-event.js';
import type {LeaveReason} from '../protocol/frame.js';
import type {RelayRecord} from '../recording/recorder.js';
import type {Clock} from '../socket/clock.js';
import {connectionLost, isRst} from '../socket/dial.js';
import {datagramFacts, type OuterLink} from '../socket/link.js';
import {leftBehind, unreachedBytes} from '../socket/send-queue.js';
import type {Arrivals} from '../socket/stream/arrivals.js';
import {Direction} from './direction.js';
import type {Watches} from './watches.js';

export type PairOptions = {
	readonly name: string;
	readonly client: OuterLink;
	readonly target: OuterLink;
	/** A failure of the target's side, in words. */
	readonly describe: (cause: Error) => SockchatError;
	readonly clock: Clock;
	readonly faults: Readonly<Record<ProxyDirection, Faults>>;
	/** Whether chunks are reported. */
	readonly isWatched: boolean;
	readonly record: RelayRecord | undefined;
	/** Where both wait for what was passed on to arrive. */
	readonly arrivals: Arrivals;
	/** Set if the calls on both sockets are reported. */
	readonly watches: Watches | undefined;
	readonly onEvent: (event: ProxyEvent) => void;
	/** The target can't be reached, or what it said was cut. */
	readonly onFailure: (error: SockchatError) => void;
	/** Both connections are closed. */
	readonly onClosed: () => void;
};

const reset = (link: OuterLink): void => {
	if (!link.stream.destroyed) {
		link.reset();
	}
};

const clientLost = (cause: Error, {transport}: OuterLink): SockchatError =>
	cause instanceof SockchatError
		? cause
		: connectionLost('from the client', cause, transport);

const count = (bytes: number, from: string): string =>
	`${bytes} ${bytes === 1 ? 'byte of' : 'bytes of'} ${from} ${bytes === 1 ? 'was' : 'were'}`;

const sides = {
	out: {from: 'the client', to: 'the target'},
	in: {from: 'the target', to: 'the client'},
} as const;

const directions = ['out', 'in'] as const;

export class Pair {
	readonly name: string;
	readonly client: OuterLink;
	readonly target: OuterLink;
	readonly directions: Readonly<Record<ProxyDirection, Direction>>;
	readonly #options: PairOptions;
	#reason: LeaveReason = 'closed';
	/** What the sender of which has sent RST, if that is known. */
	#resetDirection: ProxyDirection | undefined;
	#isFinishing = false;
	#open = 2;

	constructor(options: PairOptions) {
		this.#options = options;
		const {name, client, target, faults, arrivals} = options;
		this.name = name;
		this.client = client;
		this.target = target;
		for (const link of [client, target]) {
			// A direction is held back by its writes.
			link.checkSending({isReadFirst: false, arrivals});
		}

		this.directions = {
			out: this.#direct('out', client, target),
			in: this.#direct('in', target, client),
		};
		for (const direction of directions) {
			this.setFaults(direction, faults[direction]);
		}

		this.#follow(client, target, cause => clientLost(cause, client));
		this.#follow(target, client, options.describe);
		if (target.isConnecting) {
			target.stream.once('connect', () => {
				this.#reached();
			});
		} else {
			this.#reached();
		}
	}

	/** Closes both in good order: what waits is lost. */
	cut(): void {
		this.directions.out.cut();
		this.directions.in.cut();
		this.destroy();
	}

	/** Ends both once what waits is passed on; no more is read. */
	finish(): void {
		this.#isFinishing = true;
		this.directions.out.stop();
		this.directions.in.stop();
	}

	/**
	 * Closes both at once: with RST where bytes are lost, or more may have been
	 * about to come, so that none seems all.
	 */
	destroy(): void {
		const {out: outward, in: inward} = this.directions;
		for (const [link, {lost, isOver}] of [
			[this.client, inward],
			[this.target, outward],
		] as const) {
			if ((lost > 0 || !isOver) && !link.isConnecting) {
				reset(link);
			} else {
				this.#reportLeft(link);
				link.stream.destroy();
			}
		}
	}

	setFaults(direction: ProxyDirection, faults: Faults): void {
		const {isPaused} = this.directions[direction].faults;
		if (isPaused !== faults.isPaused) {
			this.#options.watches?.paused(direction, this, faults.isPaused);
		}

		this.directions[direction].setFaults(faults);
	}

	/** What was passed on, and waits in our kernel as we close. */
	#reportLeft(link: OuterLink): void {
		// A /cut is meant to end it amid what is on its way.
		const bytes = this.#isFinishing ? leftBehind(link) : 0;
		if (bytes > 0) {
			const side = link === this.client ? 'client' : 'target';
			this.#options.onFailure(
				new SockchatError(
					'ERR_NOT_SENT',
					`${bytesOf(bytes)} of what was passed on to the ${side} waited in the kernel as it was closed, and may not arrive.`,
				),
			);
		}
	}

	/** Sends RST to both. */
	reset(): void {
		this.#reason = 'reset';
		this.#options.watches?.reset(this);
		this.#reset(this.client);
		this.#reset(this.target);
	}

	#reset(link: OuterLink): void {
		if (!link.stream.destroyed) {
			const {in: inward, out: outward} = this.directions;
			const towards = link === this.client ? inward : outward;
			const unreached = unreachedBytes(link);
			if (unreached !== undefined) {
				towards.drop(unreached);
			}

			link.reset();
		}
	}

	#direct(
		direction: ProxyDirection,
		from: OuterLink,
		to: OuterLink,
	): Direction {
		const {clock, isWatched, record, watches, onEvent} = this.#options;
		const {name: peer} = this.#options;
		const note = (bytes: Buffer) => {
			const frame = from.messageKind(bytes);
			// What the target is sent is a message there, whatever the client speaks.
			record?.chunk(
				direction,
				bytes,
				frame ?? (direction === 'out' ? to.messageKind(bytes) : undefined),
			);
			watches?.read(direction, peer, bytes);
			if (isWatched) {
				const at = clock.wallMs();
				onEvent({type: 'chunk', at, direction, peer, bytes, frame});
			}
		};

		return new Direction({
			from,
			to,
			clock,
			onChunk: isWatched || record !== undefined ? note : undefined,
			onWrite:
				watches &&
				(piece => {
					watches.written(direction, peer, piece);
				}),
			// A front end may keep what it is given; a recording doesn't.
			isDirect: !isWatched && !watches,
			onEnd() {
				record?.fin(direction);
				const {transport} = to;
				onEvent({
					type: 'fin',
					at: clock.wallMs(),
					direction,
					peer,
					...(transport !== 'tcp' && {transport}),
				});
			},
		});
	}

	#reached(): void {
		const {name: peer, target, clock, onEvent} = this.#options;
		onEvent({
			type: 'target',
			at: clock.wallMs(),
			peer,
			...target.endpoints,
			...(target.facts && {link: target.facts}),
		});
	}

	#follow(
		link: OuterLink,
		other: OuterLink,
		describe: (cause: Error) => SockchatError,
	): void {
		const {stream} = link;
		stream.on('error', error => {
			const wasReset = this.#reason === 'reset';
			this.#reason = 'reset';
			if (!wasReset && isRst(error)) {
				this.#resetDirection = link === this.client ? 'out' : 'in';
			}

			this.#reset(other);
			if (!wasReset) {
				const {code, message} = describe(error);
				const lost = this.#lost();
				// A command to type ends it, with no full stop: nothing follows.
				const all = message.endsWith('.')
					? [message, ...lost]
					: [...lost, message];
				this.#options.onFailure(
					new SockchatError(code, all.join(' '), {cause: error}),
				);
			}
		});
		stream.once('close', () => {
			if (link.flaw) {
				this.#options.onFailure(link.flaw);
			}

			// These have no halves: the end of one is that of the other.
			if (
				(link.kind === 'ws' || link.kind === 'udp' || !stream.readableEnded) &&
				!other.stream.destroyed
			) {
				// What it said before may still wait here.
				const direction = link === this.client ? 'out' : 'in';
				this.directions[direction].finish(() => {
					other.stream.end(() => {
						// It did not wish to end: it is read until it does, or our time is
						// over, so that what it says in vain can be counted.
						if (!this.#isFinishing || other.kind === 'udp') {
							other.stream.destroy();
						}
					});
				});
			}

			this.#closed();
		});
	}

	#closed(): void {
		this.#open--;
		if (this.#open > 0) {
			return;
		}

		const {name: peer, clock, record, onEvent, onClosed} = this.#options;
		const {in: inward, out: outward} = this.directions;
		// What a reset lost was said with it.
		if (this.#reason === 'closed') {
			for (const sentence of this.#lost()) {
				this.#options.onFailure(new SockchatError('ERR_NOT_SENT', sentence));
			}
		}

		for (const direction of directions) {
			const {cutBytes} = this.directions[direction];
			if (cutBytes === 0) {
				continue;
			}

			const {from, to} = sides[direction];
			const text = `${peer}: ${count(cutBytes, from)} cut, and did not reach ${to}.`;
			onEvent({type: 'notice', at: clock.wallMs(), tone: 'info', text});
		}

		const counts = {bytesIn: inward.bytes, bytesOut: outward.bytes};
		record?.ended(this.#reason, counts, this.#resetDirection);
		onEvent({
			type: 'ended',
			at: clock.wallMs(),
			peer,
			reason: this.#reason,
			...counts,
			...datagramFacts(this.client),
		});
		onClosed();
	}

	/** A sentence for each direction in which bytes were lost. */
	#lost(): readonly string[] {
		return directions
			.filter(direction => this.directions[direction].lost > 0)
			.map(direction => {
				const {from, to} = sides[direction];
				const {lost} = this.directions[direction];
				return `${count(lost, from)} read and not passed on to ${to}.`;
			});
	}
}
