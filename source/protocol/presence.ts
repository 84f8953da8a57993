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

const listOf = (
	count: number,
	names: readonly string[],
	agents: readonly string[] = [],
): MemberList => ({count, names, ...(agents.length > 0 && {agents})});

/** @returns The same object if the frame changes nothing. */
export const reducePresence = (
	presence: Presence,
	frame: ServerFrame,
): Presence => {
	const {members, replayHead} = presence;
	const {count, names, agents = []} = members;
	if (frame.type === 'welcome') {
		return {members: frame.members, replayHead: frame.head};
	}

	if (frame.type === 'members') {
		const {head = replayHead} = frame;
		return {
			members: listOf(frame.count, frame.names, frame.agents),
			replayHead: Math.max(replayHead, head),
		};
	}

	if (!('seq' in frame) || frame.seq <= replayHead) {
		return presence;
	}

	const isWhole = names.length === count;
	switch (frame.type) {
		case 'joined': {
			const {nick} = frame;
			// In a relayed room the list may know it before the log does.
			if (isWhole && names.includes(nick)) {
				return presence;
			}

			const known = frame.agent ? [...agents, nick] : agents;
			const joined = listOf(count + 1, [...names, nick], known);
			return {replayHead, members: joined};
		}

		case 'left': {
			if (isWhole && !names.includes(frame.nick)) {
				return presence;
			}

			const [staying, known] = [names, agents].map(list =>
				list.filter(name => name !== frame.nick),
			);
			return {replayHead, members: listOf(count - 1, staying!, known)};
		}

		case 'renamed': {
			const {from, to} = frame;
			const [renamed, known] = [names, agents].map(list =>
				list.map(name => (name === from ? to : name)),
			);
			return {replayHead, members: listOf(count, renamed!, known)};
		}

		case 'message': {
			return presence;
		}
	}
};

/** The names as people are shown them: what says it is an agent is marked. */
export const markedNames = ({
	names,
	agents = [],
}: Pick<MemberList, 'names' | 'agents'>): string[] =>
	names.map(name => (agents.includes(name) ? `${name} (agent)` : name));
