/** Addresses in packets, formatted as the kernel's table shows them. */

export const addressOf4 = (view: DataView, at: number): string =>
	[0, 1, 2, 3].map(index => view.getUint8(at + index)).join('.');

/** In brackets, as RFC 5952 has it: lower case, the longest zeros as `::`. */
export const addressOf6 = (view: DataView, at: number): string => {
	const groups = [0, 1, 2, 3, 4, 5, 6, 7].map(index =>
		view.getUint16(at + 2 * index).toString(16),
	);
	const runs = [...groups.join(':').matchAll(/\b0(?::0)+\b/g)];
	const longest = runs.toSorted((a, b) => b[0].length - a[0].length)[0];
	const text = groups.join(':');
	if (longest === undefined) {
		return `[${text}]`;
	}

	const before = text.slice(0, longest.index).replace(/:$/, '');
	const after = text.slice(longest.index + longest[0].length).replace(/^:/, '');
	return `[${before}::${after}]`;
};
