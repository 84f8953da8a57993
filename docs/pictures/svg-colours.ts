/**
 * A terminal's colours as #rrggbb: a dark theme's 16, then xterm's cube and
 * grey ramp.
 */
import type {Cell, Colour} from '../../test/helpers/cells.js';

export const foreground = '#d5d9e0';
export const background = '#15181e';

const named = [
	'#2a2f3a',
	'#f07178',
	'#8fce72',
	'#e6c068',
	'#6cb2f7',
	'#c792ea',
	'#5fcfd0',
	'#c8ccd4',
	'#6b7486',
	'#ff8b92',
	'#aee694',
	'#ffd98a',
	'#93c9ff',
	'#ddb1ff',
	'#8be9ea',
	'#ffffff',
];

const firstGrey = 232;
const cubeSteps = [0, 95, 135, 175, 215, 255];

const toHex = (channels: readonly number[]) =>
	`#${channels
		.map(channel => Math.round(channel).toString(16).padStart(2, '0'))
		.join('')}`;

const toChannels = (hex: string) =>
	[1, 3, 5].map(start => Number.parseInt(hex.slice(start, start + 2), 16));

const paletteColour = (index: number) => {
	if (index < named.length) {
		return named[index]!;
	}

	if (index >= firstGrey) {
		const level = 8 + 10 * (index - firstGrey);
		return toHex([level, level, level]);
	}

	const cell = index - named.length;
	return toHex(
		[Math.floor(cell / 36), Math.floor(cell / 6) % 6, cell % 6].map(
			step => cubeSteps[step]!,
		),
	);
};

const toRgb = (colour: Colour, byDefault: string) => {
	if (colour === 'default') {
		return byDefault;
	}

	return typeof colour === 'number' ? paletteColour(colour) : colour;
};

/** Halfway to the background, as terminals show dim text. */
const dim = (ink: string, paper: string) => {
	const behind = toChannels(paper);
	return toHex(
		toChannels(ink).map((channel, index) => (channel + behind[index]!) / 2),
	);
};

/** The foreground and background colours of a cell. */
export const cellColours = (cell: Cell) => {
	const own = {
		ink: toRgb(cell.foreground, foreground),
		paper: toRgb(cell.background, background),
	};
	const {ink, paper} = cell.isInverse ? {ink: own.paper, paper: own.ink} : own;
	return {ink: cell.isDim ? dim(ink, paper) : ink, paper};
};
