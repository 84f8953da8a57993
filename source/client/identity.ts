/**
 * Who a client is: a secret, and the numbers of its messages.
 *
 * A room knows a client by its secret alone: whoever has it gets its nick back
 * after a drop, owns its lines, and is kept out by its ban. It drops a message
 * whose n is not above all that it has stored of this client, so a process that
 * goes on with a secret must go on with its numbers too.
 */
import {randomUUID} from 'node:crypto';
import {publicId} from '../protocol/public-id.js';

export type Identity = {
	/** A UUID, known to the client and the server alone. */
	readonly secret: string;
	/** The public id, which marks the client's entries. */
	readonly id: string;
	/** No process before this one has used a higher n. */
	readonly lastN: number;
	/** Called with each n before it is sent. */
	readonly use: (n: number) => void;
	/** Called once the client has closed for good. */
	readonly release: () => void;
};

/** One that ends with its client. */
export const freshIdentity = (secret = randomUUID() as string): Identity => ({
	secret,
	id: publicId(secret),
	lastN: 0,
	use: () => undefined,
	release: () => undefined,
});
