/**
 * Parses what `ss -i` adds to the kernel's table. A field that ss omits is
 * undefined: unknown, not 0.
 */

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
		deliveryBitsPerSecond: read(/ delivery_rate (\d+)bps/),
	};
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
