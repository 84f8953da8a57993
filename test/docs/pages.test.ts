/** What the pages name is there: files, headings, flags, events, keys. */
import assert from 'node:assert/strict';
import {existsSync, readdirSync, readFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {test} from 'node:test';
import {fileURLToPath} from 'node:url';
import {eventNames, samples} from '../../source/event/event-names.js';
import {onlyTyped} from '../../source/options/config/config.js';
import {flagNames, writtenFlag} from '../../source/options/flags.js';

const root = fileURLToPath(new URL('../../', import.meta.url));

const read = (page: string): string => readFileSync(join(root, page), 'utf8');

const pages = [
	...readdirSync(root).filter(name => name.endsWith('.md')),
	'test/README.md',
	...readdirSync(join(root, 'docs'), {recursive: true, encoding: 'utf8'})
		.filter(name => name.endsWith('.md'))
		.map(name => `docs/${name}`),
];

/** A page without its blocks of code. */
const proseOf = (page: string): string =>
	read(page).replaceAll(/^ *```.+?^ *```$/gms, '');

/** The headings of a page as GitHub makes anchors of them. */
const anchorsOf = (page: string): ReadonlySet<string> =>
	new Set(
		[...proseOf(page).matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
			heading!
				.toLowerCase()
				.replaceAll(/[^\p{L}\p{N}_ -]/gu, '')
				.replaceAll(' ', '-'),
		),
	);

test('docs: every link leads to a file, and to a heading of it', () => {
	const broken = pages.flatMap(page =>
		[...proseOf(page).matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)/g)]
			.filter(([, path, anchor]) => {
				const target = path === '' ? page : join(dirname(page), path!);
				return (
					!existsSync(join(root, target)) ||
					(anchor !== undefined && !anchorsOf(target).has(anchor))
				);
			})
			.map(([link]) => `${page}: ${link}`),
	);
	assert.deepEqual(broken, []);
});

test('docs: every file that architecture.md names is in source/', () => {
	const named = proseOf('docs/architecture.md').match(
		/(?<=`)[a-z-]+(?:\/[\w.-]+)+(?=`)/g,
	)!;
	assert.ok(named.length > 60, `${named.length}`);
	assert.deepEqual(
		named.filter(
			path =>
				!existsSync(join(root, 'source', path)) &&
				!existsSync(join(root, path)),
		),
		[],
	);
});

// Of other programs, in commands that are shown.
const foreignFlags = ['--exec', '--scope'];

test('docs: every flag that a sentence names is one', () => {
	const known = new Set([...flagNames.map(writtenFlag), ...foreignFlags]);
	const named = pages
		.filter(page => page !== 'CHANGELOG.md' && page !== 'docs/api.md')
		.flatMap(page =>
			Array.from(
				proseOf(page).matchAll(/`(?:sockchat [a-z ]*)?(--[a-z-]+)/g),
				([, flag]) => `${page}: ${flag!}`,
			),
		);
	assert.ok(named.length > 200, `${named.length}`);
	assert.deepEqual(
		named.filter(each => !known.has(each.split(': ')[1]!)),
		[],
	);
});

test('docs: protocol.md describes every event of --json', () => {
	const text = read('docs/protocol.md');
	const rows = text.match(/^\| `.*$/gm)!.map(row => row.split(' | ', 1)[0]!);
	const described = new Set(rows.join(' ').match(/(?<=`)\w+(?=`)/g));
	assert.deepEqual(
		eventNames.filter(name => !described.has(name)),
		[],
	);
	const named = /all but the samples are printed: (.*?)\./.exec(text)![1]!;
	assert.deepEqual(new Set(named.match(/(?<=`)\w+(?=`)/g)), new Set(samples));
});

test('docs: command-line.md names each key that is only for the command line', () => {
	const sentence = /are only for the command line: (.*?)\. Every value/.exec(
		read('docs/command-line.md'),
	)![1]!;
	const named = new Set(sentence.match(/(?<=`)[a-z-]+(?=`)/g));
	named.delete('replay');
	const keys = [...onlyTyped]
		.filter(name => name !== 'help' && name !== 'version')
		.map(name => writtenFlag(name).slice(2));
	assert.deepEqual(named, new Set(keys));
});

test('docs: what is counted in words is as many', () => {
	const count = (folder: string, ending: string) =>
		readdirSync(join(root, folder)).filter(name => name.endsWith(ending))
			.length;
	const words = [
		'eight',
		'nine',
		'ten',
		'eleven',
		'twelve',
		'thirteen',
		'fourteen',
	];
	const word = (number: number) => words[number - 8]!;
	const readme = read('README.md').toLowerCase();
	// README.md of the lessons is the list of them.
	assert.ok(
		readme.includes(`${word(count('docs/lessons', '.md') - 1)} [lessons]`),
	);
	assert.ok(
		readme.includes(`${word(count('examples', '.ts'))} small programs`),
	);
	const scripts = read('docs/scripts.md').match(/^## /gm)!.length;
	assert.ok(readme.includes(`[${word(scripts)} scripts]`));
});
