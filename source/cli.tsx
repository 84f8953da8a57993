#!/usr/bin/env node
/**
 * The bin: turns on Node's compile cache (22.1 and newer) and loads the program,
 * which is then compiled once instead of at each start.
 *
 * The cache is in the user's own folder, because its contents are run. Node's
 * default is under /tmp, where another user could put files first.
 */
import module from 'node:module';
import {isAbsolute, join} from 'node:path';
import process from 'node:process';
import {outOfFiles} from './errors.js';
import {trace} from './trace.js';

const {XDG_CACHE_HOME: cacheHome, HOME: home} = process.env;
const folder =
	cacheHome !== undefined && isAbsolute(cacheHome)
		? cacheHome
		: home && join(home, '.cache');
if (folder) {
	const {enableCompileCache}: Partial<typeof module> = module;
	enableCompileCache?.(join(folder, 'sockchat'));
}

/** Why the program's files can't be loaded. */
const loadFailure = (error: unknown): string => {
	trace('%s', (error as Error).stack);
	const [why] = (error as Error).message.split('\n', 1);
	return (
		outOfFiles(error)?.message ??
		`sockchat can't be loaded: ${why!}. Install it again.`
	);
};

try {
	const {main} = await import('./program.js');
	process.exitCode = await main();
} catch (error) {
	process.stderr.write(`${loadFailure(error)}\n`);
	process.exitCode = 1;
}

// A timer or a pending read of stdin may remain, and neither matters any more. But
// process.exit() at once doesn't wait for V8's worker threads, and of 180 pipes of
// 50 MB on a busy machine 3 then hung for ever with all their bytes sent (Node
// 24.21, glibc 2.36). So the event loop ends by itself if it can.
const patienceMs = 20;
setTimeout(() => {
	process.exit();
}, patienceMs).unref();
