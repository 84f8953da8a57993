import {Buffer} from 'node:buffer';
import {hash} from 'node:crypto';

/**
 * The id under which others see a client: the first 16 hex digits of the SHA-256
 * of its secret. The secret itself is never shown: anyone who knew it could pose
 * as the client.
 */
export const publicId = (client: string): string =>
	// Copied: a slice of a string keeps the whole string in memory.
	Buffer.from(hash('sha256', client, 'hex').slice(0, 16)).toString('latin1');
