/**
 * The calls that the other end's program must have made: connect() or accept(),
 * and the shutdown() or close() that sent its FIN. They are inferred, so they
 * have no arguments, and the bounds of what shows them.
 *
 * A FIN doesn't tell shutdown() from close(): after close() no descriptor of its
 * process leads to the socket. close() lets go of that before it sends the FIN.
 */
import {
	findHolder,
	holdsInode,
	processState,
	type SocketHolder,
} from '../socket/socket-holders.js';
import {finReceivedStates, sentFinStates} from '../tcp/followed-end.js';
import {between, seenBy} from '../tcp/step-time.js';
import type {Endpoints} from '../socket/link.js';
import type {Call, Step, StepTime, TcpState} from '../tcp/tcp.js';

type CallStep = Extract<Step, {kind: 'call'}>;

/** The other end's row, and when its table was read, since the epoch. */
export type OtherRow = {
	readonly state: TcpState;
	readonly inode: string;
	readonly begunAt: number;
	readonly at: number;
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

export class OtherCalls {
	readonly #options: OtherCallsOptions;
	/** Whether a state of it was shown. */
	#isOpen = false;
	/** Whether its connect() or accept() was. */
	#hasBegun = false;
	#hasFin = false;
	/** When it had not sent FIN, or not been accepted. */
	#openAt: number;
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
	 * With the calls that led to these steps.
	 *
	 * @param row If they follow from a reading of the table.
	 */
	complete(steps: readonly Step[], row?: OtherRow): readonly Step[] {
		const first = steps.findIndex(step => isOther(step));
		this.#isOpen ||= first !== -1;
		const begun =
			this.#options.side === 'client' ? steps : this.#withConnect(steps, first);
		const place = begun.findIndex(step => showsFin(step));
		if (place === -1) {
			const isAccepted = this.#isOpen && row !== undefined && row.inode !== '0';
			return isAccepted ? [...begun, ...this.#accept(row.at)] : begun;
		}

		const seenAt = seenBy(begun[place]!);
		return begun.toSpliced(
			place,
			0,
			...this.#accept(seenAt),
			...this.#ending(seenAt),
		);
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
		const {local, remote} = endpoints();
		// Connected to itself, there is no other end.
		if (side === 'server' || this.#hasBegun || local === remote) {
			return [];
		}

		this.#hasBegun = true;
		const accept = this.#call('accept()', between(notBefore, seenAt));
		return [{...accept, result: local}];
	}

	/** What sent its FIN; nothing if that can't be told. */
	#ending(seenAt: number): readonly Step[] {
		const {local, remote} = this.#options.endpoints();
		const isSelf = local !== undefined && local === remote;
		if (this.#hasFin || isSelf) {
			return [];
		}

		this.#hasFin = true;
		if (this.#holder === undefined) {
			return [];
		}

		const time = between(this.#openAt, seenAt);
		if (holdsInode(this.#holder, this.#inode!)) {
			return [this.#call('shutdown(SHUT_WR)', time)];
		}

		const close = this.#call('close()', time);
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
