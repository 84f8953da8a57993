/**
 * Tab completion, as in IRC: a nick that opens the line is an address and
 * becomes 'otter: ', elsewhere it becomes 'otter '. A '/' that opens the line
 * completes to a command. Case is ignored in what was typed.
 */
export type Candidates = {
	/** With their slash: '/nick'. */
	readonly commands: readonly string[];
	readonly nicks: readonly string[];
};

export const noCandidates: Candidates = {commands: [], nicks: []};

/** A Tab that found something; the next Tab goes on from here. */
export type Completion = {
	/** The text on both sides of the word that was typed. */
	readonly before: string;
	readonly after: string;
	/** What may stand in the word's place, in the candidates' order. */
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

/**
 * Finds what the word that ends at the caret may become; undefined if nothing.
 *
 * An empty word completes only in a command's arguments ('/msg '), so that a
 * Tab on an empty line is free for something else.
 */
export const complete = (
	text: string,
	caret: number,
	candidates: Candidates,
): Completion | undefined => {
	const start = wordStart(text, caret);
	const word = text.slice(start, caret).toLowerCase();
	if (word === '' && !(start > 0 && text.startsWith('/'))) {
		return undefined;
	}

	const after = text.slice(caret);
	const isCommand = start === 0 && word.startsWith('/');
	const mark = start === 0 && !isCommand ? ':' : '';
	const suffix = mark + (after.startsWith(' ') ? '' : ' ');
	const [first, ...others] = (
		isCommand ? candidates.commands : candidates.nicks
	)
		.filter(candidate => candidate.toLowerCase().startsWith(word))
		.map(candidate => candidate + suffix);
	return first === undefined
		? undefined
		: {
				before: text.slice(0, start),
				after,
				choices: [first, ...others],
				index: 0,
			};
};

/** The completion `step` choices further, round the end. */
export const turned = (completion: Completion, step: 1 | -1): Completion => {
	const {length} = completion.choices;
	return {...completion, index: (completion.index + step + length) % length};
};

export const chosen = (completion: Completion): string =>
	completion.choices[completion.index] ?? completion.choices[0];
