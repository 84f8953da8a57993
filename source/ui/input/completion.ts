/**
 * Tab completion, as in IRC: a nick at the start of the line is an address and
 * becomes 'otter: '; elsewhere it becomes 'otter ', and '@ot' becomes '@otter ';
 * '@' alone begins with the last speaker. A '/' at the start of the line
 * completes to a command, and a word after it to what the command takes. Case
 * is ignored.
 */
export type Candidates = {
	/** With their slash: '/nick'. */
	readonly commands: readonly string[];
	/** Those who spoke last are first. */
	readonly nicks: readonly string[];
	/** Those who have spoken and left; `@` completes them, too. */
	readonly gone?: readonly string[];
	/** Addresses of a raw server's peers; in a room commands take nicks. */
	readonly peers?: readonly string[];
	/** What a command takes, as /help shows it: '/nodelay' → 'on|off [PEER]'. */
	readonly usages?: ReadonlyMap<string, string>;
	/** The topics of /help. */
	readonly topics?: readonly string[];
};

export const noCandidates: Candidates = {commands: [], nicks: []};

/** A Tab that found something; the next Tab continues from here. */
export type Completion = {
	/** The text on both sides of the word that was typed. */
	readonly before: string;
	readonly after: string;
	/** What can replace the word, in the order of the candidates. */
	readonly choices: readonly [string, ...string[]];
	readonly index: number;
};

const wordStart = (text: string, caret: number): number => {
	let start = caret;
	while (start > 0 && text[start - 1]!.trim() !== '') {
		start--;
	}

	return start;
};

/** What can be the next word after a command and some words. */
const argumentsAfter = (
	before: string,
	{nicks, peers = nicks, usages, topics = []}: Candidates,
): readonly string[] => {
	const [command = '', ...words] = before.trim().split(/\s+/);
	const takes = usages?.get(command.toLowerCase())?.split(' ');
	const next = takes?.[words.length];
	// Of words that may be left out, each may be the next.
	const possible = next?.startsWith('[')
		? takes!.slice(words.length).filter(word => word.startsWith('['))
		: next === undefined
			? undefined
			: [next];
	const taken = possible?.flatMap(word =>
		word.replaceAll(/[[\]]/g, '').split('|'),
	);
	// A text may have a nick anywhere.
	return (taken ?? ['TEXT']).flatMap(word => {
		if (word === 'TOPIC') {
			return topics;
		}

		if (word === 'PEER') {
			return peers;
		}

		return /^[a-z]+$/.test(word) ? [word] : nicks;
	});
};

const candidatesFor = (
	text: string,
	start: number,
	candidates: Candidates,
): readonly string[] => {
	if (start === 0) {
		return text.startsWith('/') ? candidates.commands : candidates.nicks;
	}

	return text.startsWith('/')
		? argumentsAfter(text.slice(0, start), candidates)
		: candidates.nicks;
};

/** An address may be begun with its port: 53 or :53 for 127.0.0.1:53122. */
const begins = (candidate: string, typed: string): boolean => {
	const port = candidate.lastIndexOf(':');
	return (
		candidate.startsWith(typed) ||
		(port !== -1 && candidate.slice(port).startsWith(typed)) ||
		(port !== -1 && candidate.slice(port + 1).startsWith(typed))
	);
};

/**
 * Finds completions for the word that ends at the caret; undefined if none.
 *
 * An empty word completes only in the arguments of a command ('/msg ').
 */
export const complete = (
	text: string,
	caret: number,
	candidates: Candidates,
): Completion | undefined => {
	const start = wordStart(text, caret);
	const typed = text.slice(start, caret);
	if (typed === '' && !(start > 0 && text.startsWith('/'))) {
		return undefined;
	}

	const after = text.slice(caret);
	const isMention = typed.startsWith('@');
	const word = (isMention ? typed.slice(1) : typed).toLowerCase();
	const isAddress = start === 0 && !isMention && !typed.startsWith('/');
	const suffix = (isAddress ? ':' : '') + (after.startsWith(' ') ? '' : ' ');
	const [first, ...others] = (
		isMention
			? [...candidates.nicks, ...(candidates.gone ?? [])]
			: candidatesFor(text, start, candidates)
	)
		.filter(candidate => begins(candidate.toLowerCase(), word))
		.map(candidate => (isMention ? '@' : '') + candidate + suffix);
	return first === undefined
		? undefined
		: {
				before: text.slice(0, start),
				after,
				choices: [first, ...others],
				index: 0,
			};
};

/** The completion with the next or the previous choice, wrapping around. */
export const turned = (completion: Completion, by: 1 | -1): Completion => {
	const {length} = completion.choices;
	return {...completion, index: (completion.index + by + length) % length};
};

export const chosen = (completion: Completion): string =>
	completion.choices[completion.index] ?? completion.choices[0];
