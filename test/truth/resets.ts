/**
 * Ways in which both ends of a connection vanish at once, in a network of their
 * own: what `sockchat watch` says of the RST, held against tcpdump. Nothing else
 * is counted there, so that it says all that can be known.
 *
 * watch-resets.test.ts runs it.
 */
import assert from 'node:assert/strict';
import {readFileSync, writeFileSync} from 'node:fs';
import {test, type TestContext} from 'node:test';
import {seenBy} from '../../source/tcp/step-time.js';
import type {Step} from '../../source/tcp/tcp.js';
import {playRounds, type Scenario} from '../helpers/truth/rounds.js';
import type {Scene} from '../helpers/truth/scene.js';
import {both, openOf, pairOf, reset} from './watch-scenarios.js';

type ResetScenario = Scenario & {
	/** Who is said to have sent RST for unread bytes; undefined if nobody is. */
	readonly said: 'client' | 'server' | 'unknown' | undefined;
	/** A reading may miss the unread bytes: then nobody can be named. */
	readonly isShort?: true;
};

/** How many ends may be in TIME-WAIT; per network. */
const mostWaiting = '/proc/sys/net/ipv4/tcp_max_tw_buckets';

/** 1 if RST is ignored in TIME-WAIT; per network. */
const assassination = '/proc/sys/net/ipv4/tcp_rfc1337';

const untilGone = async (scene: Scene) => scene.untilRead('CLOSED', 2);

const otherOf = (who: 'client' | 'server') =>
	who === 'client' ? 'server' : 'client';

/** Where both have bytes of the other. */
const filledOf = async (scene: Scene, t: TestContext) => {
	const pair = await openOf(scene, t);
	await pair.client.do("s.send(b'unread')");
	await scene.untilCounted(6);
	return pair;
};

