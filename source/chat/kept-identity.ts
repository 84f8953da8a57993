/**
 * A client's identity that outlasts its process: a file of the user's own per
 * room and nick, which one process uses at a time.
 *
 * If it can't be had, the client gets a fresh one: it is no reason not to
 * connect, or to say anything.
 */
import {Buffer} from 'node:buffer';
import {hash} from 'node:crypto';
import {readSync, writeSync} from 'node:fs';
import {fileName} from '../history/path.js';
import {foldNick} from '../protocol/nick.js';
import {lastingAddress, type Address} from '../socket/address.js';
import {trace} from '../trace.js';
import {freshIdentity, type Identity} from '../client/identity.js';
import {claim, type Claim} from './claim.js';

export type KeptOptions = {
	/** The folder of the files; made if it is missing. */
	readonly folder: string;
	readonly address: Address;
	/** The nick asked for, whichever the room gives. */
	readonly nick: string;
	/**
	 * Whether the server has to prove that it knows a token. A secret that only
	 * such servers have seen is not shown to any other.
	 */
	readonly hasToken: boolean;
	/**
	 * Whether it is the host's, which is another: a host and a member are often
	 * one user's, at one time and with the login name for both.
	 */
	readonly isHost?: boolean | undefined;
	/** Whether it is an agent's, which keeps how far it has read beside it. */
	readonly isAgent?: boolean | undefined;
};

/** What a file holds; `lastN` is the highest n that may have been used. */
type Kept = {
	readonly secret: string;
	/** Its public id, as Node takes 4 ms to load what computes it. */
	readonly id: string;
	readonly lastN: number;
};

// Always as long, so that one write replaces it all.
const fileBytes = 128;

// Numbers reserved in one write: a process that is killed has used none above
// what is written, and the next one skips the rest.
const numbersAtOnce = 1024;

const uuid = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/;

const publicIds = /^[\da-f]{16}$/;

// Without a dot, after which the name of a process would come.
const plainKey = /^[\w-]+$/;

/** What the file of an identity is called. */
export const keyOf = ({
	address,
	nick,
	hasToken,
	isHost,
	isAgent,
}: KeptOptions): string => {
	const place = lastingAddress(address);
	const who = foldNick(nick);
	const name = plainKey.test(who)
		? who
		: `=${hash('sha256', who, 'hex').slice(0, 16)}`;
	return `${fileName(place)}-${name}${hasToken ? '+token' : ''}${isHost ? '+host' : ''}${isAgent ? '+agent' : ''}`;
};

const serialize = (kept: Kept): string =>
	`${JSON.stringify(kept).padEnd(fileBytes - 1)}\n`;

/** @returns Undefined if it holds nothing of use, as after a full disk. */
const parse = (text: string): Kept | undefined => {
	try {
		const {secret, id, lastN} = JSON.parse(text) as Partial<Kept>;
		return typeof secret === 'string' &&
			uuid.test(secret) &&
			typeof id === 'string' &&
			publicIds.test(id) &&
			Number.isSafeInteger(lastN) &&
			lastN! >= 0
			? {secret, id, lastN: lastN!}
			: undefined;
	} catch {
		return undefined;
	}
};

const read = (file: number): Kept | undefined => {
	const bytes = Buffer.alloc(fileBytes);
	const length = readSync(file, bytes, 0, fileBytes, 0);
	return parse(bytes.toString('utf8', 0, length));
};

const attempt = (what: string, act: () => void): void => {
	try {
		act();
	} catch (error) {
		trace('%s: %o', what, error);
	}
};

/** The identity in a file; if it has none, a new one is written. */
const identityIn = ({file, release}: Claim): Identity => {
	const kept = read(file);
	const {secret, id, lastN} = kept ?? freshIdentity();
	let used = lastN;
	let reserved = lastN;
	const write = (n: number) => {
		writeSync(file, serialize({secret, id, lastN: n}), 0);
	};

	if (!kept) {
		write(lastN);
	}

	return {
		secret,
		id,
		lastN,
		use(n) {
			used = n;
			if (n > reserved) {
				reserved = n + numbersAtOnce - 1;
				attempt('reserve', () => {
					write(reserved);
				});
			}
		},
		release() {
			attempt('release', () => {
				if (used !== reserved) {
					write(used);
				}

				release();
			});
		},
	};
};

/**
 * The identity kept for a room and a nick.
 *
 * @returns Undefined if another process uses it.
 * @throws {Error} If none can be kept.
 */
export const claimIdentity = (options: KeptOptions): Identity | undefined => {
	const claimed = claim(options.folder, keyOf(options));
	return claimed && identityIn(claimed);
};

/** The same, or a fresh one if that is in use, or none can be kept. */
export const takeIdentity = (options: KeptOptions): Identity => {
	try {
		return claimIdentity(options) ?? freshIdentity();
	} catch (error) {
		trace('no identity is kept: %o', error);
		return freshIdentity();
	}
};
