/**
 * What is typed and pasted at the prompt, as readline can edit it.
 *
 * readline knows neither pastes nor line ends inside its line, and takes a tab
 * at the edge of the terminal for a wider one. So a paste comes here as one
 * text, and its line ends and tabs stand in the line as ⏎ and ⇥. If such a sign
 * was typed, an invisible selector follows it.
 */
import {EventEmitter} from 'node:events';
import {calmClock, calmStdin} from '../keyboard/calm-stdin.js';
import {escape, pasteEnd, pasteStart} from '../keyboard/sequences.js';

const lineEnd = '⏎';
const tab = '⇥';
const selector = '\uFE0E';

const keepSigns = (text: string): string =>
	text.replaceAll(/[⏎⇥]/g, `$&${selector}`);

const signTabs = (text: string): string =>
	keepSigns(text).replaceAll('\t', tab);

export type Paste = {
	/** For readline's line. */
	readonly line: string;
	readonly lineCount: number;
};

/**
 * A pasted text without the line ends after it, and without control characters
 * but tabs: readline would write them to the terminal.
 */
export const readPaste = (text: string): Paste => {
	const rows = text
		.replaceAll(/\r\n?/g, '\n')
		.replaceAll(/[^\P{Control}\t\n]/gu, '')
		// With no sign before it, it selects nothing.
		.replaceAll(/(?<=^|\t)\uFE0E+/gm, '')
		.split('\n');
	while (rows.length > 1 && rows.at(-1) === '') {
		rows.pop();
	}

	return {
		line: rows.map(row => signTabs(row)).join(lineEnd),
		lineCount: rows.length,
	};
};

/** The text that a line of readline's stands for. */
export const textOfLine = (line: string): string =>
	line.replaceAll(/([⏎⇥])(\uFE0E?)/g, (_all, sign, typed) => {
		if (typed !== '') {
			return sign as string;
		}

		return sign === tab ? '\t' : '\n';
	});

const altEnter = `${escape}\r`;

// Alt-/, as the input writes it; readline has no use for it. It is also Esc and
// the slash of a command in one read, which without it would be sent as text.
const altSlash = `${escape}[47;3u`;

// Keys of the kitty protocol; readline would take some for text.
const isUnknown = (text: string) => /^\u001B\[[\d;]+u$/.test(text);

export type TypedInput = {
	/** What readline reads. */
	readonly keys: NodeJS.ReadableStream;
	readonly stop: () => void;
};

/**
 * Reads a terminal.
 *
 * @param onPaste Called for each paste, and for Alt-Enter, between the keys
 * before it and those after it.
 */
export const readTyped = (
	stdin: NodeJS.ReadStream,
	onPaste: (paste: Paste) => void,
): TypedInput => {
	stdin.setEncoding('utf8');
	const calm = calmStdin(stdin, calmClock);
	const keys = Object.assign(new EventEmitter(), {
		setRawMode(isRaw: boolean) {
			stdin.setRawMode(isRaw);
		},
		resume: () => keys,
		pause: () => keys,
	});
	const take = (text: string) => {
		if (text.startsWith(pasteStart)) {
			onPaste(readPaste(text.slice(pasteStart.length, -pasteEnd.length)));
		} else if (text === altEnter) {
			onPaste({line: lineEnd, lineCount: 1});
		} else if (text === altSlash) {
			keys.emit('data', '/');
		} else if (!isUnknown(text)) {
			// A tab that something follows in one read is a text's; the last
			// completes.
			const [tabs] = /\t*$/.exec(text)!;
			const typed = text.slice(0, text.length - tabs.length);
			for (const key of [...(typed === '' ? [] : [signTabs(typed)]), ...tabs]) {
				keys.emit('data', key);
			}
		}
	};

	const read = () => {
		for (;;) {
			const text = calm.read() as string | null;
			if (text === null) {
				return;
			}

			take(text);
		}
	};

	const end = () => {
		keys.emit('end');
	};

	calm.on('readable', read);
	stdin.on('end', end);
	return {
		keys: keys as unknown as NodeJS.ReadableStream,
		stop() {
			calm.off('readable', read);
			stdin.off('end', end);
		},
	};
};
