/** A link of TLS, with a peer of node:tls: what arrives, and how it ends. */
import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import {once} from 'node:events';
import {readFileSync} from 'node:fs';
import {
	createConnection,
	createServer as createNetServer,
	type AddressInfo,
} from 'node:net';
import test, {type TestContext} from 'node:test';
import {
	connect,
	createSecureContext,
	createServer,
	type TLSSocket,
} from 'node:tls';
import fc from 'fast-check';
import {requireLoopback} from '../../source/socket/address.js';
import {dial} from '../../source/socket/dial.js';
import {SocketLink, type CarriedLink} from '../../source/socket/link.js';
import {makeCertificate} from '../../source/socket/link/tls-day.js';
import {secureClient, secureServer} from '../../source/socket/link/tls.js';
import {
	makeCertificates,
	newFolder,
	startPython,
} from '../helpers/link-peers.js';
import {readSlowly} from '../helpers/turns.js';
import {until} from '../helpers/until.js';

type Opened = {link: CarriedLink; peer: TLSSocket};

const host = '127.0.0.1';

const dialTls = (port: number): CarriedLink =>
	secureClient(dial(requireLoopback({kind: 'tcp', host, port})), {
		host,
		name: undefined,
		authorities: undefined,
		isInsecure: true,
		context: undefined,
	});

/** Opens links to peers, one at a time. */
const openLinks = async (t: TestContext) => {
	const {good} = makeCertificates(newFolder(t));
	const own = {cert: readFileSync(good.cert), key: readFileSync(good.key)};
	const context = createSecureContext(own);
	let onPeer: (peer: TLSSocket) => void = () => undefined;
	let onLink: (link: CarriedLink) => void = () => undefined;
	const peers = createServer({...own, allowHalfOpen: true}, peer => {
		onPeer(peer);
	});
	const links = createNetServer({allowHalfOpen: true}, socket => {
		onLink(secureServer(new SocketLink('tcp', socket), context));
	});
	for (const server of [peers, links]) {
		await new Promise<void>(resolve => {
			server.listen(0, host, resolve);
		});
		t.after(() => {
			server.close();
		});
	}

	const portOf = (server: typeof links) =>
		(server.address() as AddressInfo).port;
	const openClient = async (): Promise<Opened> => {
		const accepted = new Promise<TLSSocket>(resolve => {
			onPeer = resolve;
		});
		const link = dialTls(portOf(peers));
		return {link, peer: await accepted};
	};

	const openServer = async (): Promise<Opened> => {
		const accepted = new Promise<CarriedLink>(resolve => {
			onLink = resolve;
		});
		const peer = connect({
			socket: createConnection({
				port: portOf(links),
				host,
				allowHalfOpen: true,
			}),
			rejectUnauthorized: false,
		});
		return {link: await accepted, peer};
	};

	return async (side: 'client' | 'server'): Promise<Opened> => {
		const opened = await (side === 'client' ? openClient() : openServer());
		const {link, peer} = opened;
		for (const stream of [link.stream, peer]) {
			stream.on('error', () => undefined);
			t.after(() => stream.destroy());
		}

		// The handshake is over on both sides: a server of node:tls that ends while
		// its tickets are on their way sends no close_notify.
		link.stream.write('?');
		await new Promise<void>(resolve => {
			peer.once('data', () => {
				resolve();
			});
		});
		return opened;
	};
};

test('tls: all that came before a close_notify is read, whoever ended first', async t => {
	const open = await openLinks(t);
	await fc.assert(
		fc.asyncProperty(
			fc.record({
				side: fc.constantFrom('client' as const, 'server' as const),
				bytes: fc.integer({min: 0, max: 1_500_000}),
				turns: fc.array(fc.nat(20), {minLength: 1, maxLength: 4}),
				isEndedFirst: fc.boolean(),
			}),
			async ({side, bytes, turns, isEndedFirst}) => {
				const {link, peer} = await open(side);
				if (isEndedFirst) {
					link.stream.end();
				}

				peer.end(Buffer.alloc(bytes, 'x'));
				const received = await readSlowly(link.stream, turns);
				assert.equal(received.length, bytes);
				assert.equal(link.flaw, undefined);
				link.stream.end();
			},
		),
		{numRuns: 60},
	);
});

