/**
 * How a client makes itself known on one connection: with its hello, which
 * contains its secret. If there is a token, the server has to prove first that it
 * knows it.
 */
import type {SockchatError} from '../errors.js';
import type {ServerFrame} from '../protocol/frame.js';
import type {Token} from '../protocol/token.js';
import {ClientExchange} from '../socket/token-exchange.js';
import type {FramedSocket} from './framed-socket.js';
import type {MemberState} from './member-state.js';

export class Greeting {
	readonly #socket: FramedSocket;
	readonly #member: MemberState;
	readonly #exchange: ClientExchange | undefined;

	/** @param token If set, the server has to prove that it knows it. */
	constructor(
		socket: FramedSocket,
		member: MemberState,
		token: Token | undefined,
	) {
		this.#socket = socket;
		this.#member = member;
		// In memory it is a server of this process.
		this.#exchange =
			token && socket.link.kind !== 'memory'
				? new ClientExchange(token)
				: undefined;
	}

	/** Whether the server has yet to prove that it knows the token. */
	get isUnproven(): boolean {
		return this.#exchange !== undefined && !this.#exchange.isProven;
	}

	/** Sends what comes next: the challenge, or the hello. */
	greet(): void {
		const exchange = this.#exchange;
		const hello = this.#member.hello();
		this.#socket.send(
			exchange
				? exchange.isProven
					? exchange.prove(hello)
					: exchange.challenge()
				: hello,
		);
	}

	/** @returns Whether it is a proof; the hello follows. */
	takeProof(frame: ServerFrame): boolean {
		const isProof =
			frame.type === 'challenge' &&
			this.#exchange!.take(frame, this.#socket.link);
		if (isProof) {
			this.greet();
		}

		return isProof;
	}

	/**
	 * Says hello again with what wasn't refused: another nick, or without a key
	 * that an older server doesn't have.
	 *
	 * @returns Whether there is such a hello.
	 */
	greetAgain({code}: SockchatError, isNickFlexible: boolean): boolean {
		if (code === 'ERR_NICK_TAKEN' && isNickFlexible) {
			this.#member.wishAnother();
		} else if (code !== 'ERR_BAD_FRAME' || !this.#member.useOldHello()) {
			return false;
		}

		this.greet();
		return true;
	}
}
