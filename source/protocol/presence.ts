/** Tracks who is here from the frames that a member receives. */
import type {MachineNames, MemberList, ServerFrame} from './frame.js';

export type Presence = {
	readonly members: MemberList;
	/** The last seq of the replay, whose joins and leaves don't count. */
	readonly replayHead: number;
};

export const nobody: Presence = {
	members: {count: 0, names: []},
	replayHead: 0,
};

const listOf = ({
	count,
	names,
	agents = [],
	elsewhere = [],
	unshared = [],
}: MemberList): MemberList => ({
	count,
	names,
	...(agents.length > 0 && {agents}),
	...(elsewhere.length > 0 && {elsewhere}),
	...(unshared.length > 0 && {unshared}),
});

/** Applies a change of names to each machine's; one without any is left out. */
const machinesWith = (
	elsewhere: readonly MachineNames[],
	change: (names: readonly string[]) => readonly string[],
): readonly MachineNames[] =>
	elsewhere
		.map(({machine, names}) => ({machine, names: change(names)}))
		.filter(({names}) => names.length > 0);

/** @returns The same object if the frame changes nothing. */
export const reducePresence = (
	presence: Presence,
	frame: ServerFrame,
): Presence => {
	const {members, replayHead} = presence;
	const {count, names, agents = [], elsewhere = [], unshared = []} = members;
	if (frame.type === 'welcome') {
		return {members: frame.members, replayHead: frame.head};
	}

	if (frame.type === 'members') {
		const {head = replayHead} = frame;
		return {
			members: listOf(frame),
			replayHead: Math.max(replayHead, head),
		};
	}

	if (!('seq' in frame) || frame.seq <= replayHead) {
		return presence;
	}

	const isWhole = names.length === count;
	const withNames = (
		newCount: number,
		change: (names: readonly string[]) => readonly string[],
	): Presence => ({
		replayHead,
		members: listOf({
			count: newCount,
			names: change(names),
			agents: change(agents),
			elsewhere: machinesWith(elsewhere, change),
			unshared: change(unshared),
		}),
	});

	switch (frame.type) {
		case 'joined': {
			const {nick} = frame;
			// In a relayed room the list may know it before the log does.
			if (isWhole && names.includes(nick)) {
				return unshared.includes(nick)
					? {
							replayHead,
							members: listOf({
								...members,
								unshared: unshared.filter(name => name !== nick),
							}),
						}
					: presence;
			}

			const joined = listOf({
				count: count + 1,
				names: [...names, nick],
				agents: frame.agent ? [...agents, nick] : agents,
				elsewhere,
				unshared,
			});
			return {replayHead, members: joined};
		}

		case 'left': {
			const {nick} = frame;
			return isWhole && !names.includes(nick)
				? presence
				: withNames(count - 1, list => list.filter(name => name !== nick));
		}

		case 'renamed': {
			const {from, to} = frame;
			// A list that knows it already may have another member by the old name.
			return names.includes(to)
				? presence
				: withNames(count, list =>
						list.map(name => (name === from ? to : name)),
					);
		}

		case 'message': {
			return presence;
		}
	}
};

/** The names of one machine as people are shown them. */
export type NameGroup = {
	/** Undefined for the machine of the server that lists them. */
	readonly machine: string | undefined;
	readonly names: readonly string[];
	/** The same, with those marked that are agents, or not yet shared. */
	readonly marked: readonly string[];
};

const notYetShared = '(not yet shared)';

/**
 * The names by machine: those of this server first.
 *
 * @param unsharedMark What those have beside them that wait for the relay.
 */
export const groupNames = (
	{
		names,
		agents = [],
		elsewhere = [],
		unshared = [],
	}: Omit<MemberList, 'count'>,
	unsharedMark = notYetShared,
): readonly NameGroup[] => {
	const known = new Set(agents);
	const waiting = new Set(unshared);
	const away = new Set(elsewhere.flatMap(each => each.names));
	const here = names.filter(name => !away.has(name));
	return [{machine: undefined, names: here}, ...elsewhere]
		.filter(group => group.names.length > 0)
		.map(group => ({
			...group,
			marked: group.names.map(
				name =>
					name +
					(known.has(name) ? ' (agent)' : '') +
					(waiting.has(name) ? ` ${unsharedMark}` : ''),
			),
		}));
};

/** The names in one line, such as `otter wren; on box2: heron codex (agent)`. */
export const namesLine = (
	members: Omit<MemberList, 'count'>,
	unsharedMark = notYetShared,
): string =>
	groupNames(members, unsharedMark)
		.map(({machine, marked}) =>
			machine === undefined
				? marked.join(' ')
				: `on ${machine}: ${marked.join(' ')}`,
		)
		.join('; ');
