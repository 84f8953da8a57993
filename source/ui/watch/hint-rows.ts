/** The bottom rows: a notice, a command that is typed, or the main keys. Pure. */
import {watchKeyHelp} from '../../commands/keys.js';
import {display, displayWidth, toDisplay} from '../../protocol/display.js';
import type {PortModel} from '../../store/port-model.js';
import {blanks, cutTo} from '../text/cells.js';
import {createRow, type Row} from '../text/row.js';
import {wrapText} from '../text/wrap.js';

/** The most useful first. */
const keys = [
	'q leaves',
	'? keys',
	'↑↓ choose',
	'c Python/C',
	'e explain',
	'PgUp PgDn scroll',
] as const;

const separator = ' · ';

const keyRow = (width: number): Row => {
	let text = '';
	for (const key of keys) {
		const longer = text === '' ? key : `${text}${separator}${key}`;
		if (displayWidth(toDisplay(longer)) > width) {
			break;
		}

		text = longer;
	}

	return createRow([{text: cutTo(toDisplay(text), width), role: 'faint'}]);
};

export const hintRows = (
	{notice, look: {typed}}: PortModel,
	width: number,
): readonly Row[] => {
	if (typed !== undefined) {
		const text = display`${toDisplay(typed)}▏`;
		return [createRow([{text: cutTo(text, width), role: 'prompt'}])];
	}

	return notice === undefined
		? [keyRow(width)]
		: wrapText(toDisplay(notice), Math.max(2, width)).map(text =>
				createRow([{text, role: 'warn'}]),
			);
};

const keyColumns = 14;

/** Below it, each key has one row, which is cut. */
const wrappedColumns = 40;

/** The keys, as many as fit. */
export const helpRows = (width: number, height: number): readonly Row[] => {
	if (width < wrappedColumns) {
		return watchKeyHelp
			.map(([names, what]) => {
				const text = cutTo(toDisplay(`${names}: ${what}`), width);
				return createRow([{text}]);
			})
			.slice(0, Math.max(0, height));
	}

	const column = keyColumns;
	return watchKeyHelp
		.flatMap(([names, what]): Row[] => {
			const name = cutTo(toDisplay(names), column);
			const rest = wrapText(toDisplay(what), Math.max(2, width - column - 2));
			return rest.map((text, index) =>
				createRow([
					{
						text: index === 0 ? name : display``,
						role: 'title',
					},
					{
						text: blanks(column + 2 - (index === 0 ? displayWidth(name) : 0)),
					},
					{text},
				]),
			);
		})
		.slice(0, Math.max(0, height));
};
