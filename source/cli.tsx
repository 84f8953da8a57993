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

const {XDG_CACHE_HOME: cacheHome, HOME: home} = process.env;
const folder =
	cacheHome !== undefined && isAbsolute(cacheHome)
		? cacheHome
		: home && join(home, '.cache');
if (folder) {
	const {enableCompileCache}: Partial<typeof module> = module;
	enableCompileCache?.(join(folder, 'sockchat'));
}

const {main} = await import('./program.js');
process.exitCode = await main();
// Timers or a pending read of stdin may remain; neither matters any more.
process.exit();
