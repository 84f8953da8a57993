import assert from 'node:assert/strict';
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {test} from 'node:test';
import {requireLoopback, type Address} from '../../source/socket/address.js';
import {openRoom} from '../../source/chat/open-room.js';
import type {RoomOptions} from '../../source/chat/room-chat.js';
import type {ChatEvent} from '../../source/event/event.js';
import {nickOf} from '../helpers/client.js';
import {FakeClock} from '../helpers/clock.js';
import {requireExecutable, type Owner} from '../helpers/environment.js';
import {collectEvents} from '../helpers/events.js';
import {openFull} from '../helpers/peers.js';
import {startProcess} from '../helpers/process.js';
import {anyPort} from '../helpers/room.js';
import {listenBare} from '../helpers/scripted.js';
import {until} from '../helpers/until.js';
import {joinWire} from '../helpers/wire-peer.js';

const open = async (
	owner: Owner,
	address: Address,
	options: Partial<Exclude<RoomOptions, {command: 'connect'}>> = {},
) => {
	const collected = collectEvents<ChatEvent>();
	const chat = await openRoom(
		{
			command: 'join',
			address: requireLoopback(address),
			nick: nickOf('otter'),
			isNickFlexible: true,
			backlog: undefined,
			maxMembers: undefined,
			history: undefined,
			isWatched: false,
			...options,
		},
		collected.onEvent,
	);
	owner.after(async () => {
		chat.leave();
		chat.leave();
		await chat.closed;
	});
	const said = () =>
		collected
			.of('frame')
			.flatMap(({frame}) => (frame.type === 'message' ? [frame.text] : []));
	return {
		...chat,
		...collected,
		said,
		untilSaid: async (text: string) =>
			until(() => said().includes(text), {
				what: JSON.stringify(text),
				seen: () => said().join('\n'),
			}),
	};
};

const freePort = async (owner: Owner): Promise<Address> => {
	const {address, close} = await listenBare(owner, () => undefined);
	await close();
	return address;
};

const freePath = (owner: Owner): Address => {
	const folder = mkdtempSync(join(tmpdir(), 'sockchat-test-'));
	owner.after(async () => {
		rmSync(folder, {recursive: true});
	});
	return {kind: 'unix', path: join(folder, 'room')};
};

/** A socket file as left by a killed server. */
const leftPath = async (owner: Owner): Promise<Address> => {
	const address = freePath(owner);
	const python = startProcess(owner, requireExecutable('python3', 'python3'), [
		'-c',
		'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])',
		(address as {path: string}).path,
	]);
	assert.equal((await python.waitForExit()).code, 0, python.seen());
	return address;
};

test('join: opens the room if there is none, else joins it', async t => {
	const address = await freePort(t);
	const first = await open(t, address);
	assert.equal(first.role, 'serve');
	const second = await open(t, address);
	assert.equal(second.role, 'connect');
	second.say('good evening');
	await first.untilSaid('good evening');
	first.say('come in');
	await second.untilSaid('come in');
	assert.deepEqual(first.members().names, ['otter', 'otter-2']);
});

const places = [
	['on a port', freePort],
	['on a path', async (owner: Owner) => freePath(owner)],
	['on a path that was left', leftPath],
] as const;

for (const [where, place] of places) {
	test(`join: of five started at once ${where} one serves, all are in one room`, async t => {
		const address = await place(t);
		const chats = await Promise.all(
			Array.from({length: 5}, async () => open(t, address)),
		);
		assert.deepEqual(chats.map(({role}) => role).toSorted(), [
			'connect',
			'connect',
			'connect',
			'connect',
			'serve',
		]);
		for (const [index, chat] of chats.entries()) {
			chat.say(`from ${index}`);
		}

		for (const chat of chats) {
			for (const index of chats.keys()) {
				await chat.untilSaid(`from ${index}`);
			}
		}
	});
}

test('join: reports why neither works', async t => {
	// Bound but not listening: one can neither connect nor listen there.
	const python = startProcess(t, requireExecutable('python3', 'python3'), [
		'-uc',
		`import socket
server = socket.socket()
server.bind(("127.0.0.1", 0))
print("bound to", server.getsockname()[1])
input()`,
	]);
	const port = Number(await python.waitForOutput(/bound to (\d+)\n/));
	const address: Address = {kind: 'tcp', host: '127.0.0.1', port};
	await assert.rejects(open(t, address), {code: 'ERR_PORT_TAKEN'});
});

test('serve: ends when left twice in a row', async t => {
	const host = await open(t, anyPort, {command: 'serve'});
	host.say('never heard');
	host.leave();
	host.leave();
	assert.equal(await host.closed, undefined);
});

test('serve: its last words reach the room, no matter how fast it leaves', async t => {
	const host = await open(t, anyPort, {command: 'serve'});
	const {0: port} = /\d+$/.exec(host.where)!;
	const heron = await joinWire(
		t,
		{kind: 'tcp', host: '127.0.0.1', port: Number(port)},
		'heron',
	);
	const lines = Array.from({length: 20}, (_, index) => `line ${index}`);
	for (const line of lines) {
		host.say(line);
	}

	host.leave();
	await heron.untilFin();
	heron.end();
	assert.equal(await host.closed, undefined);
	assert.deepEqual(heron.said, lines);
	assert.deepEqual(host.said(), lines);
	assert.equal(host.unstored(), 0);
});

test('open-room: gives the kernel 10 s to connect', async t => {
	const clock = new FakeClock();
	const port = await openFull(t);
	const opened = open(t, {kind: 'tcp', host: '127.0.0.1', port}, {clock});
	await until(() => clock.delays.includes(10_000), {what: 'the deadline'});
	clock.advance(10_000);
	await assert.rejects(opened, {code: 'ERR_CONNECT_TIMEOUT'});
});
