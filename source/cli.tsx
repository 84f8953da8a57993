#!/usr/bin/env node
/**
 * The bin: turns on Node's cache of compiled code (22.1 and newer), and loads
 * the program, whose code is then compiled once and not at each start.
 *
 * The cache lies in the user's own folder, as what it holds is run: Node's
 * default is in /tmp, where another user of the machine may come first.
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
// What is left has nothing to say: a timer, or stdin that can't be unread.
process.exit();
