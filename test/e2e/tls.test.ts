/** Raw mode over TLS, with Python's ssl and OpenSSL as the other side. */
import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import {generateKeyPairSync, randomBytes} from 'node:crypto';
import {
	mkdtempSync,
	readFileSync,
	rmSync,
	writeFileSync,
	existsSync,
} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test, {after, type TestContext} from 'node:test';
import {requireExecutable} from '../helpers/environment.js';
import {makeCertificates, startPython} from '../helpers/link-peers.js';
import {findPort} from '../helpers/ports.js';
import {bin, startBin, startProcess} from '../helpers/process.js';
import {toShellLine} from '../helpers/shell.js';

const done = {code: 0, signal: undefined};
const failed = {code: 1, signal: undefined};
const folder = mkdtempSync(join(tmpdir(), 'sockchat-tls-'));
after(() => {
	rmSync(folder, {recursive: true});
});
const {ca, good, expired, other} = makeCertificates(folder);

// It reads to the end, and only then answers; its way to close is an argument.
const serves = `
import socket, ssl, struct, sys
cert, key, ending = sys.argv[1:4]
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(cert, key)
if len(sys.argv) > 4: context.maximum_version = ssl.TLSVersion[sys.argv[4]]
listening = socket.create_server(('127.0.0.1', 0))
print(listening.getsockname()[1])
while True:
    plain, _ = listening.accept()
    try:
        peer = context.wrap_socket(plain, server_side=True, suppress_ragged_eofs=False)
        said = b''
        if ending == 'echo':
            while chunk := peer.recv(65536): said += chunk
        else:
            said = peer.recv(65536)
        print('heard', len(said))
        peer.sendall(b'answer ' + said[:10])
        if ending == 'echo': peer.unwrap().close()
        if ending == 'cut': peer.shutdown(socket.SHUT_RDWR); peer.close()
        if ending == 'reset':
            peer.recv(1)
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
            peer.close()
    except OSError as error:
        print('failed', error)
`;

/** Serves one peer, over TLS. */
const serveTls = async (
	t: TestContext,
	{cert, key}: {readonly cert: string; readonly key: string},
) => {
	const server = startBin(t, [
		'serve',
		'--raw',
		'--port=0',
		'--once',
		'--tls',
		`--tls-cert=${cert}`,
		`--tls-key=${key}`,
	]);
	const port = await server.waitForOutput(/on 127\.0\.0\.1:(\d+)/, {
		stream: 'stderr',
	});
	return {server, port};
};

const connectTls = (t: TestContext, port: string, ...args: readonly string[]) =>
	startBin(t, ['connect', '--raw', '--tls', port, ...args]);

test('e2e: tls copies both ways, and a close_notify ends one of them', async t => {
	for (const version of ['TLSv1_3', 'TLSv1_2']) {
		const {cert, key} = good;
		const peer = await startPython(t, serves, cert, key, 'echo', version);
		const client = connectTls(t, peer.port, '--tls-ca', ca);
		const text = 'x'.repeat(300_000);
		client.write(text);
		client.end();
		assert.deepEqual(await client.waitForExit(), done, client.seen());
		assert.equal(client.stdout(), 'answer xxxxxxxxxx');
		assert.equal(client.stderr(), '');
		assert.match(peer.stdout(), /^heard 300000$/m);
	}
});

// With an end of stdin, close_notify is on its way as it comes.
const resets = `
import socket, ssl, struct, sys
context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
context.check_hostname = False
context.verify_mode = ssl.CERT_NONE
peer = context.wrap_socket(socket.create_connection(('127.0.0.1', int(sys.argv[1]))))
peer.sendall(b'x' * 5000)
peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
print(1)
peer.close()
`;

test('e2e: tls that is reset as it is accepted is one sentence, and exit code 1', async t => {
	// Now and then it reads all that came before the reset.
	for (let round = 0; round < 4; round++) {
		const {server, port} = await serveTls(t, good);
		server.end();
		await startPython(t, resets, port);
		assert.equal((await server.waitForExit()).code, 1, server.seen());
		assert.match(
			server.stderr(),
			/^ECONNRESET: the connection from \S+ was reset by the other side \(RST\)\.$/m,
		);
		assert.doesNotMatch(server.stderr(), /\.js:\d+/);
	}
});

