/** Segments, with sequence numbers that begin at 0, as Wireshark shows them. */
import {tcpFlags, type TcpPacket} from './pcap.js';
import {SentNumbers} from './sent-numbers.js';

/** By the flag that says most; PSH and ACK may carry data. */
export type SegmentName = 'SYN' | 'SYN+ACK' | 'ACK' | 'PSH' | 'FIN' | 'RST';

/** What a captured segment says besides its name. */
export type SegmentFacts = {
	readonly evidence: 'captured';
	/** Seen from this process: out was sent, in was received. */
	readonly direction: 'in' | 'out';
	readonly seq: number;
	/** Undefined without the flag ACK. */
	readonly ack: number | undefined;
	/** The bytes of data. */
	readonly length: number;
	/** Undefined if its scale isn't known, as the SYN wasn't captured. */
	readonly window: number | undefined;
	readonly flags: readonly string[];
	/** The first bytes of data as text; empty without any. */
	readonly text: string;
	/** 1 if it, or its first byte, was captured before; else left out. */
	readonly retransmitted?: 1;
};

/** A segment between two addresses. */
export type Segment = Omit<SegmentFacts, 'direction' | 'evidence'> & {
	readonly at: number;
	readonly segment: SegmentName;
	readonly from: string;
	readonly to: string;
};

/** How many bytes of data are shown. */
export const shownBytes = 96;

const flagNames = [
	['SYN', tcpFlags.syn],
	['FIN', tcpFlags.fin],
	['RST', tcpFlags.rst],
	['PSH', tcpFlags.psh],
	['ACK', tcpFlags.ack],
] as const;

const nameOf = (flags: readonly string[], length: number): SegmentName => {
	if (flags.includes('RST')) {
		return 'RST';
	}

	if (flags.includes('SYN')) {
		return flags.includes('ACK') ? 'SYN+ACK' : 'SYN';
	}

	if (flags.includes('FIN')) {
		return 'FIN';
	}

	return length > 0 && flags.includes('PSH') ? 'PSH' : 'ACK';
};

/** One direction of a connection. */
type Way = {
	/** The sequence number that is shown as 0. */
	base: number;
	/** Undefined until its SYN was captured. */
	scale: number | 'none' | undefined;
	readonly sent: SentNumbers;
	/** The window of its end, not scaled; undefined until a segment had one. */
	window: number | undefined;
};

// Connections that are counted at once; the one that was quiet longest goes.
const maxWays = 8192;

const decoder = new TextDecoder();

/** Makes the numbers of each connection begin at 0. */
export class SegmentCounter {
	readonly #ways = new Map<string, Way>();

	count(packet: TcpPacket): Segment {
		const {from, to, length, data, atUs} = packet;
		const flags = flagNames.flatMap(([name, bit]) =>
			(packet.flags & bit) === 0 ? [] : [name],
		);
		const own = this.#wayOf(from, to, packet);
		const hasAck = flags.includes('ACK');
		const other = hasAck
			? this.#acknowledged(to, from, packet.ack)
			: this.#ways.get(`${to} ${from}`);
		if (hasAck) {
			other?.sent.acknowledge(packet.ack);
			own.window = packet.window;
		}

		const isAgain = own.sent.add(packet, other?.window === 0);
		return {
			at: atUs / 1000,
			segment: nameOf(flags, length),
			from,
			to,
			seq: (packet.seq - own.base) >>> 0,
			ack: hasAck && other ? (packet.ack - other.base) >>> 0 : undefined,
			length,
			window: windowOf(packet, own, other),
			flags,
			text: decoder.decode(data.subarray(0, shownBytes)),
			...(isAgain && {retransmitted: 1}),
		};
	}

	#wayOf(from: string, to: string, {seq, flags, windowScale}: TcpPacket): Way {
		const key = `${from} ${to}`;
		const isFirst = (flags & tcpFlags.syn) !== 0;
		const known = this.#ways.get(key);
		// Of a connection that was there before, the first byte seen is 1. An RST
		// in answer to a SYN has 0.
		const isAnswer = known === undefined && (flags & tcpFlags.rst) !== 0;
		const isSame = known && (!isFirst || known.sent.isSameSyn(seq));
		const way: Way = isSame
			? known
			: {
					base: isFirst || isAnswer ? seq : seq - 1,
					scale: undefined,
					sent: new SentNumbers(),
					window: undefined,
				};
		if (isFirst) {
			way.scale = windowScale ?? 'none';
		}

		this.#ways.delete(key);
		this.#ways.set(key, way);
		if (this.#ways.size > maxWays) {
			const [oldest] = this.#ways.keys();
			this.#ways.delete(oldest!);
		}

		return way;
	}

	/** The direction of which nothing but an acknowledgement was seen. */
	#acknowledged(from: string, to: string, ack: number): Way {
		const key = `${from} ${to}`;
		const known = this.#ways.get(key);
		if (known) {
			return known;
		}

		const way: Way = {
			base: ack - 1,
			scale: undefined,
			sent: new SentNumbers(),
			window: undefined,
		};
		this.#ways.set(key, way);
		return way;
	}
}

/** Both SYNs must have the option for a scale to count (RFC 7323, 2.2). */
const windowOf = (
	{window, flags}: TcpPacket,
	own: Way,
	other: Way | undefined,
): number | undefined => {
	if ((flags & tcpFlags.syn) !== 0) {
		return window;
	}

	if (own.scale === undefined || other?.scale === undefined) {
		return window === 0 ? 0 : undefined;
	}

	return own.scale === 'none' || other.scale === 'none'
		? window
		: window * 2 ** own.scale;
};
