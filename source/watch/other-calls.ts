/**
 * The calls that the other end's program must have made: connect() or accept(),
 * the shutdown() or close() that sent its FIN, and the close() that sent RST or
 * came after shutdown(). They are inferred, so they have no arguments, and the
 * bounds of what shows them.
 *
 * A FIN doesn't tell shutdown() from close(): after close() no descriptor of its
 * process leads to the socket. close() lets go of that before it sends anything.
 * A kernel may send RST on its own; then the process still has the socket.
 */
import {
	findHolder,
	holdsInode,
	processState,
	type SocketHolder,
} from '../socket/socket-holders.js';
import type {Reading} from '../tcp/end-states.js';
import {finReceivedStates, sentFinStates} from '../tcp/followed-end.js';
import {between, seenBy} from '../tcp/step-time.js';
import type {Endpoints} from '../socket/link.js';
import type {SegmentName} from '../tcp/segment.js';
import type {Call, Step, StepTime, TcpState} from '../tcp/tcp.js';

type CallStep = Extract<Step, {kind: 'call'}>;

/** The other end's row, and when its table was read, since the epoch. */
export type OtherRow = Reading & {
	readonly state: TcpState;
	readonly inode: string;
};

export type OtherCallsOptions = {
	/** That of this process. */
	readonly side: 'client' | 'server';
	readonly peer: string | undefined;
	/** When the other end had not called connect(), or accept(). */
	readonly notBefore: number;
	/** The addresses of this process's end, once known. */
	readonly endpoints: () => Endpoints;
};

const isOther = (step: Step): step is Extract<Step, {kind: 'state'}> =>
	step.kind === 'state' && step.end === 'remote';

/** Whether it shows that the other end has sent its FIN. */
const showsFin = (step: Step): boolean => {
	switch (step.kind) {
		case 'state': {
			const states = step.end === 'remote' ? sentFinStates : finReceivedStates;
			return states.has(step.state);
		}

		case 'segment': {
			return step.segment === 'FIN' && step.direction !== 'out';
		}

		default: {
			return false;
		}
	}
};

/** Whether it is an RST that the other end has sent. */
const isReset = (step: Step): boolean =>
	step.kind === 'segment' &&
	step.segment === 'RST' &&
	(step.direction === 'in' || step.evidence === undefined);

export class OtherCalls {
	readonly #options: OtherCallsOptions;
	/** Whether a state of it was shown. */
	#isOpen = false;
	/** Whether its connect() or accept() was. */
	#hasBegun = false;
	#hasFin = false;
	#hasShutdown = false;
	#hasClosed = false;
	/**
	 * When it had not sent FIN, or not been accepted; after its shutdown(), when
	 * it had not called close().
	 */
	#openAt: number;
	/** Whether its process had the socket when Node reported a segment of it. */
	readonly #heldAt: Partial<Record<SegmentName, boolean>> = {};
	#inode: string | undefined;
	#holder: SocketHolder | undefined;

	constructor(options: OtherCallsOptions) {
		this.#options = options;
		this.#openAt = options.notBefore;
	}

	/** A reading of its row; call it before `complete()`. */
	async read(row: OtherRow, isFollowed: boolean): Promise<void> {
		if (sentFinStates.has(row.state)) {
			return;
		}

		this.#openAt = Math.max(this.#openAt, row.begunAt);
		if (row.inode !== '0' && this.#inode === undefined && isFollowed) {
			this.#inode = row.inode;
			this.#holder = await findHolder(row.inode);
		}
	}

	/** Bytes of it have arrived: only what accept() returned can send. */
	received(at: number): readonly Step[] {
		return this.#isOpen ? this.#accept(at) : [];
	}

	/**
	 * Node reports a segment of it: `complete()` may get it only after the next
	 * reading, when its process has gone on.
	 */
	arrived(segment: SegmentName): void {
		if (this.#holder) {
			this.#heldAt[segment] ??= this.#isHeld;
		}
	}

