/**
 * Writes a recording: a head line, then one JSON line for whatever happens on a
 * connection, in the order in which it happened here.
 *
 * A line is written before its bytes go on, by a call that waits for the
 * kernel: so a slow disk slows the connection down rather than fill memory, and
 * what kill -9 leaves lacks at most the end of its last line. After a failure
 * nothing more is written, as a recording with a gap would be misleading.
 */
import {Buffer} from 'node:buffer';
import {SockchatError} from '../errors.js';
import {jsonSafe} from '../protocol/display.js';
import {lastingAddress, type LoopbackAddress} from '../socket/address.js';
import {systemClock} from '../socket/clock.js';
import {connectionLost, isRst} from '../socket/dial.js';
import type {MessageKind} from '../event/link-facts.js';
import type {Link} from '../socket/link.js';
import type {LinkWish} from '../socket/link/transport.js';
import {onShutdown} from '../socket/stream/shutdown.js';
import type {Packet} from '../tcp/pcap.js';
import {errnoCauseOf, LateFile, reasonOf} from '../new-file.js';
import {ChunkObjects} from './chunk-objects.js';
import {recordedLink} from './link.js';
import type {
	Direction,
	RecordedSide,
	RecordingHead,
	RecordingLine,
} from './line.js';

export const cantRecord = (path: string, cause: unknown) =>
	new SockchatError(
		'ERR_RECORDING',
		`Can't record to ${path}: ${reasonOf(cause)}.`,
		{cause: errnoCauseOf(cause)},
	);

const incomplete = (path: string, cause: unknown) =>
	new SockchatError(
		'ERR_RECORDING',
		`The recording ${path} is not complete: ${reasonOf(cause)}.`,
		{cause},
	);

const openRecording = (path: string): LateFile => {
	try {
		return new LateFile(path);
	} catch (error) {
		throw cantRecord(path, error);
	}
};

const causeOf = (lost: Error | undefined) => {
	if (!lost) {
		return undefined;
	}

	const {code, message} = connectionLost('that was recorded', lost);
	return {code, message};
};

/** One connection that is recorded. */
export type Recorded = {
	/** Called before bytes are given to the kernel. */
	readonly sent: (bytes: Buffer) => void;
};

/** A client of a proxy, and what passes between it and the target. */
export type RelayRecord = {
	/** @param frame How a WebSocket message was sent. */
	readonly chunk: (
		direction: 'in' | 'out',
		bytes: Buffer,
		frame: MessageKind | undefined,
	) => void;
	readonly fin: (direction: 'in' | 'out') => void;
	/** @param reset The direction whose sender sent RST, if that is known. */
	readonly ended: (
		reason: string,
		counts: {readonly bytesIn: number; readonly bytesOut: number},
		reset: Direction | undefined,
	) => void;
};

export type RecorderOptions = {
	readonly path: string;
	readonly side: RecordedSide;
	readonly address: LoopbackAddress;
	/** What the bytes are carried by, if not TCP or a Unix domain socket alone. */
	readonly link?: LinkWish | undefined;
	/** Called once, if the recording can't go on. */
	readonly onFailure: (error: SockchatError) => void;
};

export class Recorder {
	readonly #options: RecorderOptions;
	readonly #file: LateFile;
	readonly #head: RecordingHead;
	readonly #chunks = new ChunkObjects();
	#hasBegun = false;
	#hasFailed = false;

