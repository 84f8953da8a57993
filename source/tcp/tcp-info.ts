/**
 * Parses what `ss -i` adds to the kernel's table. A field that ss omits is
 * undefined: unknown, not 0.
 */
import type {Sending} from './tcp.js';

/** The kernel's figures for one end of a connection (struct tcp_info). */
export type TcpInfo = {
	/** Smoothed (RFC 6298). */
	readonly rttMs: number | undefined;
	readonly rttVarianceMs: number | undefined;
	/** How many segments may be in flight. */
	readonly congestionWindowSegments: number | undefined;
	/** The most that one segment may carry. */
	readonly maximumSegmentBytes: number | undefined;
	/** Retransmitted and unacknowledged; ss omits it while all are 0. */
	readonly retransmitsPending: number | undefined;
	/** Retransmitted since the connection began. */
	readonly retransmitsTotal: number | undefined;
	/** FIN, and the SYN of the connecting end, count one byte each. */
	readonly bytesAcknowledged: number | undefined;
	/** A FIN counts one byte. */
	readonly bytesReceived: number | undefined;
	/** In flight. */
	readonly unacknowledgedSegments: number | undefined;
	/** Written, and not sent yet; ss omits 0. */
	readonly notSentBytes: number | undefined;
	/** How long the other end's window held it up; ss omits 0. */
	readonly windowLimitedMs: number | undefined;
	readonly deliveryBitsPerSecond: number | undefined;
};

/**
 * Parses the output of `ss -tinH` for one connection.
 *
 * @returns Undefined if it has none.
 */
export const parseTcpInfo = (text: string): TcpInfo | undefined => {
	if (text.trim() === '') {
		return undefined;
	}

	const read = (pattern: RegExp): number | undefined => {
		const digits = pattern.exec(text)?.[1];
		return digits === undefined ? undefined : Number(digits);
	};

	return {
		rttMs: read(/ rtt:(\d+(?:\.\d+)?)\//),
		rttVarianceMs: read(/ rtt:[\d.]+\/(\d+(?:\.\d+)?)/),
		congestionWindowSegments: read(/ cwnd:(\d+)/),
		maximumSegmentBytes: read(/ mss:(\d+)/),
		retransmitsPending: read(/ retrans:(\d+)\//),
		retransmitsTotal: read(/ retrans:\d+\/(\d+)/),
		bytesAcknowledged: read(/ bytes_acked:(\d+)/),
		bytesReceived: read(/ bytes_received:(\d+)/),
		unacknowledgedSegments: read(/ unacked:(\d+)/),
		notSentBytes: read(/ notsent:(\d+)/),
		windowLimitedMs: read(/ rwnd_limited:(\d+)ms/),
		deliveryBitsPerSecond: read(/ delivery_rate (\d+)bps/),
	};
};

/** One end of a connection whose send queue stands. */
export type QueueInfo = {
	readonly local: string;
	readonly remote: string;
	readonly sendQueueBytes: number;
	readonly sending: Sending;
};

/** A line about a socket, and the indented one with its figures. */
const entryPattern =
	/^\S+ +\d+ +(?<queue>\d+) +(?<local>\S+) +(?<remote>\S+)(?: .*)?\n(?<figures>[ \t].*)$/gm;

/** Parses `ss -tinH` for any number of connections: those with a send queue. */
export const parseQueues = (text: string): readonly QueueInfo[] => {
	const queues: QueueInfo[] = [];
	for (const {groups} of text.matchAll(entryPattern)) {
		const {queue = '', local = '', remote = '', figures = ''} = groups ?? {};
		const sendQueueBytes = Number(queue);
		const info = sendQueueBytes > 0 ? parseTcpInfo(figures) : undefined;
		if (!info) {
			continue;
		}

		// Figures that ss leaves out are 0.
		const sending = {
			notSentBytes: info.notSentBytes ?? 0,
			unackedSegments: info.unacknowledgedSegments ?? 0,
			windowLimitedMs: info.windowLimitedMs ?? 0,
		};
		queues.push({local, remote, sendQueueBytes, sending});
	}

	return queues;
};

const giga = 1_000_000_000;

/** Formats the figures in one line, without the unknown ones. */
export const formatTcpInfo = (info: TcpInfo): string => {
	const part = (
		value: number | undefined,
		words: (value: number) => string,
	): string[] => (value === undefined ? [] : [words(value)]);
	const {rttVarianceMs = 0, retransmitsPending = 0} = info;
	return [
		...part(info.rttMs, ms => `rtt ${ms} ± ${rttVarianceMs} ms`),
		...part(info.congestionWindowSegments, size => `cwnd ${size} segments`),
		...part(info.maximumSegmentBytes, bytes => `mss ${bytes} bytes`),
		...part(
			info.unacknowledgedSegments,
			count => `${count} segments unacknowledged`,
		),
		...part(info.notSentBytes, bytes => `${bytes} bytes not sent`),
		...part(
			info.windowLimitedMs,
			ms => `held up ${ms} ms by the other end's window (rwnd_limited)`,
		),
		...part(
			info.retransmitsTotal,
			count => `${count} sent again (${retransmitsPending} pending)`,
		),
		...part(info.bytesAcknowledged, bytes => `${bytes} bytes acknowledged`),
		...part(info.bytesReceived, bytes => `${bytes} bytes received`),
		...part(
			info.deliveryBitsPerSecond,
			bits => `delivers ${(bits / giga).toFixed(3)} Gbit/s`,
		),
	].join(', ');
};
