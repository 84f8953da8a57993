/** The commands, the words after them, and the flags that belong to others. */
import {quoted, SockchatError} from '../errors.js';
import {isLikeAddress, readAddressWord, readTwoWords} from './address-word.js';
import {
	flagNames,
	flags,
	isFor,
	writtenFlag,
	type Command,
	type CommandLineCommand,
	type Flag,
} from './flags.js';
import {wrongUsage, type GivenFlags, type TypedStep} from './reader.js';
import {isFlagWord, nearest, type CommandLine} from './words.js';

export const shells = ['bash', 'zsh', 'fish'] as const;

type CommandHelp = {
	/** The words that may follow it. */
	readonly words: string;
	readonly summary: string;
	/** Command lines, and what each does. */
	readonly examples: ReadonlyArray<readonly [line: string, does: string]>;
};

export const commands: Readonly<Record<Command, CommandHelp>> = {
	join: {
		words: '[ADDRESS]',
		summary: 'join the room on this machine, or open it',
		examples: [
			['sockchat', 'join or open the room on port 5001'],
			['sockchat 6000 --nick otter', 'on port 6000, as otter'],
			['sockchat ./room.sock', 'on a Unix domain socket'],
		],
	},
	serve: {
		words: '[ADDRESS]',
		summary: 'listen, accept, and chat as the host',
		examples: [
			['sockchat serve 6000', 'open a room on port 6000'],
			['sockchat serve --json < /dev/null', 'a room without a screen'],
			['sockchat serve --raw 0', 'exact bytes, on any free port'],
		],
	},
	connect: {
		words: '[ADDRESS]',
		summary: 'connect and chat',
		examples: [
			['sockchat connect 127.0.0.1:6000', 'join the room on port 6000'],
			['sockchat connect -m "build is green"', 'send one message and leave'],
			['sockchat connect --raw [::1]:6379', 'talk to any TCP service'],
			["sockchat connect --raw 25 --expect '^220 '", 'wait for a greeting'],
		],
	},
	proxy: {
		words: 'LISTEN TARGET',
		summary: 'stand between a client and a service',
		examples: [
			['sockchat proxy 9000 6379', 'see what passes, from port 9000'],
			['sockchat proxy 9000 6379 --delay 200', 'as over a slow network'],
			['sockchat proxy tls:8443 ./app.sock', 'TLS for a Unix domain socket'],
			['sockchat proxy 9000 80 --once --record f', 'one connection, kept'],
		],
	},
	watch: {
		words: '[ADDRESS]',
		summary: "watch other programs' sockets on a port",
		examples: [
			['sockchat watch', 'the sockets on port 5001, and their ladder'],
			['sudo sockchat watch 8080 --capture', 'with the real segments'],
			['sockchat watch [::1]:8080 --json', 'one JSON object per line'],
		],
	},
	replay: {
		words: 'FILE [ADDRESS]',
		summary: 'play a recording to a peer, as either side',
		examples: [
			['sockchat replay session', 'as then; 1 if an answer differs'],
			['sockchat replay session 6380 --fast', 'to another server'],
			['sockchat replay session 0 --serve', 'answer as the server did'],
			['sockchat replay session --pcapng out', 'for Wireshark; plays nothing'],
		],
	},
	status: {
		words: '[ADDRESS]',
		summary: 'say who is there; exit code 1 if nobody listens',
		examples: [
			['sockchat status', 'is there a room on port 5001, and who is in it?'],
			['sockchat status 6000 --json | jq .head', 'its newest seq'],
		],
	},
	lesson: {
		words: '[NAME]',
		summary: 'try what sockets do, step by step, checked',
		examples: [
			['sockchat lesson', 'list the lessons'],
			['sockchat lesson half-close', 'do one, on this screen'],
			['sudo sockchat lesson keepalive --capture', 'with the real segments'],
			['sockchat lesson half-close | less', 'read it'],
		],
	},
	mcp: {
		words: '[ADDRESS]',
		summary: 'the room as tools for a coding agent (MCP)',
		examples: [
			['claude mcp add sockchat -- sockchat mcp', 'add it to Claude Code'],
			['sockchat mcp 6000 --nick planner', 'the room on port 6000'],
		],
	},
	doctor: {
		words: '[ADDRESS]',
		summary: 'check what works here, and which settings hold',
		examples: [
			['sockchat doctor', 'one line for each check and setting'],
			['sockchat doctor 6000 --json', 'the same for port 6000, as JSON'],
		],
	},
	completion: {
		words: shells.join('|'),
		summary: 'print the completions for a shell',
		examples: [
			['source <(sockchat completion bash)', 'in ~/.bashrc'],
			['source <(sockchat completion zsh)', 'in ~/.zshrc, after compinit'],
			['sockchat completion fish | source', 'in ~/.config/fish/config.fish'],
		],
	},
	help: {
		words: '[COMMAND]',
		summary: 'print the help of a command',
		examples: [
			['sockchat help connect', 'the same as sockchat connect --help'],
		],
	},
};

