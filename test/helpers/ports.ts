/** Ports for those who have to name one before they have it. */
import {randomInt} from 'node:crypto';
import {once} from 'node:events';
import {createServer} from 'node:net';
import {until} from './until.js';

const isFree = async (port: number): Promise<boolean> => {
	const server = createServer();
	try {
		server.listen(port, '127.0.0.1');
		await once(server, 'listening');
		return true;
	} catch {
		return false;
	} finally {
		server.close();
	}
};

/**
 * A port that nobody has now, and that no connection of another test gets
 * meanwhile: it is below those that the kernel gives away.
 */
export const findPort = async (): Promise<string> => {
	const port = await until(
		async () => {
			const tried = randomInt(10_000, 32_000);
			return (await isFree(tried)) && tried;
		},
		{what: 'a free port'},
	);
	return String(port);
};