	/** @throws {SockchatError} `ERR_RECORDING`, if the file can't be made. */
	constructor(options: RecorderOptions) {
		this.#options = options;
		const {path, side, address, link} = options;
		this.#file = openRecording(path);
		this.#head = {
			type: 'recording',
			v: 1,
			side,
			address: lastingAddress(address),
			link: recordedLink(address, link),
			at: systemClock.wallMs(),
		};
	}

	/** Makes the file, which has its head then; the first line does so, too. */
	begin(): void {
		if (!this.#hasBegun) {
			this.#hasBegun = true;
			this.#write(this.#head);
		}
	}

	/**
	 * Records what a connection reads and how it ends, without changing how it
	 * is read; what it sends is passed to `sent`.
	 *
	 * @param peer The server's peer; undefined on a client.
	 */
	follow(link: Link, peer?: string): Recorded {
		const {stream} = link;
		const at = () => systemClock.wallMs();
		let lost: Error | undefined;
		let isOpen = false;
		let bytesIn = 0;
		let bytesOut = 0;
		/** What waits for connect(). */
		const early: Buffer[] = [];
		const open = () => {
			isOpen = true;
			this.#chunks.forget(peer);
			this.#write(
				peer === undefined
					? {type: 'state', phase: 'open', at: at(), ...link.endpoints}
					: {type: 'accepted', at: at(), peer},
			);
			for (const bytes of early.splice(0)) {
				this.#chunk('out', peer, bytes, link.messageKind(bytes));
			}
		};

		if (link.isConnecting) {
			stream.once('connect', open);
		} else {
			open();
		}

		// Not by on(), which would make the stream flow.
		stream.prependListener('data', (bytes: Buffer) => {
			bytesIn += bytes.length;
			this.#chunk('in', peer, bytes, link.messageKind(bytes));
		});
		stream.prependListener('end', () => {
			this.#write({type: 'fin', direction: 'in', peer, at: at()});
		});
		onShutdown(stream, () => {
			this.#write({type: 'fin', direction: 'out', peer, at: at()});
		});
		stream.prependListener('error', (error: Error) => {
			lost = error;
		});
		stream.prependListener('close', () => {
			this.#chunks.forget(peer);
			if (!isOpen) {
				return;
			}

			const reset = isRst(lost) ? 'in' : undefined;
			const cause = causeOf(lost);
			this.#write(
				peer === undefined
					? {type: 'state', phase: 'closed', at: at(), cause, reset}
					: {
							type: 'ended',
							at: at(),
							peer,
							reason: lost ? 'reset' : 'closed',
							reset,
							bytesIn,
							bytesOut,
						},
			);
		});
		return {
			sent: bytes => {
				bytesOut += bytes.length;
				if (isOpen) {
					this.#chunk('out', peer, bytes, link.messageKind(bytes));
				} else {
					early.push(bytes);
				}
			},
		};
	}

	/** What was captured of the connections. */
	packets(packets: readonly Packet[]): void {
		for (const {atUs, linkType, length, bytes} of packets) {
			const at = Math.floor(atUs / 1000);
			const base64 = Buffer.from(bytes).toString('base64');
			this.#write({type: 'packet', at, atUs, linkType, length, base64});
		}
	}

	/** Records each chunk once: `out` goes from the client to the target. */
	relay(peer: string): RelayRecord {
		const at = () => systemClock.wallMs();
		this.#chunks.forget(peer);
		this.#write({type: 'accepted', at: at(), peer});
		return {
			chunk: (direction, bytes, frame) => {
				this.#chunk(direction, peer, bytes, frame);
			},
			fin: direction => {
				this.#write({type: 'fin', direction, peer, at: at()});
			},
			ended: (reason, {bytesIn, bytesOut}, reset) => {
				this.#chunks.forget(peer);
				this.#write({
					type: 'ended',
					at: at(),
					peer,
					reason,
					reset,
					bytesIn,
					bytesOut,
				});
			},
		};
	}

	close(): void {
		this.#file.close();
	}

	#chunk(
		direction: 'in' | 'out',
		peer: string | undefined,
		bytes: Buffer,
		frame: MessageKind | undefined,
	): void {
		const at = systemClock.wallMs();
		this.#write(
			this.#chunks.objectOf({type: 'chunk', at, direction, peer, bytes, frame}),
		);
	}

	#write(line: RecordingHead | RecordingLine): void {
		this.begin();
		if (this.#hasFailed) {
			return;
		}

		try {
			this.#file.write(Buffer.from(`${jsonSafe(JSON.stringify(line))}\n`));
		} catch (error) {
			this.#hasFailed = true;
			this.#options.onFailure(incomplete(this.#options.path, error));
		}
	}
}
