/** How a person names a peer of a server: by its address, or the end of it. */

/**
 * @param wanted An address, or a part of it after a colon: `53122` or `:53122` of
 * 127.0.0.1:53122, `2` of unix:2.
 * @returns Those of the names that are meant.
 */
export const peersNamed = (
	names: readonly string[],
	wanted: string,
): readonly string[] =>
	names.includes(wanted)
		? [wanted]
		: names.filter(name => name.endsWith(`:${wanted.replace(/^:/, '')}`));
