/**
 * What iproute2's `ss` knows beyond the kernel's table. Each call starts a
 * process and takes 5 to 15 ms, so call it on demand only.
 */
import {execFile} from 'node:child_process';
import {
	parseQueues,
	parseTcpInfo,
	type QueueInfo,
	type TcpInfo,
} from '../tcp/tcp-info.js';
import type {SegmentFigures} from '../tcp/segment-counts.js';
import type {TcpState} from '../tcp/tcp.js';

/** One that hangs may not listen to SIGTERM. */
const timely = {timeout: 2000, killSignal: 'SIGKILL'} as const;

/** Far more than 10,000 connections take. */
const maxOutputBytes = 16 * 1024 * 1024;

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
		const limits = {...timely, maxBuffer: 64 * 1024 * 1024};
		execFile(command, options, limits, (error, stdout) => {
			resolve(error ? undefined : stdout);
		});
	});
};

/** One end of a connection so far; bytes without SYN and FIN. */
export type EndFigures = SegmentFigures;

export type PortFigures = {
	/** By `local remote`, as in the kernel's table. */
	readonly ends: ReadonlyMap<string, EndFigures>;
	/** How many connections may wait for accept(), by the listener's address. */
	readonly backlogs: ReadonlyMap<string, number>;
};

/** As tcp-table.ts formats it: `*` is ss's word for a dual-stack wildcard. */
const asInTable = (address: string): string =>
	address
		.replace(/^\*:/, '[::]:')
		.replace(/^\[::ffff:(?<host>[\d.]+)\]/, '$<host>');

/** States in which the FIN that arrived is counted as a byte. */
const hasFin: ReadonlySet<string> = new Set([
	'CLOSE-WAIT',
	'LAST-ACK',
	'CLOSING',
] satisfies TcpState[]);

/**
 * The kernel reads an end's state before its figures, without a lock: a FIN that
 * comes between them is counted as a byte though the state doesn't show it. It is
 * a byte more than the other end has sent, in no segment more.
 */
const withoutLateFin = (
	end: EndFigures,
	other: EndFigures | undefined,
): EndFigures => {
	const isLate =
		other !== undefined &&
		end.receivedBytes === other.sentBytes + 1 &&
		end.dataSegmentsIn <= other.dataSegmentsOut;
	return isLate ? {...end, receivedBytes: other.sentBytes} : end;
};

/** Whether each line begins with a state and a queue, or belongs to the one before. */
const isOfSs = (text: string): boolean =>
	text.split('\n').every(line => /^(?:[A-Z][\w-]+ +\d+ +\d+ |\s|$)/.test(line));

/** Parses the output of `ss -taniH`: a line a socket, its figures on the next. */
export const parsePortFigures = (text: string): PortFigures => {
	const ends = new Map<string, EndFigures>();
	const backlogs = new Map<string, number>();
	for (const socket of text.split(/\n(?=\S)/)) {
		const [state = '', , queue, local = '', remote = ''] = socket
			.trim()
			.split(/\s+/, 5);
		const count = (name: string): number =>
			Number(new RegExp(` ${name}:(\\d+)`).exec(socket)?.[1] ?? 0);
		if (state === 'LISTEN') {
			backlogs.set(asInTable(local), Number(queue));
		} else if (/ (?:cwnd|rto):/.test(socket)) {
			// In TIME-WAIT the kernel has forgotten them.
			ends.set(`${asInTable(local)} ${asInTable(remote)}`, {
				sentBytes: count('bytes_sent') - count('bytes_retrans'),
				receivedBytes: Math.max(
					0,
					count('bytes_received') - (hasFin.has(state) ? 1 : 0),
				),
				dataSegmentsOut: count('data_segs_out'),
				dataSegmentsIn: count('data_segs_in'),
				segmentsOut: count('segs_out'),
				segmentsIn: count('segs_in'),
				retransmittedBytes: count('bytes_retrans'),
				retransmitted: Number(/ retrans:\d+\/(\d+)/.exec(socket)?.[1] ?? 0),
			});
		}
	}

	const counted = [...ends].map(([key, end]) => {
		const other = ends.get(key.split(' ').toReversed().join(' '));
		return [key, withoutLateFin(end, other)] as const;
	});
	return {ends: new Map(counted), backlogs};
};

/**
 * Reads the figures of all sockets on a port.
 *
 * @param command A program to run instead of `ss`.
 * @returns Undefined if ss is missing, fails, takes longer than 2 s, or prints
 * what isn't a list of sockets: then nothing was counted.
 */
export const readPortFigures = async (
	port: number,
	command = 'ss',
): Promise<PortFigures | undefined> =>
	new Promise(resolve => {
		execFile(
			command,
			// -a: in all states, also LISTEN.
			['-taniH', `sport = :${port} or dport = :${port}`],
			{...timely, maxBuffer: maxOutputBytes},
			(error, stdout) => {
				const isRead = !error && isOfSs(stdout);
				resolve(isRead ? parsePortFigures(stdout) : undefined);
			},
		);
	});
