/** The members of a room as a frame lists them. */
import {
	maxListedNames,
	type MachineNames,
	type MemberList,
} from '../protocol/frame.js';
import type {Elsewhere} from './order.js';
import type {Member} from './results.js';

/**
 * Counts all members and names the first of them: those of this server, then
 * those of others, each with its machine.
 */
export const listMembers = (
	count: number,
	here: Iterable<Member>,
	elsewhere: Iterable<Elsewhere>,
	isUnshared: (id: string) => boolean,
): MemberList => {
	const names: string[] = [];
	const agents: string[] = [];
	const unshared: string[] = [];
	const machines = new Map<string, string[]>();
	const add = ({nick, agent}: Pick<Member, 'nick' | 'agent'>) => {
		names.push(nick);
		if (agent) {
			agents.push(nick);
		}
	};

	for (const member of here) {
		if (names.length === maxListedNames) {
			break;
		}

		add(member);
		if (isUnshared(member.id)) {
			unshared.push(member.nick);
		}
	}

	for (const member of elsewhere) {
		if (names.length === maxListedNames) {
			break;
		}

		add(member);
		const {machine, nick} = member;
		machines.set(machine, [...(machines.get(machine) ?? []), nick]);
	}

	const named = [...machines].map(([machine, theirs]): MachineNames => ({
		machine,
		names: theirs,
	}));
	return {
		count,
		names,
		...(agents.length > 0 && {agents}),
		...(named.length > 0 && {elsewhere: named}),
		...(unshared.length > 0 && {unshared}),
	};
};
