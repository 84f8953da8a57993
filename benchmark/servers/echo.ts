/** Echoes bytes: the least that a server in Node can do. */
import {createServer} from 'node:net';
import process from 'node:process';

createServer({noDelay: true}, socket => {
	socket.on('data', chunk => {
		socket.write(chunk);
	});
	socket.on('error', () => undefined);
}).listen(Number(process.argv[2]), '127.0.0.1');
