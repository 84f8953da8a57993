import {createHash} from 'node:crypto';

/**
 * The id by which the others know a client: the first 16 hex digits of the
 * SHA-256 of its secret, which is itself never shown, as who knew it could
 * pose as its owner.
 */
export const publicId = (client: string): string =>
	createHash('sha256').update(client).digest('hex').slice(0, 16);
