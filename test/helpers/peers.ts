/**
 * Peers that are not ours: the tutorial's Python pair and netcat.
 *
 * A missing part fails the test with the Debian package to install; it never
 * skips, or a machine without Python would pass for one where we converse.
 */
import {fileURLToPath} from 'node:url';
import {requireExecutable, type Owner} from './environment.js';
import {startProcess} from './process.js';

const tutorial = new URL('../fixtures/tutorial/', import.meta.url);

/**
 * The tutorial's script: `server [PORT]` or `client [PORT [LOCAL_PORT]]`.
 *
 * Both ask with ' -> ' for a line on stdin. The server tells 'listening on'
 * and its address, so that it can be given port 0.
 */
export const startPython = (
	owner: Owner,
	script: 'server' | 'client',
	args: ReadonlyArray<string | number> = [],
) =>
	startProcess(owner, requireExecutable('python3', 'python3'), [
		'-u',
		fileURLToPath(new URL(`${script}.py`, tutorial)),
		...args.map(String),
	]);

/**
 * OpenBSD's netcat, connected to a port on 127.0.0.1; its siblings of the same
 * name differ in what they do at the end of stdin.
 *
 * @param options Such as `-N`, to send FIN at the end of stdin.
 */
export const startNetcat = (
	owner: Owner,
	port: number,
	options: readonly string[] = [],
) =>
	startProcess(owner, requireExecutable('nc.openbsd', 'netcat-openbsd'), [
		...options,
		'127.0.0.1',
		String(port),
	]);
