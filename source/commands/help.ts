/** /help, in lines: what the commands of a mode are called and do. */
import type {Mode} from './hands.js';
import {keyHelp} from './keys.js';
import {commandsOf, type Command, type CommandGroup} from './registry.js';

const table = (
	rows: ReadonlyArray<readonly [head: string, summary: string]>,
): readonly string[] => {
	const width = Math.max(...rows.map(([head]) => head.length));
	return rows.map(([head, summary]) => `${head.padEnd(width)}  ${summary}`);
};

type Described = Pick<Command, 'name' | 'usage' | 'summary'>;

const rowOf = ({name, usage, summary}: Described): [string, string] => [
	`/${name} ${usage}`.trim(),
	summary,
];

const slashed = ['//TEXT', 'say a text that starts with a slash'] as const;

/** /help for a plain peer. */
export const plainHelpLines = (): readonly string[] =>
	table([
		...commandsOf('plain').map(command =>
			command.name === 'help'
				? (['/help', 'list the commands'] as const)
				: rowOf(command),
		),
		slashed,
	]);

export type HelpScope = {
	readonly mode: Exclude<Mode, 'plain'>;
	readonly role: 'serve' | 'connect';
};

/** By the word after /help; the first is shown without one. */
const topicsOf = ({mode, role}: HelpScope) => {
	const of = (group: CommandGroup) =>
		commandsOf(mode)
			.filter(command => command.group === group)
			.map(command => rowOf(command));
	const chatRows =
		mode === 'room'
			? [...of('chat'), slashed]
			: [
					...of('chat'),
					[
						'anything else',
						'is sent as it is, with the line end of --eol',
					] as const,
					['//TEXT', 'sends /TEXT, where that would be a command'] as const,
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

/** /help on a topic, or on the chat and which topics there are. */
export const helpLines = (
	topic: string | undefined,
	scope: HelpScope,
): readonly string[] => {
	const topics = topicsOf(scope);
	const names = [...topics.keys()];
	const [first] = names;
	const name =
		topic === undefined
			? first
			: names.find(known => known.startsWith(topic.toLowerCase()));
	const others = names
		.filter(known => known !== name)
		.map(known => `/help ${known}`);
	return [
		...(name === undefined
			? [`There is no help on "${topic}".`]
			: table(topics.get(name)!)),
		`More: ${others.join(', ')}`,
	];
};
