/**
 * Credentials as a file or a variable has them: what `nsc` writes (a .creds
 * file), `USER:PASSWORD`, or a token.
 */
import {Buffer} from 'node:buffer';
import {
	credsAuthenticator,
	type ConnectionOptions,
} from '@nats-io/transport-node';
import type {SockchatError} from '../errors.js';
import {
	credentialsExpired,
	credentialsIncomplete,
	credentialsRefused,
	credentialsWanted,
} from './failures.js';
import {tlsFailure} from './tls.js';

export type Credentials = Pick<
	ConnectionOptions,
	'authenticator' | 'user' | 'pass' | 'token'
> & {
	/** Milliseconds since the epoch. */
	readonly endsAt?: number | undefined;
};

/** When a JWT expires, if it does. */
const endOf = (jwt: string): number | undefined => {
	try {
		const [, claims = ''] = jwt.split('.', 2);
		const {exp} = JSON.parse(
			Buffer.from(claims, 'base64url').toString(),
		) as Readonly<Record<string, unknown>>;
		return typeof exp === 'number' ? exp * 1000 : undefined;
	} catch {
		return undefined;
	}
};

/** @throws {SockchatError} `ERR_RELAY` if a part is missing. */
const ofCredsFile = (text: string): Credentials => {
	// The library takes a label only with the end of its line.
	const authenticator = credsAuthenticator(Buffer.from(`${text}\n`));
	try {
		const answer = authenticator('nonce');
		return {authenticator, endsAt: endOf((answer as {jwt: string}).jwt)};
	} catch {
		throw credentialsIncomplete();
	}
};

/** @throws {SockchatError} `ERR_RELAY` if it is a part of a .creds file. */
export const credentialsIn = (text: string | undefined): Credentials => {
	// A variable that is set to nothing gives none, and so does an empty file.
	if (text === undefined || text.trim() === '') {
		return {};
	}

	if (/^-{3,}BEGIN /m.test(text)) {
		return ofCredsFile(text);
	}

	const [line = ''] = text.trim().split(/\r?\n/, 1);
	const colon = line.indexOf(':');
	return colon === -1
		? {token: line}
		: {user: line.slice(0, colon), pass: line.slice(colon + 1)};
};

const isAboutCredentials = ({name, message}: Error): boolean =>
	/authori[sz]|authenti|credential|nkey|signature|user_pass|jwt/i.test(
		`${name} ${message}`,
	);

/** @returns Undefined if it is about neither TLS nor credentials. */
export const accessFailure = (
	url: string,
	{endsAt, ...given}: Credentials,
	cause: Error,
): SockchatError | undefined => {
	const ofTls = tlsFailure(url, cause);
	if (ofTls !== undefined || !isAboutCredentials(cause)) {
		return ofTls;
	}

	if (Object.keys(given).length === 0) {
		return credentialsWanted(url, cause);
	}

	// Its clock decides, and may be a little ahead of ours.
	return endsAt !== undefined &&
		(endsAt < Date.now() || /expired/i.test(cause.message))
		? credentialsExpired(url, endsAt, cause)
		: credentialsRefused(url, cause);
};
