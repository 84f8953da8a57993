import assert from 'node:assert/strict';
import {test} from 'node:test';
import fc from 'fast-check';
import type {Step} from '../../../source/tcp/tcp.js';
import type {Model} from '../../../source/store/model.js';
import {
	heardFact,
	isPresenceCurrent,
	layerFacts,
	linkFacts,
	nextChangeAt,
	peersFacts,
	phaseFact,
	routeText,
	tcpFact,
} from '../../../source/ui/connection/connection-facts.js';
import {notice} from '../../helpers/items.js';
import {
	connections,
	kernelSocket,
	listeningOf,
	modelOf,
	now,
	peerRow,
	socketOf,
	wallNow,
} from '../../helpers/models.js';
import {called, inferred, read} from '../../helpers/steps.js';

const phaseOf = (changes: Partial<Model>, at = now) => {
	const fact = phaseFact(modelOf(changes), at);
	return fact && [fact.name, fact.brief];
};

test('connection facts: each phase has its name', () => {
	assert.deepEqual(
		Object.values(connections).map(connection => phaseOf({connection})),
		[
			['connecting', 'connecting'],
			['handshaking', 'handshaking'],
			['open', 'open'],
			['silent, heard 3 s ago', 'silent for 3 s'],
			['waiting, retry in 3 s', 'retry in 3 s'],
			['draining', 'draining'],
			['closed', 'closed'],
		],
	);
	for (const phase of ['binding', 'listening', 'draining', 'closed'] as const) {
		const listening = listeningOf(phase);
		assert.deepEqual(phaseOf({listening}), [phase, phase]);
	}

	assert.equal(phaseOf({}), undefined, 'before anything was told');
});

test('connection facts: attempts after the first are counted', () => {
	const connection = {...connections.connecting, attempt: 4};
	assert.deepEqual(phaseOf({connection}), [
		'connecting, attempt 4',
		'connecting #4',
	]);
});

test('connection facts: a silence gets longer, a wait shorter, neither negative', () => {
	const {silent, waiting} = connections;
	const at = (connection: typeof silent | typeof waiting, ms: number) =>
		phaseOf({connection}, now + ms)?.[1];
	assert.equal(at(silent, 2600), 'silent for 6 s');
	assert.equal(at(silent, -60_000), 'silent for 0 s');
	assert.equal(at(waiting, 1100), 'retry in 1 s');
	assert.equal(at(waiting, 2100), 'retry in 0 s');
	assert.equal(at(waiting, 60_000), 'retry in 0 s');
});

test('connection facts: lasting phases age by steps, passing ones by seconds', () => {
	const ageOf = (changes: Partial<Model>, ms: number) => {
		const {age, changesAt} = phaseFact(modelOf(changes), now + ms)!;
		return [age, changesAt - now];
	};

	const {open, connecting, waiting, closed} = connections;
	assert.deepEqual(ageOf({connection: open}, 0), ['<1 min', 55_000]);
	assert.deepEqual(ageOf({connection: open}, 55_000), ['>1 min', 115_000]);
	assert.deepEqual(ageOf({connection: closed}, 0), ['<1 min', 55_000]);
	assert.deepEqual(ageOf({connection: connecting}, 0), ['00:05', 1000]);
	assert.deepEqual(ageOf({connection: waiting}, 0), [undefined, 100]);
	assert.deepEqual(ageOf({connection: waiting}, 2100), [undefined, Infinity]);
	assert.deepEqual(ageOf({listening: listeningOf()}, 0), ['<1 min', 55_000]);
});

test('connection facts: the next change is when a word really changes', () => {
	fc.assert(
		fc.property(
			fc.constantFrom(...Object.values(connections)),
			fc.nat({max: 300_000}),
			(connection, ms) => {
				const model = modelOf({connection});
				const wordsAt = (at: number) => {
					const {name, age} = phaseFact(model, at)!;
					return `${name} ${age}`;
				};

				const at = now + ms;
				const {changesAt} = phaseFact(model, at)!;
				assert.ok(changesAt > at);
				if (changesAt < Infinity) {
					assert.equal(wordsAt(changesAt - 1), wordsAt(at));
					assert.notEqual(wordsAt(changesAt), wordsAt(at));
				}
			},
		),
	);
});

test('connection facts: in raw mode a silence ages, in a room the phase says it', () => {
	const traffic = {
		bytesIn: 1,
		bytesOut: 0,
		queuedBytes: 0,
		heardAt: wallNow - 61_000,
	};
	const room = modelOf({connection: connections.open, traffic});
	assert.equal(heardFact(room, wallNow), undefined);
	const raw = {...room, mode: 'raw'} as const;
	assert.equal(heardFact(raw, wallNow), '>1 min ago');
	assert.equal(nextChangeAt(raw, now, wallNow), now + 55_000);
	assert.equal(nextChangeAt(raw, now, wallNow + 58_500), now + 500);
});

