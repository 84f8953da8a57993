/**
 * How far an agent has come in a room, as it lasts across runs.
 *
 * All of it is bounded, so the file is small, and is written whole.
 */

/** A whisper is in no log: until it was read, only this agent has it. */
export type KeptWhisper = {
	/** The seq of the newest entry when it came. */
	readonly after: number;
	readonly at: number;
	readonly from: string;
	readonly id: string;
	readonly text: string;
	/** Whether a wait has returned it. */
	readonly isHanded: boolean;
};

export type Kept = {
	/** The identity of the log whose seqs these are. */
	readonly log: string;
	/** Everything up to this seq was read. */
	readonly read: number;
	/** No wait returns anything up to this seq any more. */
	readonly floor: number;
	/** What waits have returned above the floor. */
	readonly handed: readonly number[];
	readonly whispers: readonly KeptWhisper[];
};

/** Where it is kept. */
export type KeptPlace = {
	/** @returns Undefined if nothing of use is there. */
	readonly read: () => Kept | undefined;
	readonly write: (kept: Kept) => void;
};

const isCount = (value: unknown): value is number =>
	Number.isSafeInteger(value) && (value as number) >= 0;

const isWhisper = (value: unknown): value is KeptWhisper => {
	const {after, at, from, id, text, isHanded} = (value ??
		{}) as Partial<KeptWhisper>;
	return (
		isCount(after) &&
		isCount(at) &&
		typeof from === 'string' &&
		typeof id === 'string' &&
		typeof text === 'string' &&
		typeof isHanded === 'boolean'
	);
};

/** @returns Undefined if it is not what we wrote. */
export const parseKept = (json: string): Kept | undefined => {
	let value: unknown;
	try {
		value = JSON.parse(json);
	} catch {
		return undefined;
	}

	const {log, read, floor, handed, whispers} = (value ?? {}) as Partial<Kept>;
	return typeof log === 'string' &&
		isCount(read) &&
		isCount(floor) &&
		Array.isArray(handed) &&
		handed.every(seq => isCount(seq)) &&
		Array.isArray(whispers) &&
		whispers.every(whisper => isWhisper(whisper))
		? {log, read, floor, handed, whispers}
		: undefined;
};
