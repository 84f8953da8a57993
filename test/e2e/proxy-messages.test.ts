/** Messages and datagrams through `sockchat proxy`: each stays what it was. */
import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import {createSocket, type Socket} from 'node:dgram';
import {once} from 'node:events';
import type {AddressInfo} from 'node:net';
import {env} from 'node:process';
import test, {type TestContext} from 'node:test';
import fc from 'fast-check';
import {WebSocket, WebSocketServer} from 'ws';
import {startBin} from '../helpers/process.js';
import {until} from '../helpers/until.js';

const faults = [
	[],
	['--delay', '5'],
	['--slice', '3'],
	['--rate-limit', '1000'],
] as const;

test('e2e: a proxy keeps each message whole, and text or binary, whatever it does to it', async t => {
	const server = new WebSocketServer({host: '127.0.0.1', port: 0});
	await once(server, 'listening');
	t.after(() => {
		server.close();
	});
	const {port} = server.address() as AddressInfo;
	const heard: string[] = [];
	server.on('connection', peer => {
		peer.on('message', (message: Buffer, isBinary) => {
			heard.push(`${isBinary ? 'binary' : 'text'} ${String(message)}`);
		});
	});
	for (const flags of faults) {
		heard.length = 0;
		const proxy = startBin(t, ['proxy', 'ws:0', `ws:${port}/`, ...flags]);
		const at = await proxy.waitForOutput(/on 127\.0\.0\.1:(\d+)/);
		const client = new WebSocket(`ws://127.0.0.1:${at}/`);
		await once(client, 'open');
		client.send('one');
		client.send(Buffer.from('two'));
		client.send('');
		client.send('ü'.repeat(60));
		client.close();
		await once(client, 'close');
		await until(() => heard.length >= 4, {
			what: 'four messages',
			seen: () => `${flags.join(' ')}: ${heard.join(', ')}\n${proxy.seen()}`,
		});
		assert.deepEqual(
			heard,
			['text one', 'binary two', 'text ', `text ${'ü'.repeat(60)}`],
			flags.join(' '),
		);
	}
});

const openUdp = async (t: TestContext): Promise<Socket> => {
	const socket = createSocket('udp4');
	t.after(() => {
		socket.close();
	});
	socket.bind(0, '127.0.0.1');
	await once(socket, 'listening');
	return socket;
};

test('e2e: a proxy keeps the boundaries of datagrams both ways, whatever it does to them', async t => {
	const target = await openUdp(t);
	const heard: string[] = [];
	target.on('message', (datagram, {port}) => {
		heard.push(datagram.toString('latin1'));
		target.send(datagram, port, '127.0.0.1');
	});
	const proxies = await Promise.all(
		faults.map(async flags => {
			const proxy = startBin(t, [
				'proxy',
				'udp:0',
				`udp:${target.address().port}`,
				...flags,
			]);
			return proxy.waitForOutput(/:(\d+), for datagrams/);
		}),
	);
	await fc.assert(
		fc.asyncProperty(
			fc.nat(faults.length - 1),
			// Fewer bytes than the kernel keeps for a socket.
			fc.array(
				fc.array(fc.constantFrom(0, 1, 4, 1400, 20_000), {maxLength: 4}),
				{minLength: 1, maxLength: 3},
			),
			async (which, peers) => {
				heard.length = 0;
				// A byte takes a millisecond there.
				const most = faults[which]!.includes('--rate-limit' as never)
					? 20
					: Infinity;
				const sizes = peers.map(all => all.map(size => Math.min(size, most)));
				const count = sizes.flat().length;
				const got = await Promise.all(
					sizes.map(async (all, who) => {
						const client = createSocket('udp4');
						const answers: string[] = [];
						client.on('message', datagram => {
							answers.push(datagram.toString('latin1'));
						});
						const sent = all.map((size, index) =>
							`${who}${index}`.repeat(size).slice(0, size),
						);
						for (const text of sent) {
							client.send(
								Buffer.from(text),
								Number(proxies[which]!),
								'127.0.0.1',
							);
						}

						await until(() => answers.length >= all.length, {
							what: 'all answers',
							seen: () => `${answers.length} of ${all.length}`,
						});
						client.close();
						return {sent, answers};
					}),
				);
				for (const {sent, answers} of got) {
					assert.deepEqual(answers, sent);
				}

				assert.equal(heard.length, count);
			},
		),
		{numRuns: Number(env['FAST_CHECK_RUNS'] ?? 15), endOnFailure: true},
	);
});
