/**
 * Renders a terminal's screen as an SVG that looks the same in any font: every word
 * has its own x and length, and lines and blocks are paths.
 */
import type {Cell} from '../../test/helpers/cells.js';
import {background, cellColours, foreground} from './svg-colours.js';
import {blockPath, type Box, linePath} from './svg-lines.js';

export type Picture = {
	readonly title: string;
	readonly cells: ReadonlyArray<readonly Cell[]>;
	/** Column and row from 0; undefined if the terminal hides it. */
	readonly cursor?: {readonly x: number; readonly y: number} | undefined;
};

// In pixels. In nearly every monospaced font a character is 0.6 of the font size
// wide; this size makes that a whole number.
const fontSize = 15;
const cellWidth = 9;
const cellHeight = 19;
const baseline = 14;
const padding = 16;
const barHeight = 36;

const fonts =
	"ui-monospace,'SF Mono',Menlo,Consolas,'DejaVu Sans Mono','Liberation Mono',monospace";

const escapeXml = (text: string) =>
	text
		.replaceAll('&', '&amp;')
		.replaceAll('<', '&lt;')
		.replaceAll('>', '&gt;')
		.replaceAll('"', '&quot;');

const boxAt = (x: number, y: number, columns: number): Box => ({
	x: padding + x * cellWidth,
	y: barHeight + y * cellHeight,
	width: columns * cellWidth,
	height: cellHeight,
});

const look = (cell: Cell) => {
	const {ink} = cellColours(cell);
	return [
		`fill="${ink}"`,
		...(cell.isBold ? ['font-weight="bold"'] : []),
		...(cell.isItalic ? ['font-style="italic"'] : []),
		...(cell.isUnderlined ? ['text-decoration="underline"'] : []),
	].join(' ');
};

type Word = {
	readonly x: number;
	readonly columns: number;
	readonly text: string;
	readonly look: string;
};

/** The words of a row, separated by blanks, lines and changes of style. */
const toWords = (row: readonly Cell[]): Word[] => {
	const words: Word[] = [];
	for (const [x, cell] of row.entries()) {
		const box = boxAt(x, 0, 1);
		const isDrawn =
			linePath(cell.text, box) !== undefined ||
			blockPath(cell.text, box) !== undefined;
		if (cell.text.trim() === '' || isDrawn) {
			continue;
		}

		const word = {x, columns: cell.width, text: cell.text, look: look(cell)};
		const last = words.at(-1);
		// A wide character is a word of its own: its glyph is from another font.
		const isJoined =
			last?.look === word.look &&
			last.x + last.columns === x &&
			last.columns === last.text.length &&
			cell.width === 1;
		if (isJoined) {
			words[words.length - 1] = {
				...last,
				columns: last.columns + 1,
				text: last.text + cell.text,
			};
		} else {
			words.push(word);
		}
	}

	return words;
};

const drawWords = (row: readonly Cell[], y: number) =>
	toWords(row).map(word => {
		const {x, y: top, width} = boxAt(word.x, y, word.columns);
		const length = word.columns > 1 ? ` textLength="${width}"` : '';
		return `<text x="${x}" y="${top + baseline}"${length} ${word.look}>${escapeXml(word.text)}</text>`;
	});

const drawPaper = (row: readonly Cell[], y: number) =>
	row.flatMap((cell, x) => {
		const {paper} = cellColours(cell);
		const {x: left, y: top, height} = boxAt(x, y, 1);
		return paper === background
			? []
			: // Half a pixel more, or a seam shows between two cells.
				`<rect x="${left}" y="${top}" width="${cellWidth + 0.5}" height="${height}" fill="${paper}"/>`;
	});

type ToPath = (character: string, box: Box) => string | undefined;
type Rows = Iterable<readonly [number, readonly Cell[]]>;

/** One path per colour, to avoid seams between adjacent pieces. */
const gatherPaths = (rows: Rows, toPath: ToPath) => {
	const paths = new Map<string, string>();
	for (const [y, row] of rows) {
		for (const [x, cell] of row.entries()) {
			const path = toPath(cell.text, boxAt(x, y, 1));
			if (path === undefined) {
				continue;
			}

			const {ink} = cellColours(cell);
			paths.set(ink, (paths.get(ink) ?? '') + path);
		}
	}

	return [...paths];
};

const drawLines = (rows: Rows) =>
	gatherPaths(rows, linePath).map(
		([ink, path]) =>
			`<path d="${path}" fill="none" stroke="${ink}" stroke-width="1.3"/>`,
	);

const drawBlocks = (rows: Rows) =>
	gatherPaths(rows, blockPath).map(
		([ink, path]) => `<path d="${path}" fill="${ink}"/>`,
	);

/** One row of a screen, by itself. */
export const drawRow = (row: readonly Cell[], y: number): string =>
	[
		...drawPaper(row, y),
		...drawLines([[y, row]]),
		...drawBlocks([[y, row]]),
		...drawWords(row, y),
	].join('');

export const drawCursor = ({cursor}: Pick<Picture, 'cursor'>): string[] => {
	if (cursor === undefined) {
		return [];
	}

	const {x, y, height} = boxAt(cursor.x, cursor.y, 1);
	return [
		`<rect x="${x}" y="${y + 1}" width="${cellWidth}" height="${height - 2}" fill="${foreground}" fill-opacity="0.8"/>`,
	];
};

/** The size of a window, in pixels, around a screen of so many cells. */
export const windowSize = (columns: number, rows: number) => ({
	width: columns * cellWidth + 2 * padding,
	height: barHeight + rows * cellHeight + padding,
});

type Size = {readonly width: number; readonly height: number};

export const drawWindow = (title: string, {width, height}: Size): string[] => [
	`<rect x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="10" fill="${background}" stroke="#3a404d"/>`,
	...['#f0655a', '#e8b73f', '#5fbf56'].map(
		(colour, index) =>
			`<circle cx="${padding + 6 + index * 20}" cy="18" r="6" fill="${colour}"/>`,
	),
	`<text x="${width / 2}" y="23" text-anchor="middle" font-size="13" fill="#8b93a3">${escapeXml(title)}</text>`,
];

export const wrapSvg = (
	title: string,
	{width, height}: Size,
	content: readonly string[],
): string =>
	[
		`<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" font-family="${fonts}" font-size="${fontSize}">`,
		`<title>${escapeXml(title)}</title>`,
		...content,
		'</svg>',
		'',
	].join('\n');

export const renderSvg = (picture: Picture): string => {
	const {cells, title} = picture;
	const size = windowSize(cells[0]?.length ?? 0, cells.length);
	return wrapSvg(title, size, [
		...drawWindow(title, size),
		...cells.flatMap((row, y) => drawPaper(row, y)),
		...drawLines(cells.entries()),
		...drawBlocks(cells.entries()),
		...drawCursor(picture),
		...cells.flatMap((row, y) => drawWords(row, y)),
	]);
};
