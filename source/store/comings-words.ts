/**
 * A run of comings and goings, as one sentence: who passed by, who came, who
 * went, and whose nick is another now. Pure.
 */
import type {LeaveReason} from '../protocol/frame.js';
import type {Coming, Comings} from './item.js';
import {reasonWords} from './notice.js';

/** One person, as far as a run shows it. */
type Path = {
	/** The nick before the run; undefined for one who came during it. */
	readonly before: string | undefined;
	/** The nick after it, or the last one. */
	nick: string;
	isHere: boolean;
	/** How often this person came and went, or went and came back. */
	rounds: number;
	/** Of the last time this person left. */
	reason: LeaveReason | undefined;
};

const pathsOf = (each: readonly Coming[]): Path[] => {
	const paths: Path[] = [];
	// A nick is one member's at a time; a later member with it goes on its path.
	const byNick = new Map<string, Path>();
	const find = (nick: string, isHere: boolean): Path => {
		const known = byNick.get(nick);
		if (known?.isHere === isHere) {
			return known;
		}

		const path: Path = {
			before: isHere ? nick : undefined,
			nick,
			isHere,
			rounds: 0,
			reason: undefined,
		};
		paths.push(path);
		byNick.set(nick, path);
		return path;
	};

	for (const coming of each) {
		const path = find(coming.nick, coming.kind !== 'joined');
		switch (coming.kind) {
			case 'joined': {
				path.isHere = true;
				path.rounds += path.before === undefined ? 0 : 1;
				break;
			}

			case 'left': {
				path.isHere = false;
				path.reason = coming.reason;
				path.rounds += path.before === undefined ? 1 : 0;
				break;
			}

			case 'renamed': {
				byNick.delete(coming.nick);
				byNick.set(coming.to, path);
				path.nick = coming.to;
				break;
			}
		}
	}

	return paths;
};

/** What a run has done in the end, each person in one of the lists. */
export type Outcome = {
	/** Came and went, as often as `times`; `reason` is that of the last time. */
	readonly passed: ReadonlyArray<{
		readonly nick: string;
		readonly times: number;
		readonly reason: LeaveReason | undefined;
	}>;
	readonly came: readonly string[];
	/** Went and came back under the same nick. */
	readonly returned: readonly string[];
	readonly went: ReadonlyArray<{
		readonly nick: string;
		readonly reason: LeaveReason | undefined;
	}>;
	readonly renamed: ReadonlyArray<{
		readonly nick: string;
		readonly to: string;
	}>;
};

export const outcomeOf = (each: readonly Coming[]): Outcome => {
	const paths = pathsOf(each);
	const passed = new Map<
		string,
		{nick: string; times: number; reason: LeaveReason | undefined}
	>();
	for (const {before, isHere, nick, rounds, reason} of paths) {
		if (before !== undefined || isHere) {
			continue;
		}

		const times = (passed.get(nick)?.times ?? 0) + rounds;
		passed.set(nick, {nick, times, reason});
	}

	return {
		passed: [...passed.values()],
		came: paths
			.filter(({before, isHere}) => before === undefined && isHere)
			.map(({nick}) => nick),
		returned: paths
			.filter(
				({before, isHere, nick, rounds}) =>
					isHere && before === nick && rounds > 0,
			)
			.map(({nick}) => nick),
		went: paths.flatMap(({before, isHere, reason}) =>
			before === undefined || isHere ? [] : [{nick: before, reason}],
		),
		renamed: paths.flatMap(({before, isHere, nick}) =>
			before === undefined || !isHere || before === nick
				? []
				: [{nick: before, to: nick}],
		),
	};
};

// More names are hard to read, and a row is not for that.
const maxListed = 8;

const listOf = (names: readonly string[]): string => {
	const more = names.length - maxListed;
	return more > 1
		? `${names.slice(0, maxListed).join(', ')} and ${more} more`
		: names.join(', ');
};

const quoted = (reason: LeaveReason | undefined): string =>
	reason === undefined ? '' : ` (${reasonWords(reason)})`;

/** What left in the same way, with the way said once. */
const wentParts = (went: Outcome['went']): string[] => {
	const byReason = new Map<LeaveReason | undefined, string[]>();
	for (const {nick, reason} of went) {
		byReason.set(reason, [...(byReason.get(reason) ?? []), nick]);
	}

	return [...byReason].map(
		([reason, names]) => `${listOf(names)} left${quoted(reason)}`,
	);
};

const passedNames = (passed: Outcome['passed']): string[] =>
	passed.map(({nick, times, reason}) => {
		const count = times > 1 ? ` ×${times}` : '';
		// Most who come and go do it by quit, and all of a room whose server ends.
		const isUsual = reason === 'quit' || reason === 'shutdown';
		return `${nick}${count}${isUsual ? '' : quoted(reason)}`;
	});

/** The sentence for a run: who passed by, came, is back, left, has a new nick. */
export const comingsText = ({count, more, each}: Comings): string => {
	if (each === undefined) {
		const change =
			more === 0
				? 'as many here as before'
				: `${Math.abs(more)} ${more > 0 ? 'more' : 'fewer'} here`;
		return `⇄ ${count} comings and goings; ${change}`;
	}

	const {passed, came, returned, went, renamed} = outcomeOf(each);
	const parts = [
		...(passed.length > 0 ? [`⇄ ${listOf(passedNames(passed))}`] : []),
		...(came.length > 0 ? [`${listOf(came)} joined`] : []),
		...(returned.length > 0 ? [`${listOf(returned)} came back`] : []),
		...wentParts(went),
		...(renamed.length > maxListed
			? [`${renamed.length} have new nicks`]
			: renamed.map(({nick, to}) => `${nick} is now ${to}`)),
	];
	return parts.length > 0
		? parts.join(' · ')
		: `⇄ ${count} changes of nick, and back`;
};
