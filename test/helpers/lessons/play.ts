/**
 * Plays a lesson as a person does: types what it says into real terminals, and
 * waits until it sees what it shows.
 *
 * A prompt is waited for before anything is typed behind it. What a screen
 * shows is looked for on all of it; what came as lines, in those that came
 * since the last that was seen.
 */
import {delimiter} from 'node:path';
import process from 'node:process';
import {stripVTControlCharacters} from 'node:util';
import {askForBrackets} from '../../../source/keyboard/brackets.js';
import {requireExecutable, type Owner} from '../environment.js';
import {findPort} from '../ports.js';
import {openTerminal, type Terminal} from '../terminal.js';
import {until} from '../until.js';
import {findLines, type Ports} from './expected.js';
import {parseLesson, type LessonStep, type Reader} from './lesson.js';
import {installBin} from './stage.js';

export type PlayOptions = {
	/** Of each wait; default 20,000: sockchat's own patience is 10 s. */
	readonly deadlineMs?: number;
};

type Seat = {
	readonly terminal: Terminal;
	/** What was typed behind the prompts of a shell and of Python. */
	readonly typed: Record<Exclude<Reader, 'sockchat'>, number>;
	/** Lines that were seen, or came before one that was. */
	seen: number;
};

const isScreen = ({modes}: Terminal): boolean => modes.isAlternateScreen;

/** All that was written, but for what was on the alternate screen. */
const withoutScreens = (output: string): string => {
	const [start, ...screens] = output.split('\u{1B}[?1049h');
	const rest = screens.map(part =>
		part.split('\u{1B}[?1049l').slice(1).join(''),
	);
	return [start, ...rest].join('');
};

/**
 * What came as lines, the last one perhaps not whole; without the input line of
 * --plain, which each line replaces.
 */
const linesOf = (terminal: Terminal): string[] =>
	stripVTControlCharacters(
		// Node's function knows no sequences with intermediate bytes.
		withoutScreens(terminal.output()).replaceAll(askForBrackets, ''),
	)
		.replaceAll('\r', '')
		.split('\n')
		.map(line => line.replace(/^(?:› )+/, ''));

/** A row as the texts between its frames; the frame's own line is dashes. */
const cellsOf = (row: string): string[] => [
	...row.split(/[│╭╮╰╯]/).map(cell => cell.trim()),
	// A row of the ladder has lines in it.
	...row.split('││').map(pane => pane.replaceAll(/^│|│$/g, '').trim()),
];

/** What was printed while a prompt stood there is behind it, or behind a ^C. */
const withoutPrompt = (line: string): string =>
	line.replace(/^(?:\$ |>>> |\^[CD])+/, '').trim();

class Play {
	ports: Ports = new Map();
	readonly #owner: Owner;
	readonly #deadlineMs: number;
	readonly #seats = new Map<number, Seat>();
	#path = '';

	constructor(owner: Owner, deadlineMs: number) {
		this.#owner = owner;
		this.#deadlineMs = deadlineMs;
	}

	async open(text: string): Promise<void> {
		const wanted = new Set(text.match(/\b500\d\b/g));
		const ports = new Map<string, string>();
		for (const port of wanted) {
			// One after the other, so that two are not the same.

			ports.set(port, await findPort());
		}

		this.ports = ports;
		this.#path = installBin(this.#owner, ports.get('5001') ?? '5001');
	}

	terminal(number: number): Terminal {
		return this.#seat(number).terminal;
	}

	async do(step: LessonStep): Promise<void> {
		const seat = this.#seat(step.terminal);
		switch (step.kind) {
			case 'type': {
				await this.#type(seat, step.reader, this.#withPorts(step.text));
				break;
			}

			case 'press': {
				seat.terminal.press(step.key);
				break;
			}

			case 'see': {
				await this.#see(seat, step);
				break;
			}
		}
	}

	#seat(number: number): Seat {
		const known = this.#seats.get(number);
		if (known) {
			return known;
		}

		const terminal = openTerminal(this.#owner, {
			command: requireExecutable('dash', 'dash'),
			args: ['-i'],
			columns: 110,
			rows: 34,
			env: {
				PATH: [this.#path, process.env['PATH']].join(delimiter),
				PS1: '$ ',
				ENV: undefined,
				// From 3.13 on, its prompt is a screen of its own.
				PYTHON_BASIC_REPL: '1',
			},
		});
		const seat = {terminal, typed: {shell: 0, python: 0}, seen: 0};
		this.#seats.set(number, seat);
		return seat;
	}

	#withPorts(text: string): string {
		return text.replaceAll(/\b500\d\b/g, port => this.ports.get(port) ?? port);
	}

	async #type(seat: Seat, reader: Reader, text: string): Promise<void> {
		const {terminal, typed} = seat;
		if (reader !== 'sockchat') {
			await this.#prompted(seat, reader);
			typed[reader]++;
			terminal.type(`${text}\r`);
			return;
		}

		const deadlineMs = this.#deadlineMs;
		await terminal.waitForModes(
			{isAlternateScreen: true, isBracketedPaste: true},
			{deadlineMs},
		);
		terminal.type(text);
		await terminal.waitFor(`\u203A ${text}`, {deadlineMs});
		terminal.press('enter');
		await terminal.waitForNot(`\u203A ${text}`, {deadlineMs});
	}

	/** Waits for a prompt that nothing was typed behind yet. */
	async #prompted({terminal, typed}: Seat, reader: 'shell' | 'python') {
		const prompt = reader === 'shell' ? '$ ' : '>>> ';
		await until(
			() =>
				linesOf(terminal).filter(line => line.startsWith(prompt)).length >
				typed[reader],
			{
				what: `the prompt "${prompt}"`,
				seen: () => linesOf(terminal).join('\n'),
				deadlineMs: this.#deadlineMs,
			},
		);
	}

	async #see(
		seat: Seat,
		{lines, terminal: number}: Extract<LessonStep, {kind: 'see'}>,
	): Promise<void> {
		const {terminal} = seat;
		let [missing] = lines;
		await until(
			() => {
				const onScreen = isScreen(terminal);
				const there = onScreen
					? terminal.screen().map(row => cellsOf(row))
					: linesOf(terminal)
							.slice(seat.seen)
							.map(line => [withoutPrompt(line)]);
				const found = findLines(lines, there, this.ports);
				if ('missing' in found) {
					({missing} = found);
					return false;
				}

				this.ports = found.ports;
				seat.seen += onScreen ? 0 : found.end;
				return true;
			},
			{
				what: `terminal ${number} to show the lesson from line ${missing?.place} on`,
				seen: () =>
					[
						`Not line ${missing?.place}, "${missing?.text}", but:`,
						isScreen(terminal)
							? terminal.framed()
							: linesOf(terminal).slice(seat.seen).join('\n'),
					].join('\n'),
				deadlineMs: this.#deadlineMs,
			},
		);
	}
}

/**
 * Plays a lesson to its end.
 *
 * @param markdown Its text.
 * @returns Its terminals, by number, for what a lesson can't show: that
 * something did not appear.
 * @throws {Error} With the line of the lesson that was not seen, and what was
 * there instead.
 */
export const playLesson = async (
	owner: Owner,
	markdown: string,
	{deadlineMs = 20_000}: PlayOptions = {},
): Promise<(number: number) => Terminal> => {
	const play = new Play(owner, deadlineMs);
	await play.open(markdown);
	for (const step of parseLesson(markdown)) {
		// A lesson is one step after the other.

		await play.do(step);
	}

	return number => play.terminal(number);
};
