/**
 * Box-drawing and block characters as paths.
 *
 * As text, the lines of a frame would have gaps between the rows: a font doesn't
 * fill cells of another font's height.
 */
export type Box = {
	readonly x: number;
	readonly y: number;
	readonly width: number;
	readonly height: number;
};

type Side = 'up' | 'right' | 'down' | 'left';

const straight: Readonly<Record<string, readonly Side[]>> = {
	'─': ['left', 'right'],
	'│': ['up', 'down'],
	'┌': ['right', 'down'],
	'┐': ['left', 'down'],
	'└': ['up', 'right'],
	'┘': ['up', 'left'],
	'├': ['up', 'right', 'down'],
	'┤': ['up', 'left', 'down'],
	'┬': ['left', 'right', 'down'],
	'┴': ['left', 'right', 'up'],
	'┼': ['left', 'right', 'up', 'down'],
	'╴': ['left'],
	'╵': ['up'],
	'╶': ['right'],
	'╷': ['down'],
};

const round: Readonly<Record<string, readonly [Side, Side]>> = {
	'╭': ['down', 'right'],
	'╮': ['down', 'left'],
	'╯': ['up', 'left'],
	'╰': ['up', 'right'],
};

const blocks = '▁▂▃▄▅▆▇█';

const middle = ({x, y, width, height}: Box) => ({
	x: x + width / 2,
	y: y + height / 2,
});

const arm = (box: Box, side: Side) => {
	const {x, y} = middle(box);
	const ends = {
		up: `V${box.y}`,
		down: `V${box.y + box.height}`,
		left: `H${box.x}`,
		right: `H${box.x + box.width}`,
	};
	return `M${x} ${y}${ends[side]}`;
};

const corner = (box: Box, vertical: Side, horizontal: Side) => {
	const {x, y} = middle(box);
	const radius = Math.min(box.width, box.height) / 2;
	const [endY, startY] =
		vertical === 'down'
			? [box.y + box.height, y + radius]
			: [box.y, y - radius];
	const endX = horizontal === 'right' ? box.x + box.width : box.x;
	return `M${x} ${endY}V${startY}Q${x} ${y} ${endX} ${y}`;
};

/** A path to stroke; undefined if the character is not a line. */
export const linePath = (character: string, box: Box): string | undefined => {
	const sides = straight[character];
	if (sides !== undefined) {
		return sides.map(side => arm(box, side)).join('');
	}

	const turn = round[character];
	return turn === undefined ? undefined : corner(box, ...turn);
};

/** A path to fill; undefined if the character is not a block. */
export const blockPath = (character: string, box: Box): string | undefined => {
	const eighths = character === '' ? 0 : blocks.indexOf(character) + 1;
	if (eighths === 0) {
		return undefined;
	}

	const height = (box.height * eighths) / blocks.length;
	return `M${box.x} ${box.y + box.height - height}h${box.width}v${height}h${-box.width}z`;
};
