/**
 * Peers that are gone before they are heard: connect, hello and say in one
 * write, then RST. Node then has no address for them, and the kernel no user.
 */
import assert from 'node:assert/strict';
import process from 'node:process';
import {test, type TestContext} from 'node:test';
import type {ServerOptions} from '../../source/server/server.js';
import {requireExecutable} from '../helpers/environment.js';
import {deadlineMs, sized} from '../helpers/faults/size.js';
import {startProcess} from '../helpers/process.js';
import {openServer, portOf, type TestServer} from '../helpers/room.js';
import {until} from '../helpers/until.js';
import {joinWire, type MemberPeer} from '../helpers/wire-peer.js';

const own = process.getuid!();
const nobody = 65_534;
const isRoot = own === 0;
const attacks = sized(1000, 100);

type Attacker = {
	readonly uid?: number;
	readonly from?: string;
};

/** Framed and plain in turn, as each dialect takes members by itself. */
const attack = async (
	t: TestContext,
	server: TestServer,
	{uid = own, from = '127.0.0.1'}: Attacker,
) => {
	const before = server.of('ended').length;
	const python = startProcess(t, requireExecutable('python3', 'python3'), [
		'-c',
		`import encodings.idna, json, os, socket, struct, uuid
if ${uid} != ${own}: os.setuid(${uid})
for count in range(${attacks}):
	peer = socket.socket()
	peer.bind(("${from}", 0))
	peer.connect(("127.0.0.1", ${portOf(server.address)}))
	hello = {"type": "hello", "v": 1, "client": str(uuid.uuid4()), "nick": "evil" + str(count)}
	say = {"type": "say", "n": 1, "text": "evil, framed"}
	framed = "".join(json.dumps(frame) + "\\n" for frame in (hello, say))
	peer.sendall((framed if count % 2 == 0 else "evil, plain\\n").encode())
	peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
	peer.close()
print("done")`,
	]);
	await python.waitForOutput('done\n', {deadlineMs});
	await until(() => server.of('ended').length >= before + attacks, {
		what: 'the ends of all',
		deadlineMs,
	});
};

/** All that somebody in the room was shown of the attackers. */
const evilIn = (member: MemberPeer): string[] => [
	...member.said.filter(text => text.includes('evil')),
	...member
		.of('joined')
		.map(({nick}) => nick)
		.filter(nick => !['otter', 'heron'].includes(nick)),
];

type Case = {
	readonly name: string;
	readonly attacker: Attacker;
	readonly options?: Partial<ServerOptions>;
	readonly ban?: string;
	readonly isFull?: boolean;
};

const cases: readonly Case[] = [
	{
		name: 'an address that is banned',
		attacker: {from: '127.0.0.9'},
		ban: '127.0.0.9',
	},
	{
		name: 'one too many of a user',
		attacker: {},
		options: {maxPerUser: 2},
		isFull: true,
	},
	...(isRoot
		? [
				{
					name: 'a user that is banned',
					attacker: {uid: nobody},
					ban: `uid:${nobody}`,
				},
				{
					name: 'another user in a room for our own',
					attacker: {uid: nobody},
					options: {isSameUser: true},
				},
			]
		: []),
];

for (const {name, attacker, options, ban, isFull} of cases) {
	test(
		`faults: an RST admits nobody: ${name}`,
		{timeout: deadlineMs},
		async t => {
			const server = await openServer(t, options);
			const otter = await joinWire(t, server.address, 'otter');
			if (ban !== undefined) {
				await server.rule({type: 'ban', who: ban});
			}

			if (isFull) {
				await joinWire(t, server.address, 'heron');
			}

			await attack(t, server, attacker);
			if (!isFull) {
				const heron = await joinWire(t, server.address, 'heron');
				heron.say(1, 'an honest word');
				await otter.untilSaid('an honest word');
			}

			otter.say(1, 'the last word');
			await otter.untilSaid('the last word');
			assert.deepEqual(evilIn(otter), []);
			assert.equal(server.room.memberCount, 2);
		},
	);
}
