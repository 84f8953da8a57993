/** Tracks who is here from the frames that a member receives. */
import type {MemberList, ServerFrame} from './frame.js';

export type Presence = {
	readonly members: MemberList;
	/** The last seq of the replay, whose joins and leaves don't count. */
	readonly replayHead: number;
};

export const nobody: Presence = {
	members: {count: 0, names: []},
	replayHead: 0,
};

/** @returns The same object if the frame changes nothing. */
export const reducePresence = (
	presence: Presence,
	frame: ServerFrame,
): Presence => {
	const {members, replayHead} = presence;
	const {count, names} = members;
	if (frame.type === 'welcome') {
		return {members: frame.members, replayHead: frame.head};
	}

	if (frame.type === 'members') {
		const {head = replayHead} = frame;
		const {count: all, names: listed} = frame;
		return {
			members: {count: all, names: listed},
			replayHead: Math.max(replayHead, head),
		};
	}

	if (!('seq' in frame) || frame.seq <= replayHead) {
		return presence;
	}

	switch (frame.type) {
		case 'joined': {
			const joined = {count: count + 1, names: [...names, frame.nick]};
			return {replayHead, members: joined};
		}

		case 'left': {
			const staying = names.filter(name => name !== frame.nick);
			return {replayHead, members: {count: count - 1, names: staying}};
		}

		case 'renamed': {
			const {from, to} = frame;
			const renamed = names.map(name => (name === from ? to : name));
			return {replayHead, members: {count, names: renamed}};
		}

		case 'message': {
			return presence;
		}
	}
};
