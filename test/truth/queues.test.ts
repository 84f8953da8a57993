/**
 * What sockchat says of queues, of a closed window and of its persist timer, held
 * against a fast poll of the kernel and `ss`; and that of a Unix domain socket,
 * which has no TCP, it says nothing of TCP.
 */
import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import {execFileSync} from 'node:child_process';
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {after, test} from 'node:test';
import {fileURLToPath} from 'node:url';
import {requireLoopback} from '../../source/socket/address.js';
import {readTcpTable} from '../../source/socket/tcp-table.js';
import {notSentOf, type KernelPair} from '../../source/tcp/tcp.js';
import {requireExecutable} from '../helpers/environment.js';
import {findPort} from '../helpers/ports.js';
import {startProcess} from '../helpers/process.js';
import {openRawClient, openRawServer} from '../helpers/raw.js';
import {
	canJudge,
	isEmptied,
	isRight,
	isUnsaid,
	parseHoles,
	parseReadings,
	type QueueClaim,
} from '../helpers/truth/queues.js';
import {rounds} from '../helpers/truth/rounds.js';
import {findPython, startPython} from '../helpers/truth/scene.js';
import {until} from '../helpers/until.js';
import {openWatch} from '../helpers/watch.js';

/** How often a round is played again, of which the poll has seen too little. */
const maxRepeats = 20;

/** More than the queues of both ends hold. */
const tooMuch = Buffer.alloc(16 * 1024 * 1024, 'x');

const counted = {all: 0, wrong: 0, unsaid: 0, unjudged: 0};

after(() => {
	const {all, wrong, unsaid, unjudged} = counted;
	console.log(
		`${all} queues, ${wrong} false or late, ${unsaid} unsaid; ${unjudged} could not be judged, as the poll had a hole`,
	);
});

const portIn = (address: string): string => /\d+$/.exec(address)![0];

