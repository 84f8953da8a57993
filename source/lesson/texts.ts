/** The pages of docs/lessons by name. The build puts them in here as they are. */
import {readdirSync, readFileSync} from 'node:fs';

const folder = new URL('../../docs/lessons/', import.meta.url);

const namesOf = (files: readonly string[]): string[] =>
	files
		.filter(file => file.endsWith('.md') && file !== 'README.md')
		.map(file => file.replace(/\.md$/, ''))
		.toSorted();

export const lessonTexts: Readonly<Record<string, string>> = Object.fromEntries(
	namesOf(readdirSync(folder)).map(name => [
		name,
		readFileSync(new URL(`${name}.md`, folder), 'utf8'),
	]),
);
