/** Draws the cost of a delivery by members; both axes are logarithmic. */
import type {GrowthPoint} from './report.js';

const width = 720;
const height = 420;
const left = 64;
const right = 110;
const top = 24;
const bottom = 48;

// Readable on a white and on a dark background.
const colours: Readonly<Record<string, string>> = {
	limit: '#8a93a6',
	sockchat: '#2f9e6e',
	redis: '#d9534f',
	nats: '#4a86e8',
};

const decades = (values: readonly number[]): readonly [number, number] => [
	Math.floor(Math.log10(Math.min(...values))),
	Math.ceil(Math.log10(Math.max(...values))),
];

const ticks = ([from, to]: readonly [number, number]): readonly number[] =>
	Array.from({length: to - from + 1}, (_, index) => from + index);

const label = (exponent: number): string =>
	exponent < 0
		? (10 ** exponent).toFixed(-exponent)
		: (10 ** exponent).toLocaleString('en');

export const growthChart = (points: readonly GrowthPoint[]): string => {
	const names = Object.keys(points[0]!.cells);
	const across = decades(points.map(({members}) => members));
	const up = decades(points.flatMap(({cells}) => Object.values(cells)));
	const at = (
		value: number,
		[from, to]: readonly [number, number],
		start: number,
		end: number,
	) =>
		(
			start +
			((Math.log10(value) - from) / (to - from)) * (end - start)
		).toFixed(1);
	const x = (members: number) => at(members, across, left, width - right);
	const y = (cost: number) => at(cost, up, height - bottom, top);

	const grid = [
		...ticks(across).flatMap(exponent => [
			`<line x1="${x(10 ** exponent)}" x2="${x(10 ** exponent)}" y1="${top}" y2="${height - bottom}" class="grid"/>`,
			`<text x="${x(10 ** exponent)}" y="${height - bottom + 18}" text-anchor="middle">${label(exponent)}</text>`,
		]),
		...ticks(up).flatMap(exponent => [
			`<line x1="${left}" x2="${width - right}" y1="${y(10 ** exponent)}" y2="${y(10 ** exponent)}" class="grid"/>`,
			`<text x="${left - 8}" y="${y(10 ** exponent)}" dy="4" text-anchor="end">${label(exponent)}</text>`,
		]),
	];
	const lines = names.flatMap(name => {
		const colour = colours[name] ?? '#888888';
		const drawn = points.filter(({cells}) => cells[name] !== undefined);
		const path = drawn
			.map(({members, cells}) => `${x(members)},${y(cells[name]!)}`)
			.join(' ');
		const last = drawn.at(-1)!;
		return [
			`<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="2"/>`,
			...drawn.map(
				({members, cells}) =>
					`<circle cx="${x(members)}" cy="${y(cells[name]!)}" r="3" fill="${colour}"/>`,
			),
			`<text x="${width - right + 8}" y="${y(last.cells[name]!)}" dy="4" style="fill:${colour}">${name}</text>`,
		];
	});
	return [
		`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="Server CPU a delivery, by members">`,
		'<style>text{font:13px sans-serif;fill:#7d8590}.grid{stroke:#7d8590;stroke-opacity:.25}</style>',
		...grid,
		...lines,
		`<text x="${(left + width - right) / 2}" y="${height - 8}" text-anchor="middle">members</text>`,
		`<text x="16" y="${(top + height - bottom) / 2}" text-anchor="middle" transform="rotate(-90 16 ${(top + height - bottom) / 2})">server CPU a delivery, µs</text>`,
		'</svg>',
		'',
	].join('\n');
};
