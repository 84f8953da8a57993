/**
 * Buffers a peer's first bytes until they show what it speaks.
 *
 * A plain peer's first line waits for the next one, or for a pause, because the
 * request of a web page may have any first word. No web client pauses within a
 * request. If one did, the text before the pause would reach the room, and
 * nothing after it.
 */
import {Buffer} from 'node:buffer';
import {sniff, type ForeignProtocol} from '../protocol/foreign/sniff.js';
import {plainIdleMs} from '../protocol/frame.js';
import {RequestWatch} from '../protocol/foreign/http-request.js';
import type {Clock} from '../socket/clock.js';

export type Heard =
	| {readonly kind: 'framed'; readonly bytes: Buffer}
	| {readonly kind: 'foreign'; readonly protocol: ForeignProtocol}
	| {
			readonly kind: 'plain';
			readonly bytes: Buffer;
			/** It paused and has never ended a line: the bytes are a whole line. */
			readonly isLine: boolean;
			/** From here on nothing is buffered. */
			readonly isFinal: boolean;
	  };

/** The last word to a foreign peer, in a form that its own side can show. */
export const foreignAnswers: Readonly<Record<ForeignProtocol, string>> = {
	HTTP: 'HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Type: text/plain\r\n\r\nThis is a sockchat room, not a web server.\n',
	TLS: 'This is a sockchat room; it does not speak TLS.\n',
	SSH: 'This is a sockchat room, not an SSH server.\n',
};

const none = Buffer.alloc(0);

export class FirstBytes {
	readonly #clock: Clock;
	readonly #onHeard: (heard: Heard) => void;
	/** Empty once they can't be a hello, TLS or SSH. */
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

	/** Decides now: FIN came, or the time is over. */
	end(): void {
		this.stop();
		this.#pause();
	}

	/** Leaves no timer. */
	stop(): void {
		this.#cancelPause?.();
	}

	/** Its first bytes are not a hello, TLS or SSH. */
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
			this.#report(request, false);
		}
	}

	#awaitPause(): void {
		let turn: NodeJS.Immediate | undefined;
		const cancel = this.#clock.setTimer(() => {
			// Timers run before reads: bytes that arrived while this process was busy
			// show that the peer didn't pause.
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
		this.#report(request, !request.hasNewline);
	}

	#report(request: RequestWatch, isLine: boolean): void {
		const isFinal = request.verdict === 'plain';
		this.#onHeard(
			request.verdict === 'HTTP'
				? {kind: 'foreign', protocol: 'HTTP'}
				: {kind: 'plain', bytes: request.release(), isLine, isFinal},
		);
	}
}
