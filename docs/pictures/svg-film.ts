/**
 * Renders what several terminals showed, one below the other, as an SVG that
 * moves: each row of a screen is drawn once for each time that it stood there.
 *
 * Who asked for less motion sees the last picture, at rest.
 */
import type {Cell} from '../../test/helpers/cells.js';
import {drawCursor, drawRow, drawWindow, windowSize, wrapSvg} from './svg.js';

export type Screen = {
	readonly cells: ReadonlyArray<readonly Cell[]>;
	readonly cursor?: {readonly x: number; readonly y: number} | undefined;
};

/** What all screens showed from a time on, until the next shot. */
export type Shot = {
	/** In milliseconds from the start. */
	readonly at: number;
	readonly screens: readonly Screen[];
};

export type Film = {
	readonly title: string;
	/** The title of each screen's window. */
	readonly windows: readonly string[];
	readonly shots: readonly Shot[];
	/** In milliseconds; then it begins again. */
	readonly duration: number;
};

/** A drawing, and from when until when it is seen. */
type Stay = {readonly drawing: string; readonly from: number; to: number};

const gap = 12;

/** The stays of one place, whose drawings come shot by shot. */
const staysOf = (
	drawings: ReadonlyArray<{readonly at: number; readonly drawing: string}>,
	duration: number,
): Stay[] => {
	const stays: Stay[] = [];
	for (const {at, drawing} of drawings) {
		const last = stays.at(-1);
		if (last?.drawing === drawing) {
			continue;
		}

		if (last !== undefined) {
			last.to = at;
		}

		stays.push({drawing, from: at, to: duration});
	}

	return stays.filter(({drawing}) => drawing !== '');
};

const percent = (at: number, duration: number) =>
	`${Number(((100 * at) / duration).toFixed(2))}%`;

/** Names the times, so that rows that come and go together share them. */
const createTimes = (duration: number) => {
	const names = new Map<string, string>();
	return {
		nameOf({from, to}: Stay) {
			const steps = [
				...(from === 0 ? [] : ['0%{visibility:hidden}']),
				`${percent(from, duration)}{visibility:visible}`,
				...(to === duration
					? ['to{visibility:visible}']
					: [`${percent(to, duration)},to{visibility:hidden}`]),
			].join('');
			const name = names.get(steps) ?? `t${names.size}`;
			names.set(steps, name);
			return name;
		},
		rules: () =>
			[...names].map(([steps, name]) => `@keyframes ${name}{${steps}}`),
	};
};

export const renderFilm = ({title, windows, shots, duration}: Film): string => {
	const [first] = shots;
	const sizes = (first?.screens ?? []).map(({cells}) =>
		windowSize(cells[0]?.length ?? 0, cells.length),
	);
	const times = createTimes(duration);
	const drawStay = (stay: Stay) => {
		const isLast = stay.to === duration ? ' class="last"' : '';
		return stay.from === 0 && stay.to === duration
			? `<g class="last">${stay.drawing}</g>`
			: `<g${isLast} style="animation-name:${times.nameOf(stay)}">${stay.drawing}</g>`;
	};

	const drawings = windows.map((window, index) => {
		const placeOf = (draw: (screen: Screen) => string) =>
			staysOf(
				shots.map(({at, screens}) => ({at, drawing: draw(screens[index]!)})),
				duration,
			).map(stay => drawStay(stay));
		const rows = first?.screens[index]?.cells ?? [];
		return [
			...drawWindow(window, sizes[index]!),
			...placeOf(({cursor}) => drawCursor({cursor}).join('')),
			...[...rows.keys()].flatMap(y =>
				placeOf(({cells}) => drawRow(cells[y]!, y)),
			),
		].join('\n');
	});

	const width = Math.max(...sizes.map(size => size.width));
	const tops = sizes.map((_size, index) =>
		sizes.slice(0, index).reduce((sum, {height}) => sum + height + gap, 0),
	);
	const height = tops.at(-1)! + sizes.at(-1)!.height;
	const style = [
		`<style>.film g{animation:${duration / 1000}s step-end infinite}`,
		...times.rules(),
		'@media (prefers-reduced-motion:reduce){.film g{animation:none!important;visibility:hidden}.film g.last{visibility:visible}}</style>',
	];
	return wrapSvg(title, {width, height}, [
		...style,
		...drawings.map(
			(drawing, index) =>
				`<g transform="translate(0 ${tops[index]!})"><g class="film">\n${drawing}\n</g></g>`,
		),
	]);
};
