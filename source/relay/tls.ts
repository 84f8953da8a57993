/**
 * TLS to the engine: with tls://, and only then.
 *
 * nats.js holds a certificate against "localhost" if it has dialled an IP
 * address, so it is held against what the URL names here. Of a cluster the URL
 * names several, and any of them will do.
 */
import type {ConnectionOptions} from '@nats-io/transport-node';
import type {SockchatError} from '../errors.js';
import {identityOfAny} from '../socket/link/tls-identity.js';
import {
	certificateDated,
	certificateOfOther,
	engineUntrusted,
	tlsFailed,
	tlsMissing,
	tlsWanted,
} from './failures.js';

const isTls = (url: string): boolean => url.startsWith('tls://');

const hostsOf = (url: string): string[] =>
	url
		.split(',')
		.map(each => each.replace(/^\w+:\/\//, '').replace(/:\d+$/, ''))
		.map(host => host.replaceAll(/[[\]]/g, ''));

/** The library passes it to node:tls, although its own type has none of it. */
const passedOn = (hosts: readonly string[]): object => ({
	checkServerIdentity: identityOfAny(hosts),
});

/** What the library is asked for. */
export const tlsFor = (url: string): ConnectionOptions['tls'] =>
	isTls(url) ? passedOn(hostsOf(url)) : undefined;

const untrusted = new Set([
	'DEPTH_ZERO_SELF_SIGNED_CERT',
	'SELF_SIGNED_CERT_IN_CHAIN',
	'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
	'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
	'UNABLE_TO_GET_ISSUER_CERT',
]);

const dated: Readonly<Record<string, string>> = {
	CERT_HAS_EXPIRED: 'has expired',
	CERT_NOT_YET_VALID: 'is not valid yet',
};

// The alert of an engine that has got no certificate, by versions of TLS and Node.
const clientAsked = new Set([
	'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED',
	'ERR_SSL_SSL/TLS_ALERT_BAD_CERTIFICATE',
	'ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE',
]);

const namesOf = ({cert}: {cert?: {subjectaltname?: string}}): string =>
	cert?.subjectaltname ?? 'nobody';

/** @returns Undefined if it failed for another reason than TLS. */
export const tlsFailure = (
	url: string,
	cause: Error,
): SockchatError | undefined => {
	const {code = '', message} = cause as NodeJS.ErrnoException;
	if (isTls(url) && message.includes("does not support 'tls'")) {
		return tlsMissing(url, cause);
	}

	const isOfOther = code === 'ERR_TLS_CERT_ALTNAME_INVALID';
	if (
		!isOfOther &&
		!untrusted.has(code) &&
		!Object.hasOwn(dated, code) &&
		!/^ERR_(?:SSL|TLS)_/.test(code)
	) {
		return undefined;
	}

	if (!isTls(url)) {
		return tlsWanted(url, cause);
	}

	if (isOfOther) {
		const hosts = hostsOf(url).join(', ');
		return certificateOfOther(url, namesOf(cause as object), hosts, cause);
	}

	if (untrusted.has(code)) {
		return engineUntrusted(url, code, cause);
	}

	if (Object.hasOwn(dated, code)) {
		return certificateDated(url, `${dated[code]!} (${code})`, cause);
	}

	const {reason = message} = cause as {reason?: string};
	const why = clientAsked.has(code)
		? 'it asks for a certificate of the client, and sockchat has none'
		: reason;
	return tlsFailed(url, `${why} (${code})`, cause);
};
