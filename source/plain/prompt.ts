/**
 * The input line of `--plain` on a terminal. It stays whole below what comes:
 * the line is cleared, what came is printed in its place, and the line is drawn
 * again with its caret.
 *
 * Editing, history and completion are those of node:readline, which is loaded
 * only for this.
 */
import process from 'node:process';
import type {Interface} from 'node:readline';
import {Writable} from 'node:stream';
import {commandsOf} from '../commands/registry.js';
import {askForBrackets, canBeAskedForBrackets} from '../keyboard/brackets.js';
import {display, toDisplay} from '../protocol/display.js';
import {Output} from './output.js';
import {readPaste, readTyped, textOfLine, type Paste} from './pastes.js';
import type {Streams} from './printer.js';

export type PromptSource = {
	/** Whose commands Tab completes. */
	readonly mode: 'room' | 'raw';
	/** What was sent in earlier runs, oldest first. */
	readonly history?: readonly string[];
	/** One's own nick now; empty if there is none. */
	readonly nick: () => string;
	/** Those that Tab completes. */
	readonly nicks: () => readonly string[];
	/** The commands of bots, without their slashes. */
	readonly commands: () => readonly string[];
	/** Whether Ctrl-C and Ctrl-D on an empty line leave; if not, it asked. */
	readonly mayLeave: () => boolean;
	/** Ctrl-C cleared a draft: whoever was asked has stayed. */
	readonly stay: () => void;
	/** Several lines were pasted: they are in the draft now. */
	readonly onPaste: (lineCount: number) => void;
};

const commandNames = (mode: PromptSource['mode']): readonly string[] =>
	commandsOf(mode).map(({name}) => `/${name}`);

/**
 * Completes the last word before the caret, as the screen does: a nick at the
 * start of the line becomes 'otter: ', elsewhere 'otter ', and '@ot' '@otter '.
 *
 * @returns What may replace the word, and the word.
 */
export const completeWord = (
	text: string,
	nicks: readonly string[],
	{
		mode = 'room',
		commands = [],
	}: {
		readonly mode?: PromptSource['mode'];
		readonly commands?: readonly string[];
	} = {},
): [choices: string[], word: string] => {
	const word = /\S*$/.exec(text)![0];
	const isFirst = word.length === text.length;
	const isCommand = isFirst && word.startsWith('/');
	if (word === '' && !text.startsWith('/')) {
		return [[], word];
	}

	const isMention = word.startsWith('@');
	const candidates = isCommand
		? [...commandNames(mode), ...commands.map(name => `/${name}`)]
		: nicks.map(nick => (isMention ? `@${nick}` : nick));
	const end = isFirst && !isCommand && !isMention ? ': ' : ' ';
	const choices = candidates
		.filter(each => each.toLowerCase().startsWith(word.toLowerCase()))
		.map(each => each + end);
	return [choices, word];
};

/**
 * While a chunk of several keys is read, readline adds all of it to the end of
 * the line, and loses count of its rows.
 */
const insertAtCaret = (line: Interface): void => {
	let isWhole = true;
	Object.defineProperty(line, 'isCompletionEnabled', {
		get: () => isWhole || line.cursor < line.line.length,
		set(isEnabled: boolean) {
			isWhole = isEnabled;
			if (isEnabled) {
				Reflect.set(line, 'prevRows', line.getCursorPos().rows);
			}
		},
	});
};

/** Each line as the text that it stands for. */
async function* textsOf(lines: AsyncIterable<string>): AsyncGenerator<string> {
	for await (const line of lines) {
		yield textOfLine(line);
	}
}

/** As readline has it: newest first, and a text in one line. */
const historyOf = ({history = []}: PromptSource): string[] =>
	history.map(text => readPaste(text).line).toReversed();

const lineFeed = 0x0a;

const bracketPastes = '\u001B[?2004h';
const unbracketPastes = '\u001B[?2004l';

const takeNoPastes = () => {
	process.stdout.write(unbracketPastes);
};

