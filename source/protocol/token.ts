/**
 * A secret shared by a room's members, and proofs of knowing it.
 *
 * Each side answers the other's fresh nonce with an HMAC (RFC 2104) over both
 * nonces, its role and the port. The token never crosses the wire, a proof of one
 * side is invalid for the other, and so is a proof from a server on another port.
 * Anyone who can connect gets a proof to guess against offline, so a token has to
 * be long and random.
 */
import {Buffer} from 'node:buffer';
import {createHmac, timingSafeEqual} from 'node:crypto';
import {bytesOf, SockchatError} from '../errors.js';

/** The shortest token, in bytes of UTF-8. */
const minTokenBytes = 16;

/** What both sides know of a connection. */
export type Exchange = {
	/** The server's port, or `unix`. */
	readonly place: string;
	readonly clientNonce: string;
	readonly serverNonce: string;
};

const tokenTooShort = (bytes: number) =>
	new SockchatError(
		'ERR_TOKEN_FILE',
		`The token has ${bytesOf(bytes)}; it needs at least ${minTokenBytes}. Make one with: openssl rand -hex 32`,
	);

export const tokenNeeded = () =>
	new SockchatError(
		'ERR_TOKEN_NEEDED',
		'This room needs a token; give it with --token-file FILE, or in SOCKCHAT_TOKEN.',
		{
			api: 'This room needs a token; connect with {token: new Token(secret)}.',
		},
	);

export const tokenWrong = () =>
	new SockchatError(
		'ERR_TOKEN_WRONG',
		'The token is wrong for this room; ask its host for it.',
	);

export const serverUnproven = () =>
	new SockchatError(
		'ERR_TOKEN_UNPROVEN',
		"This server can't prove that it knows the token, so nothing was sent to it; it may not be the server you expect. To join it anyway, leave the token out.",
	);

export const hasNoToken = () =>
	new SockchatError(
		'ERR_TOKEN_UNPROVEN',
		"This server was started without a token, so it can't prove that it knows yours.",
	);

export class Token {
	// A # field, so no trace, error or event can show it.
	readonly #secret: Buffer;

	/** @throws {SockchatError} `ERR_TOKEN_FILE` if shorter than 16 bytes. */
	constructor(secret: string) {
		this.#secret = Buffer.from(secret);
		if (this.#secret.length < minTokenBytes) {
			throw tokenTooShort(this.#secret.length);
		}
	}

	/** @param client The client's secret UUID; empty in a server's proof. */
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

	/** Compares in constant time. */
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
