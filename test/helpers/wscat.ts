/** A client and a server of WebSockets that no one here wrote. */
import {existsSync} from 'node:fs';
import {join} from 'node:path';
import process from 'node:process';
import {cachedPath, installCached} from './cached-package.js';
import {toShellLine} from './shell.js';

const wscat = {
	folder: 'wscat-6.1.0',
	spec: 'wscat@6.1.0',
	file: join('wscat', 'bin', 'wscat'),
};

/** The tests' set-up does it. */
export const installWscat = (): void => {
	installCached(wscat);
};

/** wscat as it starts a line of the shell. */
export const wscatWords = (): string => {
	const path = cachedPath(wscat);
	if (!existsSync(path)) {
		throw new Error(`There is no ${path}: npx tsx test/set-up.ts installs it.`);
	}

	return toShellLine(process.execPath, [path]);
};
