/** Peers that speak TLS and UDP, and certificates for them. */
import {execFileSync} from 'node:child_process';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {requireExecutable, type Owner} from './environment.js';
import {startProcess} from './process.js';

export const newFolder = (owner: Owner): string => {
	const folder = mkdtempSync(join(tmpdir(), 'sockchat-links-'));
	owner.after(async () => {
		rmSync(folder, {recursive: true});
	});
	return folder;
};

/** Runs a Python program that prints its port first. */
export const startPython = async (
	owner: Owner,
	program: string,
	...args: readonly string[]
) => {
	const python = startProcess(owner, requireExecutable('python3', 'python3'), [
		'-u',
		'-c',
		program,
		...args,
	]);
	const port = await python.waitForOutput(/^(\d+)\n/);
	return {...python, port};
};

const openssl = (...args: readonly string[]) => {
	execFileSync(requireExecutable('openssl', 'openssl'), args, {
		stdio: 'pipe',
	});
};

/**
 * An authority, and certificates that it signed: one for localhost, one that has
 * expired, and one for another name.
 */
export const makeCertificates = (folder: string) => {
	const at = (name: string) => join(folder, name);
	openssl(
		'req',
		'-x509',
		'-newkey',
		'ec',
		'-pkeyopt',
		'ec_paramgen_curve:P-256',
		'-nodes',
		'-subj',
		'/CN=Test authority',
		'-keyout',
		at('ca.key'),
		'-out',
		at('ca.pem'),
		'-days',
		'30',
	);
	const sign = (name: string, names: string, ...when: readonly string[]) => {
		openssl(
			'req',
			'-newkey',
			'ec',
			'-pkeyopt',
			'ec_paramgen_curve:P-256',
			'-nodes',
			'-subj',
			`/CN=${name}`,
			'-keyout',
			at(`${name}.key`),
			'-out',
			at(`${name}.csr`),
		);
		writeFileSync(at(`${name}.ext`), `subjectAltName=${names}\n`);
		openssl(
			'x509',
			'-req',
			'-in',
			at(`${name}.csr`),
			'-CA',
			at('ca.pem'),
			'-CAkey',
			at('ca.key'),
			'-CAcreateserial',
			'-out',
			at(`${name}.pem`),
			'-extfile',
			at(`${name}.ext`),
			...when,
		);
		return {cert: at(`${name}.pem`), key: at(`${name}.key`)};
	};

	return {
		ca: at('ca.pem'),
		good: sign('good', 'DNS:localhost,IP:127.0.0.1,IP:::1', '-days', '20'),
		expired: sign('expired', 'DNS:localhost', '-days', '-1'),
		other: sign('other', 'DNS:api.test', '-days', '20'),
	};
};