const scenarios: readonly ResetScenario[] = [
	...both.flatMap((who): ResetScenario[] => [
		{
			name: `the ${who} closes with unread bytes`,
			said: who,
			async run(scene, t) {
				const pair = await openOf(scene, t);
				await pair[otherOf(who)].do("s.send(b'unread')");
				await scene.untilCounted(6);
				await pair[who].do('s.close()');
				await untilGone(scene);
			},
		},
		{
			name: `the ${who} closes as soon as there are unread bytes`,
			said: who,
			isShort: true,
			async run(scene, t) {
				const pair = await openOf(scene, t);
				await pair[otherOf(who)].do("s.send(b'unread')");
				await pair[who].do('s.recv(1, socket.MSG_PEEK); s.close()');
				await untilGone(scene);
			},
		},
		{
			name: `the ${who} is killed with unread bytes`,
			said: who,
			async run(scene, t) {
				const pair = await openOf(scene, t);
				await pair[otherOf(who)].do("s.send(b'unread')");
				await scene.untilCounted(6);
				pair[who].signal('SIGKILL');
				await untilGone(scene);
			},
		},
		{
			name: `half-closed by the ${who}, which leaves the answer unread`,
			said: who,
			async run(scene, t) {
				const pair = await openOf(scene, t);
				await pair[who].do('s.shutdown(socket.SHUT_WR)');
				await scene.untilRead('FIN-WAIT-2');
				await pair[otherOf(who)].do("s.send(b'unread')");
				await scene.untilCounted(6);
				await pair[who].do('s.close()');
				await untilGone(scene);
			},
		},
		{
			name: `SO_LINGER 0 of the ${who}, with nothing unread`,
			said: 'unknown',
			async run(scene, t) {
				const pair = await openOf(scene, t);
				await pair[who].do(reset);
				await untilGone(scene);
			},
		},
	]),
	{
		name: 'SO_LINGER 0 of the client, while the server has unread bytes, and closes too',
		said: 'unknown',
		async run(scene, t) {
			const {client, server} = await filledOf(scene, t);
			await Promise.all([
				client.do(reset),
				server.do(
					'p = __import__("select").poll(); p.register(s, 8); p.poll(); s.close()',
				),
			]);
			await untilGone(scene);
		},
	},
	{
		name: 'connect(AF_UNSPEC) of the client, while the server has unread bytes, and closes',
		said: 'unknown',
		async run(scene, t) {
			const {client, server} = await filledOf(scene, t);
			await Promise.all([
				client.do(
					"__import__('ctypes').CDLL(None).connect(s.fileno(), bytes(16), 16)",
				),
				server.do(
					'p = __import__("select").poll(); p.register(s, 8); p.poll(); s.close()',
				),
			]);
			await untilGone(scene);
		},
	},
	{
		name: 'shutdown(SHUT_RDWR), and an answer that nobody can read',
		said: 'unknown',
		async run(scene, t) {
			const {client, server} = await openOf(scene, t);
			await client.do('s.shutdown(socket.SHUT_RDWR)');
			await scene.untilRead('CLOSE-WAIT');
			await server.do("s.send(b'too late')");
			await untilGone(scene);
		},
	},
	{
		name: 'a listener closes, and nobody had accepted',
		said: 'unknown',
		async run(scene, t) {
			const {client, server} = await pairOf(scene, t);
			await client.do('s = socket.socket(f); s.connect(a)');
			await scene.untilRead('ESTABLISHED', 2);
			await server.do('l.close()');
			await untilGone(scene);
		},
	},
	{
		name: 'both close at once, and one of them waits',
		said: undefined,
		async run(scene, t) {
			// Else the RST for a late ACK may end TIME-WAIT at once (RFC 1337).
			writeFileSync(assassination, '1');
			const {client, server} = await openOf(scene, t);
			await Promise.all([client.do('s.close()'), server.do('s.close()')]);
			await scene.untilRead('TIME-WAIT');
		},
	},
	{
		name: 'both close, and the kernel has no room for TIME-WAIT',
		said: undefined,
		async run(scene, t) {
			const most = readFileSync(mostWaiting);
			writeFileSync(mostWaiting, '0');
			t.after(() => {
				writeFileSync(mostWaiting, most);
			});
			const {client, server} = await openOf(scene, t);
			// The RST from a port where nobody listens is not theirs.
			await Promise.all([
				client.do('socket.socket(f).connect_ex((a[0], 1)); s.close()'),
				server.do('s.close()'),
			]);
			await untilGone(scene);
		},
	},
];

const nameOf = (step: Step): ResetScenario['said'] => {
	if (step.kind !== 'segment' || step.segment !== 'RST') {
		return undefined;
	}

	return step.reason === 'unread'
		? step.direction === 'in'
			? 'client'
			: 'server'
		: 'unknown';
};

/** When the ends were seen to be closed. */
const closedAt = (
	claims: ReadonlyArray<{readonly step: Step}>,
): ReadonlySet<number> =>
	new Set(
		claims.flatMap(({step}) =>
			step.kind === 'state' && step.state === 'CLOSED' ? [seenBy(step)] : [],
		),
	);

for (const scenario of scenarios) {
	test(`truth of resets: ${scenario.name}`, async t => {
		await playRounds(
			t,
			scenario,
			({scene, judged}) => {
				assert.deepEqual(
					judged.filter(({verdict}) => verdict !== 'right'),
					[],
					scene.story(),
				);
				const said = scene.claims.flatMap(({step}) => nameOf(step) ?? []);
				const isMissed = scenario.isShort && said.includes('unknown');
				const due = isMissed ? 'unknown' : scenario.said;
				// A table that changed while it was read had one end alone: then
				// nothing is said of an RST, which may have answered data.
				const isTorn = said.length === 0 && closedAt(scene.claims).size > 1;
				assert.deepEqual(
					said,
					due === undefined || isTorn ? [] : [due],
					scene.story(),
				);
			},
			{isDue: ({what}) => what !== 'FIN' && what !== 'RST'},
		);
	});
}
