/**
 * A secret that a room's members share, and proofs of knowing it.
 *
 * Each side answers the other's fresh nonce with an HMAC (RFC 2104) over both,
 * its role and the port: nothing of the token goes over the wire, a proof of
 * one side is none of the other, and one that was got from a server on another
 * port doesn't fit. Who may connect may also ask for a proof and try words on
 * it at leisure, so a token has to be long and random.
 */
import {Buffer} from 'node:buffer';
import {createHmac, timingSafeEqual} from 'node:crypto';
import {SockchatError} from '../errors.js';

/** In UTF-8. */
export const minTokenBytes = 16;

/** What both sides have seen of a connection. */
export type Exchange = {
	/** The server's port, or `unix`. */
	readonly place: string;
	readonly clientNonce: string;
	readonly serverNonce: string;
};

export const tokenTooShort = (bytes: number) =>
	new SockchatError(
		'ERR_TOKEN_FILE',
		`The token has ${bytes} bytes and takes ${minTokenBytes} at least; make one with: openssl rand -hex 32`,
	);

export const tokenNeeded = () =>
	new SockchatError(
		'ERR_TOKEN_NEEDED',
		'This room is for those who know its token; give it with --token-file FILE, or in SOCKCHAT_TOKEN.',
	);

export const tokenWrong = () =>
	new SockchatError(
		'ERR_TOKEN_WRONG',
		"This room's token is another; ask its host for it.",
	);

export const serverUnproven = () =>
	new SockchatError(
		'ERR_TOKEN_UNPROVEN',
		"This server can't prove it knows the token, so it was told nothing; it may be somebody else's. To join it without a token, leave the token out.",
	);

export const hasNoToken = () =>
	new SockchatError(
		'ERR_TOKEN_UNPROVEN',
		'This server was started without a token, and can prove none.',
	);

export class Token {
	// Private by #, so that no trace, error or event can show it.
	readonly #secret: Buffer;

	/** @throws {SockchatError} `ERR_TOKEN_FILE` below 16 bytes. */
	constructor(secret: string) {
		this.#secret = Buffer.from(secret);
		if (this.#secret.length < minTokenBytes) {
			throw tokenTooShort(this.#secret.length);
		}
	}

	/** @param client Its secret UUID; a server has none to bind. */
	prove(
		side: 'client' | 'server',
		{place, clientNonce, serverNonce}: Exchange,
		client = '',
	): string {
		return createHmac('sha256', this.#secret)
			.update(
				['sockchat 1', side, place, clientNonce, serverNonce, client].join(
					'\n',
				),
			)
			.digest('hex');
	}

	/** Takes the same time wherever a wrong proof differs. */
	isProof(
		given: string | undefined,
		side: 'client' | 'server',
		exchange: Exchange,
		client?: string,
	): boolean {
		const expected = Buffer.from(this.prove(side, exchange, client));
		const seen = Buffer.from(given ?? '');
		return seen.length === expected.length && timingSafeEqual(seen, expected);
	}
}
