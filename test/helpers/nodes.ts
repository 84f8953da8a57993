/** Other versions of Node, from the npm registry. */
import {join} from 'node:path';
import process from 'node:process';
import {installCached} from './cached-package.js';

/**
 * The executable of a version.
 *
 * @param version As npm takes it. A range is looked up once, and then stays.
 */
export const nodeOf = (version: string): string => {
	const name = `node-${process.platform}-${process.arch}`;
	return installCached({
		folder: `node-${version}`,
		spec: `${name}@${version}`,
		file: join(name, 'bin', 'node'),
	});
};
