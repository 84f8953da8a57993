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
	closeSync,
	constants,
	fchmodSync,
	fstatSync,
	openSync,
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

/** Does something with a regular file; leaves others, such as a named pipe. */
const withFile = <T>(
	path: string,
	flags: number,
	action: (file: number) => T,
): T => {
	// Without O_NONBLOCK, opening a named pipe waits for its other end.
	const file = openSync(path, flags | constants.O_NONBLOCK, ownerOnly);
	try {
		if (!fstatSync(file).isFile()) {
			throw new Error(`${path} is not a file`);
		}

		return action(file);
	} finally {
		closeSync(file);
	}
};

const textOf = (path: string): string => {
	try {
		return withFile(path, constants.O_RDONLY, file =>
			readFileSync(file, 'utf8'),
		);
	} catch {
		return '';
	}
};

const toAppend = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT;

const append = (path: string, text: string): void => {
	withFile(path, toAppend, file => {
		appendFileSync(file, text);
	});
};

/** @returns Undefined if it is for another purpose, damaged or too long. */
const lineOf = (json: string, purpose: Purpose): string | undefined => {
	try {
		const entry = JSON.parse(json) as Readonly<Record<string, unknown>>;
		const text = entry['for'] === purpose ? entry['text'] : undefined;
		return typeof text === 'string' && text.length <= maxKeptLength
			? text
			: undefined;
	} catch {
		return undefined;
	}
};

const linesIn = (text: string, purpose: Purpose): readonly string[] => {
	const lines: string[] = [];
	for (const json of text.split('\n')) {
		const line = json === '' ? undefined : lineOf(json, purpose);
		if (line !== undefined && line !== '' && line !== lines.at(-1)) {
			lines.push(line);
		}
	}

	return lines.slice(-maxHistory);
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
	append(path, text);
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
		append(path, start);
		withFile(path, toAppend, file => {
			fchmodSync(file, ownerOnly);
		});
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
					append(path, `${entry}\n`);
				});
			}
		},
	};
};
