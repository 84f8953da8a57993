/**
 * `sockchat proxy` between clients and targets that do whatever they like, over
 * each kind of link, while it is told to delay, slice, pause, cut and reset: what
 * one side said the other got, in order; or less of it, and then it got no clean
 * end, or that is said.
 */
import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import {readFileSync, rmSync} from 'node:fs';
import {join} from 'node:path';
import {env} from 'node:process';
import test from 'node:test';
import {createSecureContext, type SecureContext} from 'node:tls';
import fc from 'fast-check';
import {digits, only} from '../helpers/digits.js';
import {createScope, type Owner} from '../helpers/environment.js';
import {makeCertificates, newFolder} from '../helpers/link-peers.js';
import {findPort} from '../helpers/ports.js';
import {startBin} from '../helpers/process.js';
import {
	type PlayedLink,
	type Player,
	connectAsPlayer,
	connectAsProcess,
	hasDone,
	listenAsPlayer,
} from '../helpers/raw-player.js';
import {withinTurns} from '../helpers/turns.js';
import {until} from '../helpers/until.js';

const routes = [
	['tcp', 'tcp'],
	['tcp', 'unix'],
	['unix', 'tcp'],
	['tls', 'tcp'],
	['tcp', 'tls'],
	['ws', 'tcp'],
	['tcp', 'ws'],
] as const satisfies ReadonlyArray<readonly [PlayedLink, PlayedLink]>;

type Route = (typeof routes)[number];

/** Small, about one read, several, and more than the kernel takes unread. */
const anySize = fc.constantFrom(0, 100, 3000, 65_600, 300_000, 6_000_000);

const anySide = fc.constantFrom('client', 'target');

const anyCommand = fc.constantFrom(
	'/pause',
	'/pause in',
	'/pause out',
	'/resume',
	'/resume in',
	'/delay 20',
	'/delay 5 out',
	'/delay 0',
	'/slice 1000',
	'/slice 7 in',
	'/slice off',
	'/rate-limit 500000',
	'/rate-limit 3000 out',
	'/rate-limit off',
	'/cut',
	'/cut in',
	'/cut out',
	'/reset',
);

const anyAction = fc.oneof(
	{
		weight: 12,
		arbitrary: fc.record({
			type: fc.constantFrom(
				...([
					'say',
					'say',
					'say',
					'flush',
					'hear',
					'pause',
					'resume',
					'end',
				] as const),
			),
			side: anySide,
			// Which of the connections that there are.
			who: fc.nat(2),
			bytes: anySize,
		}),
	},
	{
		weight: 1,
		arbitrary: fc.record({
			type: fc.constantFrom(...(['close', 'reset'] as const)),
			side: anySide,
			who: fc.nat(2),
			bytes: fc.constant(0),
		}),
	},
	{
		weight: 3,
		arbitrary: fc.record({type: fc.constant('tell'), command: anyCommand}),
	},
);

type Action = typeof anyAction extends fc.Arbitrary<infer T> ? T : never;

const anyRun = fc.record({
	isOnce: fc.boolean(),
	output: fc.constantFrom(...(['lines', 'lines', 'json', 'quiet'] as const)),
	isRecorded: fc.boolean(),
	isExplained: fc.constantFrom(false, false, true),
	isBinary: fc.boolean(),
	flags: fc.subarray([
		'--delay 10',
		'--slice 5000',
		'--rate-limit 3000000',
	] as const),
	/** What each client says before its target is there. */
	clients: fc.array(
		fc.record({
			// One in a process of its own is killed.
			isProcess: fc.nat(9).map(n => n === 0),
			early: anySize,
		}),
		{minLength: 1, maxLength: 3},
	),
	actions: fc.array(anyAction, {maxLength: 20, size: 'max'}),
	/** How it is left, if not by itself; amid all that, or once all is said. */
	isAmid: fc.constantFrom(false, false, true),
	/** Amid all that: whether it isn't given the time to pass on what waits. */
	isHurried: fc.boolean(),
	leaving: fc.constantFrom(
		...(['SIGTERM', 'SIGINT', 'SIGHUP', '/quit'] as const),
	),
});

type Run = typeof anyRun extends fc.Arbitrary<infer T> ? T : never;

