/**
 * How many RSTs this machine's network has sent, and why: the counters of
 * /proc/net/snmp and /proc/net/netstat (struct linux_mib, snmp.h). They are of
 * all connections, so they can rule out what happened to one, and show it only
 * if nothing else happened at the time.
 */
import {readFileSync} from 'node:fs';

export type ResetCounts = {
	/** RSTs that were sent (OutRsts). */
	readonly sent: number;
	/** By close() while bytes were unread (TCPAbortOnClose). */
	readonly unread: number;
	/**
	 * Ends that were aborted by SO_LINGER 0, or as bytes came that nobody would
	 * read (TCPAbortOnData).
	 */
	readonly aborted: number;
	/** Ends that had to wait, and did not for want of room (TCPTimeWaitOverflow). */
	readonly unwaited: number;
};

/** The value of a counter; its names are on one line, its values on the next. */
const counterOf = (text: string, group: string, name: string): number => {
	const [names = [], values = []] = text
		.split('\n')
		.filter(line => line.startsWith(`${group}: `))
		.map(line => line.split(' '));
	const value = values[names.indexOf(name)];
	return value === undefined ? NaN : Number(value);
};

/** @returns Undefined if a counter is missing. */
export const parseResetCounts = (
	snmp: string,
	netstat: string,
): ResetCounts | undefined => {
	const counts = {
		sent: counterOf(snmp, 'Tcp', 'OutRsts'),
		unread: counterOf(netstat, 'TcpExt', 'TCPAbortOnClose'),
		aborted: counterOf(netstat, 'TcpExt', 'TCPAbortOnData'),
		unwaited: counterOf(netstat, 'TcpExt', 'TCPTimeWaitOverflow'),
	};
	return Object.values(counts).some(count => Number.isNaN(count))
		? undefined
		: counts;
};

/** @returns Undefined if they can't be read. */
export const readResetCounts = (
	folder = '/proc/net',
): ResetCounts | undefined => {
	try {
		return parseResetCounts(
			readFileSync(`${folder}/snmp`, 'latin1'),
			readFileSync(`${folder}/netstat`, 'latin1'),
		);
	} catch {
		return undefined;
	}
};

/** What was counted from one reading to another. */
export const countedSince = (
	before: ResetCounts,
	now: ResetCounts,
): ResetCounts => ({
	sent: now.sent - before.sent,
	unread: now.unread - before.unread,
	aborted: now.aborted - before.aborted,
	unwaited: now.unwaited - before.unwaited,
});
