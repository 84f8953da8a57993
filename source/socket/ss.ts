/**
 * What `ss` of iproute2 knows of one connection. It starts a process, 5 to 15
 * ms a call: on demand only.
 */
import {execFile} from 'node:child_process';
import {parseTcpInfo, type TcpInfo} from '../tcp/tcp-info.js';

const timeoutMs = 2000;

/**
 * Asks for one end of a connection.
 *
 * @param local 127.0.0.1:53122, [::1]:53122.
 * @param command Another program than `ss`.
 * @returns Undefined where ss is missing, fails, takes longer than 2 s, or
 * knows no such connection.
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
