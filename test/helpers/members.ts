/** Members and entries of a room, by short names for tests. */
import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import {decodeServerFrame} from '../../source/protocol/codec.js';
import type {Entry} from '../../source/protocol/frame.js';
import type {NickBearer} from '../../source/protocol/nick.js';
import type {Room} from '../../source/room/room.js';
import type {Member} from '../../source/room/results.js';

/** The secret of client number N. */
export const clientNumber = (number: number): string =>
	`00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;

/** Joins client number N, at time N. */
export const enter = (
	room: Room,
	number: number,
	nick: string,
	bearer: NickBearer = 'member',
): Member => {
	const result = room.join(clientNumber(number), nick, number, {bearer});
	assert.equal(result.kind, 'joined', `${nick} did not join`);
	return result.member;
};

/** All entries of the log, decoded as a member would. */
export const entriesOf = ({log}: Room): Entry[] => {
	const entries: Entry[] = [];
	for (let cursor = log.start; cursor < log.end;) {
		const slice = log.slice(cursor);
		cursor += slice.length;
		for (const line of slice.toString().split('\n').slice(0, -1)) {
			const decoded = decodeServerFrame(Buffer.from(line));
			assert.equal(decoded.kind, 'frame');
			entries.push(decoded.frame as Entry);
		}
	}

	return entries;
};
