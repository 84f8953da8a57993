/**
 * A lesson of docs/lessons as what is to be done and what is to be seen.
 *
 * Only blocks fenced as `console` count. In them, `# terminal 2` says where;
 * what stands behind a prompt is typed, `^C` is a key, and any other line is
 * to be seen. A blank line parts what is to be seen at one time.
 */
import {readFileSync} from 'node:fs';
import type {Key} from '../keys.js';

/** Whose prompt a line is typed behind. */
export type Reader = 'shell' | 'python' | 'sockchat';

/** A line to be seen, and where in the lesson it stands, from 1. */
export type Expected = {readonly text: string; readonly place: number};

export type LessonStep = {
	/** As the lesson counts them, from 1. */
	readonly terminal: number;
	readonly place: number;
} & (
	| {readonly kind: 'type'; readonly reader: Reader; readonly text: string}
	| {readonly kind: 'press'; readonly key: Key}
	/** All of them, in their order. */
	| {readonly kind: 'see'; readonly lines: readonly Expected[]}
);

const prompts: ReadonlyArray<readonly [prompt: string, reader: Reader]> = [
	['$ ', 'shell'],
	['>>> ', 'python'],
	['\u203A ', 'sockchat'],
];

const keys: Readonly<Record<string, Key>> = {'^C': 'ctrl-c', '^D': 'ctrl-d'};

type Line = {readonly text: string; readonly place: number};

/** The lines of each block, without what the list around it indents. */
const blocksOf = (markdown: string): Line[][] => {
	const blocks: Line[][] = [];
	let fence: {indent: string; isConsole: boolean} | undefined;
	for (const [index, text] of markdown.split('\n').entries()) {
		const {indent, language} =
			/^(?<indent> *)```(?<language>\w*)$/.exec(text)?.groups ?? {};
		if (indent === undefined) {
			if (fence?.isConsole) {
				blocks.at(-1)!.push({
					text: text.slice(fence.indent.length),
					place: index + 1,
				});
			}
		} else if (fence) {
			fence = undefined;
		} else {
			fence = {indent, isConsole: language === 'console'};
			blocks.push([]);
		}
	}

	return blocks;
};

/** @throws {Error} Where a block doesn't say in which terminal it is. */
export const parseLesson = (markdown: string): readonly LessonStep[] => {
	const steps: LessonStep[] = [];
	for (const block of blocksOf(markdown)) {
		let terminal = 0;
		let lines: Expected[] | undefined;
		for (const {text, place} of block) {
			const named = /^# terminal (\d)$/.exec(text)?.[1];
			terminal = Number(named ?? terminal);
			if (text !== '' && terminal === 0) {
				throw new Error(`Line ${place}: in which terminal is "${text}"?`);
			}

			const key = keys[text];
			const [prompt, reader] =
				prompts.find(([prompt]) => text.startsWith(prompt)) ?? [];
			const isSeen =
				text !== '' && named === undefined && key === undefined && !reader;
			if (!isSeen) {
				lines = undefined;
			} else if (lines) {
				lines.push({text: text.trim(), place});
			} else {
				lines = [{text: text.trim(), place}];
				steps.push({kind: 'see', terminal, place, lines});
			}

			if (key) {
				steps.push({kind: 'press', terminal, place, key});
			} else if (prompt && reader) {
				const typed = text.slice(prompt.length);
				steps.push({kind: 'type', terminal, place, reader, text: typed});
			}
		}
	}

	return steps;
};

const folder = new URL('../../../docs/lessons/', import.meta.url);

/** @param name Of its file, without .md. */
export const readLesson = (name: string): string =>
	readFileSync(new URL(`${name}.md`, folder), 'utf8');
