/** Which users may connect, by what the kernel says of a peer's process. */
import assert from 'node:assert/strict';
import {once} from 'node:events';
import process from 'node:process';
import type {Socket} from 'node:net';
import {test, type TestContext} from 'node:test';
import {Admission} from '../../source/server/admission.js';
import {PeerUids} from '../../source/socket/peer-uid.js';
import {readTcpRows} from '../../source/socket/tcp-table.js';
import type {TcpState} from '../../source/tcp/tcp.js';
import {requireExecutable, type Owner} from '../helpers/environment.js';
import {findPort} from '../helpers/ports.js';
import {startProcess} from '../helpers/process.js';
import {anyPort, openServer, originOf, portOf} from '../helpers/room.js';
import {listenBare} from '../helpers/scripted.js';
import {until} from '../helpers/until.js';
import {joinWire, openPlain, openWire} from '../helpers/wire-peer.js';

const own = process.getuid!();
const nobody = 65_534;

/** A client of another user. Only root can start one. */
const startNobody = (owner: Owner, port: number, script: string) =>
	startProcess(owner, requireExecutable('python3', 'python3'), [
		'-c',
		`import encodings.idna, os, socket
os.setuid(${nobody})
peer = socket.create_connection(("127.0.0.1", ${port}))
${script}`,
	]);

/** A connection to a bare server, at both ends. */
const acceptOne = async (t: TestContext, localPort?: number) => {
	const accepted: Socket[] = [];
	const bare = await listenBare(t, socket => {
		accepted.push(socket);
	});
	const peer = await openWire(t, bare.address, {localPort});
	const ours = await until(() => accepted[0], {what: 'the accept'});
	return {bare, accepted, peer, ours, origin: originOf(ours)};
};

test('same user: our own processes may connect, framed and plain', async t => {
	const server = await openServer(t, {isSameUser: true});
	const otter = await joinWire(t, server.address, 'otter');
	const plain = await openPlain(t, server.address);
	plain.write('hello\n');
	await otter.untilSaid('hello');
	// Few readings of the table answer many at once.
	const names = Array.from({length: 50}, (_, index) => `m${index}`);
	await Promise.all(names.map(async name => joinWire(t, server.address, name)));
	assert.equal(server.room.memberCount, 52);
});

test('same user: our own processes may connect on every loopback address', async t => {
	for (const host of ['127.0.0.2', '::1', 'localhost']) {
		const address = {kind: 'tcp', host, port: 0} as const;
		const server = await openServer(t, {isSameUser: true, address});
		await joinWire(t, server.address, 'otter');
		assert.equal(server.room.memberCount, 1);
	}
});

test('same user: another user is refused with a sentence', async t => {
	if (own !== 0) {
		t.diagnostic('only root can be another user');
		return;
	}

	const server = await openServer(t, {isSameUser: true});
	const plain = startNobody(
		t,
		portOf(server.address),
		'peer.sendall(b"hello\\n")\nprint(peer.makefile().read())',
	);
	await plain.waitForOutput(
		`This room is only for user ${own}, and you are user ${nobody}.\n`,
	);
	const framed = startNobody(
		t,
		portOf(server.address),
		`peer.sendall(b'{"type":"hello","v":1,"client":"0f8fad5b-d9cb-469f-a165-70867728950e","nick":"otter"}\\n')\nprint(peer.makefile().read())`,
	);
	await framed.waitForOutput('"code":"ERR_OTHER_USER"');
	assert.equal(server.room.log.head, 0);
});

test('same user: a socket that its process has closed has no user', async t => {
	const {peer, ours, origin} = await acceptOne(t);
	const uids = new PeerUids();
	assert.equal(await uids.of(ours, origin), own);
	// FIN-WAIT-2: in a row without a process, the kernel's uid is 0.
	ours.resume();
	peer.socket.destroySoon();
	await once(ours, 'end');
	await until(async () => (await uids.of(ours, origin)) === 'unknown', {
		what: 'no user any more',
	});
	const admission = new Admission({isSameUser: true, ownUid: 0});
	assert.equal(
		admission.check(await uids.of(ours, origin), 0).refusal?.code,
		'ERR_OTHER_USER',
	);
});

test('same user: after an RST, another process on the same port does not count', async t => {
	// One that the kernel gives to nobody else meanwhile.
	const localPort = Number(await findPort());
	const {bare, accepted, ...pair} = await acceptOne(t, localPort);
	const {peer: attacker, ours, origin} = pair;
	ours.pause();
	attacker.reset();
	await attacker.untilClosed();
	const {socket: honest} = await openWire(t, bare.address, {localPort});
	const theirs = await until(() => accepted[1], {what: 'the second accept'});
	const uids = new PeerUids();
	assert.equal(await uids.of(ours, origin), 'unknown');
	assert.equal(await uids.of(theirs, originOf(theirs)), own);
	assert.equal(honest.localPort, localPort);
});

test('same user: a socket that is still connecting from the same port is not the peer', async t => {
	const {ours, origin} = await acceptOne(t);
	const asIf = (state: TcpState) =>
		new PeerUids(async () => [
			{
				inode: '1',
				socket: {
					local: origin.name,
					remote: origin.local,
					state,
					sendQueueBytes: 0,
					receiveQueueBytes: 0,
					uid: 7,
				},
			},
		]);
	assert.equal(await asIf('ESTABLISHED').of(ours, origin), 7);
	assert.equal(await asIf('SYN-SENT').of(ours, origin), 'unknown');
});

test('same user: if users are unknown, nobody may connect', async t => {
	const {ours, origin} = await acceptOne(t);
	const uids = new PeerUids(async () => undefined);
	const admission = new Admission({isSameUser: true, uids, ownUid: 7});
	assert.equal(
		admission.check(await uids.of(ours, origin), 0).refusal?.message,
		"This room is only for user 7, and the server can't find out which user you are.",
	);
	const crowded = new Admission({maxPerUser: 5, uids, ownUid: 7});
	assert.equal(
		crowded.check(await uids.of(ours, origin), 0).refusal?.message,
		"This room limits the connections of each user, and the server can't find out which user you are.",
	);
	assert.equal(new Admission().needsUid, false);
});

test('same user: a failed lookup is an answer too, and the next one works', async t => {
	const {ours, origin} = await acceptOne(t);
	let isFailing = true;
	const uids = new PeerUids(async ports => {
		if (isFailing) {
			isFailing = false;
			throw new Error('EMFILE');
		}

		return readTcpRows(ports);
	});
	assert.equal(await uids.of(ours, origin), 'unknown');
	assert.equal(await uids.of(ours, origin), own);
});

test('same user: a peer that goes before its user is known ends as others do', async t => {
	const server = await openServer(t, {isSameUser: true, address: anyPort});
	for (let count = 0; count < 20; count++) {
		const peer = await openWire(t, server.address);
		peer.reset();
	}

	await until(() => server.of('ended').length === 20, {what: 'their ends'});
	await joinWire(t, server.address, 'otter');
});

test('same user: one user gets no more connections than the limit', async t => {
	const server = await openServer(t, {maxPerUser: 2});
	const otter = await joinWire(t, server.address, 'otter');
	await joinWire(t, server.address, 'heron');
	const third = await openPlain(t, server.address);
	third.write('hello\n');
	await third.untilText(
		`User ${own} already has 2 connections here; that is the limit.`,
	);
	await third.untilFin();
	otter.send({type: 'bye'});
	await until(() => server.of('ended').length > 1, {what: 'an end'});
	await joinWire(t, server.address, 'otter');
});
