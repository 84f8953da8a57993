/** Begins the capture that a front end asked for, once the port is known. */
import type {ChatEvent} from '../event/event.js';
import type {LoopbackAddress} from '../socket/address.js';
import {systemClock} from '../socket/clock.js';
import type {Packet} from '../tcp/pcap.js';
import {checkCaptureFile} from '../watch/capture.js';
import type {SocketWatch} from '../watch/socket-watch.js';

export type CaptureWish = {
	/** A pcapng file to write. */
	readonly file: string | undefined;
};

type Options = {
	readonly address: LoopbackAddress;
	readonly command: 'join' | 'serve' | 'connect';
	readonly capture?: CaptureWish | undefined;
};

type Emit = (event: ChatEvent) => void;

/**
 * Settles once segments are captured, or it was said why they aren't. A server
 * whose port the kernel chooses captures from then on.
 *
 * @param onPackets Called with whole packets.
 * @returns The emitter to use from now on.
 * @throws {SockchatError} If the file can't be opened.
 */
export const beginCapture = async (
	{address, command, capture}: Options,
	watch: SocketWatch | undefined,
	emit: Emit,
	onPackets?: (packets: readonly Packet[]) => void,
): Promise<Emit> => {
	if (!capture || !watch || address.kind !== 'tcp') {
		return emit;
	}

	const {host} = address;
	const fail = (text: string, tone: 'warn' | 'bad'): void => {
		const at = systemClock.wallMs();
		emit({type: 'notice', at, tone, text});
	};

	const start = async (port: number): Promise<void> =>
		watch.capture(command === 'connect' ? 'client' : 'server', {
			host,
			port,
			file: capture.file,
			onPackets,
			onFailure: fail,
		});

	if (address.port > 0) {
		await start(address.port);
		return emit;
	}

	// A wrong path is refused before anybody comes.
	if (capture.file !== undefined) {
		checkCaptureFile(capture.file);
	}

	let hasBegun = false;
	return event => {
		emit(event);
		if (event.type === 'listening' && 'port' in event.place && !hasBegun) {
			const {port} = event.place;
			hasBegun = port > 0;
			if (hasBegun) {
				void start(port).catch((error: unknown) => {
					fail((error as Error).message, 'bad');
				});
			}
		}
	};
};
