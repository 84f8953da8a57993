/** Opens a proxy for a front end. */
import type {SocketEvent, WireEvent} from '../event/event.js';
import type {
	Faults,
	PairsEvent,
	ProxyEvent,
	ProxySide,
} from '../event/proxy-event.js';
import type {SockchatError} from '../errors.js';
import type {ProxyAction} from '../proxy/commands.js';
import {Proxy} from '../proxy/proxy.js';
import {Watches} from '../proxy/watches.js';
import {Recorder} from '../recording/recorder.js';
import type {LoopbackAddress} from '../socket/address.js';
import {systemClock} from '../socket/clock.js';
import {
	certificateNotice,
	prepareDial,
	prepareListening,
	type LinkWish,
} from '../socket/link/transport.js';
import type {Answer} from '../tcp/socket-action.js';
import type {Ending} from './ending.js';

/** An address, and what the bytes are carried by there. */
export type ProxyEnd = {
	readonly address: LoopbackAddress;
	readonly link: LinkWish | undefined;
};

export type ProxyWish = {
	readonly listen: ProxyEnd;
	readonly target: ProxyEnd;
	readonly faults: Partial<Faults>;
	readonly isOnce: boolean;
	/** Open at once; undefined for the default. */
	readonly maxConnections: number | undefined;
	/** A file that gets every chunk. */
	readonly record: string | undefined;
};

export type ProxyFront = {
	/** Whether chunks are reported. */
	readonly isWatched: boolean;
	/** Whether the states of all ends are, in lines. */
	readonly hasEnds: boolean;
	readonly onEvent: (event: ProxyEvent) => void;
	/** Set if all connections are shown. */
	readonly onPairs?: ((event: PairsEvent) => void) | undefined;
	/** Set if the calls on their sockets are shown. */
	readonly onSockets?:
		((side: ProxySide, event: SocketEvent | WireEvent) => void) | undefined;
	/** @param peer Whose connection; undefined for the recording. */
	readonly onFailure: (error: SockchatError, peer: string | undefined) => void;
};

export type OpenProxy = {
	/** Where it listens. */
	readonly address: LoopbackAddress;
	readonly clients: () => readonly string[];
	/** Does what was typed. */
	readonly perform: (action: ProxyAction) => Answer;
	/** Accepts no more, and ends all in good order; called again, at once. */
	readonly leave: () => void;
	/** Settles once all has ended, and what was recorded is in its file. */
	readonly ended: Promise<Ending>;
};

/** @throws {SockchatError} If a file is wrong, or it can't listen. */
export const openProxy = async (
	{listen, target, faults, isOnce, maxConnections, record}: ProxyWish,
	{isWatched, hasEnds, onEvent, onPairs, onSockets, onFailure}: ProxyFront,
): Promise<OpenProxy> => {
	// What is wrong with a file is said before anything is opened.
	const dialler = await prepareDial(target.address, undefined, target.link);
	const {createListener, fingerprint} = await prepareListening(
		listen.address,
		listen.link,
	);
	let hasFailed = false;
	let hasLeft = false;
	/** Bytes that were read, ever, and after we began to leave. */
	let hasLost = false;
	let isCutOff = false;
	const fail = (error: SockchatError, peer?: string): void => {
		hasFailed = true;
		const isLoss = error.code === 'ERR_NOT_SENT';
		hasLost ||= isLoss;
		isCutOff ||= isLoss && hasLeft;
		onFailure(error, peer);
	};

	const recorder =
		record === undefined
			? undefined
			: new Recorder({
					path: record,
					side: 'proxy',
					address: target.address,
					link: target.link,
					onFailure: fail,
				});
	const proxy = new Proxy({
		listen: listen.address,
		target: target.address,
		createListener,
		dialler,
		faults,
		isOnce,
		maxConnections,
		isWatched,
		hasEnds,
		onPairs,
		watches: onSockets && new Watches({client: listen, target}, onSockets),
		recorder,
		onEvent,
		onFailure: fail,
	});
	await proxy.listen();
	recorder?.begin();
	if (fingerprint !== undefined) {
		onEvent(certificateNotice(fingerprint, systemClock.wallMs()));
	}

	const run = async (): Promise<Ending> => {
		await proxy.closed();
		recorder?.close();
		return {
			// One that can't be reached doesn't end it, unless it was the only one.
			hasFailed: hasLost || (hasFailed && isOnce),
			isLate: false,
			isUnfinished: isCutOff,
		};
	};

	return {
		address: proxy.address,
		clients: () => proxy.clients,
		perform(action) {
			if (action.type === 'faults') {
				return proxy.setFaults(action.change, action.scope);
			}

			return action.type === 'cut'
				? proxy.cut(action.scope)
				: proxy.reset(action.scope);
		},
		leave() {
			if (hasLeft) {
				proxy.destroy();
			} else {
				hasLeft = true;
				proxy.leave();
			}
		},
		ended: run(),
	};
};
