/**
 * What iproute2's `ss` knows about one connection. Each call starts a process
 * and takes 5 to 15 ms, so call it on demand only.
 */
import {execFile} from 'node:child_process';
import {
	parseQueues,
	parseTcpInfo,
	type QueueInfo,
	type TcpInfo,
} from '../tcp/tcp-info.js';

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
	const text = await runSs(command, `src = ${local} and dst = ${remote}`);
	return text === undefined ? undefined : parseTcpInfo(text);
};

/**
 * Reads why send queues stand, of the connections with a port at either end.
 *
 * @param command A program to run instead of `ss`.
 * @returns None if ss is missing, fails, or takes longer than 2 s.
 */
export const readQueues = async (
	port: number,
	command = 'ss',
): Promise<readonly QueueInfo[]> =>
	parseQueues(
		(await runSs(command, `sport = ${port} or dport = ${port}`)) ?? '',
	);

/** What it prints; undefined if it is missing or fails. */
const runSs = async (
	command: string,
	filter: string,
): Promise<string | undefined> => {
	// -t: TCP. -i: the figures. -n: no names, full numbers. -H: no header.
	const options = ['-tinH', filter];
	return new Promise(resolve => {
		// 10,000 connections take 6 MB.
		const limits = {timeout: timeoutMs, maxBuffer: 64 * 1024 * 1024};
		execFile(command, options, limits, (error, stdout) => {
			resolve(error ? undefined : stdout);
		});
	});
};