test('connection facts: what is left of TIME-WAIT is a clock, too', () => {
	const waiting = {...read('TIME-WAIT'), endsAt: wallNow + 59_000} as Step;
	const model = modelOf({
		connection: connections.open,
		...socketOf({steps: [waiting]}),
	});
	const at = (leftMs: number) => wallNow + 59_000 - leftMs;
	const due = (leftMs: number) =>
		Math.min(60_000, nextChangeAt(model, 0, at(leftMs)));
	const quiet = nextChangeAt(modelOf({connection: connections.open}), 0, 0);
	assert.equal(due(59_000), 9000);
	assert.equal(due(50_000), 10_000);
	assert.equal(due(8000), 8000);
	assert.equal(due(0), Math.min(60_000, quiet), 'it is over');
});

test('connection facts: a paused client is shown as paused until it resumes', () => {
	const nameAfter = (...steps: Step[]) =>
		phaseOf({connection: connections.open, ...socketOf({steps})})?.[0];
	const paused = [called('connect()'), called('pause()')];
	assert.equal(nameAfter(...paused), 'open, paused');
	assert.equal(nameAfter(...paused, called('resume()')), 'open');
	assert.equal(nameAfter(...paused, called('connect()')), 'open');
	const ofPeer = called('pause()', {peer: '127.0.0.1:1'});
	assert.equal(nameAfter(called('connect()'), ofPeer), 'open');
});

const tcpOf = (changes: Partial<Model>) => {
	const fact = tcpFact(modelOf(changes));
	return fact && `${fact.isRead ? '●' : '○'} ${fact.state}`;
};

const kernelOf = (local = kernelSocket(), remote = kernelSocket()) => ({
	at: wallNow,
	pair: {local, remote},
});

test("connection facts: the kernel's state is preferred to the inferred one", () => {
	const steps = [called('shutdown(SHUT_WR)'), inferred('FIN-WAIT-1')];
	assert.equal(tcpOf(socketOf({steps})), '○ FIN-WAIT-1');
	const kernel = kernelOf(kernelSocket({state: 'FIN-WAIT-2'}));
	assert.equal(tcpOf(socketOf({steps, kernel})), '● FIN-WAIT-2');
	assert.equal(tcpOf({}), undefined, 'nothing is guessed');
});

test('connection facts: a connection gone from the table keeps its last state', () => {
	const kernel = {at: wallNow, pair: {local: undefined, remote: undefined}};
	const steps = [
		read('TIME-WAIT'),
		read('CLOSE-WAIT', {end: 'remote'}),
		// A former connection of this client.
		read('CLOSED', {peer: '127.0.0.1:53000'}),
	];
	assert.equal(tcpOf(socketOf({steps, kernel})), '● TIME-WAIT');
});

test('connection facts: a connection that is closed is not guessed to be ESTABLISHED', () => {
	const connection = {
		phase: 'closed',
		since: 0,
		cause: undefined,
	} as const;
	const open = socketOf({steps: [inferred('ESTABLISHED')]});
	assert.equal(tcpOf(open), '○ ESTABLISHED');
	assert.equal(tcpOf({connection, ...open}), undefined);
	const ended = socketOf({steps: [inferred('CLOSED')]});
	assert.equal(tcpOf({connection, ...ended}), '○ CLOSED');
});

test('connection facts: a server is in LISTEN, whatever the states of its peers', () => {
	const steps = [
		// Alone it tried to join first, and was refused.
		inferred('CLOSED'),
		called('listen(1)'),
		read('ESTABLISHED', {peer: '127.0.0.1:1'}),
	];
	const listening = listeningOf();
	assert.equal(tcpOf({listening, ...socketOf({steps})}), '○ LISTEN');
	const peers = {
		at: wallNow,
		rows: [],
		listening: kernelSocket({state: 'LISTEN'}),
		backlog: 511,
		refused: 0,
	};
	assert.equal(tcpOf({listening, ...socketOf({steps, peers})}), '● LISTEN');
	for (const phase of ['binding', 'draining', 'closed'] as const) {
		assert.equal(tcpOf({listening: listeningOf(phase)}), undefined);
	}

	const place = {path: '/tmp/room.sock'};
	assert.equal(
		tcpOf({listening: listeningOf('listening', {place})}),
		undefined,
	);
});