	/**
	 * With the calls that led to these steps.
	 *
	 * @param row If they follow from a reading of the table.
	 */
	complete(steps: readonly Step[], row?: OtherRow): readonly Step[] {
		const first = steps.findIndex(step => isOther(step));
		this.#isOpen ||= first !== -1;
		const begun =
			this.#options.side === 'client' ? steps : this.#withConnect(steps, first);
		const place = begun.findIndex(step => showsFin(step) || isReset(step));
		if (place === -1) {
			const isAccepted = this.#isOpen && row !== undefined && row.inode !== '0';
			return isAccepted ? [...begun, ...this.#accept(row.at)] : begun;
		}

		const shown = begun[place]!;
		const seenAt = seenBy(shown);
		return begun.toSpliced(
			place,
			0,
			// Nobody needs to accept what is reset.
			...(isReset(shown)
				? this.#close(seenAt, this.#heldAt.RST)
				: [...this.#accept(seenAt), ...this.#ending(seenAt)]),
		);
	}

	/**
	 * The close() after its shutdown(), once a reading shows it.
	 *
	 * @param row If it had one.
	 */
	afterShutdown({begunAt, at}: Reading, row?: OtherRow): readonly Step[] {
		if (!this.#hasShutdown || this.#hasClosed) {
			return [];
		}

		// In TIME-WAIT the row is no socket's.
		const isHeld =
			row && row.state !== 'TIME-WAIT' ? row.inode !== '0' : this.#isHeld;
		if (!isHeld) {
			return this.#close(at, isHeld);
		}

		this.#openAt = Math.max(this.#openAt, begunAt);
		return [];
	}

	#withConnect(steps: readonly Step[], first: number): readonly Step[] {
		if (this.#hasBegun || first === -1) {
			return steps;
		}

		this.#hasBegun = true;
		const {notBefore} = this.#options;
		const time = between(notBefore, seenBy(steps[first]!));
		return steps.toSpliced(first, 0, this.#call('connect()', time));
	}

	#accept(seenAt: number): readonly Step[] {
		const {side, notBefore, endpoints} = this.#options;
		if (side === 'server' || this.#hasBegun || this.#isSelf) {
			return [];
		}

		this.#hasBegun = true;
		const accept = this.#call('accept()', between(notBefore, seenAt));
		return [{...accept, result: endpoints().local}];
	}

	/** What sent its FIN; nothing if that can't be told. */
	#ending(seenAt: number): readonly Step[] {
		if (this.#hasFin || this.#isSelf) {
			return [];
		}

		this.#hasFin = true;
		const isHeld = this.#heldAt.FIN ?? this.#isHeld;
		if (!isHeld) {
			return this.#close(seenAt, isHeld);
		}

		this.#hasShutdown = true;
		const shutdown = this.#call(
			'shutdown(SHUT_WR)',
			between(this.#openAt, seenAt),
		);
		this.#openAt = seenAt;
		return [shutdown];
	}

	/** Connected to itself, there is no other end. */
	get #isSelf(): boolean {
		const {local, remote} = this.#options.endpoints();
		return local !== undefined && local === remote;
	}

	/** Whether a descriptor of its process leads to the socket. */
	get #isHeld(): boolean {
		return this.#holder !== undefined && holdsInode(this.#holder, this.#inode!);
	}

	/** Its close(), unless it still has the socket, or nobody knows who had it. */
	#close(seenAt: number, isHeld = this.#isHeld): readonly Step[] {
		if (
			this.#hasClosed ||
			this.#holder === undefined ||
			this.#isSelf ||
			isHeld
		) {
			return [];
		}

		this.#hasClosed = true;
		const close = this.#call('close()', between(this.#openAt, seenAt));
		return processState(this.#holder) === 'ended'
			? [{...close, isOrExit: true}]
			: [close];
	}

	#call(call: Call, time: StepTime): CallStep {
		return {
			kind: 'call',
			call,
			end: 'remote',
			evidence: 'inferred',
			peer: this.#options.peer,
			...time,
		};
	}
}
