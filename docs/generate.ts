/**
 * Writes the generated parts of the pages in docs/ from the code:
 * the text between `<!-- NAME -->` and `<!-- /NAME -->`.
 *
 * usage: npx tsx docs/generate.ts
 */
import {readFile, writeFile} from 'node:fs/promises';
import {pathToFileURL} from 'node:url';
import process from 'node:process';
import {costTables} from '../benchmark/report.js';
import type {Mode} from '../source/commands/hands.js';
import {keyHelp} from '../source/commands/keys.js';
import {commands} from '../source/commands/registry.js';
import {clientTable} from '../source/connection/lifecycle.js';
import {arrowsOf, type DrawnTable} from '../source/connection/machine.js';
import {sessionTable} from '../source/connection/session.js';
import {serverTable} from '../source/connection/listening.js';
import {errorCodes} from '../source/errors.js';
import {helpText} from '../source/options/help.js';
import {spelledCall, spellings, spellingTable} from '../source/tcp/spelling.js';
import {apiReference, exampleTexts} from './api.js';
import {houseDiagram} from './house.js';

const table = (
	head: readonly string[],
	rows: ReadonlyArray<readonly string[]>,
): string =>
	[head, head.map(() => '---'), ...rows]
		.map(row => `| ${row.join(' | ')} |`)
		.join('\n');

const code = (text: string): string => `\`${text}\``;

// Mermaid names can't contain a hyphen.
const idOf = (phase: string): string => phase.replaceAll('-', '_');

/** A Mermaid state diagram from the table of a state machine. */
const diagram = (machine: DrawnTable, start: string): string => {
	// One arrow for all events between two phases; a loop changes no phase.
	const labels = new Map<string, string[]>();
	for (const {from, event, to} of arrowsOf(machine)) {
		if (from === to) {
			continue;
		}

		const key = `${idOf(from)} --> ${idOf(to)}`;
		labels.set(key, [...(labels.get(key) ?? []), event]);
	}

	const arrows = [...labels].map(
		([arrow, events]) => `    ${arrow} : ${events.join(', ')}`,
	);
	const named = Object.keys(machine).filter(phase => phase.includes('-'));
	return [
		'```mermaid',
		'stateDiagram-v2',
		...named.map(phase => `    state "${phase}" as ${idOf(phase)}`),
		`    [*] --> ${start}`,
		...arrows,
		'    closed --> [*]',
		'```',
	].join('\n');
};

/** A proxy's screen has few, and its /help lists them. */
const placesOfCommands: ReadonlyArray<readonly [mode: Mode, place: string]> = [
	['room', 'room'],
	['plain', '`nc`'],
	['raw', '`--raw`'],
];

/** The generated parts by name. */
export const parts: Readonly<Record<string, () => string>> = {
	help: () =>
		[
			'```',
			'$ sockchat --help',
			helpText('join'),
			'',
			'$ sockchat serve --help',
			helpText('serve'),
			'',
			'$ sockchat connect --help',
			helpText('connect'),
			'```',
		].join('\n'),
	commands: () =>
		table(
			['command', 'does', 'in'],
			commands.map(({name, usage, summary, modes}) => [
				code(`/${name} ${usage}`.trim()).replaceAll('|', '\\|'),
				summary,
				placesOfCommands
					.filter(([mode]) => modes.includes(mode))
					.map(([, place]) => place)
					.join(', '),
			]),
		),
	keys: () =>
		table(
			['keys', 'do'],
			keyHelp.map(([keys, what]) => [keys, what]),
		),
	client: () => diagram(clientTable satisfies DrawnTable, 'connecting'),
	server: () => diagram(serverTable satisfies DrawnTable, 'binding'),
	session: () => diagram(sessionTable satisfies DrawnTable, 'accepted'),
	calls: () =>
		table(
			['sockets API', 'Python', 'C'],
			spellingTable.map(([call, isAccepted]) =>
				spellings.map(each => code(spelledCall(call, each, isAccepted))),
			),
		),
	benchmark: costTables,
	examples: exampleTexts,
	api: apiReference,
	house: houseDiagram,
	errors: () =>
		table(
			['code', 'means'],
			Object.entries(errorCodes).map(([name, means]) => [code(name), means]),
		),
};

/** Replaces the generated parts of a text with current ones. */
export const generated = (text: string): string =>
	text.replaceAll(
		/(<!-- (\w+) -->\n).*?(\n<!-- \/\2 -->)/gs,
		(whole, start: string, name: string, end: string) => {
			const make = parts[name];
			return make ? `${start}\n${make()}\n${end}` : whole;
		},
	);

/** The files with generated parts. */
export const generatedFiles = [
	'docs/api.md',
	'docs/architecture.md',
	'docs/command-line.md',
	'docs/costs.md',
	'docs/protocol.md',
	'docs/screen.md',
	'docs/states.md',
] as const;

const isMain = import.meta.url === pathToFileURL(process.argv[1] ?? '').href;
if (isMain) {
	for (const path of generatedFiles) {
		const file = new URL(`../${path}`, import.meta.url);
		// eslint-disable-next-line no-await-in-loop
		const text = await readFile(file, 'utf8');
		// eslint-disable-next-line no-await-in-loop
		await writeFile(file, generated(text));
	}
}
