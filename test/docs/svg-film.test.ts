import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import {renderFilm} from '../../docs/pictures/svg-film.js';
import type {Cell} from '../helpers/cells.js';

const rowOf = (text: string): Cell[] =>
	Array.from(text, character => ({
		text: character,
		width: 1,
		foreground: 'default',
		background: 'default',
		isBold: false,
		isDim: false,
		isItalic: false,
		isUnderlined: false,
		isInverse: false,
	}));

const duration = 1000;

/** The keyframes of an animation as steps: from when it is seen, or isn't. */
const stepsOf = (rule: string) => {
	const steps = rule.matchAll(/(?<when>[^{}]+)\{visibility:(?<how>\w+)\}/g);
	return [...steps].map(({groups}) => {
		// What ends an animation says so of two times.
		const [first] = groups!['when']!.split(',', 1);
		return {
			at:
				first === 'to'
					? duration
					: (Number(first!.slice(0, -1)) * duration) / 100,
			isSeen: groups!['how'] === 'visible',
		};
	});
};

/** The words that are seen at a time, as CSS's step-end has it. */
const seenAt = (svg: string, at: number): string[] => {
	const rules = new Map(
		[...svg.matchAll(/@keyframes (?<name>\w+)\{(?<rule>.*)\}$/gm)].map(
			({groups}) => [groups!['name']!, groups!['rule']!],
		),
	);
	return [...svg.matchAll(/<g(?<look>[^>]*)>(?<drawing><text.*?)<\/g>/g)]
		.filter(({groups}) => {
			const name = /animation-name:(?<name>\w+)/.exec(groups!['look']!);
			return (
				name === null ||
				stepsOf(rules.get(name.groups!['name']!)!).findLast(
					step => step.at <= at,
				)?.isSeen === true
			);
		})
		.flatMap(({groups}) =>
			[...groups!['drawing']!.matchAll(/>(?<word>\w+)<\/text>/g)].map(
				word => word.groups!['word']!,
			),
		);
};

test('film: at any time what is seen is the last shot', () => {
	const row = fc.constantFrom(' '.repeat(4), 'one ', 'two ', 'both');
	const screen = fc.tuple(row, row);
	fc.assert(
		fc.property(
			fc.array(fc.tuple(screen, screen), {minLength: 1, maxLength: 8}),
			takes => {
				const svg = renderFilm({
					title: 'a film',
					windows: ['', ''],
					duration,
					shots: takes.map((screens, index) => ({
						at: index * 100,
						screens: screens.map(rows => ({cells: rows.map(rowOf)})),
					})),
				});
				for (const [index, screens] of takes.entries()) {
					assert.deepEqual(
						seenAt(svg, index * 100 + 50),
						screens.flat().flatMap(text => text.trim() || []),
					);
				}
			},
		),
	);
});

test('film: at rest, its last shot is seen', () => {
	const svg = renderFilm({
		title: 'a film',
		windows: [''],
		duration,
		shots: ['one', 'two'].map((text, index) => ({
			at: index * 500,
			screens: [{cells: [rowOf(text)]}],
		})),
	});
	assert.match(svg, /prefers-reduced-motion/);
	assert.match(svg, /class="last"[^>]*><text[^>]*>two</);
	assert.doesNotMatch(svg, /class="last"[^>]*><text[^>]*>one</);
});
