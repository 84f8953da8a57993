/** Failures of TLS in words: what happened, and what to do. */
import {quoted, SockchatError} from '../../errors.js';

const certificateAsked =
	'it asks for a certificate of the client; connect --raw gives one with --tls-cert FILE and --tls-key FILE';

// TLS 1.2 has one alert for both.
const refusedHandshake = `no cipher is known to both sides, or ${certificateAsked}`;

const insecure = '--tls-insecure takes any certificate';

/** The codes of OpenSSL and Node for a certificate that is not trusted. */
const untrusted: Readonly<Record<string, string>> = {
	DEPTH_ZERO_SELF_SIGNED_CERT: 'it signed its certificate itself',
	SELF_SIGNED_CERT_IN_CHAIN: 'its chain ends in an authority that is not known',
	UNABLE_TO_VERIFY_LEAF_SIGNATURE:
		'the authority that signed its certificate is not known',
	UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
		'the authority that signed its certificate is not known',
	UNABLE_TO_GET_ISSUER_CERT:
		'the authority that signed its certificate is not known',
};

const dated: Readonly<Record<string, string>> = {
	CERT_HAS_EXPIRED: 'has expired',
	CERT_NOT_YET_VALID: 'is not valid yet',
};

/** What the other side's alert, or its bytes, mean. */
const handshakes: Readonly<Record<string, string>> = {
	ERR_SSL_WRONG_VERSION_NUMBER:
		'it does not speak TLS; leave out --tls to talk to it as it is',
	ERR_SSL_PACKET_LENGTH_TOO_LONG:
		'it does not speak TLS; leave out --tls to talk to it as it is',
	ERR_SSL_UNEXPECTED_MESSAGE:
		'it does not speak TLS as a server does; does it send back what it gets?',
	ERR_SSL_HTTP_REQUEST:
		'it sent plain HTTP; use https there, or leave out --tls',
	ERR_SSL_UNSUPPORTED_PROTOCOL:
		'its version of TLS is too old; 1.2 and 1.3 are spoken here',
	ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION:
		'it refused our version of TLS; 1.2 and 1.3 are spoken here',
	ERR_SSL_TLSV1_ALERT_UNKNOWN_CA:
		'it does not trust our certificate; give it ours as an authority',
	ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
		'it does not trust our certificate; give it ours as an authority',
	'ERR_SSL_SSL/TLS_ALERT_CERTIFICATE_UNKNOWN':
		'it does not trust our certificate; give it ours as an authority',
	ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE:
		'it does not trust our certificate; give it ours as an authority',
	ERR_SSL_NO_SHARED_CIPHER: 'no cipher is known to both sides',
	// Both versions of OpenSSL.
	ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE: refusedHandshake,
	'ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE': refusedHandshake,
	ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: certificateAsked,
	ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL:
		'it speaks none of the protocols that --tls-alpn asks for',
	ERR_SSL_NO_APPLICATION_PROTOCOL:
		'it asked by ALPN for protocols that --tls-alpn does not name',
};

const tlsError = (sentence: string, cause?: Error) =>
	new SockchatError('ERR_TLS', sentence, cause ? {cause} : {});

/**
 * @param who The other side, in a sentence.
 * @returns Undefined if it isn't a failure of TLS.
 */
export const tlsFailed = (
	who: string,
	cause: Error,
): SockchatError | undefined => {
	const {code = ''} = cause as NodeJS.ErrnoException;
	if (Object.hasOwn(untrusted, code)) {
		return tlsError(
			`${who} is not trusted: ${untrusted[code]!} (${code}). Give its authority with --tls-ca FILE; ${insecure}.`,
			cause,
		);
	}

	if (Object.hasOwn(dated, code)) {
		return tlsError(
			`The certificate of ${who} ${dated[code]!} (${code}). Renew it; ${insecure}.`,
			cause,
		);
	}

	if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
		const {host = '', cert} = cause as {
			host?: string;
			cert?: {subjectaltname?: string; subject?: {CN?: string}};
		} & Error;
		const names = cert?.subjectaltname ?? cert?.subject?.CN ?? 'nobody';
		return tlsError(
			`The certificate of ${who} is for ${quoted(names)}, not for ${host} (${code}). Give a name that it has with --tls-name NAME; ${insecure}.`,
			cause,
		);
	}

	if (Object.hasOwn(handshakes, code)) {
		return tlsError(
			`No TLS with ${who}: ${handshakes[code]!} (${code}).`,
			cause,
		);
	}

	// OpenSSL's own message has numbers and files of its source.
	const {reason = cause.message} = cause as {reason?: string} & Error;
	return /^(?:ERR_SSL_|ERR_TLS_)/.test(code)
		? tlsError(`No TLS with ${who}: ${reason} (${code}).`, cause)
		: undefined;
};

export const truncated = () =>
	new SockchatError(
		'ERR_TLS',
		'The other side sent FIN without close_notify: what came before may not be all that it had to say.',
	);

export const endedEarly = () =>
	new SockchatError(
		'ERR_TLS',
		'The other side ended the connection amid the TLS handshake: it speaks no TLS, or refuses the certificate.',
	);

export const noHandshake = (patienceMs: number) =>
	new SockchatError(
		'ERR_CONNECT_TIMEOUT',
		`Connected, but the TLS handshake was not done within ${Math.round(patienceMs / 100) / 10} s; does the other side speak TLS?`,
	);