test('e2e: tls says what is wrong with a certificate, and what to do', async t => {
	const {cert, key} = good;
	const ours = await startPython(t, serves, cert, key, 'echo');
	const old = await startPython(t, serves, expired.cert, expired.key, 'echo');
	const foreign = await startPython(t, serves, other.cert, other.key, 'echo');
	for (const [{port}, args, sentence] of [
		[
			ours,
			[],
			'is not trusted: the authority that signed its certificate is not known (UNABLE_TO_VERIFY_LEAF_SIGNATURE). Give its authority with --tls-ca FILE; --tls-insecure takes any certificate.',
		],
		[
			old,
			['--tls-ca', ca],
			'has expired (CERT_HAS_EXPIRED). Renew it; --tls-insecure takes any certificate.',
		],
		[
			foreign,
			['--tls-ca', ca],
			'is for "DNS:api.test", not for 127.0.0.1 (ERR_TLS_CERT_ALTNAME_INVALID). Give a name that it has with --tls-name NAME; --tls-insecure takes any certificate.',
		],
	] as const) {
		const client = connectTls(t, port, ...args);
		client.end();

		assert.equal((await client.waitForExit()).code, 1, client.seen());
		assert.equal(client.stderr().trimEnd().endsWith(sentence), true);
		assert.equal(client.stderr().trimEnd().split('\n').length, 1);
	}

	for (const [{port}, args] of [
		[old, ['--tls-insecure']],
		[foreign, ['--tls-ca', ca, '--tls-name', 'api.test']],
	] as const) {
		const client = connectTls(t, port, ...args);
		client.end();

		assert.deepEqual(await client.waitForExit(), done, client.seen());
	}
});

// It says which name the client sent as SNI.
const named = `
import socket, ssl, sys
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[1], sys.argv[2])
asked = None
def note(peer, name, context):
    global asked
    asked = name
context.sni_callback = note
listening = socket.create_server(('127.0.0.1', 0))
print(listening.getsockname()[1])
while True:
    plain, _ = listening.accept()
    asked = None
    try:
        peer = context.wrap_socket(plain, server_side=True)
        peer.sendall(str(asked).encode())
        peer.unwrap()
    except OSError as error:
        plain.close()
`;

test('e2e: tls checks a certificate against an address, which it does not send as SNI', async t => {
	const ours = await startPython(t, named, good.cert, good.key);
	const foreign = await startPython(t, named, other.cert, other.key);
	for (const [{port}, name, sent] of [
		[ours, '127.0.0.1', 'None'],
		[ours, '::1', 'None'],
		[ours, 'localhost', 'localhost'],
		[foreign, 'api.test', 'api.test'],
	] as const) {
		const client = connectTls(t, port, '--tls-ca', ca, '--tls-name', name);
		client.end();
		assert.deepEqual(await client.waitForExit(), done, client.seen());
		assert.equal(client.stdout(), sent);
		assert.equal(client.stderr(), '');
	}

	for (const [{port}, name, names] of [
		[
			ours,
			'127.0.0.2',
			'DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1',
		],
		[foreign, '::1', 'DNS:api.test'],
	] as const) {
		const client = connectTls(t, port, '--tls-ca', ca, '--tls-name', name);
		client.end();
		assert.deepEqual(await client.waitForExit(), failed, client.seen());
		assert.equal(
			client.stderr(),
			`The certificate of 127.0.0.1:${port} is for "${names}", not for ${name} (ERR_TLS_CERT_ALTNAME_INVALID). Give a name that it has with --tls-name NAME; --tls-insecure takes any certificate.\n`,
		);
	}
});

const plain = `
import socket
listening = socket.create_server(('127.0.0.1', 0))
print(listening.getsockname()[1])
peer, _ = listening.accept()
peer.sendall(b'220 I speak as it is\\r\\n')
peer.recv(65536)
`;

// It wants a certificate of the authority, and says whose it is.
const asks = `
import socket, ssl, sys
cert, key, ca, version = sys.argv[1:5]
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(cert, key)
context.load_verify_locations(ca)
context.verify_mode = ssl.CERT_REQUIRED
context.maximum_version = ssl.TLSVersion[version]
listening = socket.create_server(('127.0.0.1', 0))
print(listening.getsockname()[1])
while True:
    plain, _ = listening.accept()
    try:
        peer = context.wrap_socket(plain, server_side=True)
        peer.sendall(peer.getpeercert()['subject'][0][0][1].encode())
        peer.unwrap()
    except OSError as error:
        plain.close()
`;

