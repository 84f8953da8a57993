/** What a nats-server asks of those who come: certificates, JWTs, credentials. */
import {randomUUID} from 'node:crypto';
import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {Buffer} from 'node:buffer';
import {nkeys} from '@nats-io/transport-node';
import {generate} from 'selfsigned';

const dayMs = 24 * 60 * 60 * 1000;

/** An authority, and certificates that it signs, as PEM files of a folder. */
export const makeAuthority = async (folder: string, name = 'authority') => {
	const made = await generate([{name: 'commonName', value: name}], {
		keyType: 'ec',
		algorithm: 'sha256',
		extensions: [
			{name: 'basicConstraints', cA: true, critical: true},
			{name: 'keyUsage', keyCertSign: true, critical: true},
		],
	});
	const file = join(folder, `${name}.pem`);
	writeFileSync(file, made.cert);
	return {
		file,
		/** @param endsAt Milliseconds since the epoch. */
		async sign(host: string, endsAt = Date.now() + dayMs) {
			const signed = await generate([{name: 'commonName', value: 'engine'}], {
				keyType: 'ec',
				algorithm: 'sha256',
				notBeforeDate: new Date(endsAt - 2 * dayMs),
				notAfterDate: new Date(endsAt),
				extensions: [
					{
						name: 'subjectAltName',
						altNames: [
							/^[\d.]+$/.test(host)
								? {type: 7, ip: host}
								: {type: 2, value: host},
						],
					},
				],
				ca: {key: made.private, cert: made.cert},
			});
			const stem = join(folder, `${name}-${host}-${endsAt}`);
			writeFileSync(`${stem}.pem`, signed.cert);
			writeFileSync(`${stem}.key`, signed.private);
			return `tls {cert_file: "${stem}.pem", key_file: "${stem}.key"}\n`;
		},
	};
};

type Pair = ReturnType<typeof nkeys.createUser>;

const base64url = (value: unknown): string =>
	Buffer.from(JSON.stringify(value)).toString('base64url');

/** A JWT as nats-server reads it, version 2. */
const jwtOf = (
	issuer: Pair,
	of: Pair,
	nats: Readonly<Record<string, unknown>>,
	claims: Readonly<Record<string, unknown>> = {},
): string => {
	const body = `${base64url({typ: 'JWT', alg: 'ed25519-nkey'})}.${base64url({
		jti: randomUUID(),
		iat: Math.floor(Date.now() / 1000),
		iss: issuer.getPublicKey(),
		sub: of.getPublicKey(),
		name: nats['type'],
		nats: {...nats, version: 2},
		...claims,
	})}`;
	const signature = issuer.sign(Buffer.from(body));
	return `${body}.${Buffer.from(signature).toString('base64url')}`;
};

const unlimited = {
	subs: -1,
	data: -1,
	payload: -1,
	imports: -1,
	exports: -1,
	wildcards: true,
	conn: -1,
	leaf: -1,
};

/** An operator with one account, as `nsc` makes them, and its users' files. */
export const makeOperator = (folder: string) => {
	const operator = nkeys.createOperator();
	const account = nkeys.createAccount();
	const system = nkeys.createAccount();
	const jwts = [
		{of: account, limits: {...unlimited, mem_storage: -1, disk_storage: -1}},
		{of: system, limits: unlimited},
	].map(({of, limits}) => {
		const jwt = jwtOf(operator, of, {
			type: 'account',
			limits: {...limits, streams: -1, consumer: -1},
		});
		return `${of.getPublicKey()}: ${jwt}`;
	});
	const operatorJwt = jwtOf(operator, operator, {
		type: 'operator',
		system_account: system.getPublicKey(),
	});
	return {
		/** Of nats-server. */
		config: `operator: ${operatorJwt}\nsystem_account: ${system.getPublicKey()}\nresolver: MEMORY\nresolver_preload {\n${jwts.join('\n')}\n}\n`,
		/**
		 * Writes the .creds file of a user.
		 *
		 * @param endsAt Milliseconds since the epoch.
		 */
		credentials(
			name: string,
			{
				endsAt,
				isForeign = false,
			}: {endsAt?: number | undefined; isForeign?: boolean} = {},
		) {
			const user = nkeys.createUser();
			const jwt = jwtOf(
				isForeign ? nkeys.createAccount() : account,
				user,
				{type: 'user', subs: -1, data: -1, payload: -1},
				endsAt === undefined ? {} : {exp: Math.floor(endsAt / 1000)},
			);
			const seed = new TextDecoder().decode(user.getSeed());
			const path = join(folder, `${name}.creds`);
			writeFileSync(
				path,
				[
					'-----BEGIN NATS USER JWT-----',
					jwt,
					'------END NATS USER JWT------',
					'',
					'************************* IMPORTANT *************************',
					'NKEY Seed printed below can be used to sign and prove identity.',
					'NKEYs are sensitive and should be treated as secrets.',
					'',
					'-----BEGIN USER NKEY SEED-----',
					seed,
					'------END USER NKEY SEED------',
					'',
				].join('\n'),
				{mode: 0o600},
			);
			return {path, seed, jwt};
		},
	};
};
