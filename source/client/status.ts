/**
 * Asks a server how its room is, without joining: a hello with `status`.
 *
 * An older server refuses that key. It is asked nothing more then, as any other
 * hello would join.
 */
import {randomUUID} from 'node:crypto';
import {connectTimedOut} from '../connection/lifecycle.js';
import {SockchatError} from '../errors.js';
import {
	wireVersion,
	type Hello,
	type RoomStatus,
	type ServerFrame,
} from '../protocol/frame.js';
import {serverUnproven, type Token} from '../protocol/token.js';
import type {LoopbackAddress} from '../socket/address.js';
import {systemClock, type Clock} from '../socket/clock.js';
import {connectionFailed, dial} from '../socket/dial.js';
import {ClientExchange} from '../socket/token-exchange.js';
import {closedBy, notSockchat} from './endings.js';
import {FramedSocket} from './framed-socket.js';

export type StatusAnswer =
	| {readonly kind: 'nobody'}
	| {readonly kind: 'room'; readonly status: RoomStatus}
	/** A room that gives no status: an older one, or one that refuses us. */
	| {readonly kind: 'closed-room'; readonly error: SockchatError | undefined}
	/** Somebody listens, and it is not known to be a room. */
	| {readonly kind: 'other'; readonly error: SockchatError}
	/** The time passed first, so that it is not known who listens. */
	| {readonly kind: 'late'; readonly error: SockchatError};

export type StatusQuestion = {
	readonly address: LoopbackAddress;
	/** If set, the server has to prove first that it knows it. */
	readonly token: Token | undefined;
	readonly timeoutMs: number;
	readonly clock?: Clock | undefined;
};

const statusTimedOut = (timeoutMs: number) =>
	new SockchatError(
		'ERR_HANDSHAKE_TIMEOUT',
		`Connected, but no answer came within ${timeoutMs / 1000} s.`,
	);

const answerOf = (frame: ServerFrame): StatusAnswer | undefined => {
	switch (frame.type) {
		case 'status': {
			return {kind: 'room', status: frame};
		}

		case 'error': {
			const {code, message} = frame;
			const error =
				code === 'ERR_BAD_FRAME' ? undefined : new SockchatError(code, message);
			return {kind: 'closed-room', error};
		}

		case 'bye':
		case 'ping': {
			return undefined;
		}

		default: {
			return {kind: 'other', error: notSockchat(frame.type)};
		}
	}
};

/** Settles with what is known after at most `timeoutMs`. */
export const askStatus = async ({
	address,
	token,
	timeoutMs,
	clock = systemClock,
}: StatusQuestion): Promise<StatusAnswer> =>
	new Promise(resolve => {
		const link = dial(address);
		const exchange = token && new ClientExchange(token);
		const hello: Hello = {
			type: 'hello',
			v: wireVersion,
			client: randomUUID(),
			nick: 'status',
			status: true,
		};
		let isConnected = false;
		const settle = (answer: StatusAnswer) => {
			cancel();
			if (answer.kind === 'room' || answer.kind === 'closed-room') {
				socket.send({type: 'bye'});
				socket.finish();
			} else {
				socket.destroy();
			}

			resolve(answer);
		};

		const lose = (error: SockchatError) => {
			settle({kind: 'other', error});
		};

		const cancel = clock.setTimer(() => {
			settle({
				kind: 'late',
				error: isConnected
					? statusTimedOut(timeoutMs)
					: connectTimedOut(timeoutMs),
			});
		}, timeoutMs);
		const socket = new FramedSocket(link, {
			onConnected() {
				isConnected = true;
				socket.send(exchange ? exchange.challenge() : hello);
			},
			onHeard: () => undefined,
			onFrame(frame) {
				if (!exchange || exchange.isProven) {
					const answer = answerOf(frame);
					if (answer) {
						settle(answer);
					}
				} else if (frame.type === 'challenge' && exchange.take(frame, link)) {
					socket.send(exchange.prove(hello));
				} else {
					lose(serverUnproven());
				}
			},
			onGarbage(_error, seen) {
				lose(notSockchat(seen));
			},
			onEnded(cause) {
				const error = cause
					? connectionFailed(address, undefined, cause)
					: closedBy(undefined, 'handshaking', link);
				if (error.code === 'ERR_REFUSED') {
					settle({kind: 'nobody'});
				} else {
					lose(error);
				}
			},
		});
	});