test('connection facts: the route shows a host that both ends share once', () => {
	const routeOf = (local: string, remote: string) =>
		routeText(modelOf({local, remote}));
	assert.equal(
		routeOf('127.0.0.1:53122', '127.0.0.1:5001'),
		'127.0.0.1:53122 → :5001',
	);
	assert.equal(routeOf('[::1]:53122', '[::1]:5001'), '[::1]:53122 → :5001');
	assert.equal(
		routeOf('127.0.0.1:53122', '127.0.0.10:5001'),
		'127.0.0.1:53122 → 127.0.0.10:5001',
	);
	assert.equal(
		routeOf('127.0.0.10:53122', '127.0.0.1:5001'),
		'127.0.0.10:53122 → 127.0.0.1:5001',
	);
	assert.equal(routeText(modelOf()), '127.0.0.1:5001', 'before the connection');
	const wide = modelOf({local: '127.0.0.1:43116', remote: '127.0.0.1:19062'});
	assert.equal(routeText(wide, 24), '127.0.0.1:43116 → :19062');
	assert.equal(routeText(wide, 23), ':43116 → :19062');
});

test("connection facts: a server's counts leave out zeros", () => {
	const countsOf = (
		counts: Parameters<typeof listeningOf>[1],
		receiveQueueBytes = 0,
		refused = 0,
	) => {
		const peers = {
			at: wallNow,
			rows: [],
			listening: kernelSocket({state: 'LISTEN', receiveQueueBytes}),
			backlog: 511,
			refused,
		};
		const listening = listeningOf('listening', counts);
		return peersFacts(modelOf({listening, ...socketOf({peers})}));
	};

	assert.deepEqual(countsOf({peers: 3, accepted: 12}), [
		'3 connected',
		'12 accepted',
		'backlog 511',
	]);
	assert.deepEqual(countsOf({turnedAway: 2}, 1, 3), [
		'0 connected',
		'0 accepted',
		'3 refused',
		'2 turned away',
		'1 of 511 wait for accept()',
	]);
	assert.deepEqual(peersFacts(modelOf()), [], 'none of a client');
});

const layersOf = (changes: Partial<Model>) =>
	layerFacts(modelOf(changes), wallNow).map(
		({text, source}) => `${text} (${source})`,
	);

test('connection facts: each layer has its source', () => {
	const traffic = {
		bytesIn: 0,
		bytesOut: 0,
		queuedBytes: 2_000_000,
		heardAt: undefined,
	};
	const kernel = kernelOf(
		kernelSocket({sendQueueBytes: 1500, receiveQueueBytes: 24}),
		kernelSocket({receiveQueueBytes: 300_000}),
	);
	const pending = [{...notice(), kind: 'message', n: 1}] as never;
	assert.deepEqual(layersOf({traffic, pending, ...socketOf({kernel})}), [
		'queued 2.0 MB (Node)',
		'send queue 1.5 kB (kernel)',
		'unread by peer 300.0 kB (kernel)',
		'unread by us 24 B (kernel)',
		'unstored 1 (room)',
	]);
	assert.deepEqual(layersOf({mode: 'raw', pending}), ['queued 0 B (Node)']);
	assert.deepEqual(layersOf({listening: listeningOf()}), []);
});

test('connection facts: what was never sent is not called unacknowledged', () => {
	const sendingOf = (changes: Parameters<typeof kernelSocket>[0]) =>
		layersOf(
			socketOf({kernel: kernelOf(kernelSocket(changes), kernelSocket())}),
		)
			.slice(1, -1)
			.map(text => text.replace(' (kernel)', ''));
	const sendQueueBytes = 4000;
	assert.deepEqual(
		sendingOf({sendQueueBytes, timer: {name: 'persist', inMs: 1600}}),
		['unacked 0 B', 'not sent 4.0 kB', 'window closed', 'persist timer 1.6 s'],
	);
	assert.deepEqual(
		sendingOf({
			sendQueueBytes,
			sending: {
				notSentBytes: 1000,
				unackedSegments: 2,
				windowLimitedMs: 2500,
			},
		}),
		['unacked 3.0 kB', 'not sent 1.0 kB', 'window held it 2.5 s'],
	);
	assert.deepEqual(
		sendingOf({state: 'TIME-WAIT', timer: {name: 'time-wait', inMs: 59_000}}),
		['unacked 0 B', 'TIME-WAIT ends in ≤60 s'],
	);
});

test('connection facts: a server shows unread bytes and closed windows', () => {
	type Changes = Parameters<typeof kernelSocket>[0];
	const row = (changes: Changes, remote?: Changes) =>
		peerRow({
			kernel: {
				local: kernelSocket(changes),
				remote: remote && kernelSocket(remote),
			},
		});
	const peers = {
		at: wallNow,
		rows: [
			row(
				{receiveQueueBytes: 1000},
				{sendQueueBytes: 9, timer: {name: 'persist', inMs: 900}},
			),
			row({receiveQueueBytes: 500, timer: {name: 'persist', inMs: 200}}),
		],
		listening: kernelSocket({state: 'LISTEN'}),
		backlog: 511,
		refused: 0,
		unreadBytes: 1500,
	};
	const listening = listeningOf('listening');
	assert.deepEqual(
		peersFacts(modelOf({listening, ...socketOf({peers})})).slice(-3),
		['unread here 1.5 kB', 'window closed here', '1 with a closed window'],
	);
});

