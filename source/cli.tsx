#!/usr/bin/env node
/**
 * The bin: checks the version of Node, turns on its compile cache, and loads the
 * program, which is then compiled once instead of at each start.
 *
 * An old Node reads this file before it can be refused. So it is built in old
 * syntax, and has no import declaration: whatever it takes for a module, it can
 * read this.
 *
 * The cache is in the user's own folder, because its contents are run. Node's
 * default is under /tmp, where another user could put files first.
 */
/* eslint-disable n/prefer-global/process -- an import would be a declaration */
import {notLoaded, outOfFiles} from './errors.js';

// The first of each line that has duplexPair(), by which a host joins its room.
const isOld = (version: string): boolean => {
	const [major = 0, minor = 0] = version.split('.').map(Number);
	return (
		major < 20 ||
		(major === 20 && minor < 17) ||
		major === 21 ||
		(major === 22 && minor < 6)
	);
};

const tooOld = (version: string): string =>
	`sockchat needs Node.js 22.6 or newer (or 20.17, of the 20 line), and this is ${version}: get one from https://nodejs.org, or run sockchat by "npx node@24 $(which sockchat)".`;

const isDebugging = /\bsockchat\b/i.test(process.env['NODE_DEBUG'] ?? '');

const cacheCode = (): void => {
	const path = process.getBuiltinModule?.('node:path');
	const {
		XDG_CACHE_HOME: cacheHome,
		HOME: home,
		LOCALAPPDATA: local,
	} = process.env;
	if (!path) {
		return;
	}

	const folder =
		cacheHome !== undefined && path.isAbsolute(cacheHome)
			? cacheHome
			: home
				? path.join(home, '.cache')
				: local !== undefined && path.isAbsolute(local)
					? local
					: undefined;
	if (folder) {
		process
			.getBuiltinModule('node:module')
			.enableCompileCache?.(path.join(folder, 'sockchat'));
	}
};

/** Why the program's files can't be loaded. */
const loadFailure = (error: unknown): string => {
	const trace = isDebugging ? `${(error as Error).stack!}\n` : '';
	return trace + (outOfFiles(error)?.message ?? notLoaded(error));
};

// A timer or a pending read of stdin may remain, and neither matters any more. But
// process.exit() at once doesn't wait for V8's worker threads, and of 180 pipes of
// 50 MB on a busy machine 3 then hung for ever with all their bytes sent (Node
// 24.21, glibc 2.36). So the event loop ends by itself if it can.
const patienceMs = 20;

// Else it would leave with 0, whatever was lost.
const endedEarly =
	'sockchat ended before it was done, as nothing was left that it could wait for. This is a fault of sockchat.';

const run = async (): Promise<void> => {
	let isDone = false;
	process.once('beforeExit', () => {
		if (!isDone) {
			process.stderr.write(`${endedEarly}\n`);
			process.exitCode = 1;
		}
	});
	cacheCode();
	// A trace then names our source files instead of places in a bundle.
	if (isDebugging) {
		process.setSourceMapsEnabled(true);
	}

	try {
		const {main} = await import('./program.js');
		process.exitCode = await main();
	} catch (error) {
		process.stderr.write(`${loadFailure(error)}\n`);
		process.exitCode = 1;
	}

	isDone = true;
	setTimeout(() => {
		process.exit();
	}, patienceMs).unref();
};

const {node: version} = process.versions;
if (isOld(version)) {
	process.stderr.write(`${tooOld(version)}\n`);
	process.exitCode = 1;
} else {
	void run();
}
