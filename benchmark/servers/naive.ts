/** The usual first chat server: writes each line to every socket. */
import {createServer, type Socket} from 'node:net';
import process from 'node:process';
import {createInterface} from 'node:readline';

const sockets = new Set<Socket>();
createServer({noDelay: true}, socket => {
	sockets.add(socket);
	createInterface(socket).on('line', line => {
		for (const each of sockets) {
			each.write(`${line}\n`);
		}
	});
	socket.on('close', () => {
		sockets.delete(socket);
	});
	socket.on('error', () => undefined);
}).listen(Number(process.argv[2]), '127.0.0.1', 4096);
