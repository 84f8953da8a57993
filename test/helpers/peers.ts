/**
 * Peers that are not ours: the tutorial's Python pair and netcat.
 *
 * A missing part fails the test with the Debian package to install; it never
 * skips, or a machine without Python would pass for one where we converse.
 */
import {createConnection} from 'node:net';
import {fileURLToPath} from 'node:url';
import {requireExecutable, type Owner} from './environment.js';
import {startProcess} from './process.js';
import {until} from './until.js';

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

/**
 * A server whose queue is full: it listens and never accepts, so that whoever
 * connects now stays in SYN-SENT.
 *
 * @returns Its port.
 */
export const openFull = async (owner: Owner): Promise<number> => {
	const python = startProcess(owner, requireExecutable('python3', 'python3'), [
		'-uc',
		`import socket
server = socket.socket()
server.bind(("127.0.0.1", 0))
server.listen(0)
print(server.getsockname()[1])
input()`,
	]);
	const port = Number(await python.waitForOutput(/^\d+(?=\n)/));
	const filler = createConnection({host: '127.0.0.1', port});
	filler.on('error', () => undefined);
	owner.after(async () => {
		filler.destroy();
	});
	await until(() => filler.readyState === 'open', {what: 'the filler'});
	return port;
};
