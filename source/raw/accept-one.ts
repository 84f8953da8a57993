/** `serve --once`: listens, accepts one peer, and listens no more. */
import type {NoticeEvent, ServerEvent} from '../event/event.js';
import type {LoopbackAddress} from '../socket/address.js';
import {systemClock} from '../socket/clock.js';
import type {AnyListener} from '../socket/listener.js';
import type {OuterLink} from '../socket/link.js';
import {plainListener, type ListenerMaker} from '../socket/link/transport.js';

export type Accepted = {readonly link: OuterLink; readonly name: string};

export type AcceptOptions = {
	readonly address: LoopbackAddress;
	readonly descriptor?: number | undefined;
	readonly backlog?: number | undefined;
	readonly onEvent: (event: ServerEvent | NoticeEvent) => void;
	/** For TCP and Unix domain sockets by default. */
	readonly createListener?: ListenerMaker | undefined;
};

export type AcceptingOne = {
	readonly address: LoopbackAddress;
	/** Undefined if nobody came before `stop`. */
	readonly accepted: Promise<Accepted | undefined>;
	/** Gives up waiting. */
	readonly stop: () => void;
	/** Settles once the port is free and the peer is gone. */
	readonly closed: Promise<void>;
};

/** @throws {SockchatError} See `listen()`. */
export const acceptOne = async ({
	address,
	descriptor,
	backlog,
	onEvent,
	createListener = plainListener,
}: AcceptOptions): Promise<AcceptingOne> => {
	let settle: (accepted: Accepted | undefined) => void = () => undefined;
	const accepted = new Promise<Accepted | undefined>(resolve => {
		settle = resolve;
	});
	let isOver = false;
	let peer: string | undefined;
	const stop = () => {
		if (!isOver) {
			isOver = true;
			settle(undefined);
			void listener.drain();
		}
	};

	const listener: AnyListener = createListener({
		address,
		descriptor,
		clock: systemClock,
		onEvent(event) {
			// That it drains is how it ends, and nothing to report.
			const isOfPeer = event.type === 'accepted' && event.peer === peer;
			if (!isOver || isOfPeer || event.type === 'notice') {
				onEvent(event);
			}
		},
		onLink(link, {name}) {
			if (isOver) {
				// Accepted in the same turn: there is only one.
				link.stream.on('error', () => undefined);
				link.reset();
				return;
			}

			settle({link, name});
			peer = name;
			isOver = true;
			void listener.drain();
		},
		// The one peer ends when it is done, and not earlier.
		onDrain() {},
		onCutOff() {},
	});
	await listener.listen(backlog);
	return {address: listener.address, accepted, stop, closed: listener.closed};
};
