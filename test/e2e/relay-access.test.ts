/** The built program and a nats-server that asks who comes, or for TLS. */
import assert from 'node:assert/strict';
import {readdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {test, type TestContext} from 'node:test';
import type {Variables} from '../helpers/environment.js';
import {makeScratch, startNats} from '../helpers/nats.js';
import {makeAuthority, makeOperator} from '../helpers/nats-access.js';
import {startBin, type RunningProcess} from '../helpers/process.js';
import {serveJson} from '../helpers/sockchat.js';

const startEngine = async (t: TestContext, more: string) => {
	const folder = makeScratch(t);
	const config = join(folder, 'nats.conf');
	writeFileSync(config, `jetstream {store_dir: "${folder}/js"}\n${more}`);
	return startNats(t, {args: ['-c', config]});
};

type Access = {
	readonly args?: readonly string[];
	readonly env?: Variables;
};

const argsFor = (url: string, {args = []}: Access) => [
	'--room=lab',
	`--relay=${url}`,
	'--input=none',
	...args,
];

/** Every byte that others could read of it: its command line, words and files. */
const shownBy = (server: RunningProcess): string => {
	const command = readFileSync(`/proc/${server.pid!}/cmdline`, 'utf8');
	const files = readdirSync(server.home, {recursive: true, withFileTypes: true})
		.filter(entry => entry.isFile())
		.map(entry => readFileSync(join(entry.parentPath, entry.name), 'utf8'));
	return [command, server.stdout(), server.stderr(), ...files].join('\n');
};

const assertHidden = (shown: string, secrets: readonly string[]) => {
	for (const secret of secrets) {
		assert.ok(!shown.includes(secret), `${secret} is in ${shown}`);
	}
};

/** Opens the room, and ends it. */
const assertShared = async (
	t: TestContext,
	url: string,
	access: Access,
	secrets: readonly string[] = [],
) => {
	const env = {NODE_DEBUG: 'sockchat', ...access.env};
	const {server} = await serveJson(t, argsFor(url, access), {env});
	await server.waitForOutput(/"type":"relay".*"phase":"open"/);
	assertHidden(shownBy(server), secrets);
	server.signal('SIGTERM');
	await server.waitForExit();
};

/** @returns The one sentence with which it ends. */
const refusal = async (
	t: TestContext,
	url: string,
	access: Access = {},
	secrets: readonly string[] = [],
): Promise<string> => {
	const args = ['serve', '--port', '0', ...argsFor(url, access)];
	const server = startBin(t, args, {env: access.env});
	const {code} = await server.waitForExit();
	assert.equal(code, 1, server.seen());
	assert.equal(server.stdout(), '');
	const [sentence = '', ...rest] = server.stderr().split('\n');
	assert.deepEqual(rest, [''], server.stderr());
	assertHidden(server.stderr(), secrets);
	// With all details, for somebody who looks for the cause.
	const debugged = startBin(t, args, {
		env: {...access.env, NODE_DEBUG: 'sockchat'},
	});
	await debugged.waitForExit();
	assertHidden(debugged.stderr(), secrets);
	return sentence;
};

const wayOut = String.raw` To open the room without it for now: --relay-optional$`;

test('e2e: a relay over TLS, with an authority of one’s own', async t => {
	const folder = makeScratch(t);
	const authority = await makeAuthority(folder);
	const env = {NODE_EXTRA_CA_CERTS: authority.file};
	for (const host of ['127.0.0.1', 'localhost']) {
		const {port} = await startEngine(t, await authority.sign(host));
		await assertShared(t, `tls://${host}:${port}`, {env});
	}
});

test('e2e: a certificate that is not the engine’s is refused', async t => {
	const folder = makeScratch(t);
	const authority = await makeAuthority(folder);
	const other = await makeAuthority(folder, 'other');
	const env = {NODE_EXTRA_CA_CERTS: authority.file};
	const {port} = await startEngine(t, await authority.sign('127.0.0.1'));
	const url = `tls://127.0.0.1:${port}`;
	for (const wrong of [{}, {NODE_EXTRA_CA_CERTS: other.file}]) {
		assert.match(
			await refusal(t, url, {env: wrong}),
			new RegExp(
				`^The NATS server at ${url} is not trusted: the authority that signed its certificate is not known \\(UNABLE_TO_VERIFY_LEAF_SIGNATURE\\)\\. Set NODE_EXTRA_CA_CERTS to the file of that authority \\(PEM\\)\\.${wayOut}`,
			),
		);
	}

	// A name that the certificate has not, although the machine is the same.
	assert.match(
		await refusal(t, `tls://localhost:${port}`, {env}),
		/^The certificate of the NATS server at tls:\/\/localhost:\d+ is for "IP Address:127\.0\.0\.1", not for localhost\. Name the server in --relay as its certificate does\./,
	);
	const named = await startEngine(t, await authority.sign('localhost'));
	assert.match(
		await refusal(t, `tls://127.0.0.1:${named.port}`, {env}),
		/ is for "DNS:localhost", not for 127\.0\.0\.1\. /,
	);
	const late = await authority.sign('127.0.0.1', Date.now() - 60_000);
	const expired = await startEngine(t, late);
	assert.match(
		await refusal(t, `tls://127.0.0.1:${expired.port}`, {env}),
		/^The certificate of the NATS server at tls:\S+ has expired \(CERT_HAS_EXPIRED\)\. Renew it\. To open/,
	);
});

test('e2e: nats:// is without TLS, tls:// is never without', async t => {
	const folder = makeScratch(t);
	const authority = await makeAuthority(folder);
	const env = {NODE_EXTRA_CA_CERTS: authority.file};
	const {port} = await startEngine(t, await authority.sign('localhost'));
	for (const host of ['127.0.0.1', 'localhost']) {
		assert.match(
			await refusal(t, `nats://${host}:${port}`, {env}),
			new RegExp(
				`^The NATS server at nats://${host}:${port} wants TLS\\. Use tls://${host}:${port}\\.${wayOut}`,
			),
		);
	}

	const plain = await startNats(t);
	assert.match(
		await refusal(t, `tls://127.0.0.1:${plain.port}`, {env}),
		new RegExp(
			`^The NATS server at tls://127\\.0\\.0\\.1:${plain.port} has no TLS\\. Give it a certificate, or use nats://127\\.0\\.0\\.1:${plain.port}, where nothing is encrypted\\.${wayOut}`,
		),
	);
});

test('e2e: an engine that wants a certificate of the client is refused', async t => {
	const folder = makeScratch(t);
	const authority = await makeAuthority(folder);
	const config = await authority.sign('127.0.0.1');
	const {port} = await startEngine(
		t,
		config.replace('}', `, ca_file: "${authority.file}", verify: true}`),
	);
	const env = {NODE_EXTRA_CA_CERTS: authority.file};
	assert.match(
		await refusal(t, `tls://127.0.0.1:${port}`, {env}),
		/^No TLS with the NATS server at tls:\S+: it asks for a certificate of the client, and sockchat has none/,
	);
});

const inFile = (folder: string, name: string, text: string): Access => {
	const path = join(folder, name);
	writeFileSync(path, text, {mode: 0o600});
	return {args: ['--relay-credentials', path]};
};

const inVariable = (text: string): Access => ({
	env: {SOCKCHAT_RELAY_CREDENTIALS: text},
});

const refused =
	/^The NATS server at nats:\S+ refuses these credentials \(Authorization Violation\)\. Give others in a file, --relay-credentials FILE, or in SOCKCHAT_RELAY_CREDENTIALS\. To open/;

test('e2e: a user and a password, or a token, from a file or a variable', async t => {
	const folder = makeScratch(t);
	const user = await startEngine(
		t,
		'authorization {user: otter, password: "holt:under-water"}\n',
	);
	const password = 'holt:under-water';
	const token = 'a-long-and-quiet-token';
	const ofToken = await startEngine(t, `authorization {token: "${token}"}\n`);
	for (const [url, text] of [
		[user.url, `otter:${password}`],
		[ofToken.url, token],
	] as const) {
		for (const access of [
			inFile(folder, 'right', `${text}\n`),
			inVariable(text),
		]) {
			await assertShared(t, url, access, [password, token]);
		}
	}

	const wrong = 'otter:not-the-holt';
	const secrets = ['not-the-holt'];
	for (const url of [user.url, ofToken.url]) {
		const access = inFile(folder, 'wrong', wrong);
		assert.match(await refusal(t, url, access, secrets), refused);
		assert.match(await refusal(t, url, inVariable(wrong), secrets), refused);
	}

	for (const none of [{}, inVariable(''), inFile(folder, 'empty', '\n')]) {
		assert.match(
			await refusal(t, user.url, none),
			/^The NATS server at nats:\S+ wants credentials\. Give them in a file, --relay-credentials FILE, or in SOCKCHAT_RELAY_CREDENTIALS\. To open/,
		);
	}
});

test('e2e: a .creds file of an operator, an account and a user', async t => {
	const folder = makeScratch(t);
	const operator = makeOperator(folder);
	const {url} = await startEngine(t, operator.config);
	const good = operator.credentials('good');
	const secrets = [good.seed, good.jwt];
	const file = {args: ['--relay-credentials', good.path]};
	await assertShared(t, url, file, secrets);
	await assertShared(
		t,
		url,
		inVariable(readFileSync(good.path, 'utf8')),
		secrets,
	);
	const foreign = operator.credentials('foreign', {isForeign: true});
	assert.match(
		await refusal(t, url, {args: ['--relay-credentials', foreign.path]}, [
			foreign.seed,
			foreign.jwt,
		]),
		refused,
	);
	const endsAt = Date.parse('2026-01-02T03:04:05Z');
	const expired = operator.credentials('expired', {endsAt});
	assert.match(
		await refusal(t, url, {args: ['--relay-credentials', expired.path]}, [
			expired.seed,
			expired.jwt,
		]),
		/^The credentials for the NATS server at nats:\S+ expired on 2026-01-02 at 03:04 UTC\. Give others in a file/,
	);
	// A JWT without its seed, as a careless copy has it.
	const [half = ''] = readFileSync(good.path, 'utf8').split('\n\n');
	assert.match(
		await refusal(t, url, inFile(folder, 'half.creds', half), secrets),
		/^The relay's credentials are no whole \.creds file, which has the JWT of a user and its seed, as nsc writes them\.$/,
	);
});

test('e2e: credentials that expire are renewed in their file', async t => {
	const folder = makeScratch(t);
	const operator = makeOperator(folder);
	const {url} = await startEngine(t, operator.config);
	// On a slow machine they may have expired before they are used.
	const {path} = operator.credentials('otter', {endsAt: Date.now() + 3000});
	const args = ['--relay-credentials', path, '--relay-optional'];
	const {server} = await serveJson(t, argsFor(url, {args}));
	// A write may fail before it is read why: then the next attempt says so.
	await server.waitForOutput(
		/"type":"relay".*"phase":"away".*"message":"The credentials for the NATS server at nats:\S+ expired on \S+ at \S+ UTC\. Give others in a file/,
	);
	operator.credentials('otter');
	await server.waitForOutput(
		/"phase":"away"[\s\S]*"type":"relay".*"phase":"open"/,
	);
});