test('e2e: tls gives the certificate that a server asks for, or says that it does', async t => {
	for (const version of ['TLSv1_3', 'TLSv1_2']) {
		const {cert, key} = good;
		const peer = await startPython(t, asks, cert, key, ca, version);
		const own = ['--tls-cert', other.cert, '--tls-key', other.key];
		const client = connectTls(t, peer.port, '--tls-ca', ca, ...own);
		client.end();
		assert.deepEqual(await client.waitForExit(), done, client.seen());
		assert.equal(client.stdout(), 'other');

		const bare = connectTls(t, peer.port, '--tls-ca', ca, '--input', 'none');
		assert.deepEqual(await bare.waitForExit(), failed, bare.seen());
		assert.match(
			bare.stderr(),
			/^No TLS with \S+: .*it asks for a certificate of the client; connect --raw gives one with --tls-cert FILE and --tls-key FILE \(ERR_SSL_[\w/]+\)\.\n$/,
		);
	}
});

test('e2e: tls says that the other side does not speak it', async t => {
	const {port} = await startPython(t, plain);
	const client = connectTls(t, port, '--tls-insecure');
	client.end();
	assert.equal((await client.waitForExit()).code, 1);
	assert.match(
		client.stderr(),
		/^No TLS with 127\.0\.0\.1:\d+: it does not speak TLS; leave out --tls to talk to it as it is \(ERR_SSL_\w+\)\.\n$/,
	);
});

test('e2e: tls says that a FIN without close_notify may have cut the answer', async t => {
	const {cert, key} = good;
	const {port} = await startPython(t, serves, cert, key, 'cut');
	const client = connectTls(t, port, '--tls-ca', ca);
	client.write('hello');
	await client.waitForOutput('answer hello');
	client.end();
	assert.equal((await client.waitForExit()).code, 1, client.seen());
	assert.equal(client.stdout(), 'answer hello');
	assert.match(
		client.stderr(),
		/^The other side sent FIN without close_notify: /,
	);
});

test('e2e: tls names the errno of a reset', async t => {
	const {cert, key} = good;
	const {port} = await startPython(t, serves, cert, key, 'reset');
	const client = connectTls(t, port, '--tls-ca', ca);
	client.write('hello');
	await client.waitForOutput('answer hello');
	client.write('!');
	assert.equal((await client.waitForExit()).code, 1, client.seen());
	assert.match(client.stderr(), /^ECONNRESET: the connection to /m);
});

test('e2e: tls has version, cipher and chain in JSON', async t => {
	const {cert, key} = good;
	const {port} = await startPython(t, serves, cert, key, 'echo');
	const client = connectTls(t, port, '--tls-ca', ca, '--json');
	client.write('hello');
	client.end();
	assert.deepEqual(await client.waitForExit(), done, client.seen());
	const open = client
		.stdout()
		.split('\n')
		.filter(line => line.includes('"phase":"open"'))
		.map(line => JSON.parse(line) as {link: {chain: object[]}});
	const [{link}] = open as [{link: {chain: object[]}}];
	const {chain, ...facts} = link;
	assert.deepEqual(facts, {
		kind: 'tls',
		version: 'TLSv1.3',
		cipher: 'TLS_AES_256_GCM_SHA384',
		isTrusted: true,
	});
	const [own] = chain as [{subject: string; issuer: string}];
	assert.equal(own.subject, 'good');
	assert.equal(own.issuer, 'Test authority');
});

test('e2e: tls agrees by ALPN on what both sides name, and a server refuses the rest', async t => {
	const server = startBin(t, [
		'serve',
		'--raw',
		'--port=0',
		'--tls',
		'--echo',
		'--tls-alpn=h2,http/1.1',
	]);
	const port = await server.waitForOutput(/on 127\.0\.0\.1:(\d+)/, {
		stream: 'stderr',
	});
	for (const [asked, agreed] of [
		[['--tls-alpn=http/1.1,h2'], 'h2'],
		[['--tls-alpn=http/1.1'], 'http/1.1'],
		[[], undefined],
	] as const) {
		const json = connectTls(t, port, '--tls-insecure', '--json', ...asked);
		json.end();
		assert.deepEqual(await json.waitForExit(), done, json.seen());
		const open = json
			.stdout()
			.split('\n')
			.find(line => line.includes('"phase":"open"'));
		const {link} = JSON.parse(open!) as {link: {protocol?: string}};
		assert.equal(link.protocol, agreed);
	}

	await server.waitForOutput(/made: TLSv1\.3, \w+, http\/1\.1$/m, {
		stream: 'stderr',
	});
	const stranger = connectTls(t, port, '--tls-insecure', '--tls-alpn=smtp');
	stranger.end();
	assert.deepEqual(await stranger.waitForExit(), failed, stranger.seen());
	assert.match(
		stranger.stderr(),
		/^No TLS with \S+: it speaks none of the protocols that --tls-alpn asks for \(ERR_SSL_\w+\)\.\n$/,
	);
	await server.waitForOutput(
		/turned away: No TLS with \S+: it asked by ALPN for protocols that --tls-alpn does not name/,
		{stream: 'stderr'},
	);
});

