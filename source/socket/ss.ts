/**
 * What iproute2's `ss` knows about one connection. Each call starts a process
 * and takes 5 to 15 ms, so call it on demand only.
 */
import {execFile} from 'node:child_process';
import {parseTcpInfo, type TcpInfo} from '../tcp/tcp-info.js';

const timeoutMs = 2000;

/**
 * Reads the figures of one end of a connection.
 *
 * @param local Such as 127.0.0.1:53122 or [::1]:53122.
 * @param command A program to run instead of `ss`.
 * @returns Undefined if ss is missing, fails, takes longer than 2 s, or knows
 * no such connection.
 */
export const readTcpInfo = async (
	local: string,
	remote: string,
	command = 'ss',
): Promise<TcpInfo | undefined> => {
	// -t: TCP. -i: the figures. -n: no names, full numbers. -H: no header.
	const options = ['-tinH', `src = ${local} and dst = ${remote}`];
	return new Promise(resolve => {
		execFile(command, options, {timeout: timeoutMs}, (error, stdout) => {
			resolve(error ? undefined : parseTcpInfo(stdout));
		});
	});
};
