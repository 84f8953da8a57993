/** Help, as it is printed: made from the flags, within 80 columns. */
import {commandNames, commands} from './command.js';
import {exitCodeMeanings, exitCodes} from './exit-codes.js';
import {
	flagNames,
	flags,
	isFor,
	writtenFlag,
	type Command,
	type Flag,
	type FlagName,
} from './flags.js';

const maxColumns = 80;

// As wide as `-p, `.
const noShort = ' '.repeat(4);

// A longer flag has its summary on the next line.
const maxHeadColumns = 24;

export const addressMeaning =
	"ADDRESS is PORT, HOST:PORT, [::1]:PORT, a socket's path with a slash, or @NAME.";

/** Of a proxy. */
export const placesMeaning =
	'LISTEN and TARGET are ADDRESSes, with tls:, ws:, udp: or unix: before them where that is meant.';

/** A Unix domain socket has no port whose sockets could be watched. */
const portMeaning = 'ADDRESS is PORT, HOST:PORT or [::1]:PORT.';

const meaningsOf = (command: Command): readonly string[] => {
	if (command === 'watch') {
		return [portMeaning];
	}

	if (command === 'proxy') {
		return [addressMeaning, placesMeaning];
	}

	return commands[command].words.includes('[ADDRESS]') ? [addressMeaning] : [];
};

/** Breaks a text at its spaces. */
const wrapped = (text: string, columns: number): string[] => {
	const lines = [''];
	for (const word of text.split(' ')) {
		const line = lines.at(-1)!;
		if (line !== '' && line.length + 1 + word.length > columns) {
			lines.push(word);
		} else {
			lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
		}
	}

	return lines;
};

/** Two columns under a title. */
const section = (
	title: string,
	rows: ReadonlyArray<readonly [head: string, text: string]>,
	maxWidth: number,
): string[] => {
	const width = Math.max(
		...rows.map(([head]) => head.length).filter(each => each <= maxWidth),
	);
	const indent = ' '.repeat(width + 4);
	return [
		'',
		title,
		...rows.flatMap(([head, text]) => {
			const [first, ...rest] = wrapped(text, maxColumns - indent.length);
			const following = rest.map(line => indent + line);
			return head.length > width
				? [`  ${head}`, indent + first!, ...following]
				: [`  ${head.padEnd(width)}  ${first!}`, ...following];
		}),
	];
};

/** `sockchat serve [ADDRESS]`. */
export const usageOf = (command: Command): string =>
	[
		'sockchat',
		...(command === 'join' ? [] : [command]),
		commands[command].words,
	].join(' ');

/** As help shows it: `-p, --port PORT`; without a short form, indented. */
const headOf = (name: FlagName): string => {
	const {short, value = ''}: Flag = flags[name];
	const before = short === undefined ? noShort : `-${short}, `;
	return `${before}${writtenFlag(name)} ${value}`.trimEnd();
};

const summaryOf = (name: FlagName, command: Command): string => {
	const {summary, extras}: Flag = flags[name];
	const extra = extras?.[command];
	return extra === undefined ? summary : `${summary}; ${extra}`;
};

const examplesOf = (command: Command): string[] =>
	section('Examples', commands[command].examples, maxColumns);

const late = String(exitCodes.late);

/** @param command `join` lists the commands too. */
export const helpText = (command: Command = 'join'): string => {
	const {summary} = commands[command];
	const usage =
		command === 'join'
			? section(
					'Usage',
					[command, ...commandNames].map(name => [
						usageOf(name),
						commands[name].summary,
					]),
					maxColumns,
				).slice(1)
			: ['Usage', `  ${usageOf(command)}`, '', `  ${summary}`];
	return [
		...usage,
		...meaningsOf(command).flatMap(text => ['', ...wrapped(text, maxColumns)]),
		...section(
			'Options',
			flagNames
				.filter(name => isFor(name, command))
				.map(name => [headOf(name), summaryOf(name, command)]),
			maxHeadColumns,
		),
		...examplesOf(command),
		...section(
			'Exit codes',
			exitCodeMeanings.filter(
				([code]) => code !== late || isFor('timeout', command),
			),
			maxColumns,
		),
	].join('\n');
};