const exchange = async (
	t: TestContext,
	port: string,
	...args: readonly string[]
) => {
	const client = startProcess(t, requireExecutable('openssl', 'openssl'), [
		's_client',
		'-connect',
		`127.0.0.1:${port}`,
		'-verify_return_error',
		'-quiet',
		'-no_ign_eof',
		...args,
	]);
	return client;
};

test('e2e: serve --tls takes a certificate, which OpenSSL verifies', async t => {
	const port = await findPort();
	const server = startBin(t, [
		'serve',
		'--raw',
		'--tls',
		'--once',
		'--port',
		port,
		'--tls-cert',
		good.cert,
		'--tls-key',
		good.key,
	]);
	await server.waitForOutput('listening', {stream: 'stderr'});
	const client = await exchange(
		t,
		port,
		'-CAfile',
		ca,
		'-verify_hostname',
		'localhost',
	);
	client.write('from openssl\n');
	await server.waitForOutput('from openssl');
	server.write('from sockchat\n');
	await client.waitForOutput('from sockchat');
	server.end();
	client.end();
	assert.deepEqual(await server.waitForExit(), done, server.seen());
	assert.match(server.stderr(), /made: TLSv1\.3, TLS_AES_256_GCM_SHA384$/m);
});

test('e2e: serve --tls makes a certificate for a day, and two pipes exchange a file each way', async t => {
	const from = [join(folder, 'from-client'), join(folder, 'from-server')];
	for (const path of from) {
		writeFileSync(path, randomBytes(3_000_000));
	}

	const line = (args: readonly string[], input: string, output: string) => {
		const {command, args: all} = bin(...args);
		return startProcess(t, 'sh', [
			'-c',
			`exec ${toShellLine(command, all)} < ${toShellLine(input)} > ${toShellLine(output)}`,
		]);
	};

	const to = [join(folder, 'to-server'), join(folder, 'to-client')];
	const server = line(
		['serve', '-r', '--tls', '--once', '--port', '0'],
		from[1]!,
		to[0]!,
	);
	const port = await server.waitForOutput(/listening on 127\.0\.0\.1:(\d+)/, {
		stream: 'stderr',
	});
	assert.match(
		server.stderr(),
		/its SHA-256 is (?:[\dA-F]{2}:){31}[\dA-F]{2}\./,
	);
	const client = line(
		['connect', '-r', '--tls', '--tls-insecure', port],
		from[0]!,
		to[1]!,
	);
	assert.deepEqual(await client.waitForExit(), done, client.seen());
	assert.deepEqual(await server.waitForExit(), done, server.seen());
	assert.ok(readFileSync(to[0]!).equals(readFileSync(from[0]!)));
	assert.ok(readFileSync(to[1]!).equals(readFileSync(from[1]!)));
});

test('e2e: serve --tls turns away who speaks none, and waits for the next', async t => {
	const {server, port} = await serveTls(t, good);
	const wrong = startBin(t, ['connect', '--raw', port]);
	wrong.write('GET / HTTP/1.1\r\n\r\n');
	await server.waitForOutput(
		/was turned away: No TLS with 127\.0\.0\.1:\d+: it (?:sent plain HTTP|does not speak TLS)/,
		{stream: 'stderr'},
	);
	const client = connectTls(t, port, '--tls-ca', ca);
	client.write('hello');
	await server.waitForOutput('hello');
	client.end();
	server.end();
	assert.deepEqual(await server.waitForExit(), done, server.seen());
});

