/**
 * A run of comings and goings, as one sentence: who passed by, who came, who
 * went, and whose nick is another now. Pure.
 */
import type {Coming, Comings, EndReason} from './item.js';
import {reasonWords} from './notice.js';

/** One person, as far as a run shows it. */
type Path = {
	/** The nick before the run; undefined for one who came during it. */
	readonly before: string | undefined;
	/** The nick after it, or the last one. */
	nick: string;
	isHere: boolean;
	joins: number;
	leaves: number;
	/** Of the last time this person left. */
	reason: EndReason | undefined;
};

const pathsOf = (each: readonly Coming[]): Path[] => {
	const paths: Path[] = [];
	// A nick is one member's at a time; a later member with it goes on its path.
	const byNick = new Map<string, Path>();
	const find = (nick: string, isHere: boolean): Path => {
		const known = byNick.get(nick);
		if (known !== undefined) {
			return known;
		}

		const path: Path = {
			before: isHere ? nick : undefined,
			nick,
			isHere,
			joins: 0,
			leaves: 0,
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
				path.joins++;
				break;
			}

			case 'left': {
				path.isHere = false;
				path.reason = coming.reason;
				path.leaves++;
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

/** One person, and how often they did what is said of them. */
type Times = {readonly nick: string; readonly times: number};

/** One who is away in the end; `reason` is that of the last time. */
type Away = Times & {readonly reason: EndReason | undefined};

/** What a run has done in the end, each person in one of the lists. */
export type Outcome = {
	/** Came and went. */
	readonly passed: readonly Away[];
	/** `leaves` is how often they had gone meanwhile. */
	readonly came: ReadonlyArray<Times & {readonly leaves: number}>;
	/** Went and came back under the same nick. */
	readonly returned: readonly Times[];
	readonly went: readonly Away[];
	readonly renamed: ReadonlyArray<{
		readonly nick: string;
		readonly to: string;
	}>;
};

export const outcomeOf = (each: readonly Coming[]): Outcome => {
	const paths = pathsOf(each);
	const passed = new Map<string, Away>();
	for (const {before, isHere, nick, joins, leaves, reason} of paths) {
		if (before !== undefined || isHere) {
			continue;
		}

		// A server that was killed has said nothing of those who left.
		const times = (passed.get(nick)?.times ?? 0) + Math.max(joins, leaves);
		passed.set(nick, {nick, times, reason});
	}

	return {
		passed: [...passed.values()],
		came: paths
			.filter(({before, isHere}) => before === undefined && isHere)
			.map(({nick, joins, leaves}) => ({nick, times: joins, leaves})),
		returned: paths
			.filter(
				({before, isHere, nick, joins}) =>
					isHere && before === nick && joins > 0,
			)
			.map(({nick, joins}) => ({nick, times: joins})),
		went: paths.flatMap(({before, isHere, leaves, reason}) =>
			before === undefined || isHere
				? []
				: [{nick: before, times: leaves, reason}],
		),
		renamed: paths.flatMap(({before, isHere, nick}) =>
			before === undefined || !isHere || before === nick
				? []
				: [{nick: before, to: nick}],
		),
	};
};

/** The signs of the screen, or words for whoever has it read out. */
type Wording = {
	readonly passed: (names: string) => string;
	readonly times: (count: number) => string;
	/** A count beside the nick that it is of. */
	readonly counted: (nick: string, count: number) => string;
};

const inSigns: Wording = {
	passed: names => `⇄ ${names}`,
	times: count => `×${count}`,
	counted: (nick, count) => `${nick} ×${count}`,
};

const inWords: Wording = {
	passed: names => `came and went: ${names}`,
	times: count =>
		count === 1 ? 'once' : count === 2 ? 'twice' : `${count} times`,
	counted: (nick, count) => `${nick}, ${inWords.times(count)}`,
};

// More names are hard to read, and a row is not for that.
const maxListed = 8;

const listOf = (names: readonly string[]): string => {
	const more = names.length - maxListed;
	return more > 1
		? `${names.slice(0, maxListed).join(', ')} and ${more} more`
		: names.join(', ');
};

const countedBy =
	(wording: Wording) =>
	({nick, times}: Times): string =>
		times > 1 ? wording.counted(nick, times) : nick;

const countedList = (people: readonly Times[], wording: Wording): string =>
	listOf(people.map(countedBy(wording)));

const quoted = (reason: EndReason | undefined): string =>
	reason === undefined ? '' : ` (${reasonWords(reason)})`;

/** Somebody who joined twice has left, which a number alone doesn't say. */
const cameParts = (came: Outcome['came'], wording: Wording): string[] => {
	const steady = came.filter(({leaves}) => leaves === 0);
	const others = came.filter(({leaves}) => leaves > 0);
	return [
		...(steady.length > 0 ? [`${countedList(steady, wording)} joined`] : []),
		...(others.length > 0
			? [
					listOf(
						others.map(
							({nick, times, leaves}) =>
								`${nick} joined ${wording.times(times)} and left ${wording.times(leaves)}`,
						),
					),
				]
			: []),
	];
};

/** Those who are away, by the way they left. */
const byReason = (
	away: readonly Away[],
): Map<EndReason | undefined, Times[]> => {
	const groups = new Map<EndReason | undefined, Times[]>();
	for (const {reason, ...person} of away) {
		groups.set(reason, [...(groups.get(reason) ?? []), person]);
	}

	return groups;
};

const wentParts = (went: Outcome['went'], wording: Wording): string[] =>
	[...byReason(went)].map(
		([reason, people]) =>
			`${countedList(people, wording)} left${quoted(reason)}`,
	);

// Most who come and go do it by quit, and all of a room whose server ends.
const usual: ReadonlySet<EndReason | undefined> = new Set([
	'quit',
	'shutdown',
	'past shutdown',
]);

const passedParts = (passed: Outcome['passed'], wording: Wording): string[] => {
	const away = passed.map(({reason, ...person}) => ({
		...person,
		reason: usual.has(reason) ? undefined : reason,
	}));
	return [...byReason(away)].map(
		([reason, people]) =>
			`${wording.passed(countedList(people, wording))}${quoted(reason)}`,
	);
};

/**
 * The sentence for a run: who passed by, came, is back, left, has a new nick.
 *
 * @param isWorded Whether signs are said in words.
 */
export const comingsText = (
	{count, more, each}: Comings,
	isWorded = false,
): string => {
	const wording = isWorded ? inWords : inSigns;
	const sign = isWorded ? '' : '⇄ ';
	if (each === undefined) {
		const change =
			more === 0
				? 'as many here as before'
				: `${Math.abs(more)} ${more > 0 ? 'more' : 'fewer'} here`;
		return `${sign}${count} comings and goings; ${change}`;
	}

	const {passed, came, returned, went, renamed} = outcomeOf(each);
	const parts = [
		...passedParts(passed, wording),
		...cameParts(came, wording),
		...(returned.length > 0
			? [`${countedList(returned, wording)} came back`]
			: []),
		...wentParts(went, wording),
		...(renamed.length > maxListed
			? [`${renamed.length} have new nicks`]
			: renamed.map(({nick, to}) => `${nick} is now ${to}`)),
	];
	return parts.length > 0
		? parts.join(' · ')
		: `${sign}${count} changes of nick, and back`;
};
