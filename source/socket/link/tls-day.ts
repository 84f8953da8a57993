/**
 * A certificate for a day, for a server that has none. The library that makes
 * it is large, so only such a server loads it.
 */
import process from 'node:process';
import {createSecureContext} from 'node:tls';
import {generate} from 'selfsigned';
import type {OwnCertificate} from './tls-files.js';

const dayMs = 24 * 60 * 60 * 1000;

/** A certificate for this machine's loopback names, valid for a day. */
export const makeCertificate = async (now: number): Promise<OwnCertificate> => {
	const {X509Certificate} = process.getBuiltinModule('node:crypto');
	const made = await generate([{name: 'commonName', value: 'localhost'}], {
		keyType: 'ec',
		curve: 'P-256',
		algorithm: 'sha256',
		// A clock that is a little late must not refuse it.
		notBeforeDate: new Date(now - 60_000),
		notAfterDate: new Date(now + dayMs),
		extensions: [
			{
				name: 'subjectAltName',
				altNames: [
					{type: 2, value: 'localhost'},
					{type: 7, ip: '127.0.0.1'},
					{type: 7, ip: '::1'},
				],
			},
		],
	});
	return {
		context: createSecureContext({cert: made.cert, key: made.private}),
		fingerprint: new X509Certificate(made.cert).fingerprint256,
	};
};
