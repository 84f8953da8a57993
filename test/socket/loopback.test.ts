/**
 * Every function that opens a socket refuses addresses off this machine. Each
 * call into the kernel is replaced by one that fails, so no test can reach a
 * network.
 */
import assert from 'node:assert/strict';
import {Server, Socket} from 'node:net';
import {test, type TestContext} from 'node:test';
import {env} from 'node:process';
import {inspect} from 'node:util';
import fc from 'fast-check';
import {SockchatError} from '../../source/errors.js';
import {connect, startServer, type Address} from '../../source/index.js';
import {startRawServer} from '../../source/raw/server.js';
import {parseTcpAddress, requireLoopback} from '../../source/socket/address.js';
import {dial} from '../../source/socket/dial.js';
import {listen} from '../../source/socket/listen.js';

const runs = Number(env['FAST_CHECK_RUNS'] ?? 1000);

/** The arguments of all calls that would have opened a socket. */
const barSockets = (t: TestContext): unknown[][] => {
	const calls: unknown[][] = [];
	const bar = (...args: unknown[]): never => {
		calls.push(args);
		throw new Error('A socket was opened.');
	};

	t.mock.method(Socket.prototype, 'connect', bar);
	t.mock.method(Server.prototype, 'listen', bar);
	return calls;
};

/** A program's host and port, or path, without what says which of them it is. */
const partsOf = (address: object) => {
	const {host, port, path} = address as Record<string, never>;
	return {host, port, path};
};

/** All functions that open sockets, and the calls that they end in. */
const doors: ReadonlyArray<
	[name: string, open: (address: never) => Promise<unknown>]
> = [
	['startServer()', async address => startServer({address})],
	[
		'startServer() with a history',
		async address =>
			startServer({
				address,
				history: {path: '/nonexistent/history', fsync: 'interval'},
			}),
	],
	['connect()', async address => connect({address, nick: 'otter'})],
	['startServer() in parts', async address => startServer(partsOf(address))],
	[
		'connect() in parts',
		async address => connect({nick: 'otter', ...partsOf(address)}),
	],
	[
		'startRawServer()',
		async address => startRawServer({address, onEvent: () => undefined}),
	],
	['listen()', async address => listen(new Server(), address, 1)],
	['dial()', async address => dial(address)],
	['dial() with a local port', async address => dial(address, 5001)],
];

const refusesAt = async (
	t: TestContext,
	address: unknown,
	expected: {code: string; message?: RegExp},
	chosen = doors,
) => {
	const calls = barSockets(t);
	for (const [name, open] of chosen) {
		await assert.rejects(
			open(address as never),
			expected,
			`${name}: ${inspect(address)}`,
		);
	}

	assert.deepEqual(calls, []);
};

const foreignHosts = [
	'0.0.0.0',
	'::',
	'[::]',
	'',
	'10.0.0.1',
	'128.0.0.1',
	'255.255.255.255',
	'example.com',
	'localhost.evil',
	'localhost.',
	'evil.localhost',
	'127.0.0.1.evil',
	'127.0.0.1\0.evil',
	'127.0.0.1\n',
	' 127.0.0.1',
	'::ffff:10.0.0.1',
	'::ffff:126.255.255.255',
	'::ffff:8000:1',
	// Neither is routed to loopback, though they end like it.
	'::127.0.0.1',
	'64:ff9b::127.0.0.1',
	'::1:0',
	'::1%eth0',
	'fe80::1',
	'0x7f.0.0.1',
	'0177.0.0.1',
	'127.1',
	'127.0.0.01',
	'127.0.0.256',
	'2130706433',
	'167772161',
	'１27.0.0.1',
	'1270.0.0.1',
];

for (const host of foreignHosts) {
	test(`loopback: no socket is opened for the host ${JSON.stringify(host)}`, async t => {
		await refusesAt(
			t,
			{kind: 'tcp', host, port: 5001},
			{
				code: 'ERR_NOT_LOOPBACK',
				message:
					/^"[^"]*" is not a loopback address \(127\.0\.0\.0\/8, ::1 or localhost\)/,
			},
		);
	});
}

