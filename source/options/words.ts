/**
 * The words of the command line → flags with their values, and other words.
 *
 * A flag that needs a value takes the next word, whatever it looks like:
 * `--message '--- FAIL'` sends just that.
 */
import {parseArgs, type ParseArgsOptionsConfig} from 'node:util';
import {typosIn} from '../commands/typos.js';
import {quoted, type SockchatError} from '../errors.js';
import {
	flagNames,
	flags,
	writtenFlag,
	type Flag,
	type FlagName,
} from './flags.js';
import {foreignFlagAdvice} from './foreign-flags.js';
import {wrongUsage, type GivenFlags, type TypedStep} from './reader.js';

export type CommandLine = {
	/** The words that are neither flags nor values. */
	readonly words: readonly string[];
	readonly given: GivenFlags;
	/** The flags that may be repeated, in the order given; left out if none is. */
	readonly steps?: readonly TypedStep[];
	/** The first flag that can't be read. */
	readonly error: SockchatError | undefined;
};

const nameOf: ReadonlyMap<string, FlagName> = new Map(
	flagNames.map(name => [writtenFlag(name).slice(2), name]),
);

const shortFlags: readonly string[] = flagNames.flatMap(name => {
	const {short}: Flag = flags[name];
	return short === undefined ? [] : [`-${short}`];
});

const config: ParseArgsOptionsConfig = Object.fromEntries(
	Array.from(nameOf, ([written, name]) => {
		const {type, short}: Flag = flags[name];
		return [written, short === undefined ? {type} : {type, short}];
	}),
);

/**
 * The word that was probably meant: the most alike of at most two slips. Half of
 * what was typed has to be right, as two slips turn any short word into any other.
 */
export const nearest = (
	word: string,
	words: readonly string[],
): string | undefined => {
	const letters = word.replace(/^-+/, '').length;
	const most = Math.min(2, Math.floor(letters / 2));
	const near = words.filter(known => typosIn(word, known) <= most);
	return near.toSorted((a, b) => typosIn(word, a) - typosIn(word, b))[0];
};

/** The flag that was probably meant, also with --no- for without and back. */
const meant = (typed: string): string | undefined => {
	if (!typed.startsWith('--')) {
		return shortFlags.find(
			short => short.toLowerCase() === typed.toLowerCase(),
		);
	}

	const written = [...nameOf.keys()].map(name => `--${name}`);
	const opposite = typed.startsWith('--no-')
		? typed.replace('--no-', '--')
		: typed.replace('--', '--no-');
	return written.includes(opposite)
		? opposite
		: nearest(
				typed.replaceAll(/[A-Z]/g, letter => `-${letter.toLowerCase()}`),
				written,
			);
};

const unknownFlag = (typed: string): SockchatError => {
	const near = meant(typed);
	const advice =
		foreignFlagAdvice(typed) ??
		(near ? `did you mean ${near}?` : '--help lists them all.');
	const shown = typed.length > 80 ? quoted(typed) : typed;
	return wrongUsage(`${shown} is not a flag; ${advice}`);
};

/** Whether a word is a flag: --nick, -n. */
export const isFlagWord = (word: string): boolean =>
	shortFlags.includes(word) ||
	(word.startsWith('--') && nameOf.has(word.slice(2)));

/** Node decodes each byte of an argument that is not UTF-8 as U+FFFD. */
const notUtf8 = (word: string): SockchatError =>
	wrongUsage(
		`The argument ${quoted(word)} is not valid UTF-8, or contains U+FFFD; sockchat would send something else than was typed.`,
	);

/** @param argv Without the program and its file. */
export const readWords = (argv: readonly string[]): CommandLine => {
	const {tokens} = parseArgs({
		args: [...argv],
		options: config,
		// Each fault gets a sentence of ours, and a value may begin with a hyphen.
		strict: false,
		tokens: true,
	});
	const words: string[] = [];
	const given: Partial<Record<FlagName, string | true>> = {};
	const steps: TypedStep[] = [];
	const damaged = argv.find(word => word.includes('\uFFFD'));
	const errors = damaged === undefined ? [] : [notUtf8(damaged)];
	for (const token of tokens) {
		if (token.kind === 'positional') {
			words.push(token.value);
		} else if (token.kind === 'option') {
			const name = nameOf.get(token.name);
			if (name === undefined) {
				errors.push(unknownFlag(token.rawName));
				continue;
			}

			const flag = writtenFlag(name);
			const {type, isStep, isRepeated}: Flag = flags[name];
			const isText = type === 'string';
			if ((isStep ?? isRepeated) && token.value !== undefined) {
				steps.push({name, value: token.value});
			} else if (given[name] !== undefined) {
				errors.push(wrongUsage(`${flag} can be given only once.`));
			} else if (isText && token.value === undefined) {
				errors.push(wrongUsage(`${flag} needs a value.`));
			} else if (!isText && token.value !== undefined) {
				errors.push(wrongUsage(`${flag} takes no value.`));
			}

			given[name] ??= token.value ?? true;
		}
	}

	return {
		words,
		given,
		...(steps.length > 0 && {steps}),
		error: errors[0],
	};
};
