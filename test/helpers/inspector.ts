/** A client of the Model Context Protocol that no one here wrote. */
import {existsSync} from 'node:fs';
import {join} from 'node:path';
import process from 'node:process';
import {cachedPath, installCached} from './cached-package.js';
import type {Owner} from './environment.js';
import {bin, startProcess} from './process.js';

const inspector = {
	folder: 'inspector-2.12.0',
	spec: '@modelcontextprotocol/inspector@2.12.0',
	file: join(
		'@modelcontextprotocol',
		'inspector',
		'clients',
		'launcher',
		'build',
		'index.js',
	),
};

/** The tests' set-up does it: it has 147 MB. */
export const installInspector = (): void => {
	installCached(inspector);
};

/** One call of its command line: `--method tools/list`, such as. */
export const inspect = async (
	owner: Owner,
	{
		port,
		state,
		args,
	}: {
		readonly port: number;
		/** Where the agent keeps what lasts. */
		readonly state: string;
		readonly args: readonly string[];
	},
) => {
	const path = cachedPath(inspector);
	if (!existsSync(path)) {
		throw new Error(`There is no ${path}: npx tsx test/set-up.ts installs it.`);
	}

	const {command, args: own} = bin('mcp', String(port));
	const run = startProcess(
		owner,
		process.execPath,
		[path, '--cli', command, ...own, ...args],
		// All that it passes on of its environment is PATH, HOME and the like.
		{env: {HOME: state}},
	);
	const exit = await run.waitForExit({deadlineMs: 60_000});
	return {exit, stdout: run.stdout(), stderr: run.stderr(), seen: run.seen()};
};
