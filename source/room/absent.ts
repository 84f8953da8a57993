/**
 * Who is still in a room by the end of its log, though its server is gone: one
 * that was killed logged no leave, and one that drains logs none either.
 */
import {Buffer} from 'node:buffer';
import type {Joined, Left, Renamed} from '../protocol/frame.js';

type Presence = Joined | Left | Renamed;

export type Absent = {
	/** In the order of their joins. */
	readonly members: ReadonlyArray<
		Pick<Joined, 'id' | 'nick' | 'seq'> & {readonly oneShot?: true}
	>;
	/** The last leaves of those that are not. */
	readonly left: Iterable<Pick<Left, 'id' | 'at' | 'reason'>>;
	/** When the last entry was made: nothing later is known of them. */
	readonly at: number;
};

const lineFeed = 10;

// As the codec begins a line. No text contains it: JSON escapes its quotes.
const starts = (['joined', 'left', 'renamed'] as const).map(type =>
	Buffer.from(`{"type":"${type}",`),
);

const offsetsOf = (entries: Buffer, start: Buffer): number[] => {
	const offsets: number[] = [];
	for (
		let at = entries.indexOf(start);
		at !== -1;
		at = entries.indexOf(start, at + start.length)
	) {
		offsets.push(at);
	}

	return offsets;
};

const lineAt = <Line>(entries: Buffer, offset: number): Line =>
	JSON.parse(
		entries.toString('utf8', offset, entries.indexOf(lineFeed, offset)),
	) as Line;

/**
 * @param entries Whole lines of a log, at least one.
 * @param limit How many members to return at most: the last to join.
 */
export const findAbsent = (entries: Buffer, limit: number): Absent => {
	const offsets = starts
		.flatMap(start => offsetsOf(entries, start))
		.toSorted((a, b) => a - b);
	const members = new Map<string, Absent['members'][number]>();
	const left = new Map<string, Left>();
	for (const offset of offsets) {
		const entry = lineAt<Presence>(entries, offset);
		const {id} = entry;
		switch (entry.type) {
			case 'joined': {
				const {nick, oneShot, seq} = entry;
				left.delete(id);
				members.delete(id);
				members.set(id, {id, nick, seq, ...(oneShot && {oneShot})});
				break;
			}

			case 'left': {
				members.delete(id);
				left.delete(id);
				left.set(id, entry);
				break;
			}

			case 'renamed': {
				const member = members.get(id);
				if (member) {
					members.set(id, {...member, nick: entry.to});
				}

				break;
			}
		}
	}

	const last = entries.lastIndexOf(lineFeed, entries.length - 2) + 1;
	const {at} = lineAt<{at: number}>(entries, last);
	return {
		members: [...members.values()].slice(-limit),
		left: left.values(),
		at,
	};
};
