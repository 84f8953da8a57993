/** Ports for programs that need a number before they bind. */
import {randomInt} from 'node:crypto';
import {once} from 'node:events';
import {readFileSync} from 'node:fs';
import {createServer} from 'node:net';
import {until} from './until.js';

const canBind = async (port: number): Promise<boolean> => {
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

/** Whether an end of any connection has it, also one in TIME-WAIT. */
const isInTable = (port: number): boolean => {
	const place = `:${port.toString(16).toUpperCase().padStart(4, '0')} `;
	return ['tcp', 'tcp6'].some(table =>
		readFileSync(`/proc/net/${table}`, 'utf8').includes(place),
	);
};

/** Whether it can be bound, and no connection of the last minute had it. */
export const isFree = async (port: number): Promise<boolean> =>
	!isInTable(port) && (await canBind(port));

/**
 * A port that is free now, and that no connection of another test gets meanwhile:
 * it is below the range from which the kernel chooses. Nor has it old connections,
 * which a test would take for its own: a port in TIME-WAIT can be bound.
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