/** All but `join`, which is typed as nothing. */
export const commandNames = Object.keys(commands).filter(
	name => name !== 'join',
) as Array<Exclude<Command, 'join'>>;

/** `serve, connect and mcp`. */
const listOf = (names: readonly string[]): string =>
	names.length < 2
		? names.join('')
		: `${names.slice(0, -1).join(', ')} and ${names.at(-1)!}`;

const commandList = listOf(commandNames);

/** @returns Undefined if there is no such command. */
export const findCommand = (word: string): Command | undefined =>
	commandNames.find(name => name === word);

const noSuchCommand = (word: string): SockchatError => {
	const near = nearest(word, commandNames);
	const advice = near
		? `did you mean ${near}?`
		: `the commands are ${commandList}.`;
	return wrongUsage(`${quoted(word)} is not a command; ${advice}`);
};

const unexpected = (word: string, before: string): SockchatError =>
	wrongUsage(
		/^-./.test(word)
			? `${quoted(word)} comes after "--", which ends the flags; move it before.`
			: `Unexpected ${quoted(word)} after ${before}; a text with spaces needs quotes.`,
	);

/** `--timeout -m a`: the value was left out, and a word is then left over. */
const swallowedIn = (
	given: GivenFlags,
	word: string,
): SockchatError | undefined => {
	for (const name of flagNames) {
		const value = given[name];
		if (typeof value === 'string' && isFlagWord(value)) {
			return wrongUsage(
				`${writtenFlag(name)} took ${quoted(value)} as its value, which leaves ${quoted(word)} over; give ${writtenFlag(name)} a value.`,
			);
		}
	}

	return undefined;
};

export type ChatRequest = {
	readonly command: CommandLineCommand;
	/** With the flags that ADDRESS stands for. */
	readonly given: GivenFlags;
	readonly steps?: readonly TypedStep[];
};

/** What the command line asks for, before its values are read. */
export type Request =
	| ChatRequest
	| {
			readonly command: 'doctor' | 'mcp' | 'status' | 'watch';
			readonly given: GivenFlags;
	  }
	| {
			readonly command: 'lesson';
			readonly name: string | undefined;
			readonly given: GivenFlags;
	  }
	| {
			readonly command: 'replay';
			readonly file: string | undefined;
			readonly given: GivenFlags;
			/** The flags that may be repeated. */
			readonly steps?: readonly TypedStep[];
	  }
	| {
			readonly command: 'proxy';
			readonly listen?: string;
			readonly target?: string;
			readonly given: GivenFlags;
	  }
	| {readonly command: 'completion'; readonly shell: (typeof shells)[number]}
	| {readonly command: 'help'; readonly about: Command};

