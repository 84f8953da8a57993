/**
 * Packages that tests use and the project doesn't, from the npm registry. They
 * stay in the user's cache folder, outside the repository, so only the first run
 * downloads them.
 */
import {execFileSync} from 'node:child_process';
import {existsSync, mkdirSync, mkdtempSync, renameSync, rmSync} from 'node:fs';
import {homedir} from 'node:os';
import {join} from 'node:path';
import process from 'node:process';
import {requireExecutable} from './environment.js';

const cacheFolder = (): string =>
	join(
		process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'),
		'sockchat-tests',
	);

export type CachedPackage = {
	/** Its folder in the cache. */
	readonly folder: string;
	/** As npm takes it, with a version. A range is looked up once, and then stays. */
	readonly spec: string;
	/** A file of it, which is there once it is installed. */
	readonly file: string;
};

/** Where a file of a package is, once it is installed. */
export const cachedPath = ({folder, file}: CachedPackage): string =>
	join(cacheFolder(), folder, 'node_modules', file);

/** @returns The path of its file. */
export const installCached = (wanted: CachedPackage): string => {
	const path = cachedPath(wanted);
	if (existsSync(path)) {
		return path;
	}

	mkdirSync(cacheFolder(), {recursive: true});
	const folder = join(cacheFolder(), wanted.folder);
	const fresh = mkdtempSync(`${folder}-`);
	try {
		execFileSync(
			requireExecutable('npm', 'npm'),
			[
				'install',
				'--prefix',
				fresh,
				'--no-save',
				'--no-audit',
				'--no-fund',
				'--silent',
				wanted.spec,
			],
			{cwd: fresh, stdio: ['ignore', 'ignore', 'inherit']},
		);
		// At once, so that an interrupted run leaves no half of it.
		renameSync(fresh, folder);
	} catch (error) {
		rmSync(fresh, {recursive: true, force: true});
		if (!existsSync(path)) {
			throw error;
		}
	}

	return path;
};
