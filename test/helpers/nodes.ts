/**
 * Other versions of Node, from the npm registry. They stay in the user's cache
 * folder, outside the repository, so only the first run downloads them.
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

/**
 * The executable of a version.
 *
 * @param version As npm takes it. A range is looked up once, and then stays.
 */
export const nodeOf = (version: string): string => {
	const name = `node-${process.platform}-${process.arch}`;
	const folder = join(cacheFolder(), `node-${version}`);
	const path = join(folder, 'node_modules', name, 'bin', 'node');
	if (existsSync(path)) {
		return path;
	}

	mkdirSync(cacheFolder(), {recursive: true});
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
				`${name}@${version}`,
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