/** No two have a character in common, so it shows who said what. */
const alphabets = {
	client: ['abcdefgh', 'ijklmnop', 'qrstuvwx'],
	target: ['ABCDEFGH', 'IJKLMNOP', 'QRSTUVWX'],
} as const;

const allOf = new Map(
	[...alphabets.client, ...alphabets.target].map(
		alphabet => [alphabet, digits(alphabet, 1_600_000)] as const,
	),
);

const withoutEnds = (text: string) => text.replaceAll('\n', '');

const sides = ['client', 'target'] as const;

type Side = (typeof sides)[number];

const other = {client: 'target', target: 'client'} as const;
const directionFrom = {client: 'out', target: 'in'} as const;

type Connection = Record<Side, Player> & {
	/** What the kernel had of each side as that broke off. */
	readonly flushed: Record<Side, number>;
	/** How one of them did. */
	how?: 'close' | 'reset';
};

type Line = {
	readonly type: string;
	readonly direction?: string;
	readonly base64?: string;
};

const chunksOf = (lines: string, wanted: string): string =>
	lines
		.split('\n')
		.slice(0, -1)
		.map(line => JSON.parse(line) as Line)
		.filter(({type, direction}) => type === 'chunk' && direction === wanted)
		.map(({base64}) => Buffer.from(base64!, 'base64').toString('latin1'))
		.join('');

const answers =
	/^(?:(?:Paused|Resumed|Delay|Rate limit|Slice) .*|\d connections? (?:is|are) (?:cut|reset)\.|Direction (?:in|out) is cut for \d connections?\.|There is no connection\.)\n/gm;

/** What it said besides how connections came and went. */
const complaintsOf = (stdout: string, stderr_: string, isJson: boolean) =>
	stderr_.replaceAll(answers, '') +
	(isJson
		? stdout
				.split('\n')
				.filter(line => /"type":"error"|"tone":"bad"/.test(line))
				.join('\n')
		: '');

const breakOff = (
	connection: Connection,
	side: Side,
	how: 'close' | 'reset',
): void => {
	const player = connection[side];
	if (!player.hasBroken && !player.isClosed) {
		connection.flushed[side] = player.isFlushed
			? withoutEnds(player.said).length
			: 0;
		connection.how = how;
		player[how]();
	}
};

const perform = async (
	connection: Connection,
	action: Exclude<Action, {type: 'tell'}>,
	text: string,
): Promise<void> => {
	const {type, side, bytes} = action;
	const player = connection[side];
	switch (type) {
		case 'say': {
			const from = withoutEnds(player.said).length;
			player.say(text.slice(from, from + bytes));
			break;
		}

		case 'flush':
		case 'hear': {
			// What the other side doesn't read may be in its way.
			await withinTurns(
				200,
				() => player.isClosed || hasDone(player, type, bytes),
			);
			break;
		}

		case 'pause':
		case 'resume': {
			player.setReading(type === 'resume');
			break;
		}

		case 'end': {
			player.end();
			break;
		}

		case 'close':
		case 'reset': {
			breakOff(connection, side, type);
			break;
		}
	}
};

/** Whether an end is neither a reset nor an end without a close_notify. */
const hasCleanEnd = ({hasHeardEnd, error}: Player) =>
	hasHeardEnd && error === undefined;

type Site = {
	readonly folder: string;
	readonly context: SecureContext;
	readonly cert: string;
	readonly key: string;
};

const prefixes = {tcp: '', unix: 'unix:', tls: 'tls:', ws: 'ws:'} as const;

/** What a command has taken off a direction, which is then not to be whole. */
const cutsOf = (
	command: string,
	hasWebSocket: boolean,
): ReadonlyArray<'in' | 'out'> => {
	if (!/^\/(?:cut|reset)/.test(command)) {
		return [];
	}

	// These have no halves.
	return command === '/cut in' && !hasWebSocket
		? ['in']
		: command === '/cut out' && !hasWebSocket
			? ['out']
			: ['in', 'out'];
};

