/** What a test waits for in a text: a substring, or a regular expression. */
export type Pattern = string | RegExp;

/**
 * The first match, or its first group if the expression has one: a test can wait
 * for a port and get it at the same time.
 */
export const firstMatch = (
	text: string,
	pattern: Pattern,
): string | undefined => {
	if (typeof pattern === 'string') {
		return text.includes(pattern) ? pattern : undefined;
	}

	// A copy without g and y, which keep a position between calls.
	const found = new RegExp(
		pattern.source,
		pattern.flags.replaceAll(/[gy]/g, ''),
	).exec(text);
	return found?.[1] ?? found?.[0];
};

export const describePattern = (pattern: Pattern) =>
	typeof pattern === 'string' ? JSON.stringify(pattern) : String(pattern);
