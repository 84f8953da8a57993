/** A peer, and what answers it. */
import type {Buffer} from 'node:buffer';

/** A peer that is answered. */
export type Speaker = {
	readonly name: string;
	/** @returns Settles with whether the kernel took all of it. */
	readonly write: (bytes: Buffer) => Promise<boolean>;
	/** Closes its connection at once. */
	readonly disconnect: () => void;
};

export type Answerer = {
	/** @returns Settles once the kernel has what is answered to it. */
	readonly hear: (chunk: Buffer) => Promise<void>;
	/** The peer says no more. */
	readonly endHearing: () => Promise<void>;
	/** The connection is gone. */
	readonly leave: () => void;
};
