/**
 * What `ss -i` adds to the kernel's table, read from its text. A field that it
 * leaves out is undefined: unknown, not 0.
 */

/** The kernel's own figures of one end of a connection (struct tcp_info). */
export type TcpInfo = {
	/** Smoothed (RFC 6298). */
	readonly rttMs: number | undefined;
	readonly rttVarianceMs: number | undefined;
	/** How many segments may be on their way unacknowledged. */
	readonly congestionWindowSegments: number | undefined;
	/** What one segment may carry. */
	readonly maximumSegmentBytes: number | undefined;
	/** Sent again and not acknowledged yet; left out by ss while all are 0. */
	readonly retransmitsPending: number | undefined;
	/** Sent again since the connection began. */
	readonly retransmitsTotal: number | undefined;
	/** SYN, of who connected, and FIN count one byte each. */
	readonly bytesAcknowledged: number | undefined;
	/** A FIN counts one byte. */
	readonly bytesReceived: number | undefined;
	/** On their way and not acknowledged. */
	readonly unacknowledgedSegments: number | undefined;
	readonly deliveryBitsPerSecond: number | undefined;
};

/**
 * Reads what `ss -tinH` says of one connection.
 *
 * @returns Undefined where the text tells of none.
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

/** In one line; what is unknown is left out. */
export const formatTcpInfo = (info: TcpInfo): string => {
	const tell = (
		value: number | undefined,
		words: (value: number) => string,
	): string[] => (value === undefined ? [] : [words(value)]);
	const {rttVarianceMs = 0, retransmitsPending = 0} = info;
	return [
		...tell(info.rttMs, ms => `rtt ${ms} ± ${rttVarianceMs} ms`),
		...tell(info.congestionWindowSegments, size => `cwnd ${size} segments`),
		...tell(info.maximumSegmentBytes, bytes => `mss ${bytes} bytes`),
		...tell(
			info.unacknowledgedSegments,
			count => `${count} segments unacknowledged`,
		),
		...tell(
			info.retransmitsTotal,
			count => `${count} sent again (${retransmitsPending} pending)`,
		),
		...tell(info.bytesAcknowledged, bytes => `${bytes} bytes acknowledged`),
		...tell(info.bytesReceived, bytes => `${bytes} bytes received`),
		...tell(
			info.deliveryBitsPerSecond,
			bits => `delivers ${(bits / giga).toFixed(3)} Gbit/s`,
		),
	].join(', ');
};