/** Clears from the start of the line, which is some rows above the caret. */
const clearing = (rows: number): string =>
	`${rows > 0 ? `\u001B[${rows}A` : ''}\r\u001B[J`;

// The kernel doesn't stop a process that has no shell to continue it.
const notStoppedAfterMs = 250;

export class Prompt {
	/** Streams that print above the input line. */
	readonly streams: Streams;
	#interface: Interface | undefined;
	#lines: AsyncIterable<string> | undefined;
	#close: (() => void) | undefined;
	#source: PromptSource | undefined;
	/** Whether what was printed last has no line end. */
	#isRowOpen = false;
	/** Whether the line is cleared, and drawn again at the end of this turn. */
	#isCleared = false;

	constructor({stdin, isTyped, stdout, stderr}: Streams) {
		const above = (write: (chunk: string | Uint8Array) => void) =>
			Object.assign(
				new Writable({
					write: (chunk: Uint8Array, _encoding, done) => {
						this.#clear();
						write(chunk);
						this.#isRowOpen = chunk.length > 0 && chunk.at(-1) !== lineFeed;
						done();
					},
				}),
				{isTTY: true},
			);
		this.streams = {
			stdin,
			isTyped,
			stdout: new Output(
				() =>
					above(chunk => {
						stdout.write(chunk);
					}),
				true,
			),
			// Redirected, it is not on this screen.
			stderr:
				'isTTY' in stderr && stderr.isTTY === true
					? above(chunk => {
							stderr.write(chunk);
						})
					: stderr,
		};
	}

	/** The texts that Enter sends, until Ctrl-D or the end. */
	get texts(): AsyncIterable<string> {
		return textsOf(this.#lines!);
	}

	/** Shows the line, and reads keys from now on. */
	async start(source: PromptSource): Promise<void> {
		const {createInterface} = await import('node:readline');
		const {keys, stop} = readTyped(
			this.streams.stdin as NodeJS.ReadStream,
			paste => {
				this.#paste(paste);
			},
		);
		const line = createInterface({
			input: keys,
			output: process.stdout,
			terminal: true,
			completer: (text: string) =>
				completeWord(text, source.nicks(), {
					mode: source.mode,
					commands: source.commands(),
				}),
			history: historyOf(source),
		});
		insertAtCaret(line);
		const close = line.close.bind(line);
		this.#close = close;
		// Readline calls it at Ctrl-D on an empty line.
		line.close = () => {
			if (source.mayLeave()) {
				close();
			}
		};

		this.#interface = line;
		this.#source = source;
		this.#lines = line;
		line.on('line', () => {
			this.#draw();
		});
		line.on('close', () => {
			stop();
			this.#end();
		});
		line.on('SIGINT', () => {
			if (line.line === '') {
				if (source.mayLeave()) {
					process.kill(process.pid, 'SIGINT');
				}

				return;
			}

			source.stay();

			line.write('', {ctrl: true, name: 'e'});
			line.write('', {ctrl: true, name: 'u'});
		});
		line.on('SIGTSTP', () => {
			this.#suspend();
		});
		process.stdout.write(
			bracketPastes +
				(canBeAskedForBrackets(process.env) ? askForBrackets : ''),
		);
		// Also if a second signal ends it at once.
		process.on('exit', takeNoPastes);
		this.#draw();
	}

	/** Gives the terminal back. What was typed and not sent stays to be seen. */
	close(): void {
		if (this.#interface) {
			this.#close?.();
		}
	}

	#end(): void {
		const line = this.#interface!;
		this.#interface = undefined;
		process.off('exit', takeNoPastes);
		takeNoPastes();
		if (this.#isCleared) {
			return;
		}

		if (line.line === '') {
			process.stdout.write(clearing(line.getCursorPos().rows));
		} else {
			process.stdout.write('\n');
		}
	}

	#paste({line, lineCount}: Paste): void {
		const editor = this.#interface;
		if (!editor) {
			return;
		}

		// Its own way in takes each line end for Enter; this one is meant for
		// those who edit the line themselves.
		const {_insertString: insert} = editor as unknown as {
			_insertString: (text: string) => void;
		};
		insert.call(editor, line);
		if (lineCount > 1) {
			this.#source!.onPaste(lineCount);
		}
	}

	/** Ctrl-Z. Readline's own way never ends if no shell continues us. */
	#suspend(): void {
		// There is no shell that could continue it.
		if (process.platform === 'win32') {
			return;
		}

		const {stdin, stdout} = process;
		const resume = () => {
			clearTimeout(late);
			process.off('SIGCONT', resume);
			if (this.#interface) {
				stdin.setRawMode(true);
				stdout.write(bracketPastes);
				this.#draw();
			}
		};

		const late = setTimeout(resume, notStoppedAfterMs);
		process.on('SIGCONT', resume);
		stdout.write(`\n${unbracketPastes}`);
		stdin.setRawMode(false);
		// The whole job, including an npm that started us.
		process.kill(0, 'SIGTSTP');
	}

	#clear(): void {
		if (!this.#interface || this.#isCleared) {
			return;
		}

		this.#isCleared = true;
		process.stdout.write(clearing(this.#interface.getCursorPos().rows));
		// Before the next key, as readline counts on its line.
		queueMicrotask(() => {
			this.#isCleared = false;
			this.#draw();
		});
	}

	#draw(): void {
		const line = this.#interface;
		if (!line) {
			return;
		}

		if (this.#isRowOpen) {
			this.#isRowOpen = false;
			process.stdout.write('\n');
		}

		const nick = toDisplay(this.#source!.nick());
		line.setPrompt(nick === '' ? display`› ` : display`${nick} › `);
		// How many rows above the caret its line begins: none, below what was
		// printed. Node has no other way to say so.
		Reflect.set(line, 'prevRows', 0);
		line.prompt(true);
	}
}
