/**
 * Ctrl-R: a search back through the lines that were sent, as one types. The draft
 * stays as it is until a line is taken.
 */
export type Search = {
	readonly query: string;
	/** Of the line found, in the history; its length: none so far. */
	readonly index: number;
	/** Whether there is no (further) line with the query. */
	readonly hasFailed: boolean;
};

type History = readonly string[];

export const startSearch = (history: History): Search => ({
	query: '',
	index: history.length,
	hasFailed: false,
});

const hasQuery = (line: string, query: string): boolean =>
	line.toLowerCase().includes(query.toLowerCase());

/** The next older or newer line with the query. */
export const searchedOn = (
	search: Search,
	history: History,
	by: 1 | -1,
): Search => {
	const current = history[search.index];
	for (
		let index = search.index + by;
		index >= 0 && index < history.length;
		index += by
	) {
		const line = history[index]!;
		// The same line twice doesn't count as another find.
		if (line !== current && hasQuery(line, search.query)) {
			return {...search, index, hasFailed: false};
		}
	}

	return {...search, hasFailed: true};
};

/** The newest line with another query; a longer one goes on from the find. */
export const withQuery = (
	search: Search,
	history: History,
	query: string,
): Search => {
	const current = history[search.index];
	if (
		query.startsWith(search.query) &&
		current !== undefined &&
		hasQuery(current, query)
	) {
		return {...search, query, hasFailed: false};
	}

	const from = query.startsWith(search.query) ? search.index : history.length;
	const next = searchedOn({query, index: from, hasFailed: false}, history, -1);
	return query === '' ? startSearch(history) : next;
};

export const foundLine = (
	{index}: Search,
	history: History,
): string | undefined => history[index];
