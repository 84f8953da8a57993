/** How a person names a peer of a server: by its address, or the end of it. */

/**
 * Whom a server writes to: the peer that a person names, or those that have
 * exactly these names; undefined for all.
 */
export type Receivers = string | ReadonlySet<string> | undefined;

/**
 * Called for each connection that gets a write, with the peer's name at a server.
 *
 * @returns Is called with whether the kernel took all of it, or never will.
 */
export type Track = (peer: string | undefined) => (isTaken: boolean) => void;

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

/** @returns Those of the names that are meant. */
export const receiversAmong = (
	names: readonly string[],
	to: Receivers,
): readonly string[] => {
	if (to === undefined) {
		return names;
	}

	return typeof to === 'string'
		? peersNamed(names, to)
		: names.filter(name => to.has(name));
};