test('tls: nothing is lost if nobody reads until both sides have ended', async t => {
	const open = await openLinks(t);
	for (const side of ['client', 'server'] as const) {
		const {link, peer} = await open(side);
		link.stream.end();
		peer.end(Buffer.alloc(50_000, 'x'));

		await until(() => link.socket!.closed, {what: 'the close of the socket'});

		const received = await readSlowly(link.stream, [1]);
		assert.equal(received.length, 50_000);
		assert.equal(link.flaw, undefined);
	}
});

test('tls: a certificate for the day is for this machine, for a day, and what its fingerprint says', async t => {
	const now = Date.now();
	const {context, fingerprint} = await makeCertificate(now);
	const server = createNetServer({allowHalfOpen: true}, socket => {
		secureServer(new SocketLink('tcp', socket), context).stream.resume();
	});
	await new Promise<void>(resolve => {
		server.listen(0, host, resolve);
	});
	t.after(() => {
		server.close();
	});
	const {port} = server.address() as AddressInfo;
	const peer = connect({port, host, rejectUnauthorized: false});
	t.after(() => peer.destroy());
	await once(peer, 'secureConnect');
	const certificate = peer.getPeerX509Certificate()!;
	assert.equal(certificate.fingerprint256, fingerprint);
	assert.equal(certificate.checkHost('localhost'), 'localhost');
	for (const address of ['127.0.0.1', '::1']) {
		assert.notEqual(certificate.checkIP(address), undefined, address);
	}

	assert.equal(certificate.checkHost('example.com'), undefined);
	// In whole seconds.
	const [from, to] = [certificate.validFrom, certificate.validTo].map(
		text => Date.parse(text) - now,
	);
	assert.ok(from! <= 0, String(from));
	assert.ok(Math.abs(to! - 24 * 60 * 60 * 1000) <= 1000, String(to));
});

// It says so much, and ends with FIN alone; then it waits for our end.
const endsEarly = `
import socket, ssl, sys
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(*sys.argv[1:3])
listening = socket.create_server(('127.0.0.1', 0))
print(listening.getsockname()[1])
while True:
    plain, _ = listening.accept()
    peer = context.wrap_socket(plain, server_side=True)
    peer.sendall(b'x' * 300000)
    peer.shutdown(socket.SHUT_WR)
    while peer.recv(65536): pass
    peer.close()
`;

test('tls: a FIN without close_notify is no good end, and nothing before it is lost', async t => {
	const {good} = makeCertificates(newFolder(t));
	const {port} = await startPython(t, endsEarly, good.cert, good.key);
	for (const isEndedFirst of [false, true]) {
		const link = dialTls(Number(port));
		t.after(() => link.stream.destroy());
		if (isEndedFirst) {
			link.stream.end();
		}

		const received = await readSlowly(link.stream, [0, 7]);
		assert.equal(received.length, 300_000);
		assert.equal(link.flaw?.code, 'ERR_TLS');
		link.stream.end();
	}
});

test('tls: a write is done before its answer comes, also one of several', async t => {
	const open = await openLinks(t);
	for (const side of ['client', 'server'] as const) {
		const {link, peer} = await open(side);
		const seen: string[] = [];
		peer.on('data', (chunk: Buffer) => {
			peer.write(chunk);
		});
		let answer = '';
		link.stream.on('data', (chunk: Buffer) => {
			answer += chunk.toString();
			for (const mark of chunk.toString()) {
				seen.push(`in ${mark}`);
			}
		});
		let sent = 0;
		for (const text of ['a', 'b', 'cd', 'e', 'fgh', 'i']) {
			for (const mark of text) {
				sent++;
				link.stream.write(mark, () => {
					seen.push(`out ${mark}`);
				});
			}

			await until(() => answer.length === sent, {
				what: `the answer to ${text}`,
			});
		}

		const late = [...answer].filter(
			mark => seen.indexOf(`in ${mark}`) < seen.indexOf(`out ${mark}`),
		);
		assert.deepEqual(late, [], seen.join(', '));
	}
});
