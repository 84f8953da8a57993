/** `sockchat mcp`. What it serves is loaded only then. */
import process from 'node:process';
import {parseMcpOptions} from '../options/mcp.js';
import type {GivenFlags} from '../options/reader.js';
import type {Output} from '../plain/output.js';
import {runWithOptions} from './configured.js';
import {exitCodeOf} from './exit-code.js';
import {readVersion} from './help.js';
import {SignalWatch} from './signals.js';

export const runMcp = async (
	given: GivenFlags,
	output: Output,
): Promise<number> =>
	runWithOptions(
		{command: 'mcp', given},
		output,
		parseMcpOptions,
		async options => {
			process.title = 'sockchat';
			const signals = new SignalWatch(output);
			const version = await readVersion();
			const {startMcp} = await import('./serve-mcp.js');
			const running = await startMcp(options, output, version);
			signals.onStarted(running);
			return exitCodeOf(await running.ended, signals.seen);
		},
	);
