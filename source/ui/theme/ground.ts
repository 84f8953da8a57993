/** Whether a terminal's ground is dark or light. Pure. */
export type Ground = 'dark' | 'light';

/**
 * By the variable COLORFGBG, "15;0": the last number is the ground's colour.
 *
 * @returns Undefined if it doesn't say, as in "default;default".
 */
export const groundOfVariable = (
	value: string | undefined,
): Ground | undefined => {
	const number = /;(1[0-5]|\d)$/.exec(value ?? '')?.[1];
	if (number === undefined) {
		return undefined;
	}

	// White, grey (bright black) being dark, and the bright colours.
	return number === '7' || Number(number) > 8 ? 'light' : 'dark';
};

// XParseColor's rgb:R/G/B with one to four hex digits each; some terminals add
// alpha. #RRGGBB is its older form.
const byChannels = /^rgba?:([\da-f]{1,4})\/([\da-f]{1,4})\/([\da-f]{1,4})\b/i;
const byDigits = /^#((?:[\da-f]{3}){1,4})$/i;

const channelsOf = (colour: string): readonly string[] => {
	const [, ...channels] = byChannels.exec(colour) ?? [];
	const digits = byDigits.exec(colour)?.[1] ?? '';
	const length = digits.length / 3;
	return channels.length > 0 || length === 0
		? channels
		: [0, length, 2 * length].map(at => digits.slice(at, at + length));
};

const toLinear = (channel: string): number => {
	const value = Number.parseInt(channel, 16) / (16 ** channel.length - 1);
	return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
};

// Black and white have the same contrast to it: (L + 0.05)² = 0.05 × 1.05.
const middleLuminance = 0.179;

/**
 * By its colour, as terminals answer OSC 11: "rgb:1e1e/1e1e/1e1e".
 *
 * @returns Undefined if it isn't a colour.
 */
export const groundOfColour = (colour: string): Ground | undefined => {
	const [red, green, blue] = channelsOf(colour).map(channel =>
		toLinear(channel),
	);
	if (red === undefined || green === undefined || blue === undefined) {
		return undefined;
	}

	// The relative luminance of WCAG 2.2.
	const luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
	return luminance > middleLuminance ? 'light' : 'dark';
};
