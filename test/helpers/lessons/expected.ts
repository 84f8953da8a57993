/**
 * Whether what a lesson shows is what stands there.
 *
 * A line has to match from its first character to its last, but for what is
 * another at each run: times, the kernel's ports, counts of bytes (0 is 0).
 * The same port in the lesson is the same port throughout, and two are two.
 */
import type {Expected} from './lesson.js';

/** The ports of the lesson, and which they were in this run. */
export type Ports = ReadonlyMap<string, string>;

// Columns are as wide as they need; but the ladder of a lifecycle says by the
// space behind the time whose end it is.
const varying =
	/(?<time>(?:≤\d\d:\d\d\.\d\d|\d\d:\d\d\.\d{3}|\d\d:\d\d(?::\d\d(?:\.\d{3})?)?)(?: (?! ))?)|(?<port>\b(?:3[3-9]|[45]\d|6[0-5])\d{3}\b)|(?<given>\b500\d\b)|(?<segments> in \d+ segments?\b)|(?<left>(?<=TIME-WAIT )≤\d0 s)|(?<count>\b[1-9]\d* B\b)|(?<gap> +)|(?<line>[·┄]{2,})|(?<rest>\u2026)/g;

const escaped = (text: string): string =>
	text.replaceAll(/[$()*+.?[\\\]^{|}]/g, String.raw`\$&`);

/** The expression for a line; a port that is not known yet is a group. */
const expressionOf = (text: string, ports: Ports): RegExp => {
	let source = '';
	let end = 0;
	const unknown = new Set<string>();
	for (const match of text.matchAll(varying)) {
		const [varied] = match;
		const {time, port, given, segments, left, count, gap, line} = match.groups!;
		source += escaped(text.slice(end, match.index));
		end = match.index + varied.length;
		const known = ports.get(varied);
		if (time !== undefined) {
			// A machine that lets the program wait leaves it only bounds.
			const bound = /^\d\d:\d\d\.\d{3}/.test(time)
				? String.raw`|≤\d\d:\d\d\.\d\d${' '.repeat(time.length - 9)}`
				: '';
			source += `(?:${time.replaceAll(/\d/g, String.raw`\d`)}${bound})`;
		} else if (known !== undefined) {
			source += known;
		} else if (port !== undefined) {
			source += unknown.has(port)
				? String.raw`\k<port${port}>`
				: String.raw`(?<port${port}>\d{4,5})`;
			unknown.add(port);
		} else if (given !== undefined) {
			throw new Error(`There is no port for ${given}.`);
		} else if (segments !== undefined) {
			// The kernel's counts may not have been read by then.
			source += String.raw`(?: in \d+ segments?)?`;
		} else if (left !== undefined) {
			source += String.raw`(?:≤\d0 s|<10 s)`;
		} else if (line !== undefined) {
			// Read or inferred: that depends on what the poll came across.
			source += '[·┄]+';
		} else if (count === undefined) {
			source += gap === undefined ? '.*' : gap === ' ' ? ' +' : ' {2,}';
		} else {
			source += String.raw`[1-9][\d.]* k?B`;
		}
	}

	return new RegExp(`^${source}${escaped(text.slice(end))}$`);
};

/** @returns The ports that are known then; undefined where it doesn't match. */
const match = (text: string, line: string, ports: Ports): Ports | undefined => {
	const found = expressionOf(text, ports).exec(line);
	if (!found) {
		return undefined;
	}

	const learned = Object.entries(found.groups ?? {}).map(
		([name, port]) => [name.slice('port'.length), port] as const,
	);
	const taken = new Set(ports.values());
	return learned.some(([, port]) => taken.has(port))
		? undefined
		: new Map([...ports, ...learned]);
};

export type Found = {
	/** How many of the lines there are up to the last that matched. */
	readonly end: number;
	readonly ports: Ports;
};

/**
 * Looks for the lines in their order; others may stand between them.
 *
 * @param there What stands there, each line with the texts that it may be
 * taken for: the cells of a row of the screen.
 * @returns The first line that is missing, or where all of them were found.
 */
export const findLines = (
	lines: readonly Expected[],
	there: ReadonlyArray<readonly string[]>,
	known: Ports,
): Found | {readonly missing: Expected} => {
	let ports = known;
	let end = 0;
	for (const line of lines) {
		let found: Ports | undefined;
		while (!found && end < there.length) {
			for (const text of there[end]!) {
				found ??= match(line.text, text, ports);
			}

			end++;
		}

		if (!found) {
			return {missing: line};
		}

		ports = found;
	}

	return {end, ports};
};
