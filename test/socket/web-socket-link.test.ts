/** A link of WebSocket, with peers that frame by hand: what arrives, how it ends. */
import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import {readFileSync} from 'node:fs';
import {
	createServer as createNetServer,
	type AddressInfo,
	type Server,
} from 'node:net';
import type {Duplex} from 'node:stream';
import test, {type TestContext} from 'node:test';
import {createServer as createTlsServer} from 'node:tls';
import fc from 'fast-check';
import {requireLoopback} from '../../source/socket/address.js';
import {controlSocket, type SocketOwner} from '../../source/socket/control.js';
import type {OuterLink} from '../../source/socket/link.js';
import {prepareDial} from '../../source/socket/link/transport.js';
import {done, refused} from '../../source/tcp/socket-action.js';
import {makeCertificates, newFolder} from '../helpers/link-peers.js';
import {readSlowly} from '../helpers/turns.js';
import {until} from '../helpers/until.js';
import {
	acceptUpgrade,
	closeFrame,
	frameOf,
} from '../helpers/web-socket-frames.js';

const host = '127.0.0.1';
const carriers = ['tcp', 'tls'] as const;

/** Opens links to peers, one at a time. */
const openLinks = async (t: TestContext) => {
	let onPeer: (peer: Duplex) => void = () => undefined;
	const take = (peer: Duplex) => {
		peer.on('error', () => undefined);
		onPeer(peer);
	};

	const {good} = makeCertificates(newFolder(t));
	const own = {cert: readFileSync(good.cert), key: readFileSync(good.key)};
	const servers: Record<(typeof carriers)[number], Server> = {
		tcp: createNetServer({allowHalfOpen: true}, take),
		tls: createTlsServer({...own, allowHalfOpen: true}, take),
	};
	for (const server of Object.values(servers)) {
		await new Promise<void>(resolve => {
			server.listen(0, host, resolve);
		});
		t.after(() => {
			server.close();
		});
	}

	return async (carrier: (typeof carriers)[number]) => {
		const {port} = servers[carrier].address() as AddressInfo;
		const accepted = new Promise<Duplex>(resolve => {
			onPeer = resolve;
		});
		const {dial} = await prepareDial(
			requireLoopback({kind: 'tcp', host, port}),
			undefined,
			{
				ws: {path: '/', isBinary: false},
				...(carrier === 'tls' && {tls: {isInsecure: true}}),
			},
		);
		const link = dial();
		const peer = await accepted;
		t.after(() => {
			link.stream.destroy();
			peer.destroy();
		});
		const errors: string[] = [];
		link.stream.on('error', ({message}) => {
			errors.push(message);
		});
		await acceptUpgrade(peer);
		await until(() => !link.isConnecting, {what: 'an open WebSocket'});
		return {link, peer, errors};
	};
};

/** All that is read before it closes, in whatever way. */
const readToClose = async ({stream}: OuterLink, turns: readonly number[]) => {
	const received: Buffer[] = [];
	await Promise.race([
		readSlowly(stream, turns, received),
		new Promise<void>(resolve => {
			stream.once('close', resolve);
		}),
	]);
	return Buffer.concat(received);
};

const endOf = ({flaw}: OuterLink) => flaw?.message;

test('ws: all that came before a Close is read, though its sender is gone at once', async t => {
	const open = await openLinks(t);
	await fc.assert(
		fc.asyncProperty(
			fc.record({
				carrier: fc.constantFrom(...carriers),
				messages: fc.nat(60),
				turns: fc.array(fc.nat(20), {minLength: 1, maxLength: 4}),
			}),
			async ({carrier, messages, turns}) => {
				const {link, peer, errors} = await open(carrier);
				const received = readToClose(link, turns);
				const message = frameOf('text', 'x'.repeat(10_000));
				peer.write(
					Buffer.concat([
						...Array.from({length: messages}, () => message),
						closeFrame(1000),
					]),
					() => {
						peer.destroy();
					},
				);
				assert.equal((await received).length, messages * 10_000);
				await until(() => link.stream.closed, {what: 'a close'});
				assert.deepEqual([endOf(link), errors], [undefined, []], carrier);
			},
		),
		{numRuns: 40},
	);
});

test('ws: what came before a Close is read, though there is more to send', async t => {
	const open = await openLinks(t);
	for (const carrier of carriers) {
		const {link, peer, errors} = await open(carrier);
		peer.write(
			Buffer.concat([
				...Array.from({length: 50}, () => frameOf('text', 'x'.repeat(1000))),
				closeFrame(1000),
			]),
		);
		const received = readToClose(link, [20]);
		peer.end();
		const write = new Promise<Error | undefined>(resolve => {
			const again = () => {
				link.stream.write('more', error => {
					if (error) {
						resolve(error);
					} else {
						setImmediate(again);
					}
				});
			};

			again();
		});
		assert.equal((await received).length, 50_000);
		assert.ok(await write);
		assert.deepEqual([endOf(link), errors], [undefined, []], carrier);
	}
});

test('ws: a Close amid a message is said', async t => {
	const open = await openLinks(t);
	for (const carrier of carriers) {
		const {link, peer, errors} = await open(carrier);
		const received = readToClose(link, [0]);
		peer.write(
			Buffer.concat([
				frameOf('text', 'whole'),
				frameOf('text', 'frag', {isLast: false}),
				frameOf('continuation', 'ment', {isLast: false}),
				closeFrame(1000),
			]),
		);
		peer.end();
		assert.equal(String(await received), 'whole');
		assert.equal(
			endOf(link),
			'The other side closed the WebSocket amid a message in fragments: 8 bytes of it came, and are dropped.',
		);
		assert.deepEqual(errors, []);
	}
});

test('ws: /end says that it closes both directions', async t => {
	const open = await openLinks(t);
	for (const carrier of carriers) {
		const {link, peer} = await open(carrier);
		peer.resume();
		const owner: SocketOwner = {
			link,
			setPaused() {},
			reset() {},
			close() {},
			onCall() {},
		};
		const end = async () => controlSocket(owner, {type: 'end'}, 'Your');
		assert.deepEqual(
			await end(),
			done(
				'Your side closes the WebSocket after everything written so far: a Close frame ends both directions.',
			),
		);
		assert.deepEqual(
			await end(),
			refused('Your side closes the WebSocket already: it sends nothing more.'),
		);
	}
});