for (const host of ['127.0.0.1', '::1'] as const) {
	test(`truth: queues and the persist timer, over ${host}`, async t => {
		let repeats = 0;
		for (let round = 0; round < rounds; round++) {
			const port = await findPort();
			const address = requireLoopback({kind: 'tcp', host, port: Number(port)});
			const poller = startProcess(t, findPython(), [
				'-S',
				fileURLToPath(
					new URL('../helpers/truth/queue-poller.py', import.meta.url),
				),
				host,
				port,
			]);
			await poller.waitForOutput('ready');
			const other = await startPython(t);
			const family = host === '::1' ? 'AF_INET6' : 'AF_INET';
			await other.do(
				`l = socket.socket(socket.${family}); l.bind(('${host}', ${port})); l.listen(5)`,
			);
			const begun: number[] = [];
			const {watch, of} = openWatch(t, {
				server: address,
				async read() {
					begun.push(Date.now());
					return readTcpTable(new Set([Number(port)]));
				},
			});
			const {client, untilPhase} = openRawClient(t, address, {watch});
			watch.sampleClient(() => client.endpoints);
			await untilPhase('open');
			await other.do('s, peer = l.accept()');
			const untilPair = async (
				what: string,
				which: (pair: KernelPair) => boolean,
			) =>
				until(
					() => {
						const pair = of('kernel').at(-1)?.pair;
						return pair && which(pair) && pair;
					},
					{what, seen: () => JSON.stringify(of('kernel').at(-1))},
				);

			const {local: here, remote: there} = client.endpoints;
			await client.write(Buffer.from('hello'));
			await untilPair(
				'5 unread bytes',
				({local, remote}) =>
					remote?.receiveQueueBytes === 5 && local?.sendQueueBytes === 0,
			);
			void client.write(tooMuch);
			const {local} = await untilPair(
				'a closed window, and the figures of ss',
				pair =>
					pair.local?.timer?.name === 'persist' &&
					pair.local.sending !== undefined,
			);
			const ss = execFileSync(
				requireExecutable('ss', 'iproute2'),
				// Another connection may have the same port at one end.
				[
					'-tinoH',
					`sport = ${portIn(local!.local)} and dport = ${portIn(local!.remote)}`,
				],
				{encoding: 'utf8'},
			);
			assert.match(ss, /timer:\(persist,/);
			const queued = Number(/^\S+ +\d+ +(\d+)/.exec(ss)![1]);
			const notSent = Number(/ notsent:(\d+)/.exec(ss)?.[1] ?? 0);
			assert.deepEqual(
				[local!.sendQueueBytes, notSentOf(local!)],
				[queued, notSent],
				ss,
			);
			assert.doesNotMatch(ss, / unacked:/);
			assert.equal(local!.sending?.unackedSegments, 0);
			assert.match(ss, / rwnd_limited:/);

			await other.do(`s.recv(${5 + tooMuch.length}, socket.MSG_WAITALL)`);
			await untilPair(
				'empty queues',
				pair =>
					pair.local?.sendQueueBytes === 0 &&
					pair.remote?.receiveQueueBytes === 0,
			);
			const ends = [`${here} ${there}`, `${there} ${here}`];
			await until(() => isEmptied(ends, parseReadings(poller.stdout())), {
				what: 'empty queues in the poll',
				seen: () => poller.stdout(),
			});
			client.leave();
			await other.do('s.close(); l.close()');
			poller.signal('SIGKILL');

			const readings = parseReadings(poller.stdout());
			const claims = of('kernel').flatMap(({at, pair}): QueueClaim[] =>
				[pair?.local, pair?.remote].flatMap(socket =>
					socket
						? [{from: begun.findLast(each => each <= at)!, at, socket}]
						: [],
				),
			);
			counted.all += claims.length;
			assert.ok(claims.length > 0);
			const holes = parseHoles(poller.stdout());
			const judged = claims.filter(claim => canJudge(claim, holes));
			counted.unjudged += claims.length - judged.length;
			if (judged.length === 0) {
				repeats++;
				round--;
				assert.ok(repeats <= maxRepeats, poller.stdout());
			}

			const wrong = judged.filter(claim => !isRight(claim, readings));
			const unsaid = judged.filter(claim => isUnsaid(claim, readings));
			counted.wrong += wrong.length;
			counted.unsaid += unsaid.length;
			assert.deepEqual(wrong, [], poller.stdout());
			assert.deepEqual(unsaid, [], poller.stdout());
		}
	});
}

test('truth: of a Unix domain socket nothing of TCP is said', async t => {
	const folder = mkdtempSync(join(tmpdir(), 'sockchat-test-'));
	t.after(() => {
		rmSync(folder, {recursive: true});
	});
	const address = requireLoopback({
		kind: 'unix',
		path: join(folder, 'pair.sock'),
	});
	const ours = openWatch(t, {server: address});
	const theirs = openWatch(t, {server: address});
	ours.watch.tap.hasCalls = true;
	const server = await openRawServer(t, {
		address,
		watch: theirs.watch,
	});
	const {client, untilPhase, untilBytes} = openRawClient(t, address, {
		watch: ours.watch,
	});
	ours.watch.sampleClient(() => client.endpoints);
	await untilPhase('open');
	await client.write(Buffer.from('hello'));
	await server.untilBytes(Buffer.from('hello'));
	const ended = await client.control({type: 'end'});
	assert.doesNotMatch(ended.sentence, /FIN|RST|TCP/);
	server.write(Buffer.from('still here'));
	await untilBytes(Buffer.from('still here'));
	client.leave();
	await client.closed;
	await until(() => ours.of('kernel').length > 0, {what: 'a reading'});
	for (const {of} of [ours, theirs]) {
		assert.deepEqual(
			of('step').filter(({step}) => step.kind !== 'call'),
			[],
		);
		assert.deepEqual(
			of('kernel').filter(({pair}) => pair !== undefined),
			[],
		);
	}
});