const leaveAll = async (
	connections: readonly Connection[],
	hasWebSocket: boolean,
	{
		isCut,
		isOver,
		seen,
	}: {
		readonly isCut: (direction: 'in' | 'out') => boolean;
		readonly isOver: () => boolean;
		readonly seen: () => string;
	},
): Promise<void> => {
	const deadlineMs = 30_000;
	for (const [who, connection] of connections.entries()) {
		const {client, target} = connection;
		const isBroken = () => isOver() || client.hasBroken || target.hasBroken;
		const hasAll = (from: Side) => {
			const to = connection[other[from]];
			return (
				isBroken() ||
				isCut(directionFrom[from]) ||
				to.isClosed ||
				(hasWebSocket && (client.hasEnded || target.hasEnded)) ||
				withoutEnds(to.heard) === withoutEnds(connection[from].said)
			);
		};

		await until(() => hasAll('client') && hasAll('target'), {
			what: 'all that was said',
			seen,
			deadlineMs,
		});
		client.end();
		await until(() => isBroken() || target.isClosed || target.hasHeardEnd, {
			what: 'the end of the client',
			seen,
			deadlineMs,
		});
		if (!hasWebSocket && !isBroken() && !target.hasEnded) {
			const from = withoutEnds(target.said).length;
			target.say(allOf.get(alphabets.target[who]!)!.slice(from, from + 100));
		}

		target.end();
		await until(() => isBroken() || client.isClosed || client.hasHeardEnd, {
			what: 'the end of the target',
			seen,
			deadlineMs,
		});
	}
};

