/** Each refusal says which call failed, with its errno, and ends in an error. */
import assert from 'node:assert/strict';
import {createServer, type AddressInfo} from 'node:net';
import {once} from 'node:events';
import test, {type TestContext} from 'node:test';
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
			.map(({code: which}) => which),
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
				errors: ['ERR_ADDRESS_UNAVAILABLE'],
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
		assert.deepEqual(errors, ['ERR_ADDRESS_UNAVAILABLE']);
	});

	test(`e2e: ${mode}, where nobody listens the RST has what connect() returned`, async t => {
		const port = await findPort();
		const {failed, errors} = await run(t, ['connect', port, ...flags]);
		assert.deepEqual(failed, [['RST', 'ECONNREFUSED']]);
		assert.deepEqual(errors, ['ERR_REFUSED']);
	});

	test(`e2e: ${mode}, a server's port that is taken fails bind()`, async t => {
		const port = await listenOn(t);
		assert.deepEqual(
			await run(t, ['serve', String(port), '--input', 'none', ...flags]),
			{
				failed: [[`bind(127.0.0.1:${port})`, 'EADDRINUSE']],
				calls: [
					'socket()',
					'setsockopt(SO_REUSEADDR, 1)',
					`bind(127.0.0.1:${port})`,
				],
				errors: ['ERR_PORT_TAKEN'],
			},
		);
	});
}
