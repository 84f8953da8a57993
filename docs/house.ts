/** Draws the folders of source/ and their imports. */
import {graphBelow, reduced, roomsOf} from './imports.js';

const source = new URL('../source/', import.meta.url);

/** Any folder may import these. */
const common = new Set(['errors', 'trace', 'rounds', 'new-file']);

/** The level of a folder: one more than the highest level that it imports. */
const storeyOf = (
	room: string,
	rooms: ReadonlyMap<string, readonly string[]>,
): number =>
	1 +
	Math.max(-1, ...(rooms.get(room) ?? []).map(each => storeyOf(each, rooms)));

/**
 * A Mermaid flowchart. An arrow means 'imports'; arrows implied by others are
 * left out, and so are the files that any folder may import.
 */
export const houseDiagram = (): string => {
	const all = roomsOf(graphBelow(source));
	const shown = new Map(
		[...all]
			.filter(([room]) => !common.has(room))
			.map(([room, targets]) => [
				room,
				targets.filter(target => !common.has(target)),
			]),
	);
	const rooms = [...shown.keys()].toSorted(
		(a, b) => storeyOf(b, shown) - storeyOf(a, shown) || (a < b ? -1 : 1),
	);
	const arrows = reduced(shown);
	return [
		'```mermaid',
		'flowchart TD',
		...rooms.flatMap(room =>
			(arrows.get(room) ?? [])
				.toSorted((a, b) => rooms.indexOf(a) - rooms.indexOf(b))
				.map(target => `    ${room} --> ${target}`),
		),
		'```',
	].join('\n');
};
