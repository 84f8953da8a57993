/** Each program in examples/, run as it says. */
import assert from 'node:assert/strict';
import {readdirSync} from 'node:fs';
import process from 'node:process';
import {test, type TestContext} from 'node:test';
import {fileURLToPath} from 'node:url';
import {startNats} from '../helpers/nats.js';
import {startProcess, type RunningProcess} from '../helpers/process.js';
import {openServer, portOf} from '../helpers/room.js';
import {listenBare} from '../helpers/scripted.js';
import {loopback} from '../helpers/sockchat.js';
import {joinWire, openPlain, type FrameOf} from '../helpers/wire-peer.js';

const folder = fileURLToPath(new URL('../../examples/', import.meta.url));

const start = (t: TestContext, name: string, ...args: readonly unknown[]) =>
	startProcess(
		t,
		process.execPath,
		['--import=tsx', `${folder}${name}`, ...args.map(String)],
		{cwd: folder},
	);

const openRoom = async (t: TestContext) => {
	const {address} = await openServer(t);
	const heron = await joinWire(t, address, 'heron');
	heron.isAnsweringPings = true;
	return {port: portOf(address), heron};
};

const examples: Record<string, (t: TestContext) => Promise<void>> = {
	async 'echo-bot.ts'(t) {
		const {port, heron} = await openRoom(t);
		heron.say(1, 'echo: before');
		start(t, 'echo-bot.ts', port);
		await heron.untilFrame('joined', ({nick}) => nick === 'echo');
		heron.say(2, 'echo: after');
		await heron.untilSaid('after');
		assert.deepEqual(heron.said, ['echo: before', 'echo: after', 'after']);
	},
	async 'deploy-bot.ts'(t) {
		const {port, heron} = await openRoom(t);
		heron.send({type: 'commands'});
		const bot = start(t, 'deploy-bot.ts', port);
		const isOffered = ({offered}: FrameOf<'commands'>) =>
			offered.some(({name, from}) => name === 'deploy' && from === 'deployer');
		await heron.untilFrame('commands', isOffered);
		heron.send({type: 'command', request: 1, name: 'deploy', text: 'web'});
		const done = await heron.untilFrame('answered');
		assert.match(done.text, /^web took \d+ ms$/);
		assert.deepEqual(heron.said, ['heron deploys web']);
		heron.send({type: 'command', request: 2, name: 'deploy', text: 'moon'});
		const refused = await heron.untilFrame(
			'answered',
			({request}) => request === 2,
		);
		assert.equal(refused.failed, true);
		bot.signal('SIGKILL');
		await heron.untilFrame('commands', ({offered}) => offered.length === 0);
	},
	async 'log-tailer.ts'(t) {
		const {port, heron} = await openRoom(t);
		const tailer = start(t, 'log-tailer.ts', port);
		tailer.write('all is well\nERROR: it is not\n');
		await heron.untilSaid('ERROR: it is not');
		tailer.end();
		assert.equal((await tailer.waitForExit()).code, 0, tailer.seen());
		assert.match(tailer.stdout(), /^stored as \d+\n$/);
		assert.equal(heron.said.length, 1);
	},
	async 'embedded-server.ts'(t) {
		const worker = start(t, 'embedded-server.ts');
		const port = await worker.waitForOutput(/^sockchat connect (\d+)$/m);
		const heron = await joinWire(t, loopback(port), 'heron');
		heron.say(1, 'status?');
		await heron.untilFrame('message', ({text}) =>
			/^heron: \d+ MB, 2 here$/.test(text),
		);
		worker.signal('SIGTERM');
		assert.equal((await worker.waitForExit()).code, 0, worker.seen());
	},
	async 'raw-client.ts'(t) {
		const {address} = await listenBare(t, socket => {
			socket.once('data', () => {
				socket.end('+PONG\r\n');
			});
		});
		const client = start(
			t,
			'raw-client.ts',
			portOf(address),
			String.raw`PING\r\n`,
		);
		assert.equal((await client.waitForExit()).code, 0, client.seen());
		assert.equal(client.stdout(), '+PONG\r\n');
	},
	async 'raw-server.ts'(t) {
		const server = start(t, 'raw-server.ts');
		const port = await server.waitForOutput(/port: (\d+)/);
		const peer = await openPlain(t, loopback(port));
		peer.write('twelve bytes');
		peer.end();
		await peer.untilText('12 bytes\n');
		await peer.untilFin();
	},
	async 'shared-room.ts'(t) {
		const {url} = await startNats(t);
		const [one, two] = ['otter', 'heron'].map(nick =>
			start(t, 'shared-room.ts', url, nick),
		) as [RunningProcess, RunningProcess];
		for (const each of [one, two]) {
			await each.waitForOutput('relay: open', {stream: 'stderr'});
		}

		one.writeLine('the same everywhere');
		const seq = await one.waitForOutput(/^stored everywhere as (\d+)$/m);
		await two.waitForOutput(`${seq} otter: the same everywhere`);
		for (const each of [one, two]) {
			each.end();
			assert.equal((await each.waitForExit()).code, 0, each.seen());
		}
	},
	async 'bridge.ts'(t) {
		const one = await openRoom(t);
		const two = await openRoom(t);
		start(t, 'bridge.ts', one.port, two.port);
		await two.heron.untilFrame('joined', ({nick}) => nick === 'bridge');
		one.heron.say(1, 'over there?');
		await two.heron.untilSaid('heron: over there?');
		two.heron.say(1, 'yes');
		await one.heron.untilSaid('heron: yes');
		assert.deepEqual(one.heron.said, ['over there?', 'heron: yes']);
	},
};

test('examples: each is run', () => {
	assert.deepEqual(
		readdirSync(folder).toSorted(),
		Object.keys(examples).toSorted(),
	);
});

for (const [name, run] of Object.entries(examples)) {
	test(`examples: ${name}`, run);
}