/** @returns What is wrong with a flag that belongs to other commands. */
const misplacedIn = (
	given: GivenFlags,
	command: Command,
): SockchatError | undefined => {
	const name = flagNames.find(
		name => given[name] !== undefined && !isFor(name, command),
	);
	if (name === undefined) {
		return undefined;
	}

	const where = listOf(
		(flags[name] as Flag).commands.filter(
			known => known !== 'join' && known !== 'doctor',
		),
	);
	const here = command === 'join' ? 'sockchat without a command' : command;
	return wrongUsage(`${writtenFlag(name)} is for ${where}, not for ${here}.`);
};

const withAddress = (
	given: GivenFlags,
	word: string,
): GivenFlags | SockchatError => {
	const meant = readAddressWord(word);
	const other = (['port', 'host', 'socket'] as const).find(
		name => given[name] !== undefined,
	);
	return meant instanceof SockchatError || other === undefined
		? meant instanceof SockchatError
			? meant
			: {...given, ...meant}
		: wrongUsage(
				`The address ${quoted(word)} replaces ${writtenFlag(other)}; give only one of them.`,
			);
};

const readHelpWord = (word: string | undefined): Request | SockchatError => {
	const about = word === undefined ? 'join' : findCommand(word);
	return about ? {command: 'help', about} : noSuchCommand(word!);
};

const readShell = (word: string | undefined): Request | SockchatError => {
	const shell = shells.find(known => known === word);
	return shell
		? {command: 'completion', shell}
		: wrongUsage(
				`completion needs bash, zsh or fish; got ${word === undefined ? 'nothing' : quoted(word)}.`,
			);
};

export const isChat = (request: Request): request is ChatRequest =>
	['join', 'serve', 'connect'].includes(request.command);

/** What a command makes of the words after it, once they are few enough. */
const requestOf = (
	command: Command,
	{
		word,
		file,
		given,
		steps,
	}: Pick<CommandLine, 'given' | 'steps'> & {
		readonly word: string | undefined;
		readonly file: string | undefined;
	},
): Request | SockchatError => {
	if (command === 'help') {
		return readHelpWord(word);
	}

	if (command === 'lesson') {
		return {command, name: word, given};
	}

	if (command === 'completion') {
		return readShell(word);
	}

	const all = word === undefined ? given : withAddress(given, word);
	if (all instanceof SockchatError) {
		return swallowedIn(given, word!) ?? all;
	}

	return {
		...(command === 'replay' ? {command, file} : {command}),
		given: all,
		...(steps && {steps}),
	};
};

/** Both of its words are addresses, which it reads by itself. */
const readProxy = (
	[listen, target, extra]: readonly string[],
	given: GivenFlags,
): Request | SockchatError =>
	(extra === undefined
		? misplacedIn(given, 'proxy')
		: (swallowedIn(given, extra) ?? unexpected(extra, target!))) ?? {
		command: 'proxy',
		...(listen !== undefined && {listen}),
		...(target !== undefined && {target}),
		given,
	};

/** @returns An error if there is no such command, or one of its words is wrong. */
export const readRequest = ({
	words,
	given,
	steps,
	error,
}: CommandLine): Request | SockchatError => {
	if (error) {
		return error;
	}

	const named = words[0] === undefined ? undefined : findCommand(words[0]);
	const command = named ?? 'join';
	const following = named ? words.slice(1) : words;
	const file = command === 'replay' ? following[0] : undefined;
	const [word, extra] = file === undefined ? following : following.slice(1);
	const flagAfterEnd = words.find(each => /^-./.test(each));
	if (flagAfterEnd !== undefined) {
		return unexpected(flagAfterEnd, command);
	}

	if (!named && word !== undefined && !isLikeAddress(word)) {
		return swallowedIn(given, word) ?? noSuchCommand(word);
	}

	if (command === 'proxy') {
		return readProxy(following, given);
	}

	if (extra !== undefined) {
		return (
			swallowedIn(given, extra) ??
			readTwoWords(word!, extra) ??
			unexpected(extra, word!)
		);
	}

	return (
		misplacedIn(given, command) ??
		requestOf(command, {word, file, given, steps})
	);
};
