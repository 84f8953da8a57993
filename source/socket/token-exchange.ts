/**
 * Mutual proof of the token before a hello: first the server's, because the
 * hello contains the client's secret, then the client's, in its hello.
 */
import {randomBytes} from 'node:crypto';
import {
	wireVersion,
	type Challenge,
	type ClientChallenge,
	type Hello,
} from '../protocol/frame.js';
import type {Exchange, Token} from '../protocol/token.js';
import type {Link} from './link.js';
import type {Origin} from './origin.js';

export const createNonce = (): string => randomBytes(32).toString('hex');

const placeOf = (port: number | undefined): string =>
	port === undefined ? 'unix' : String(port);

/** The client's side of one connection. */
export class ClientExchange {
	readonly #token: Token;
	readonly #nonce = createNonce();
	#proven: Exchange | undefined;

	constructor(token: Token) {
		this.#token = token;
	}

	/** Whether the server has proved that it knows the token. */
	get isProven(): boolean {
		return this.#proven !== undefined;
	}

	challenge(): ClientChallenge {
		return {type: 'challenge', v: wireVersion, nonce: this.#nonce};
	}

	/** @returns Whether the server's answer is a proof; only the first counts. */
	take({nonce, proof}: Challenge, link: Link): boolean {
		const exchange = {
			place: placeOf(link.kind === 'tcp' ? link.stream.remotePort : undefined),
			clientNonce: this.#nonce,
			serverNonce: nonce,
		};
		if (this.isProven || !this.#token.isProof(proof, 'server', exchange)) {
			return false;
		}

		this.#proven = exchange;
		return true;
	}

	prove(hello: Hello): Hello {
		const {client} = hello;
		return {
			...hello,
			proof: this.#token.prove('client', this.#proven!, client),
		};
	}
}

/** The server's side, for one peer. */
export class ServerExchange {
	readonly #token: Token;
	#exchange: Exchange | undefined;

	constructor(token: Token) {
		this.#token = token;
	}

	/** Answers a client's challenge; a later challenge replaces it. */
	answer({nonce}: ClientChallenge, origin: Origin): Challenge {
		const exchange = {
			place: placeOf(origin.kind === 'tcp' ? origin.localPort : undefined),
			clientNonce: nonce,
			serverNonce: createNonce(),
		};
		this.#exchange = exchange;
		return {
			type: 'challenge',
			nonce: exchange.serverNonce,
			proof: this.#token.prove('server', exchange),
		};
	}

	/** Whether a hello proves that its client knows the token. */
	isProven({client, proof}: Hello): boolean {
		return (
			this.#exchange !== undefined &&
			this.#token.isProof(proof, 'client', this.#exchange, client)
		);
	}
}
