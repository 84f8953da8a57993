/** Each refusal says which call failed, with its errno, and ends in an error. */
import assert from 'node:assert/strict';
import {createConnection, createServer, type AddressInfo} from 'node:net';
import {once} from 'node:events';
import test, {type TestContext} from 'node:test';
import type {Step} from '../../source/tcp/tcp.js';
import {findPort} from '../helpers/ports.js';
import {startBin} from '../helpers/process.js';

type Line = {
	readonly type: string;
	readonly call?: string;
	readonly segment?: string;
	readonly errno?: string;
	readonly code?: string;
	readonly message?: string;
};

const listenOn = async (t: TestContext): Promise<number> => {
	const server = createServer();
	t.after(() => {
		server.close();
	});
	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	return (server.address() as AddressInfo).port;
};

const run = async (t: TestContext, args: readonly string[]) => {
	const program = startBin(t, [...args, '--json', '--events', 'step,error']);
	program.end();
	const {code} = await program.waitForExit();
	assert.equal(code, 1);
	const lines = program
		.stdout()
		.split('\n')
		.slice(0, -1)
		.map(line => JSON.parse(line) as Line);
	const failed = lines.filter(({errno}) => errno !== undefined);
	return {
		failed: failed.map(({call, segment, errno}) => [call ?? segment, errno]),
		calls: lines.flatMap(({call}) => call ?? []),
		errors: lines
			.filter(({type}) => type === 'error')
			.map(({code: which, message}) => `${which!}: ${message!}`),
	};
};

for (const mode of ['a room', 'raw'] as const) {
	const flags = mode === 'raw' ? ['--raw'] : [];

	test(`e2e: ${mode}, a local port that is taken fails bind()`, async t => {
		const port = await listenOn(t);
		const taken = await listenOn(t);
		assert.deepEqual(
			await run(t, [
				'connect',
				String(port),
				'--local-port',
				String(taken),
				...flags,
			]),
			{
				failed: [[`bind(127.0.0.1:${taken})`, 'EADDRINUSE']],
				calls: [
					'socket()',
					'setsockopt(SO_REUSEADDR, 1)',
					`bind(127.0.0.1:${taken})`,
					'close()',
				],
				errors: [
					`ERR_ADDRESS_UNAVAILABLE: Can't bind the local port ${taken}: it is in use. Choose another --local-port.`,
				],
			},
		);
	});

	test(`e2e: ${mode}, a pair of addresses that exists fails connect()`, async t => {
		const port = await listenOn(t);
		const local = await findPort();
		const pair = ['connect', String(port), '--local-port', local];
		const first = startBin(t, [...pair, '--raw', '--input', 'none', '--json']);
		await first.waitForOutput('"phase":"open"');
		const {failed, errors} = await run(t, [...pair, ...flags]);
		assert.deepEqual(failed, [[`connect(127.0.0.1:${port})`, 'EADDRNOTAVAIL']]);
		assert.deepEqual(errors, [
			`ERR_ADDRESS_UNAVAILABLE: Can't connect from the local port ${local} to 127.0.0.1:${port}: that connection exists already. Choose another --local-port.`,
		]);
	});

	test(`e2e: ${mode}, where nobody listens the RST has what connect() returned`, async t => {
		const port = await findPort();
		const {failed, errors} = await run(t, ['connect', port, ...flags]);
		assert.deepEqual(failed, [['RST', 'ECONNREFUSED']]);
		assert.match(errors.join('\n'), /^ERR_REFUSED: Nobody listens on /);
	});

	test(`e2e: ${mode}, a server's port that is taken fails bind()`, async t => {
		const port = await listenOn(t);
		const serve = ['serve', String(port), '--input', 'none', ...flags];
		const {failed, calls, errors} = await run(t, serve);
		assert.deepEqual(failed, [[`bind(127.0.0.1:${port})`, 'EADDRINUSE']]);
		assert.deepEqual(calls, [
			'socket()',
			'setsockopt(SO_REUSEADDR, 1)',
			`bind(127.0.0.1:${port})`,
		]);
		assert.match(errors.join('\n'), /^ERR_PORT_TAKEN: /);
	});
}

test('e2e: a server of one peer says how it turned another away', async t => {
	const port = await findPort();
	const serveOnce = ['serve', '--raw', '--once', port, '--input', 'none'];
	const server = startBin(t, [...serveOnce, '--json', '--events', 'step']);
	await server.waitForOutput('"listen(');
	const connect = async () => {
		const socket = createConnection(Number(port), '127.0.0.1');
		t.after(() => {
			socket.destroy();
		});
		await once(socket, 'connect');
		return socket;
	};

	const first = await connect();
	await server.waitForOutput('"call":"accept()"');
	const second = await connect();
	const {localPort} = second;
	const [error] = (await once(second, 'error')) as [NodeJS.ErrnoException];
	assert.equal(error.code, 'ECONNRESET');
	first.end();
	await server.waitForExit();

	const steps = server
		.stdout()
		.split('\n')
		.slice(0, -1)
		.map(line => JSON.parse(line) as Step)
		.filter(({peer}) => peer === `127.0.0.1:${localPort!}`);
	const own = steps.flatMap(step =>
		step.kind === 'call' && step.end === undefined ? [step.call] : [],
	);
	assert.deepEqual(own, [
		'accept()',
		'setsockopt(TCP_NODELAY, 1)',
		'setsockopt(SO_LINGER, 0)',
		'close()',
	]);
	const sent = steps.flatMap(step =>
		step.kind === 'segment' && step.direction === 'out' ? [step.segment] : [],
	);
	assert.deepEqual(sent, ['RST']);
});
