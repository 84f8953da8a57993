/** Ports for programs that need a number before they bind. */
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
 * A port that is free now, and that no connection of another test gets meanwhile:
 * it is below the range from which the kernel chooses.
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
