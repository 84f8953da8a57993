/** The tables of jobs in docs/raw.md: programs run side by side, by the shell. */
import assert from 'node:assert/strict';
import {spawn} from 'node:child_process';
import {readFileSync} from 'node:fs';
import type {Owner} from './environment.js';
import {bin} from './process.js';
import {toShellLine} from './shell.js';

const {command, args} = bin();

/** sockchat as it starts a line. */
export const sockchatWords = toShellLine(command, args);

export type Ran = {readonly code: number; readonly out: string};

/** Runs a line of the shell; one that goes on for long is ended, with 124. */
export const runLine = async (owner: Owner, line: string): Promise<Ran> => {
	const child = spawn('sh', ['-c', `exec timeout 8 ${line}`], {
		stdio: ['ignore', 'pipe', 'ignore'],
	});
	owner.after(async () => {
		child.kill();
	});
	let out = '';
	child.stdout.setEncoding('latin1').on('data', (text: string) => {
		out += text;
	});
	return new Promise(resolve => {
		child.on('close', code => {
			resolve({code: code ?? -1, out});
		});
	});
};

/** Fails unless the page's table has these jobs and no other, with what was found here. */
export const assertRows = <P extends string>(
	programs: readonly P[],
	jobs: ReadonlyArray<{readonly name: string; readonly done: readonly P[]}>,
): void => {
	const page = readFileSync(
		new URL('../../docs/raw.md', import.meta.url),
		'utf8',
	);
	const [, table] = page.split(`| job | ${programs.join(' | ')} |\n`);
	// Below the row of dashes, up to the empty line.
	const rows = table?.split('\n\n', 1)[0]!.split('\n').slice(1);
	const found = jobs.map(({name, done}) => {
		const columns = programs.map(program =>
			done.includes(program) ? 'yes' : 'no',
		);
		return `| ${name} | ${columns.join(' | ')} |`;
	});
	assert.deepEqual(rows?.toSorted(), found.toSorted());
};
