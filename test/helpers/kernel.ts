/** What `ss` reports about sockets, to compare with what sockchat shows. */
import {execFile} from 'node:child_process';
import {readFileSync, readlinkSync} from 'node:fs';
import {promisify} from 'node:util';
import type {Step, TcpState} from '../../source/tcp/tcp.js';
import {requireExecutable} from './environment.js';

const run = promisify(execFile);

/** Its names, if they differ from those of RFC 9293. */
const names: Readonly<Record<string, TcpState>> = {
	ESTAB: 'ESTABLISHED',
	'SYN-RECV': 'SYN-RECEIVED',
};

/** The state of each end on that port, by its addresses: `local remote`. */
export const statesBySs = async (
	port: number,
): Promise<ReadonlyMap<string, TcpState>> => {
	const {stdout} = await run(requireExecutable('ss', 'iproute2'), [
		'-tanH',
		`sport = ${port} or dport = ${port}`,
	]);
	const rows = stdout.split('\n').filter(row => row !== '');
	return new Map(
		rows.map(row => {
			const [state = '', , , local, remote] = row.split(/\s+/);
			return [`${local} ${remote}`, names[state] ?? (state as TcpState)];
		}),
	);
};

/** Bytes that have come to the end that dialled that port, and are not read yet. */
export const unreadBySs = async (port: number): Promise<number> => {
	const {stdout} = await run(requireExecutable('ss', 'iproute2'), [
		'-tanH',
		`dport = ${port}`,
	]);
	return Number(stdout.trim().split(/\s+/)[1] ?? 0);
};

/** The timer of one connection, from `ss`: keepalive, timewait, … */
export const timerBySs = async (
	local: string,
	remote: string,
): Promise<string | undefined> => {
	const {stdout} = await run(requireExecutable('ss', 'iproute2'), [
		'-tnoH',
		`src = ${local} and dst = ${remote}`,
	]);
	return /timer:\((\w+)/.exec(stdout)?.[1];
};

/**
 * For each look, whether a flow stands still: its window is closed, by the
 * persist timer, and the kernel took no byte of it since the look before.
 *
 * @param local The end that sends.
 */
export const watchStandstill = (local: string, remote: string) => {
	let before = '';
	return async (): Promise<boolean> => {
		const {stdout} = await run(requireExecutable('ss', 'iproute2'), [
			'-tnoH',
			`src = ${local} and dst = ${remote}`,
		]);
		const [, , queued = ''] = stdout.split(/\s+/);
		const isStill = queued === before && stdout.includes('timer:(persist');
		before = queued;
		return isStill;
	};
};

/** Bytes at the stdin of a process that it has not read: a pipe of Node's. */
export const unreadStdin = async (pid: number): Promise<number> => {
	const [inode] = /\d+/.exec(readlinkSync(`/proc/${pid}/fd/0`))!;
	const {stdout} = await run(requireExecutable('ss', 'iproute2'), ['-xnH']);
	const row = stdout
		.split('\n')
		.map(each => each.split(/\s+/))
		.find(words => words[5] === inode);
	return Number(row?.[2]);
};

/**
 * Whether a process sleeps though bytes wait at its stdin: it reads no more of
 * them before it is rid of what it has.
 */
export const isHeldUp = async (pid: number): Promise<boolean> =>
	(await unreadStdin(pid)) > 0 &&
	readFileSync(`/proc/${pid}/wchan`, 'utf8').includes('epoll');

/** The last state of an end in a timeline, with its evidence. */
export const lastState = (
	steps: readonly Step[],
	end: 'local' | 'remote',
	peer?: string,
): string | undefined => {
	const last = steps.findLast(
		step => step.kind === 'state' && step.end === end && step.peer === peer,
	);
	return last?.kind === 'state' ? `${last.evidence} ${last.state}` : undefined;
};
