/** The lines of /help, from the command registry. */
import type {OfferedCommand} from '../protocol/frame.js';
import type {Mode, SocketHands} from './hands.js';
import {keyHelp} from './keys.js';
import {commandsOf, type Command, type CommandGroup} from './registry.js';

export type HelpRows = ReadonlyArray<readonly [head: string, summary: string]>;

const table = (rows: HelpRows): readonly string[] => {
	const width = Math.max(...rows.map(([head]) => head.length));
	return rows.map(([head, summary]) => `${head.padEnd(width)}  ${summary}`);
};

export type Described = Pick<Command, 'name' | 'usage' | 'summary'>;

export const helpRow = ({
	name,
	usage,
	summary,
}: Described): [string, string] => [`/${name} ${usage}`.trim(), summary];

const slashed = ['//TEXT', 'send a text that starts with a slash'] as const;

const botRows = (offered: readonly OfferedCommand[]): HelpRows =>
	offered.map(
		({name, usage, help: summary, from}) =>
			[`/${name} ${usage}`.trim(), `${summary} (${from})`.trim()] as const,
	);

/** /help for a plain peer. */
export const plainHelpLines = (
	offered: readonly OfferedCommand[] = [],
): readonly string[] =>
	table([
		...commandsOf('plain').map(command =>
			command.name === 'help'
				? (['/help', 'list the commands'] as const)
				: helpRow(command),
		),
		slashed,
		...botRows(offered),
	]);

export type HelpScope = {
	readonly mode: Exclude<Mode, 'plain' | 'proxy'>;
	readonly role: 'serve' | 'connect';
	/** The commands of bots. */
	readonly offered?: readonly OfferedCommand[];
};

/** Help topics by name; /help alone shows the first. */
const topicsOf = ({mode, role, offered = []}: HelpScope) => {
	const of = (group: CommandGroup) =>
		commandsOf(mode)
			.filter(command => command.group === group)
			.map(command => helpRow(command));
	const chatRows =
		mode === 'room'
			? [...of('chat'), slashed, ...botRows(offered)]
			: [
					...of('chat'),
					[
						'anything else',
						'sent as typed, with the line ending of --eol',
					] as const,
					slashed,
				];
	return new Map([
		['chat', chatRows],
		['views', of('view')],
		['sockets', of('socket')],
		...(mode === 'room' && role === 'serve'
			? [['host', of('host')] as const]
			: []),
		['keys', keyHelp],
	]);
};

/** The topics that /help has. */
export const helpTopics = (scope: HelpScope): readonly string[] => [
	...topicsOf(scope).keys(),
];

/** The commands that begin with a word, of all topics. */
const rowsFor = (
	word: string,
	topics: ReadonlyMap<string, HelpRows>,
): HelpRows => {
	const start = word.startsWith('/') ? word : `/${word}`;
	const found = [...topics.values()]
		.flat()
		.filter(([head]) => head.startsWith(start));
	// Of /nick and /nickname the whole word is meant.
	const exact = found.filter(([head]) => `${head} `.startsWith(`${start} `));
	return exact.length > 0 ? exact : found;
};

/**
 * Prints /help TOPIC or COMMAND; without a topic, the chat commands. It lists the
 * other topics.
 */
export const help = (
	topic: string | undefined,
	scope: HelpScope,
	notice: SocketHands['notice'],
): void => {
	showHelp(topic, topicsOf(scope), notice);
};

/** @param topics By name; the first without a topic. */
export const showHelp = (
	topic: string | undefined,
	topics: ReadonlyMap<string, HelpRows>,
	notice: SocketHands['notice'],
): void => {
	const names = [...topics.keys()];
	const [first] = names;
	const word = topic?.toLowerCase();
	const name =
		word === undefined ? first : names.find(known => known.startsWith(word));
	const rows = name === undefined ? rowsFor(word!, topics) : topics.get(name)!;
	const others = names
		.filter(known => known !== name)
		.map(known => `/help ${known}`);
	if (rows.length === 0) {
		notice(
			'bad',
			`There is no help topic or command "${topic}"; there are ${others.join(', ')}.`,
		);
		return;
	}

	for (const line of table(rows)) {
		notice('info', line);
	}

	notice('info', `More: ${others.join(', ')}`);
};
