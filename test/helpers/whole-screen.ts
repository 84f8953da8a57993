/**
 * Whether a screen is whole: frames, input row and caret are at the cells that the
 * layout gives them.
 */
import {chooseLayout, type Area} from '../../source/ui/layout.js';
import type {Terminal} from './terminal.js';
import {until} from './until.js';

type Size = {readonly columns: number; readonly rows: number};

type At = (x: number, y: number) => string;

const boxProblems = (name: string, area: Area, at: At): string[] => {
	const {x, y, width, height} = area;
	const right = x + width - 1;
	const bottom = y + height - 1;
	const sides = Array.from({length: height - 2}, (_, index) => y + 1 + index);
	const wanted: Array<readonly [number, number, string]> = [
		[x, y, '╭'],
		[right, y, '╮'],
		[x, bottom, '╰'],
		[right, bottom, '╯'],
		...sides.flatMap(
			row =>
				[
					[x, row, '│'],
					[right, row, '│'],
				] as const,
		),
	];
	return wanted
		.filter(([column, row, text]) => at(column, row) !== text)
		.map(([column, row, text]) => `${name}: no ${text} at ${column},${row}`);
};

const rulesProblems = (name: string, area: Area, at: At): string[] => {
	const {x, y, width, height} = area;
	return [y, y + height - 1]
		.flatMap(row => [[x, row] as const, [x + width - 1, row] as const])
		.filter(([column, row]) => at(column, row) !== '─')
		.map(([column, row]) => `${name}: no rule at ${column},${row}`);
};

const frameProblems = (name: string, area: Area, at: At): string[] => {
	switch (area.frame) {
		case 'box': {
			return boxProblems(name, area, at);
		}

		case 'rules': {
			return rulesProblems(name, area, at);
		}

		case 'bare':
		case 'text': {
			return [];
		}
	}
};

/** What is wrong with a screen whose input line shows `draft`. */
const problemsOf = (
	terminal: Terminal,
	{columns, rows}: Size,
	draft: string,
): string[] => {
	const cells = terminal.cells();
	if (cells.length !== rows || cells[0]!.length !== columns) {
		return [`the emulator has ${cells[0]!.length}x${cells.length}`];
	}

	const at: At = (x, y) => cells[y]![x]!.text;
	const {connection, input, transcript} = chooseLayout(columns, rows);
	const lines = terminal.screen();
	const {x, y} = terminal.cursor();
	const row = lines[input.y] ?? '';
	const start = row.indexOf('› ') + 2;
	const caret = input.x + start + draft.length;
	const shown = draft === '' ? 'message, or /help' : draft;
	return [
		...frameProblems('transcript', transcript, at),
		...frameProblems('connection', connection, at),
		...(lines
			.slice(connection.y, connection.y + connection.height)
			.some(line => line.slice(connection.x).includes('● '))
			? []
			: ['connection: no phase']),
		...(row.slice(start) === shown ? [] : [`input: not ${shown}`]),
		...(x === caret && y === input.y ? [] : [`caret: at ${x},${y}`]),
		...(terminal.modes.isCursorHidden ? ['caret: hidden'] : []),
	];
};

/**
 * Waits for a screen to be whole.
 *
 * @param draft The text of the input line: short, in Latin letters.
 * @param shown What the transcript must also show; a blank matches a line end where
 * it is wrapped.
 */
export const waitForWhole = async (
	terminal: Terminal,
	size: Size,
	{draft = '', shown}: {draft?: string; shown?: string | RegExp} = {},
) => {
	let problems: string[] = [];
	const look = () => {
		problems = problemsOf(terminal, size, draft);
		if (shown !== undefined) {
			const isShown =
				typeof shown === 'string'
					? terminal.text().includes(shown)
					: shown.test(terminal.text());
			problems = isShown ? problems : [...problems, `not shown: ${shown}`];
		}

		return problems.length === 0;
	};

	await until(look, {
		what: `a whole screen of ${size.columns}x${size.rows}`,
		seen: () => `${problems.join('\n')}\n${terminal.framed()}`,
	});
};
