/**
 * Peers that aren't ours: the tutorial's Python pair and netcat.
 *
 * If one is missing, the test fails and names the Debian package to install. It is
 * never skipped, or a machine without Python would seem to pass.
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
 * Both prompt with ' -> ' for a line on stdin. The server prints 'listening on' and
 * its address, so it can be given port 0.
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
 * OpenBSD's netcat, connected to a port on 127.0.0.1; other programs of that name
 * behave differently at the end of stdin.
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
 * A server whose queue is full: it listens and never accepts, so a client that
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