test('connection facts: a keepalive timer is shown at the end that has it', () => {
	const probes = (inMs: number) =>
		kernelSocket({timer: {name: 'keepalive', inMs}});
	const factsOf = (...pairs: ReadonlyArray<readonly [number, number?]>) => {
		const rows = pairs.map(([local, remote]) =>
			peerRow({
				kernel: {
					local: probes(local),
					remote: remote === undefined ? undefined : probes(remote),
				},
			}),
		);
		const peers = {
			at: wallNow,
			rows,
			listening: kernelSocket({state: 'LISTEN'}),
			backlog: 511,
			refused: 0,
		};
		const listening = listeningOf('listening');
		return peersFacts(modelOf({listening, ...socketOf({peers})})).slice(3);
	};

	assert.deepEqual(factsOf(), []);
	assert.deepEqual(factsOf([7_199_990]), ['keepalive ≤120 min here']);
	assert.deepEqual(factsOf([7_100_000, 1000], [7_100_000, 60_000]), [
		'keepalive ≤119 min here, ≤1 s there',
	]);
	assert.deepEqual(factsOf([60_010, 0]), ['keepalive ≤2 min here, ≤1 s there']);
	const kernel = {
		at: wallNow,
		pair: {local: probes(1500), remote: kernelSocket()},
	};
	assert.equal(
		layersOf(socketOf({kernel})).at(-1),
		'keepalive ≤2 s here (kernel)',
	);
});

test("connection facts: what the kernel doesn't report is not guessed", () => {
	const {pair: both} = kernelOf();
	const kernel = (pair?: Partial<typeof both>) =>
		socketOf({
			kernel: {
				at: wallNow,
				pair: pair && {local: undefined, remote: undefined, ...pair},
			},
		});
	assert.deepEqual(layersOf({}).slice(1), [], 'not read yet');
	assert.deepEqual(layersOf(kernel()).slice(1), [
		'not available here (kernel)',
	]);
	assert.deepEqual(layersOf(kernel({})).slice(1), [], 'no connection');
	assert.deepEqual(layersOf(kernel({local: both.local})).slice(1), [
		'unacked 0 B (kernel)',
		'unread by peer unknown (kernel)',
	]);
	assert.equal(
		layerFacts(modelOf(kernel()), wallNow).at(-1)?.brief,
		'kernel: not available here',
	);
});

test('connection facts: members are current only while connected', () => {
	const known = Object.values(connections).filter(connection =>
		isPresenceCurrent(modelOf({connection})),
	);
	assert.deepEqual(
		known.map(({phase}) => phase),
		['open', 'silent'],
	);
	assert.ok(isPresenceCurrent(modelOf({listening: listeningOf()})));
	assert.ok(!isPresenceCurrent(modelOf()));
});

test('connection facts: the protocol that ALPN agreed on follows the cipher', () => {
	const tls = {
		kind: 'tls',
		version: 'TLSv1.3',
		cipher: 'TLS_AES_128_GCM_SHA256',
		isTrusted: undefined,
		chain: [],
	} as const;
	const common = [tls.version, tls.cipher];
	assert.deepEqual(linkFacts(modelOf({link: tls})), common);
	assert.deepEqual(linkFacts(modelOf({link: {...tls, protocol: 'h2'}})), [
		...common,
		'h2',
	]);
});

test('connection facts: whom a certificate is for, until when, and who signed each of the chain', () => {
	const certificate = (subject: string, issuer: string) => ({
		subject,
		issuer,
		validTo: `the end of ${subject}`,
		fingerprint: subject,
	});
	const tls = {
		kind: 'tls',
		version: 'TLSv1.2',
		cipher: 'TLS_AES_128_GCM_SHA256',
		isTrusted: true,
		chain: [certificate('api', 'middle'), certificate('middle', 'root')],
	} as const;
	const common = [tls.version, tls.cipher];
	const own = ['for api', 'until the end of api'];
	assert.deepEqual(linkFacts(modelOf({link: tls})), [
		...common,
		'trusted',
		...own,
		'by middle',
		'by root',
	]);
	assert.deepEqual(
		linkFacts(
			modelOf({
				link: {
					kind: 'ws',
					path: '/api',
					tls: {
						...tls,
						isTrusted: false,
						untrusted: 'CERT_HAS_EXPIRED',
						chain: [certificate('api', 'api')],
					},
				},
			}),
		),
		['ws /api', ...common, 'CERT_HAS_EXPIRED', ...own],
	);
});
