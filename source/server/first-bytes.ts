/**
 * Who is there, from the first bytes of a peer. They are held until that is
 * known, and then read as what they are.
 *
 * A plain peer's first line is held until the next one, or until it pauses: a
 * web page's request may have any first word. No web client pauses within a
 * request; if one did, what came before its pause would be said, and nothing
 * behind it.
 */
import {Buffer} from 'node:buffer';
import {sniff, type ForeignProtocol} from '../protocol/dialect.js';
import {plainIdleMs} from '../protocol/frame.js';
import {RequestWatch} from '../protocol/http-request.js';
import type {Clock} from '../socket/clock.js';

export type Heard =
	| {readonly kind: 'framed'; readonly bytes: Buffer}
	| {readonly kind: 'foreign'; readonly protocol: ForeignProtocol}
	| {
			readonly kind: 'plain';
			readonly bytes: Buffer;
			/** It paused, and has never ended a line: they are one. */
			readonly isLine: boolean;
			/** Nothing is held from here on. */
			readonly isFinal: boolean;
	  };

const none = Buffer.alloc(0);

export class FirstBytes {
	readonly #clock: Clock;
	readonly #onHeard: (heard: Heard) => void;
	/** Until they can't be a hello, TLS or SSH. */
	#bytes = none;
	#request: RequestWatch | undefined;
	#cancelPause: (() => void) | undefined;

	constructor(clock: Clock, onHeard: (heard: Heard) => void) {
		this.#clock = clock;
		this.#onHeard = onHeard;
	}

	push(chunk: Buffer): void {
		this.stop();
		if (this.#request) {
			this.#request.push(chunk);
			this.#decide(this.#request);
			return;
		}

		this.#bytes = Buffer.concat([this.#bytes, chunk]);
		const sniffed = sniff(this.#bytes);
		switch (sniffed.kind) {
			case 'foreign': {
				this.#onHeard(sniffed);
				break;
			}

			case 'framed': {
				this.#onHeard({kind: 'framed', bytes: this.#bytes});
				break;
			}

			case 'lines': {
				this.#decide(this.#watchLines());
				break;
			}

			case 'undecided': {
				if (!sniffed.isHelloPossible) {
					this.#awaitPause();
				}
			}
		}
	}

	/** Waits no longer: its FIN came, or its time is over. */
	end(): void {
		this.stop();
		this.#pause();
	}

	/** No timer may be left. */
	stop(): void {
		this.#cancelPause?.();
	}

	/** What it began with is no hello, nor TLS or SSH. */
	#watchLines(): RequestWatch {
		const request = new RequestWatch();
		this.#request = request;
		request.push(this.#bytes);
		this.#bytes = none;
		return request;
	}

	#decide(request: RequestWatch): void {
		if (request.verdict === 'open') {
			this.#awaitPause();
		} else {
			this.#tell(request, false);
		}
	}

	#awaitPause(): void {
		let turn: NodeJS.Immediate | undefined;
		const cancel = this.#clock.setTimer(() => {
			// Timers come before reads: what arrived while this process was busy is
			// no pause of the peer's.
			turn = setImmediate(() => {
				this.#pause();
			});
		}, plainIdleMs);
		this.#cancelPause = () => {
			cancel();
			clearImmediate(turn);
		};
	}

	#pause(): void {
		const request = this.#request ?? this.#watchLines();
		if (!request.isHolding) {
			return;
		}

		request.pause();
		this.#tell(request, !request.hasNewline);
	}

	#tell(request: RequestWatch, isLine: boolean): void {
		const isFinal = request.verdict === 'plain';
		this.#onHeard(
			request.verdict === 'HTTP'
				? {kind: 'foreign', protocol: 'HTTP'}
				: {kind: 'plain', bytes: request.release(), isLine, isFinal},
		);
	}
}