test('loopback: of IPv6 only ::1 and mapped 127.0.0.0/8, however spelt', () => {
	const group = fc.oneof(
		fc.constantFrom(0, 1, 0xff_ff, 0x7f_00, 0x7f_ff),
		fc.nat(0xff_ff),
	);
	const spell = fc.record({
		isLong: fc.boolean(),
		isUpper: fc.boolean(),
		isDotted: fc.boolean(),
		isBracketed: fc.boolean(),
	});
	const high = fc.oneof(
		fc.constant([0, 0, 0, 0, 0, 0]),
		fc.constant([0, 0, 0, 0, 0, 0xff_ff]),
		fc.array(group, {minLength: 6, maxLength: 6}),
	);
	fc.assert(
		fc.property(high, group, group, spell, (start, seventh, eighth, how) => {
			const texts = [...start, seventh, eighth].map(each =>
				each.toString(16).padStart(how.isLong ? 4 : 1, '0'),
			);
			const quad = [seventh >> 8, seventh & 255, eighth >> 8, eighth & 255];
			const dotted = quad.join('.');
			const last = how.isDotted ? [dotted] : texts.slice(6);
			const plain = [...texts.slice(0, 6), ...last].join(':');
			const cased = how.isUpper ? plain.toUpperCase() : plain;
			const host = how.isBracketed ? `[${cased}]` : cased;
			const isZero = start.every(each => each === 0);
			const isMapped = start.slice(0, 5).every(each => each === 0);
			const wanted =
				isZero && seventh === 0 && eighth === 1
					? '::1'
					: isMapped && start[5] === 0xff_ff && quad[0] === 127
						? dotted
						: undefined;
			const parsed = parseTcpAddress(host, 5001);
			const taken =
				parsed instanceof SockchatError || parsed.kind !== 'tcp'
					? undefined
					: parsed.host;
			assert.equal(taken, wanted, host);
		}),
		{numRuns: runs},
	);
});

test('loopback: a value that is not an address opens no socket either', async t => {
	const whole = doors.filter(([name]) => !name.endsWith('in parts'));
	for (const address of [
		null,
		'127.0.0.1',
		{},
		{host: '127.0.0.1', port: 5001},
		{kind: 'udp', host: '127.0.0.1', port: 5001},
		{kind: 'tcp', port: 5001},
		{kind: 'tcp', host: ['127.0.0.1'], port: 5001},
		{kind: 'tcp', host: {toString: () => '127.0.0.1'}, port: 5001},
	]) {
		await refusesAt(t, address, {code: 'ERR_NOT_LOOPBACK'}, whole);
	}

	const parts = doors.filter(([name]) => name.endsWith('in parts'));
	for (const host of [['127.0.0.1'], {toString: () => '127.0.0.1'}, 127]) {
		await refusesAt(t, {host}, {code: 'ERR_NOT_LOOPBACK'}, parts);
	}

	for (const port of [-1, 65_536, 1.5, NaN, '5001', 5001n]) {
		const address = {kind: 'tcp', host: '127.0.0.1', port};
		await refusesAt(t, address, {code: 'ERR_PORT_RANGE'});
	}

	for (const path of ['', 'a\0b', 'a'.repeat(108), 5001, ['a']]) {
		await refusesAt(t, {kind: 'unix', path}, {code: 'ERR_SOCKET_PATH'});
	}
});

test('loopback: opens exactly the address that was checked', async t => {
	const calls = barSockets(t);
	/** Its host differs each time it is read. */
	const shifting = () => {
		const hosts = ['127.0.0.1', '10.0.0.1'];
		return {
			kind: 'tcp',
			get host() {
				return hosts.shift() ?? '10.0.0.1';
			},
			port: 5001,
		} as never;
	};

	for (const [name, open] of doors) {
		await open(shifting()).catch(() => undefined);
		assert.ok(!JSON.stringify(calls).includes('10.0.0.1'), name);
	}

	assert.ok(calls.length > 0);
});

test('loopback: takes every address of this machine, as a literal', () => {
	for (const [host, literal] of [
		['127.0.0.1', '127.0.0.1'],
		['127.255.0.9', '127.255.0.9'],
		['::1', '::1'],
		['[::1]', '::1'],
		['localhost', '127.0.0.1'],
		['LocalHost', '127.0.0.1'],
	] as const) {
		const address: Address = {kind: 'tcp', host, port: 0};
		assert.deepEqual(requireLoopback(address), {...address, host: literal});
	}

	const address: Address = {kind: 'unix', path: '/tmp/room'};
	assert.deepEqual(requireLoopback(address), address);
});
