/**
 * The lines that were sent, for the next run: one JSON object a line, readable by
 * their owner alone, as they may hold whispers.
 *
 * Several processes append at once: each line is one write at the end of the file.
 * A long file is set aside whole and a new one begun, so no line of another
 * process is lost. What can't be read or written is left out: a chat goes on
 * without.
 */
import {
	appendFileSync,
	chmodSync,
	readFileSync,
	renameSync,
	rmSync,
} from 'node:fs';
import {dirname} from 'node:path';
import process from 'node:process';
import {makeFolders} from '../history/files.js';
import {trace} from '../trace.js';

/** How many texts the history keeps. */
export const maxHistory = 1000;

/** The history with one more line, unless it is the last one again. */
export const remember = (
	history: readonly string[],
	text: string,
): readonly string[] =>
	text === '' || history.at(-1) === text
		? history
		: [...history, text].slice(-maxHistory);

/** Longer lines are recalled in this run only. */
export const maxKeptLength = 4096;

/** Lines are recalled where they were typed: `room`, or `raw` and an address. */
export type Purpose = string;

export type TypedLines = {
	/** Oldest first. */
	readonly lines: readonly string[];
	readonly add: (line: string) => void;
};

/** For those who want nothing kept. */
export const noTypedLines: TypedLines = {lines: [], add: () => undefined};

const ownerOnly = 0o600;

const attempt = (action: () => void): void => {
	try {
		action();
	} catch (error) {
		trace('typed lines: %O', error);
	}
};

const textOf = (path: string): string => {
	try {
		return readFileSync(path, 'utf8');
	} catch {
		return '';
	}
};

/** @returns Undefined if it is for another purpose, or damaged. */
const lineOf = (json: string, purpose: Purpose): string | undefined => {
	try {
		const entry = JSON.parse(json) as Readonly<Record<string, unknown>>;
		const text = entry['for'] === purpose ? entry['text'] : undefined;
		return typeof text === 'string' ? text : undefined;
	} catch {
		return undefined;
	}
};

const linesIn = (text: string, purpose: Purpose): readonly string[] => {
	let lines: readonly string[] = [];
	for (const json of text.split('\n')) {
		const line = json === '' ? undefined : lineOf(json, purpose);
		lines = line === undefined ? lines : remember(lines, line);
	}

	return lines;
};

const countLines = (text: string): number => text.split('\n').length - 1;

const setAside = (path: string): void => {
	const taken = `${path}.${process.pid}`;
	renameSync(path, taken);
	const text = textOf(taken);
	if (countLines(text) >= maxHistory) {
		renameSync(taken, `${path}.old`);
		return;
	}

	// Another process was first: these lines came after.
	appendFileSync(path, text, {mode: ownerOnly});
	rmSync(taken);
};

/** @param path Its folder is made if it is missing. */
export const openTypedLines = (path: string, purpose: Purpose): TypedLines => {
	const text = textOf(path);
	const lines = linesIn(`${textOf(`${path}.old`)}\n${text}`, purpose);
	attempt(() => {
		makeFolders(dirname(path));
		// After a crash or on a full disk, the last line may have no end.
		const start = text === '' || text.endsWith('\n') ? '' : '\n';
		appendFileSync(path, start, {mode: ownerOnly});
		chmodSync(path, ownerOnly);
		if (countLines(text) >= maxHistory) {
			setAside(path);
		}
	});

	return {
		lines,
		add(line) {
			if (line.trim() !== '' && line.length <= maxKeptLength) {
				attempt(() => {
					const entry = JSON.stringify({for: purpose, text: line});
					appendFileSync(path, `${entry}\n`, {mode: ownerOnly});
				});
			}
		},
	};
};
