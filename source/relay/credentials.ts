/**
 * Credentials as a file or a variable has them: what `nsc` writes (a .creds
 * file), `USER:PASSWORD`, or a token.
 */
import {Buffer} from 'node:buffer';
import {
	credsAuthenticator,
	type ConnectionOptions,
} from '@nats-io/transport-node';

export type Credentials = Pick<
	ConnectionOptions,
	'authenticator' | 'user' | 'pass' | 'token'
>;

export const credentialsIn = (text: string | undefined): Credentials => {
	if (text === undefined) {
		return {};
	}

	if (text.includes('-----BEGIN NATS USER JWT-----')) {
		return {authenticator: credsAuthenticator(Buffer.from(text))};
	}

	const [line = ''] = text.trim().split('\n', 1);
	const colon = line.indexOf(':');
	return colon === -1
		? {token: line}
		: {user: line.slice(0, colon), pass: line.slice(colon + 1)};
};
