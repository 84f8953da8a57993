/** Certificates and keys for TLS, looked at before anything is opened. */
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

/** @throws {SockchatError} `ERR_USAGE` unless it has a part with that label. */
const readPem = (flag: string, path: string, label: RegExp): string => {
	let text: string;
	try {
		text = readFileSync(path, 'latin1');
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

/** @throws {SockchatError} `ERR_USAGE`. */
export const readAuthorities = (path: string): string => {
	const {X509Certificate} = process.getBuiltinModule('node:crypto');
	const text = readPem('--tls-ca', path, certificateLabel);
	for (const [part] of text.matchAll(
		/-----BEGIN [^-]*CERTIFICATE-----[^-]*-----END [^-]*CERTIFICATE-----/g,
	)) {
		try {
			// eslint-disable-next-line no-new -- it throws if it can't be read
			new X509Certificate(part);
		} catch (error) {
			throw wrong(
				`--tls-ca can't use ${quoted(path)}: ${(error as Error).message}.`,
				error,
			);
		}
	}

	return text;
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
	try {
		return {
			context: createSecureContext({
				cert,
				key,
				...(authorities !== undefined && {ca: authorities}),
			}),
		};
	} catch (error) {
		const {code = '', message} = error as NodeJS.ErrnoException;
		if (code === 'ERR_OSSL_X509_KEY_VALUES_MISMATCH') {
			throw wrong(
				`The key in ${quoted(keyPath)} is not that of the certificate in ${quoted(certPath)}; give the pair that belongs together.`,
				error,
			);
		}

		throw wrong(
			/password|passphrase|interrupted|cancelled/i.test(`${code} ${message}`)
				? `The key in ${quoted(keyPath)} is encrypted; decrypt it first: openssl pkey -in FILE -out FILE`
				: `--tls-cert ${quoted(certPath)} and --tls-key ${quoted(keyPath)} can't be used: ${message}.`,
			error,
		);
	}
};
