/** How a front end ended: the exit code depends on it. */
import {SockchatError} from '../errors.js';
import type {RoomChat} from './room-chat.js';

export type Ending = {
	/** Whether something failed, or a line was refused; it has been reported. */
	readonly hasFailed: boolean;
	/** Whether `--timeout` passed. */
	readonly isLate: boolean;
	/** Whether something that was asked for had not been done by then. */
	readonly isUnfinished: boolean;
};

/** A front end at work. */
export type Running = {
	readonly ended: Promise<Ending>;
	/** The first call leaves in good order, the second at once. */
	readonly leave: () => void;
	/** At SIGINT: whether to leave; if not, a person was asked. */
	readonly mayInterrupt?: () => boolean;
};

export type ScreenEnding = Ending & {
	/** What to report now that the screen is gone. */
	readonly error: SockchatError | undefined;
};

export type RunningScreen = {
	readonly ended: Promise<ScreenEnding>;
	/** Leaves in good order; a second call leaves at once. */
	readonly leave: () => void;
};

/** `2 lines were`, for a sentence about lines that nobody confirmed. */
const linesWere = (count: number): string =>
	count === 1 ? '1 line was' : `${count} lines were`;

type Lines = Pick<
	RoomChat,
	'role' | 'unstored' | 'kept' | 'entrusted' | 'isInMemory'
>;

/** Whether what waits for the relay is lost if one leaves. */
const isLosing = ({role, isInMemory}: Lines): boolean =>
	role === 'serve' && isInMemory();

/** How many lines, of one's own or entrusted to a host, may be lost if one leaves now. */
export const losableLines = (lines: Lines): number => {
	const {unstored, kept, entrusted} = lines;
	return unstored() - kept() + (isLosing(lines) ? entrusted() : 0);
};

/** What isn't confirmed of all that one answers for, as the start of a sentence. */
export const unconfirmedLines = ({
	unstored,
	entrusted,
}: Pick<Lines, 'unstored' | 'entrusted'>): string | undefined => {
	const count = unstored() + entrusted();
	return count === 0
		? undefined
		: `${linesWere(count)} not confirmed as stored`;
};

/** What becomes of lines that a room kept for its relay. */
export const keptAdvice = (lines: Lines): string | undefined => {
	const {role, unstored, kept, entrusted, isInMemory} = lines;
	if (isLosing(lines) && entrusted() > 0) {
		return 'What the room kept for its relay was in memory alone, and is lost.';
	}

	const count = kept() + entrusted();
	if (count === 0) {
		return undefined;
	}

	const [what, it] =
		count === unstored() + entrusted()
			? ['what was said', 'it']
			: [`${count} of them`, count === 1 ? 'it' : 'them'];
	const back =
		role === 'serve'
			? 'it is open here again and its relay is back'
			: 'its relay is back';
	const [alone, unless] = isInMemory()
		? [' in memory alone', ', unless its server ends first']
		: ['', ''];
	return `The room keeps ${what}${alone}, and shares ${it} once ${back}${unless}: don't send ${it} again.`;
};

/**
 * Asks before lines are lost.
 *
 * @param count See `losableLines`.
 * @returns The wordings, the longest first; none if nothing would be lost.
 */
export const unstoredTexts = (count: number): readonly string[] => {
	if (count === 0) {
		return [];
	}

	const lines = count === 1 ? '1 line' : `${count} lines`;
	const [are, them] = count === 1 ? ['is', 'it'] : ['are', 'them'];
	return [
		`${lines} ${are} not stored yet. Ctrl-C again leaves without ${them}.`,
		`${lines} unstored. Ctrl-C leaves.`,
	];
};

/**
 * @param what A sentence without its full stop.
 * @param advice What to do now.
 */
export const unfinished = (what: string, advice?: string) =>
	new SockchatError(
		'ERR_NOT_STORED',
		advice === undefined ? `${what}.` : `${what}. ${advice}`,
	);
