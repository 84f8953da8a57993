/** Certificates and keys for TLS, looked at before anything is opened. */
import type {KeyObject, X509Certificate} from 'node:crypto';
import {readFileSync} from 'node:fs';
import process from 'node:process';
import {createSecureContext, type SecureContext} from 'node:tls';
import {quoted, SockchatError} from '../../errors.js';

const wrong = (sentence: string, cause?: unknown) =>
	new SockchatError('ERR_USAGE', sentence, {cause});

const reasons: Readonly<Record<string, string>> = {
	ENOENT: 'there is no such file',
	EACCES: 'permission denied',
	EISDIR: 'it is a folder',
};

/** What OpenSSL says, without its number and the name of its part. */
const reasonOf = (error: unknown): string => {
	const {reason, message} = error as Error & {reason?: string};
	return reason ?? message;
};

/** @throws {SockchatError} `ERR_USAGE` unless it has a part with that label. */
const readPem = (flag: string, path: string, label: RegExp): string => {
	let text: string;
	try {
		// OpenSSL passes over a part that a byte order mark stands before.
		text = readFileSync(path, 'latin1').replace(/^\u00EF\u00BB\u00BF/, '');
	} catch (error) {
		const {code = '', message} = error as NodeJS.ErrnoException;
		throw wrong(
			`${flag} can't read ${quoted(path)}: ${reasons[code] ?? message}.`,
			error,
		);
	}

	if (!label.test(text)) {
		throw wrong(
			`${flag} needs PEM, and ${quoted(path)} has no ${label.source.includes('KEY') ? 'private key' : 'certificate'} in it (-----BEGIN …).`,
		);
	}

	return text;
};

const certificateLabel = /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----/;
const keyLabel = /-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----/;

/** @throws {SockchatError} `ERR_USAGE` if one of them can't be read. */
const parseCertificates = (
	flag: string,
	path: string,
	text: string,
): readonly X509Certificate[] => {
	const {X509Certificate} = process.getBuiltinModule('node:crypto');
	// A part without its end is one that was cut off, and OpenSSL passes over it.
	const parts = text.match(
		/-----BEGIN [^-]*CERTIFICATE-----[^-]*(?:-----END [^-]*CERTIFICATE-----)?/g,
	);
	try {
		return (parts ?? []).map(part => new X509Certificate(part));
	} catch (error) {
		throw wrong(
			`${flag} can't use ${quoted(path)}: ${reasonOf(error)}.`,
			error,
		);
	}
};

/** @throws {SockchatError} `ERR_USAGE`. */
export const readAuthorities = (path: string): string => {
	const text = readPem('--tls-ca', path, certificateLabel);
	parseCertificates('--tls-ca', path, text);
	return text;
};

/** @throws {SockchatError} `ERR_USAGE`. */
const parseKey = (path: string, text: string): KeyObject => {
	try {
		return process.getBuiltinModule('node:crypto').createPrivateKey(text);
	} catch (error) {
		throw wrong(
			/passphrase|interrupted or cancelled/i.test((error as Error).message)
				? `The key in ${quoted(path)} is encrypted; decrypt it first: openssl pkey -in FILE -out FILE`
				: `--tls-key can't use ${quoted(path)}: ${reasonOf(error)}.`,
			error,
		);
	}
};

export type OwnCertificate = {
	readonly context: SecureContext;
	/** SHA-256 of the certificate, if it is for this day only. */
	readonly fingerprint?: string;
};

/**
 * @param authorities Whom a client trusts, in PEM; Node's by default.
 * @throws {SockchatError} `ERR_USAGE` if a file can't be read, is not PEM, or
 * the key is that of another certificate.
 */
export const readCertificate = (
	certPath: string,
	keyPath: string,
	authorities?: string,
): OwnCertificate => {
	const cert = readPem('--tls-cert', certPath, certificateLabel);
	const key = readPem('--tls-key', keyPath, keyLabel);
	const certificates = parseCertificates('--tls-cert', certPath, cert);
	const privateKey = parseKey(keyPath, key);
	// A context alone would take a key of another kind, and no handshake works.
	const owner = certificates.findIndex(it => it.checkPrivateKey(privateKey));
	if (owner !== 0) {
		throw wrong(
			owner > 0
				? `The key in ${quoted(keyPath)} is that of certificate ${owner + 1} in ${quoted(certPath)}; put that one first, and those that signed it after it.`
				: `The key in ${quoted(keyPath)} is not that of the certificate in ${quoted(certPath)}; give the pair that belongs together.`,
		);
	}

	try {
		return {
			context: createSecureContext({
				cert,
				key,
				...(authorities !== undefined && {ca: authorities}),
			}),
		};
	} catch (error) {
		throw wrong(
			`--tls-cert ${quoted(certPath)} and --tls-key ${quoted(keyPath)} can't be used: ${reasonOf(error)}.`,
			error,
		);
	}
};
