/**
 * Tab completion, as in IRC: a nick at the start of the line is an address and
 * becomes 'otter: '; elsewhere it becomes 'otter '. A '/' at the start of the
 * line completes to a command. Case is ignored.
 */
export type Candidates = {
	/** With their slash: '/nick'. */
	readonly commands: readonly string[];
	readonly nicks: readonly string[];
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

/** The completion with the next or the previous choice, wrapping around. */
export const turned = (completion: Completion, by: 1 | -1): Completion => {
	const {length} = completion.choices;
	return {...completion, index: (completion.index + by + length) % length};
};

export const chosen = (completion: Completion): string =>
	completion.choices[completion.index] ?? completion.choices[0];