test('e2e: files of tls may have a byte order mark, CR LF, more keys and certificates', async t => {
	const rewritten = (path: string) => {
		const copy = `${path}.windows`;
		writeFileSync(
			copy,
			`\uFEFF${readFileSync(path, 'utf8').replaceAll('\n', '\r\n')}`,
		);
		return copy;
	};

	const both = join(folder, 'both');
	writeFileSync(
		both,
		[good.cert, good.key, ca].map(path => readFileSync(path, 'utf8')).join(''),
	);
	for (const [cert, key] of [
		[rewritten(good.cert), rewritten(good.key)],
		[both, both],
	] as const) {
		const {server, port} = await serveTls(t, {cert, key});
		const client = connectTls(t, port, '--tls-ca', rewritten(ca));
		client.write('hello');
		client.end();
		server.write('answer');
		server.end();

		assert.deepEqual(await client.waitForExit(), done, client.seen());
		assert.equal(client.stdout(), 'answer');
		assert.deepEqual(await server.waitForExit(), done, server.seen());
		assert.equal(server.stdout(), 'hello');
	}
});

test('e2e: wrong files of tls are code 2, and nothing is opened', async t => {
	const junk = join(folder, 'junk');
	writeFileSync(junk, Buffer.from('not PEM'));
	const record = join(folder, 'record');
	const {privateKey} = generateKeyPairSync('ed25519');
	const file = (name: string, text: string) => {
		const path = join(folder, name);
		writeFileSync(path, text);
		return path;
	};

	const pem = {type: 'pkcs8', format: 'pem'} as const;
	const otherKind = file('ed25519.key', privateKey.export(pem) as string);
	const encrypted = file(
		'encrypted.key',
		privateKey.export({
			...pem,
			cipher: 'aes-256-cbc',
			passphrase: 'otter',
		}) as string,
	);
	const goodText = readFileSync(good.cert, 'utf8');
	const otherText = readFileSync(other.cert, 'utf8');
	const cutOff = file('cut-off', goodText + otherText.slice(0, 500));
	for (const [args, sentence] of [
		[
			['connect', '--tls', '--tls-ca', cutOff],
			/^--tls-ca can't use "[^"]+": bad end line\.$/,
		],
		[
			['serve', '--tls', '--tls-cert', cutOff, '--tls-key', good.key],
			/^--tls-cert can't use "[^"]+": bad end line\.$/,
		],
		[
			[
				'serve',
				'--tls',
				`--tls-key=${good.key}`,
				`--tls-cert=${file('reversed', otherText + goodText)}`,
			],
			/^The key in "[^"]+" is that of certificate 2 in "[^"]+"; put that one first, and those that signed it after it\.$/,
		],
		[
			['connect', '--tls', '--tls-ca', join(folder, 'none')],
			/^--tls-ca can't read "[^"]+": there is no such file\.$/,
		],
		[
			['connect', '--tls', '--tls-ca', junk, '--record', record],
			/^--tls-ca needs PEM, and "[^"]+" has no certificate in it \(-----BEGIN …\)\.$/,
		],
		[
			['serve', '--tls', '--tls-cert', good.cert, '--tls-key', other.key],
			/^The key in "[^"]+" is not that of the certificate in "[^"]+"; give the pair that belongs together\.$/,
		],
		[
			['serve', '--tls', '--tls-cert', good.cert, '--tls-key', encrypted],
			/^The key in "[^"]+" is encrypted; decrypt it first: openssl pkey -in FILE -out FILE$/,
		],
		...(['serve', 'connect'] as const).map(
			command =>
				[
					[command, '--tls', '--tls-cert', good.cert, '--tls-key', otherKind],
					/^The key in "[^"]+" is not that of the certificate in "[^"]+"; give the pair that belongs together\.$/,
				] as const,
		),
		[
			['serve', '--tls', '--tls-cert', good.cert, '--tls-key', good.cert],
			/^--tls-key needs PEM, and "[^"]+" has no private key in it \(-----BEGIN …\)\.$/,
		],
		[
			['serve', '--tls', '--tls-cert', good.cert],
			/^--tls-cert needs --tls-key\.$/,
		],
		[['connect', '--tls-insecure'], /^--tls-insecure needs --tls\.$/],
	] as const) {
		const wrong = startBin(t, [...args, '--raw', '--port', '1']);

		assert.equal((await wrong.waitForExit()).code, 2, wrong.seen());
		assert.match(wrong.stderr().trimEnd(), sentence);
	}

	assert.equal(existsSync(record), false);
});
