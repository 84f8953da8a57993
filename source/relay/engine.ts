/** Connects to a NATS server, and finds the room's stream there. */
import {jetstreamManager} from '@nats-io/jetstream';
import {
	connect,
	type ConnectionOptions,
	type NatsConnection,
} from '@nats-io/transport-node';
import {SockchatError} from '../errors.js';
import {closeSoon} from './closing.js';
import {
	credentialsRefused,
	engineUnreachable,
	jetStreamSilent,
	noJetStream,
} from './failures.js';
import {requestTimeoutMs, Session, type SessionOptions} from './session.js';
import {ensureStream} from './stream.js';

export type EngineOptions = SessionOptions & {
	/** Of a stream that is created. */
	readonly replicas: number;
	readonly credentials: Pick<
		ConnectionOptions,
		'authenticator' | 'user' | 'pass' | 'token'
	>;
	readonly connect?: typeof connect | undefined;
};

const connectTimeoutMs = 2000;

/** A failure of the connection or of the credentials. */
const connectFailure = (url: string, cause: Error): SockchatError => {
	const text = `${cause.name} ${cause.message}`;
	return /authori[sz]|authenti|credential|nkey|signature|user_pass|jwt/i.test(
		text,
	)
		? credentialsRefused(url, cause)
		: engineUnreachable(url, cause);
};

/** @throws {SockchatError} `ERR_RELAY`, in one sentence. */
export const openSession = async (options: EngineOptions): Promise<Session> => {
	const {url, credentials, connect: dial = connect} = options;
	let nc: NatsConnection;
	try {
		nc = await dial({
			...credentials,
			servers: url
				.split(',')
				.map(each => each.replace(/^(?:nats|tls):\/\//, '')),
			...(url.startsWith('tls://') && {tls: {}}),
			name: `sockchat ${options.room}`,
			reconnect: false,
			timeout: connectTimeoutMs,
			pingInterval: 2000,
			maxPingOut: 2,
		});
	} catch (error) {
		throw connectFailure(url, error as Error);
	}

	try {
		const jsm = await jetstreamManager(nc, {timeout: requestTimeoutMs});
		return new Session(nc, jsm, await ensureStream(jsm, options), options);
	} catch (error) {
		void closeSoon(nc);
		if (error instanceof SockchatError) {
			throw error;
		}

		throw /not enabled|no responders/i.test((error as Error).message)
			? noJetStream(url)
			: jetStreamSilent(url, error as Error);
	}
};
