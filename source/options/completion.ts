/**
 * Completions for bash, zsh and fish: commands, the flags of the command that
 * was typed, the values of flags that take one of a few words, and lessons.
 */
import {commandNames, commands, shells} from './command.js';
import {
	flagNames,
	flags,
	isFor,
	writtenFlag,
	type Command,
	type Flag,
	type FlagName,
} from './flags.js';

type Shell = (typeof shells)[number];

const allCommands = ['join', ...commandNames] as const;

const flagsOf = (command: Command): FlagName[] =>
	flagNames.filter(name => isFor(name, command));

/** `-p` and `--port`. */
const written = (name: FlagName): string[] => {
	const {short}: Flag = flags[name];
	return [...(short === undefined ? [] : [`-${short}`]), writtenFlag(name)];
};

/** The words that a flag takes, such as lf of `none|lf|crlf`. */
const choicesOf = ({value = '', choices}: Flag): readonly string[] =>
	choices ?? value.split('|').filter(word => /^[a-z]+$/.test(word));

const takesFile = ({value = ''}: Flag): boolean =>
	/^(?:FILE|PATH)$/.test(value);

type WordsAfter = (command: Command) => readonly string[];

/** The words that may follow a command. */
const wordsAfter =
	(lessons: readonly string[]): WordsAfter =>
	command => {
		switch (command) {
			case 'join':
			case 'help': {
				return commandNames;
			}

			case 'completion': {
				return shells;
			}

			case 'lesson': {
				return lessons;
			}

			default: {
				return [];
			}
		}
	};

const textFlags = flagNames.filter(name => flags[name].type === 'string');

const bash = (after: WordsAfter): string => `# Completions of sockchat for bash.
_sockchat_no_paths() {
	# Bash 3, of macOS, has no compopt, and completes paths here too.
	compopt +o bashdefault +o default 2> /dev/null
}
_sockchat() {
	local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]}
	local command=join word words flags
	# Bash makes a word of the = in --flag=value.
	if [[ $cur == = ]]; then cur=; elif [[ $prev == = ]]; then prev=\${COMP_WORDS[COMP_CWORD-2]}; fi
	for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
		case $word in ${commandNames.join('|')}) command=$word; break;; esac
	done
	COMPREPLY=()
	case $prev in
${textFlags
	.map(name => {
		const choices = choicesOf(flags[name]);
		const found =
			choices.length > 0
				? `COMPREPLY=($(compgen -W '${choices.join(' ')}' -- "$cur")); `
				: '';
		const paths = takesFile(flags[name]) ? '' : '_sockchat_no_paths; ';
		return `		${written(name).join('|')}) ${paths}${found}return;;`;
	})
	.join('\n')}
	esac
	case $command in
${allCommands
	.map(
		command =>
			`		${command}) words='${after(command).join(' ')}' flags='${flagsOf(command).flatMap(written).join(' ')}';;`,
	)
	.join('\n')}
	esac
	if [[ $cur == -* ]]; then words=$flags; fi
	COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
# Without an answer of ours, bash completes paths.
complete -o bashdefault -o default -F _sockchat sockchat`;

/** In single quotes, for zsh and fish. */
const inQuotes = (text: string, quote: string): string =>
	`'${text.replaceAll("'", quote)}'`;

const zshFlag = (name: FlagName): string[] => {
	const flag: Flag = flags[name];
	const summary = flag.summary.replaceAll(/[[\]:\\]/g, String.raw`\$&`);
	const choices = choicesOf(flag);
	const action = takesFile(flag)
		? '_files'
		: choices.length > 0
			? `(${choices.join(' ')})`
			: ' ';
	const value =
		flag.type === 'string'
			? `:${flag.value!.replaceAll(':', String.raw`\:`)}:${action}`
			: '';
	const forms = written(name);
	const others = forms.length > 1 ? `(${forms.join(' ')})` : '';
	return forms.map(form => {
		// --flag=VALUE and --flag VALUE; -fVALUE and -f VALUE.
		const end =
			flag.type === 'boolean' ? '' : form.startsWith('--') ? '=' : '+';
		return inQuotes(
			`${others}${form}${end}[${summary}]${value}`,
			String.raw`'\''`,
		);
	});
};

const zshCommand = (command: Command, after: WordsAfter): string => {
	const words = after(command);
	const rest =
		words.length > 0
			? `'*: :(${words.join(' ')})'`
			: commands[command].words.includes('ADDRESS')
				? "'*:address:_files'"
				: '';
	return [
		`		${command}) _arguments -s`,
		...flagsOf(command).flatMap(zshFlag),
		`${rest};;`,
	].join(' \\\n			');
};

const zsh = (after: WordsAfter): string => `#compdef sockchat
# Completions of sockchat for zsh.
_sockchat() {
	local command=join word
	local -i place=2
	for word in "\${(@)words[2,CURRENT-1]}"; do
		case $word in ${commandNames.join('|')}) command=$word; break;; esac
		(( place++ ))
	done
	# The command itself is not a word for _arguments.
	if [[ $command != join ]]; then
		words[place]=()
		(( CURRENT-- ))
	fi
	case $command in
${allCommands.map(command => zshCommand(command, after)).join('\n')}
	esac
}
# As a file in fpath it is called; sourced, it registers itself.
if [[ $funcstack[1] = _sockchat ]]; then
	_sockchat "$@"
else
	compdef _sockchat sockchat
fi`;

const fishQuoted = (text: string): string =>
	inQuotes(text.replaceAll('\\', String.raw`\\`), String.raw`\'`);

const fishFlag = (name: FlagName): string => {
	const flag: Flag = flags[name];
	const where = allCommands.filter(command => isFor(name, command));
	const choices = choicesOf(flag);
	const value = takesFile(flag)
		? ['-r -F']
		: choices.length > 0
			? [`-x -a '${choices.join(' ')}'`]
			: flag.type === 'string'
				? ['-x']
				: [];
	return [
		'complete -c sockchat',
		`-n '__sockchat_is ${where.join(' ')}'`,
		`-l ${writtenFlag(name).slice(2)}`,
		...(flag.short === undefined ? [] : [`-s ${flag.short}`]),
		...value,
		`-d ${fishQuoted(flag.summary)}`,
	].join(' ');
};

const fish = (after: WordsAfter): string => `# Completions of sockchat for fish.
function __sockchat_is --description 'Whether one of these commands was typed'
	set -l command join
	for word in (commandline -opc)[2..]
		if contains -- $word ${commandNames.join(' ')}
			set command $word
			break
		end
	end
	contains -- $command $argv
end
complete -c sockchat -n '__sockchat_is completion help lesson' -f
${commandNames
	.map(
		name =>
			`complete -c sockchat -n '__sockchat_is join help' -a ${name} -d ${fishQuoted(commands[name].summary)}`,
	)
	.join('\n')}
${(['completion', 'lesson'] as const)
	.map(
		command =>
			`complete -c sockchat -n '__sockchat_is ${command}' -a '${after(command).join(' ')}'`,
	)
	.join('\n')}
${flagNames.map(fishFlag).join('\n')}`;

const scripts: Readonly<Record<Shell, (after: WordsAfter) => string>> = {
	bash,
	zsh,
	fish,
};

/** @param lessons The names that may follow `lesson`. */
export const completionFor = (
	shell: Shell,
	lessons: readonly string[],
): string => scripts[shell](wordsAfter(lessons));
