import {Buffer} from 'node:buffer';
import {hash} from 'node:crypto';

/**
 * The id by which the others know a client: the first 16 hex digits of the
 * SHA-256 of its secret, which is itself never shown, as who knew it could
 * pose as its owner.
 */
export const publicId = (client: string): string =>
	// Copied, as a slice of a string keeps all of it.
	Buffer.from(hash('sha256', client, 'hex').slice(0, 16)).toString('latin1');
