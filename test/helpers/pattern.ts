/** What a test waits for in text: a part of it, or a regular expression. */
export type Pattern = string | RegExp;

/**
 * The first match, or its first group where the expression has one, so that a
 * test can wait for a port and learn it in one step.
 */
export const firstMatch = (
	text: string,
	pattern: Pattern,
): string | undefined => {
	if (typeof pattern === 'string') {
		return text.includes(pattern) ? pattern : undefined;
	}

	// A copy without g and y: they keep a position from call to call.
	const found = new RegExp(
		pattern.source,
		pattern.flags.replaceAll(/[gy]/g, ''),
	).exec(text);
	return found?.[1] ?? found?.[0];
};

export const describePattern = (pattern: Pattern) =>
	typeof pattern === 'string' ? JSON.stringify(pattern) : String(pattern);
