/** How many slips are between what was typed and what was meant. Pure. */
import leven from 'leven';

/** Two neighbours that changed places are one typo. */
export const typosIn = (name: string, known: string): number => {
	const at = [...name].findIndex((letter, index) => letter !== known[index]);
	const swapped =
		name.slice(0, at) +
		name.charAt(at + 1) +
		name.charAt(at) +
		name.slice(at + 2);
	return at !== -1 && swapped === known ? 1 : leven(name, known);
};
