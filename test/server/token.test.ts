/** A room with a token: who may join, and what a squatter gets to see. */
import assert from 'node:assert/strict';
import {createConnection, type Socket} from 'node:net';
import {test} from 'node:test';
import {
	createNonce,
	ServerExchange,
} from '../../source/socket/token-exchange.js';
import {Token} from '../../source/protocol/token.js';
import {openClient} from '../helpers/client.js';
import {openServer, originOf, portOf} from '../helpers/room.js';
import {listenBare} from '../helpers/scripted.js';
import {
	helloFrame,
	openPlain,
	openWire,
	type WirePeer,
} from '../helpers/wire-peer.js';

const secret = 'correct horse battery staple';
const token = new Token(secret);

/** Asks a server for its proof. */
const challenge = async (peer: WirePeer, nonce = createNonce()) => {
	peer.send({type: 'challenge', v: 1, nonce});
	const answer = await peer.untilFrame('challenge');
	const exchange = {
		place: String(peer.socket.remotePort),
		clientNonce: nonce,
		serverNonce: answer.nonce,
	};
	return {exchange, answer};
};

test('token: a client and a server that know it find each other, also again', async t => {
	const server = await openServer(t, {token});
	const otter = openClient(t, server.address, 'otter', {token});
	const heron = openClient(t, server.address, 'heron', {
		token: new Token(secret),
	});
	await otter.untilPhase('open');
	await heron.untilPhase('open');
	otter.client.say('hello');
	await heron.until('hello', () => heron.said().includes('hello'));
	otter.dialled[0]!.destroy();
	await otter.untilPhase('open', 2);
	assert.equal(otter.client.nick, 'otter');
});

test('token: who has none is turned away in a sentence, plain peers too', async t => {
	const server = await openServer(t, {token});
	const client = openClient(t, server.address, 'otter');
	assert.equal((await client.client.closed)?.code, 'ERR_TOKEN_NEEDED');
	const plain = await openPlain(t, server.address);
	plain.write('let me in\n');
	await plain.untilFin();
	assert.equal(
		plain.text,
		'This room needs a token; give it with --token-file FILE, or in SOCKCHAT_TOKEN.\n',
	);
	assert.equal(server.room.log.head, 0);
});

test('token: a hello without a proof, with a wrong or a used one gets nowhere', async t => {
	const server = await openServer(t, {token});
	const first = await openWire(t, server.address);
	const {exchange} = await challenge(first);
	const hello = helloFrame('otter');
	const proof = token.prove('client', exchange, hello.client);
	const attempts: ReadonlyArray<[frame: object, code: string]> = [
		[hello, 'ERR_TOKEN_NEEDED'],
		[{...hello, proof}, 'ERR_TOKEN_WRONG'],
		[{...hello, proof: '0'.repeat(64)}, 'ERR_TOKEN_WRONG'],
	];
	for (const [frame, code] of attempts) {
		for (const isAsked of [false, true]) {
			const peer = await openWire(t, server.address);
			if (isAsked) {
				await challenge(peer);
			}

			peer.send(frame);
			await peer.untilFin();
			assert.equal(peer.of('error')[0]?.code, code);
			assert.deepEqual(peer.of('welcome'), []);
		}
	}

	// One for another client, on the connection that it was made for.
	first.send({...helloFrame('mallory'), proof});
	await first.untilFin();
	assert.equal(first.of('error')[0]?.code, 'ERR_TOKEN_WRONG');
	assert.equal(server.room.log.head, 0);
});

test("token: a server's own proof, sent back to it, proves nothing", async t => {
	const server = await openServer(t, {token});
	const peer = await openWire(t, server.address);
	const {answer} = await challenge(peer);
	peer.send({...helloFrame('otter'), proof: answer.proof});
	await peer.untilFin();
	assert.equal(peer.of('error')[0]?.code, 'ERR_TOKEN_WRONG');
});

const answers: ReadonlyArray<
	[who: string, answer: (nonce: string, socket: Socket) => string]
> = [
	[
		'one that guesses',
		() =>
			JSON.stringify({
				type: 'challenge',
				nonce: '0'.repeat(64),
				proof: '0'.repeat(64),
			}),
	],
	[
		'one that sends the nonce back',
		nonce => JSON.stringify({type: 'challenge', nonce, proof: nonce}),
	],
	[
		'one that just says welcome',
		() =>
			JSON.stringify({
				type: 'welcome',
				v: 1,
				session: 's',
				room: 'r',
				nick: 'otter',
				head: 0,
				members: {count: 1, names: ['otter']},
				limits: {frameBytes: 1, textBytes: 1},
				heartbeatMs: 2000,
			}),
	],
	[
		'one that asks for another hello',
		() =>
			JSON.stringify({
				type: 'error',
				code: 'ERR_NICK_TAKEN',
				message: 'Taken.',
			}),
	],
	['one that speaks HTTP', () => 'HTTP/1.1 400 Bad Request\r'],
	[
		'one with another token',
		(nonce, socket) => {
			const exchange = new ServerExchange(new Token('another secret, as long'));
			return JSON.stringify(
				exchange.answer({type: 'challenge', v: 1, nonce}, originOf(socket)),
			);
		},
	],
];

for (const [who, answer] of answers) {
	test(`token: a squatter learns nothing: ${who}`, async t => {
		let seen = '';
		const squatter = await listenBare(t, socket => {
			socket.on('data', chunk => {
				seen += chunk.toString();
				const {nonce} = JSON.parse(seen.split('\n')[0]!) as {nonce: string};
				socket.write(`${answer(nonce, socket)}\n`);
			});
		});
		const client = openClient(t, squatter.address, 'otter', {token});
		const cause = await client.client.closed;
		assert.equal(cause?.code, 'ERR_TOKEN_UNPROVEN');
		assert.match(
			cause.message,
			/^This server can't prove that it knows the token/,
		);
		// Neither the token, nor the client's secret, nor its nick: 32 random bytes.
		assert.match(
			seen,
			/^\{"type":"challenge","v":1,"nonce":"[\da-f]{64}"\}\n$/,
		);
	});
}

test('token: a squatter that asks the real server elsewhere learns nothing either', async t => {
	const server = await openServer(t, {token});
	let seen = '';
	const squatter = await listenBare(t, socket => {
		const real = createConnection({
			host: '127.0.0.1',
			port: portOf(server.address),
		});
		socket.on('data', chunk => {
			seen += chunk.toString();
		});
		socket.pipe(real).pipe(socket);
		socket.on('close', () => {
			real.destroy();
		});
	});
	const client = openClient(t, squatter.address, 'otter', {token});
	assert.equal((await client.client.closed)?.code, 'ERR_TOKEN_UNPROVEN');
	assert.doesNotMatch(seen, /hello/);
});

test('token: a server that was started without one says so', async t => {
	const server = await openServer(t);
	const client = openClient(t, server.address, 'otter', {token});
	assert.equal((await client.client.closed)?.code, 'ERR_TOKEN_UNPROVEN');
	const peer = await openWire(t, server.address);
	peer.send({type: 'challenge', v: 1, nonce: createNonce()});
	await peer.untilFin();
	assert.match(peer.of('error')[0]!.message, /without a token/);
	assert.equal(server.room.log.head, 0);
});
