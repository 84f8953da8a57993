/** Connects to a NATS server, and finds the room's stream there. */
import {jetstreamManager} from '@nats-io/jetstream';
import {connect, type NatsConnection} from '@nats-io/transport-node';
import {SockchatError} from '../errors.js';
import {closeSoon} from './closing.js';
import {accessFailure} from './credentials.js';
import {
	engineUnreachable,
	jetStreamSilent,
	noJetStream,
	tlsWanted,
} from './failures.js';
import {requestTimeoutMs, Session, type SessionOptions} from './session.js';
import {ensureStream, type StreamWish} from './stream.js';
import {tlsFor} from './tls.js';

export type EngineOptions = SessionOptions &
	StreamWish & {
		readonly connect?: typeof connect | undefined;
	};

const connectTimeoutMs = 2000;

const isTimeout = (error: unknown): boolean =>
	/timeout/i.test((error as Error).message);

/** @throws {SockchatError} `ERR_RELAY` or `ERR_RELAY_AWAY`, in one sentence. */
export const openSession = async (options: EngineOptions): Promise<Session> => {
	const {url, credentials, connect: dial = connect} = options;
	const {endsAt, ...given} = credentials;
	let nc: NatsConnection;
	try {
		nc = await dial({
			...given,
			servers: url
				.split(',')
				.map(each => each.replace(/^(?:nats|tls):\/\//, '')),
			tls: tlsFor(url),
			name: `sockchat ${options.room}`,
			reconnect: false,
			timeout: connectTimeoutMs,
			pingInterval: 2000,
			maxPingOut: 2,
		});
	} catch (error) {
		const cause = error as Error;
		throw (
			accessFailure(url, credentials, cause) ?? engineUnreachable(url, cause)
		);
	}

	if (nc.info?.tls_required && !url.startsWith('tls://')) {
		void closeSoon(nc);
		throw tlsWanted(url);
	}

	try {
		const jsm = await jetstreamManager(nc, {timeout: requestTimeoutMs});
		const wish = {...options, isClustered: nc.info?.cluster !== undefined};
		const info = await ensureStream(jsm, wish).catch(async (error: unknown) => {
			if (wish.isClustered && isTimeout(error)) {
				// While another server creates it, no node of a cluster answers for it.
				return ensureStream(jsm, wish);
			}

			throw error;
		});
		return new Session(nc, jsm, info, options);
	} catch (error) {
		void closeSoon(nc);
		if (error instanceof SockchatError) {
			throw error;
		}

		throw /not enabled|no responders/i.test((error as Error).message)
			? noJetStream(url)
			: jetStreamSilent(url, requestTimeoutMs, error as Error);
	}
};