const runOnce = async (
	owner: Owner,
	{folder, context, cert, key}: Site,
	route: Route,
	run: Run,
): Promise<void> => {
	const [listen, goal] = route;
	const {isOnce, output, isRecorded, isBinary, isAmid, leaving} = run;
	const hasWebSocket = listen === 'ws' || goal === 'ws';
	const [record, path, targetPath] = ['record', 'socket', 'target'].map(name =>
		join(folder, name),
	) as [string, string, string];
	for (const old of [record, path, targetPath]) {
		rmSync(old, {force: true});
	}

	const targets: Player[] = [];
	const goalPlace = await listenAsPlayer(
		owner,
		{link: goal, isBinary, path: targetPath, context},
		player => {
			targets.push(player);
		},
	);
	// `--quiet` doesn't say where it listens.
	const isQuiet = output === 'quiet';
	const isJson = output === 'json';
	const port = isQuiet ? await findPort() : '0';
	const proxy = startBin(owner, [
		'proxy',
		`${prefixes[listen]}${listen === 'unix' ? path : port}`,
		`${prefixes[goal]}${goalPlace}`,
		...(listen === 'tls' ? ['--tls-cert', cert, '--tls-key', key] : []),
		...(goal === 'tls' ? ['--tls-insecure'] : []),
		...run.flags.flatMap(flag => flag.split(' ')),
		...(isOnce ? ['--once'] : []),
		...(output === 'lines' ? [] : [`--${output}`]),
		...(run.isExplained && !isQuiet ? ['--explain'] : []),
		...(isRecorded ? ['--record', record] : []),
	]);
	let isOver = false;
	void proxy.exit.then(() => {
		isOver = true;
	});
	const said = isQuiet
		? undefined
		: await proxy.waitForOutput(
				/listening on \S+|"phase":"listening".*(?:"port":\d+|"path":)/,
			);
	const place =
		listen === 'unix'
			? path
			: (/(?:"port"|[\d.]+):(\d+)/.exec(said ?? '')?.[1] ?? port);
	const connections: Connection[] = [];
	const seen = () =>
		[
			...connections.flatMap(connection =>
				sides.map(side => {
					const player = connection[side];
					return JSON.stringify({
						side,
						said: player.said.length,
						heard: player.heard.length,
						ended: player.hasEnded,
						heardEnd: player.hasHeardEnd,
						broken: player.hasBroken,
						closed: player.isClosed,
						flushed: player.isFlushed,
						error: player.error?.message,
					});
				}),
			),
			proxy
				.seen()
				.replaceAll(/"base64":"[^"]*","text":"(?:[^"\\]|\\.)*"/g, '')
				.slice(0, 3000),
			proxy.stderr().slice(-1500),
		].join('\n');
	const plans = run.clients.slice(0, isOnce ? 1 : undefined);
	for (const [who, {isProcess, early}] of plans.entries()) {
		const connect = isProcess ? connectAsProcess : connectAsPlayer;
		// It may not listen yet.
		const client = await until(
			async () =>
				connect(owner, {link: listen, isBinary, place}).catch(() => undefined),
			{what: 'a connection', seen},
		);
		client.setReading(true);
		client.say(allOf.get(alphabets.client[who]!)!.slice(0, early));
		await until(() => targets.length > who, {
			what: 'the target',
			seen,
		});
		connections.push({
			client,
			target: targets[who]!,
			flushed: {client: 0, target: 0},
		});
	}

	const cuts = new Set<'in' | 'out'>();
	for (const action of run.actions) {
		if (action.type === 'tell') {
			proxy.writeLine(action.command);
			for (const direction of cutsOf(action.command, hasWebSocket)) {
				cuts.add(direction);
			}

			continue;
		}

		const who = action.who % plans.length;
		await perform(
			connections[who]!,
			action,
			allOf.get(alphabets[action.side][who]!)!,
		);
	}

	const isCut = (direction: 'in' | 'out') => cuts.has(direction);
	const hasEndedEarly = connections.some(
		({client, target}) => client.hasEnded || target.hasEnded,
	);
	const leave = () => {
		if (leaving === '/quit') {
			proxy.writeLine(leaving);
		} else {
			proxy.signal(leaving);
		}
	};

	if (isAmid) {
		leave();
		if (run.isHurried) {
			proxy.signal('SIGTERM');
		}
	} else {
		for (const line of [
			'/resume',
			'/delay 0',
			'/slice off',
			'/rate-limit off',
		]) {
			proxy.writeLine(line);
		}
	}

	for (const player of connections.flatMap(({client, target}) => [
		client,
		target,
	])) {
		player.setReading(true);
		if (isAmid) {
			player.end();
		}
	}

	if (!isAmid) {
		await leaveAll(connections, hasWebSocket, {
			isCut,
			isOver: () => isOver,
			seen,
		});
		if (!isOnce) {
			leave();
		}
	}

	const {code, signal} = await until(
		async () => (isOver ? proxy.exit : undefined),
		{what: 'its end', seen, deadlineMs: 30_000},
	);
	for (const {client, target} of connections) {
		for (const player of [client, target]) {
			await until(() => player.isClosed || player.hasHeardEnd, {
				what: 'the end of a side',
				seen,
			});
		}
	}

	if (signal !== undefined) {
		// It was done before the signal came.
		return;
	}

	assertAll({
		route,
		run,
		connections,
		isCut,
		code: code ?? 0,
		complaints: complaintsOf(proxy.stdout(), proxy.stderr(), isJson),
		hasEndedEarly,
		recording: isRecorded ? readFileSync(record, 'latin1') : undefined,
		stdout: isQuiet ? undefined : proxy.stdout(),
		seen: () => `code ${code}\n${seen()}`,
	});
};

/** Bytes of both directions, as the ends of all connections say. */
const countsOf = (stdout: string, isJson: boolean) => {
	const ends = isJson
		? stdout.matchAll(
				/"type":"ended".*"bytesIn":(?<in>\d+),"bytesOut":(?<out>\d+)/g,
			)
		: stdout.matchAll(/: ended \(.*\), (?<out>\d+) B out, (?<in>\d+) B in$/gm);
	const counts = {in: 0, out: 0};
	for (const {groups} of ends) {
		counts.in += Number(groups!['in']);
		counts.out += Number(groups!['out']);
	}

	return counts;
};

type Outcome = {
	readonly route: Route;
	readonly run: Run;
	readonly connections: readonly Connection[];
	readonly isCut: (direction: 'in' | 'out') => boolean;
	readonly code: number;
	readonly complaints: string;
	/** Whether a side had ended before all was said. */
	readonly hasEndedEarly: boolean;
	readonly recording: string | undefined;
	/** Undefined if it is quiet. */
	readonly stdout: string | undefined;
	readonly seen: () => string;
};

const assertAll = ({
	route,
	run,
	connections,
	isCut,
	code,
	complaints,
	hasEndedEarly,
	recording,
	stdout,
	seen,
}: Outcome): void => {
	const {isOnce, isAmid} = run;
	const isJson = run.output === 'json';
	const hasWebSocket = (route as readonly string[]).includes('ws');
	const isUntouched = !isCut('in') && !isCut('out');
	const linkOf = {client: route[0], target: route[1]};
	const sums = {in: 0, out: 0};
	let hasBroken = false;
	for (const [who, connection] of connections.entries()) {
		for (const side of sides) {
			const [from, to] = [connection[side], connection[other[side]]];
			const direction = directionFrom[side];
			const alphabet = alphabets[side][who]!;
			const wanted = withoutEnds(from.said);
			const heard = withoutEnds(to.heard);
			const where = () => `${direction} of ${who}: ${seen()}`;
			assert.ok(wanted.startsWith(heard), `wrong bytes, ${where()}`);
			sums[direction] += heard.length;
			hasBroken ||= from.hasBroken;
			const least = from.hasBroken ? connection.flushed[side] : wanted.length;
			const isWhole = heard.length >= least;
			// Without RST an end looks clean, and a sentence is all there is.
			const hasReset = ['tcp', 'tls'].includes(linkOf[other[side]]);
			// Nor can an end be taken back that came before what was said last.
			const isSaid =
				complaints !== '' &&
				(!hasReset || linkOf[side] === 'tls' || hasWebSocket || isAmid);
			// A WebSocket has no halves: whoever ends it hears no more, and in a hurry
			// nobody waits for what the other side still says.
			const isOwnEnd = isAmid && run.isHurried && hasWebSocket && to.hasEnded;
			if (!to.hasBroken && hasCleanEnd(to) && !isCut(direction) && !isOwnEnd) {
				assert.ok(isWhole || isSaid, `a clean end, ${where()}`);
			}

			if (
				isOnce &&
				code === 0 &&
				!isAmid &&
				!isCut(direction) &&
				!to.hasBroken
			) {
				assert.ok(isWhole, `lost, ${where()}`);
			}

			for (const lines of [recording, isJson ? stdout : undefined]) {
				if (lines === undefined) {
					continue;
				}

				const kept = only(alphabet, chunksOf(lines, direction));
				assert.ok(wanted.startsWith(kept), `wrong record, ${where()}`);
				assert.ok(kept.length >= heard.length, `not recorded, ${where()}`);
			}

			if (
				isOnce &&
				isUntouched &&
				from.hasBroken &&
				!from.hasEnded &&
				!to.hasBroken &&
				!to.hasEnded &&
				connection.how === 'reset' &&
				linkOf[side] !== 'unix'
			) {
				assert.equal(code, 1, `a reset, ${where()}`);
			}
		}
	}

	// Whoever hurries it by a second signal knows.
	const isCutOff = isAmid && run.isHurried && code > 128;
	assert.ok(code === 0 || complaints !== '' || isCutOff, seen());
	assert.ok([0, 1, 129, 130, 143].includes(code), seen());
	assert.doesNotMatch(complaints, /\.\.|\b(?:read|write) E[A-Z]/);
	const isGood =
		!isAmid && !hasBroken && isUntouched && !(hasWebSocket && hasEndedEarly);
	if (isGood) {
		assert.equal(complaints, '', seen());
		assert.equal(code, 0, seen());
		if (stdout !== undefined) {
			assert.deepEqual(countsOf(stdout, isJson), sums, seen());
		}

		for (const {client, target} of connections) {
			assert.ok(hasCleanEnd(client) && hasCleanEnd(target), seen());
		}
	}

	if (isOnce && code === 0) {
		assert.equal(complaints, '', seen());
	}
};

const defaultRuns = 2;

const newSite = (owner: Owner): Site => {
	const folder = newFolder(owner);
	const {good} = makeCertificates(folder);
	const context = createSecureContext({
		cert: readFileSync(good.cert),
		key: readFileSync(good.key),
	});
	return {folder, context, ...good};
};

for (const route of routes) {
	test(`e2e: a proxy from ${route[0]} to ${route[1]} loses nothing without a word, whatever both sides and its commands do`, async t => {
		const site = newSite(t);
		await fc.assert(
			fc.asyncProperty(anyRun, async run => {
				const scope = createScope();
				try {
					await runOnce(scope, site, route, run);
				} finally {
					await scope.close();
				}
			}),
			{
				numRuns: Number(env['FAST_CHECK_RUNS'] ?? defaultRuns),
				endOnFailure: true,
				includeErrorInReport: true,
			},
		);
	});
}
