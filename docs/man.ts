/**
 * The man page, sockchat(1), made from the flags and commands; the build writes
 * it to dist/.
 */
import {exitCodeMeanings} from '../source/options/exit-codes.js';
import {commandNames, commands} from '../source/options/command.js';
import {
	flagNames,
	flags,
	writtenFlag,
	type Flag,
	type FlagName,
} from '../source/options/flags.js';
import {
	addressMeaning,
	placesMeaning,
	usageOf,
} from '../source/options/help.js';
import {variables} from '../source/options/settings.js';

/** Text as roff prints it: no hyphen is a break, no line is a request. */
const escaped = (text: string): string =>
	text
		.replaceAll('\\', String.raw`\e`)
		.replaceAll('-', String.raw`\-`)
		.replaceAll(/^([.'])/gm, String.raw`\&$1`);

const bold = (text: string): string => String.raw`\fB${escaped(text)}\fR`;

const italic = (text: string): string => String.raw`\fI${escaped(text)}\fR`;

/** A term, and its text indented below it. */
const item = (term: string, text: string): string[] => [
	'.TP',
	term,
	escaped(text),
];

const flagItem = (name: FlagName): string[] => {
	const {
		short,
		value,
		summary,
		extras = {},
		commands: where,
	}: Flag = flags[name];
	const forms = [
		...(short === undefined ? [] : [`-${short}`]),
		writtenFlag(name),
	].map(form => bold(form) + (value === undefined ? '' : ` ${italic(value)}`));
	const written = where.map(command =>
		command === 'join' ? 'sockchat alone' : command,
	);
	const more = Object.entries(extras).map(
		([command, extra]) => `; ${command}: ${extra}`,
	);
	return item(
		forms.join(', '),
		`${summary} (${written.join(', ')})${more.join('')}`,
	);
};

const example = (line: string, does: string): string[] => [
	'.TP',
	bold(line),
	escaped(does),
];

/** @param version As in package.json. */
export const manPage = (version: string): string =>
	[
		`.TH SOCKCHAT 1 "" "sockchat ${version}" "User Commands"`,
		'.SH NAME',
		String.raw`sockchat \- a terminal for loopback sockets`,
		'.SH SYNOPSIS',
		...(['join', ...commandNames] as const).flatMap((command, index) => [
			...(index === 0 ? [] : ['.br']),
			`${bold('sockchat')}${escaped(usageOf(command).slice('sockchat'.length))} [${italic('options')}]`,
		]),
		'.SH COMMANDS',
		...item(bold('sockchat'), commands.join.summary),
		...commandNames.flatMap(name => item(bold(name), commands[name].summary)),
		'.PP',
		escaped(`${addressMeaning} ${placesMeaning}`),
		'.SH OPTIONS',
		'The commands that take an option are in parentheses.',
		...flagNames.flatMap(flagItem),
		'.SH CONFIG FILE',
		escaped(
			'TOML, with keys named like flags: those above the tables hold for every command that has the flag, those in [serve], [connect], [status], [watch] and [replay] for that command. Flags beat variables, which beat the config file. sockchat doctor shows what holds.',
		),
		'.PP',
		'.nf',
		...[
			'nick = "otter"',
			'no-color = true',
			'',
			'[serve]',
			'max-members = 20',
		].map(line => `    ${escaped(line)}`),
		'.fi',
		'.SH ENVIRONMENT',
		...Object.entries(variables).flatMap(([name, variable]) =>
			item(bold(variable), `as ${writtenFlag(name as FlagName)}`),
		),
		...item(bold('SOCKCHAT_TOKEN'), "the room's token, without a file"),
		...item(
			bold('SOCKCHAT_RELAY_CREDENTIALS'),
			"the relay's credentials, without a file",
		),
		...item(bold('NO_COLOR'), 'if not empty: as --no-color'),
		...item(
			bold('COLORFGBG'),
			'"15;0": colours of text and ground, until the terminal itself says which it has',
		),
		...item(bold('TERM'), 'dumb: lines are printed instead of a screen'),
		'.SH FILES',
		...item(
			italic('$XDG_CONFIG_HOME/sockchat/config.toml'),
			'the config file; by default in ~/.config',
		),
		...item(
			italic('$XDG_STATE_HOME/sockchat/'),
			'the rooms, a file each; by default in ~/.local/state',
		),
		'.SH EXIT STATUS',
		...exitCodeMeanings.flatMap(([code, means]) => item(bold(code), means)),
		'.SH EXAMPLES',
		...(['join', ...commandNames] as const)
			.flatMap(command => commands[command].examples)
			.flatMap(([line, does]) => example(line, does)),
		'',
	].join('\n');
