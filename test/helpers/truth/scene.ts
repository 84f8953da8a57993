/**
 * A scene: sockets on one port, a tcpdump and a fast poll of the kernel beside
 * them, and everything that sockchat says of them.
 */
import {Buffer} from 'node:buffer';
import {execFileSync, spawn, spawnSync} from 'node:child_process';
import {once} from 'node:events';
import process from 'node:process';
import {fileURLToPath} from 'node:url';
import {
	requireLoopback,
	type LoopbackAddress,
} from '../../../source/socket/address.js';
import {isCounted} from '../../../source/tcp/segment-counts.js';
import {dial} from '../../../source/socket/dial.js';
import {systemClock} from '../../../source/socket/clock.js';
import {capturePort} from '../../../source/watch/port/port-capture.js';
import {PortWatch} from '../../../source/watch/port/port-watch.js';
import {SocketWatch} from '../../../source/watch/socket-watch.js';
import {
	emptySocketView,
	reduceSocketView,
	type SocketView,
} from '../../../source/store/socket-view.js';
import {lastOf} from '../../../source/store/newest.js';
import {
	createPortModel,
	ladderSource,
	reducePort,
} from '../../../source/store/port-model.js';
import type {SocketEvent, WireEvent} from '../../../source/event/event.js';
import type {Role} from '../../../source/tcp/captured.js';
import {ladderOf} from '../../../source/tcp/ladder.js';
import {seenBy} from '../../../source/tcp/step-time.js';
import type {Step, TcpState} from '../../../source/tcp/tcp.js';
import {openClient} from '../client.js';
import {requireExecutable, type Owner} from '../environment.js';
import {startProcess} from '../process.js';
import {findPort} from '../ports.js';
import {openRawClient, openRawServer} from '../raw.js';
import {openServer} from '../room.js';
import {until} from '../until.js';
import {
	judge,
	unsaid,
	type Claim,
	type Happened,
	type Judged,
} from './claims.js';
import {
	judgeCalls,
	unsaidCalls,
	type CallClaim,
	type JudgedCall,
} from './calls.js';
import {
	isSameTime,
	linesOf,
	parseSpelled,
	type SegmentStep,
	type Spelled,
} from './captured.js';
import {
	connectionsOf,
	judgeOrder,
	rowsOf,
	unseenArrows,
	type Reversed,
} from './order.js';
import {SegmentReader, type Segment} from './pcap.js';
import {portStepOf} from './port-step.js';
import {openTrace, type Trace, type TracedCall} from './strace.js';
import {
	askedFins,
	entriesOf,
	withAskedFins,
	withQueuedFins,
	type Entry,
} from './tcp-model.js';

/** As long as the poll calls a stall. */
const holdMs = 20;

/** On a busy machine, strace and the poll leave little to this process. */
const deadlineMs = 30_000;

const stateNames: Readonly<Record<string, TcpState>> = {
	'01': 'ESTABLISHED',
	'02': 'SYN-SENT',
	'03': 'SYN-RECEIVED',
	'04': 'FIN-WAIT-1',
	'05': 'FIN-WAIT-2',
	'06': 'TIME-WAIT',
	'08': 'CLOSE-WAIT',
	'09': 'LAST-ACK',
	'0A': 'LISTEN',
	'0B': 'CLOSING',
	'0C': 'SYN-RECEIVED',
	gone: 'CLOSED',
};

/** 0100007F:1389 → 127.0.0.1:5001; each word of an address is turned. */
const addressOf = (hex: string): string => {
	const [host = '', port = ''] = hex.split(':');
	const bytes = Buffer.from(host, 'hex').reverse();
	return `${bytes.length === 4 ? bytes.join('.') : '[::1]'}:${Number.parseInt(port, 16)}`;
};

const parseEntries = (text: string): readonly Entry[] =>
	text
		.split('\n')
		.filter(line => line !== '' && !/^(?:ready|stall)/.test(line))
		.map(line => {
			const [local = '', remote = '', state = '', from, to] = line.split(' ');
			return {
				end: `${addressOf(local)} ${addressOf(remote)}`,
				state: stateNames[state]!,
				from: Number(from),
				to: Number(to),
			};
		});

/** When the poll couldn't run. */
const parseStalls = (text: string): readonly Happened[] =>
	[...text.matchAll(/^stall (?<from>\S+) (?<to>\S+)$/gm)].map(({groups}) => ({
		from: Number(groups?.['from']),
		to: Number(groups?.['to']),
	}));

/**
 * When this process was held, as by strace at each call that it makes: it did
 * nothing meanwhile, so what it says late isn't its fault.
 */
export const watchForHolds = (owner: Owner): readonly Happened[] => {
	const holds: Happened[] = [];
	let before = Date.now();
	let used = process.cpuUsage();
	let isOver = false;
	void until(
		() => {
			const now = Date.now();
			const {user, system} = process.cpuUsage(used);
			const workedMs = (user + system) / 1000;
			if (now - before > holdMs && workedMs < (now - before) / 2) {
				holds.push({from: before, to: now - workedMs});
			}

			before = now;
			used = process.cpuUsage();
			return isOver;
		},
		{what: 'the end of the scene', deadlineMs: 600_000},
	);
	owner.after(async () => {
		isOver = true;
	});
	return holds;
};

const isIn = (entries: readonly Entry[], wanted: string, state: TcpState) =>
	entries.some(entry => entry.end.includes(wanted) && entry.state === state);

/** What a program says of the segments that it wrote, in its own words. */
const spellOut = (written: readonly Buffer[]) => {
	const {stdout} = spawnSync(
		requireExecutable('tcpdump', 'tcpdump'),
		['-n', '-tt', '-S', '-r', '-'],
		{
			input: Buffer.concat(written),
			encoding: 'utf8',
			maxBuffer: 64 * 1024 * 1024,
		},
	);
	return parseSpelled(stdout);
};

const startTcpdump = async (owner: Owner, port: string) => {
	const segments: Segment[] = [];
	const written: Buffer[] = [];
	const reader = new SegmentReader();
	const child = spawn(
		requireExecutable('tcpdump', 'tcpdump'),
		`-i lo --immediate-mode -U -s 128 -w - tcp port ${port}`.split(' '),
	);
	let words = '';
	child.stderr.setEncoding('utf8').on('data', (text: string) => {
		words += text;
	});
	child.stdout.on('data', (chunk: Buffer) => {
		written.push(chunk);
		segments.push(...reader.push(chunk));
	});
	owner.after(async () => {
		child.kill('SIGKILL');
	});
	await until(
		() => {
			if (child.exitCode !== null) {
				throw new Error(`tcpdump ended: ${words}`);
			}

			return words.includes('listening on lo');
		},
		{what: 'tcpdump', seen: () => words},
	);
	return {
		segments,
		spelled: () => spellOut(written),
		async stop() {
			child.kill('SIGTERM');
			await once(child, 'close');
		},
	};
};

const startPoller = async (owner: Owner, port: string) => {
	const path = fileURLToPath(new URL('poller.ts', import.meta.url));
	const child = startProcess(owner, process.execPath, [
		'--disable-warning=ExperimentalWarning',
		path,
		port,
	]);
	await child.waitForOutput('ready');
	return child;
};

/** Not a script that looks for the program on each start. */
let pythonPath: string | undefined;

export const findPython = (): string => {
	pythonPath ??= execFileSync(
		requireExecutable('python3', 'python3'),
		['-c', 'import sys; print(sys.executable)'],
		{encoding: 'utf8'},
	).trim();
	return pythonPath;
};

/**
 * A Python program that does what it is told, a line at a time.
 *
 * @param trace Where its calls are written.
 */
export const startPython = async (owner: Owner, trace?: Trace) => {
	const program = `
import socket, struct, sys
for line in sys.stdin:
    try:
        exec(line)
        print('done', flush=True)
    except OSError as error:
        print('done', error, flush=True)
`;
	const [command, ...args] = [
		...(trace?.before ?? []),
		findPython(),
		'-S',
		'-c',
		program,
	];
	const child = startProcess(owner, command, args);
	void child.exit.then(() => trace?.ended(child.pid!)).catch(() => undefined);
	let count = 0;
	const begin = (line: string): void => {
		count++;
		child.writeLine(line);
	};

	return {
		...child,
		/** It blocks: the next `do()` waits for it as well. */
		begin,
		async do(line: string) {
			begin(line);
			await until(() => child.stdout().split('done').length > count && 'done', {
				what: line,
				seen: child.seen,
			});
		},
	};
};

export type SceneOptions = {
	readonly host?: '127.0.0.1' | '::1' | undefined;
	/** Whether this process has the sockets that are told of. */
	readonly isOwn?: boolean | undefined;
	/** As with --capture. */
	readonly isCaptured?: boolean | undefined;
};

/** What a scene showed of calls, of the order of rows, and of segments. */
export type SceneFindings = {
	readonly calls: readonly JudgedCall[];
	readonly unsaidCalls: readonly TracedCall[];
	readonly pairs: number;
	readonly reversed: readonly Reversed[];
	/** For a message: the rows of each ladder, and the calls that strace saw. */
	readonly rows: string;
	/** Each segment as a line: as it was reported, and as tcpdump has it. */
	readonly captured: {
		readonly claimed: readonly string[];
		readonly seen: readonly string[];
	};
};

/** Our own address and the other end's, as far as known. */
type Ends = {
	readonly local: string | undefined;
	readonly remote: string | undefined;
};

type Ladder = Ends & {
	readonly side: Role;
	readonly source: Pick<SocketView, 'steps' | 'transfers' | 'segments'>;
};

/** A step that is about no connection. */
const listening: Step = {
	kind: 'call',
	call: 'listen()',
	at: 0,
	peer: undefined,
};

const closing = new Set(['FIN', 'RST']);

const nothingCounted = {bytesIn: 0, bytesOut: 0};

const isCapturedStep = (step: Step): step is SegmentStep =>
	step.kind === 'segment' && step.evidence === 'captured';

export const openScene = async (
	owner: Owner,
	{host = '127.0.0.1', isOwn = false, isCaptured = false}: SceneOptions = {},
) => {
	const port = await findPort();
	const address = requireLoopback({kind: 'tcp', host, port: Number(port)});
	const place = host === '::1' ? `[::1]:${port}` : `${host}:${port}`;
	const tcpdump = await startTcpdump(owner, port);
	const poller = await startPoller(owner, port);
	const claims: Claim[] = [];
	const callClaims: CallClaim[] = [];
	let tracedUntil = Infinity;
	/** What was reported as captured, by whom: the server's end, or a client. */
	const captures: Array<{
		readonly side: Role;
		readonly steps: readonly SegmentStep[];
		readonly of: (segment: Pick<Spelled, 'from' | 'to'>) => boolean;
	}> = [];
	const ladders: Array<() => Ladder> = [];
	/** Tells each client, in the order of connect(), the address that strace saw. */
	const learners: Array<(local: string | undefined) => void> = [];
	const trace = openTrace(owner);
	if (isOwn) {
		await trace.attach(process.pid);
	}

	const watches: SocketWatch[] = [];
	owner.after(async () => {
		for (const watch of watches) {
			watch.stop();
		}
	});

	const entries = () => {
		const polled = parseEntries(poller.stdout());
		return [...withQueuedFins(entriesOf(tcpdump.segments), polled), ...polled];
	};

	const held = isOwn ? watchForHolds(owner) : [];
	const stalls = () => [...parseStalls(poller.stdout()), ...held];
	const judged = (traced: readonly TracedCall[] = []) =>
		judge(
			claims,
			[
				...withAskedFins(entries(), traced),
				...askedFins(tcpdump.segments, traced),
			],
			tcpdump.segments,
			stalls(),
		);

	const seen = () => claims.map(({step}) => JSON.stringify(step)).join('\n');

	const takeStep = (
		step: Step,
		local: string | undefined,
		remote: string | undefined,
	): void => {
		if (step.kind === 'call' && seenBy(step) < tracedUntil) {
			callClaims.push({step, local, remote: remote ?? ''});
		}

		const isOther = step.kind === 'segment' && !closing.has(step.segment);
		if (remote !== undefined && !(isCapturedStep(step) && isOther)) {
			claims.push({step, local, remote});
		}
	};

	/** How each connection of a ladder is ordered. */
	const orderOf = (
		{side, local, remote, source}: Ladder,
		traced: readonly TracedCall[],
	) => {
		const given = {
			steps: source.steps,
			transfers: lastOf(source.transfers),
			segments: lastOf(source.segments),
		};
		const peers = new Set(
			[...given.steps, ...given.transfers, ...given.segments].flatMap(
				step => step.peer ?? (remote === undefined ? [] : [undefined]),
			),
		);
		return [...peers].flatMap(peer => {
			const rungs = ladderOf(given, {side, peer});
			const own = peer ?? local;
			const passed = tcpdump.segments.filter(
				({from, to}) => own === undefined || from === own || to === own,
			);
			const asked = rungs.flatMap(({client, server}) =>
				[client, server].flatMap((step): CallClaim[] =>
					step?.kind === 'call'
						? [{step, local, remote: step.peer ?? remote ?? ''}]
						: [],
				),
			);
			const callsOf = new Map(
				judgeCalls(asked, traced, stalls()).flatMap(
					({claim, verdict, calls}) =>
						verdict === 'right' ? [[claim.step, calls] as const] : [],
				),
			);
			return [
				{
					pairs: 0,
					reversed: isCaptured ? unseenArrows(rungs) : [],
					rows: [`the ${side}'s ladder, of ${peer ?? own}:`, ...rowsOf(rungs)],
				},
				...connectionsOf(rungs, passed).map(({segments, ...part}) =>
					judgeOrder(part.rungs, {place, side, segments, callsOf, traced}),
				),
			];
		});
	};

	const capture = {
		host,
		port: Number(port),
		onFailure(sentence: string) {
			throw new Error(sentence);
		},
	};

	/** A watch over our own sockets, and the ladder of what it tells. */
	const openOwn = (side: Role, ends: (step: Step) => Ends) => {
		const captured: SegmentStep[] = [];
		let view = emptySocketView;
		const watch = new SocketWatch(
			systemClock,
			(event: SocketEvent | WireEvent) => {
				view = reduceSocketView(view, event, nothingCounted);
				if (event.type !== 'step') {
					return;
				}

				const {step} = event;
				const {local, remote} = ends(step);
				takeStep(step, local, remote);
				if (isCapturedStep(step)) {
					captured.push(step);
				}
			},
			address,
		);
		watch.tap.hasCalls = true;
		watches.push(watch);
		ladders.push(() => ({side, source: view, ...ends(listening)}));
		return {watch, captured};
	};

	/** A watch over a server of our own. */
	const watchServer = async () => {
		const {watch, captured} = openOwn('server', ({peer}) => ({
			local: place,
			remote: peer,
		}));
		if (isCaptured) {
			captures.push({side: 'server', steps: captured, of: () => true});
			await watch.capture('server', capture);
		}

		return watch;
	};

	/** A watch over a client of our own; `own` is its address, once known. */
	const watchClient = async (own: () => string | undefined) => {
		let local: string | undefined;
		const {watch, captured} = openOwn('client', () => {
			local ??= own();
			return {local, remote: place};
		});
		// Of an attempt that was not answered, Node never knew the port.
		learners.push(traced => {
			local ??= traced;
		});
		if (isCaptured) {
			captures.push({
				side: 'client',
				steps: captured,
				// Nor does strace, of one that was refused.
				of: ({from, to}) =>
					local === undefined || from === local || to === local,
			});
			await watch.capture('client', capture);
		}

		return watch;
	};

	return {
		host,
		port: Number(port),
		place,
		claims,
		/** What tcpdump has seen so far. */
		segments: tcpdump.segments,
		trace,
		judged,
		/** sockchat's server. */
		async serve() {
			const watch = await watchServer();
			const server = await openRawServer(owner, {address, watch});
			return {
				...server,
				async peer() {
					const {peer} = await server.untilEvent('accepted');
					return peer;
				},
			};
		},
		/** sockchat's client. */
		async connect({
			isPipe = false,
			localPort,
		}: {isPipe?: boolean; localPort?: number} = {}) {
			const openings: Array<ReturnType<typeof openRawClient>> = [];
			const watch = await watchClient(() =>
				localPort === undefined
					? openings[0]?.client.endpoints.local
					: place.replace(/\d+$/, String(localPort)),
			);
			const opened = openRawClient(owner, address, {
				watch,
				isPipe,
				dial: () => dial(address, localPort),
			});
			openings.push(opened);
			const {client} = opened;
			watch.sampleClient(() => client.endpoints);
			return opened;
		},
		/** sockchat's room. */
		async room() {
			const watch = await watchServer();
			return openServer(owner, {address, watch});
		},
		/** A member of it, that dials once. */
		async member(nick: string) {
			const openings: Array<ReturnType<typeof openClient>> = [];
			const watch = await watchClient(
				() => openings[0]?.client.endpoints.local,
			);
			const opened = openClient(owner, address, nick, {
				watch,
				isRetrying: false,
			});
			openings.push(opened);
			const {client} = opened;
			watch.sampleClient(() => client.endpoints);
			await opened.untilPhase('open');
			return {...opened, local: client.endpoints.local!};
		},
		/** `sockchat watch`, which sees what other programs do. */
		async watch() {
			const offsets = new Map<string, number>();
			let isBegun = false;
			let model = createPortModel(place, false);
			const loopback = address as LoopbackAddress & {kind: 'tcp'};
			const watch = new PortWatch({
				address: loopback,
				clock: systemClock,
				async onEvents(events) {
					isBegun = true;
					model = reducePort(model, events);
					for (const event of events) {
						const step = portStepOf(event, offsets);
						if (step) {
							takeStep(step, place, step.peer);
						}
					}
				},
			});
			owner.after(async () => {
				watch.stop();
				await running;
			});
			ladders.push(() => ({
				side: 'server',
				local: place,
				remote: undefined,
				source: ladderSource(model),
			}));
			if (isCaptured) {
				const captured: SegmentStep[] = [];
				captures.push({side: 'server', steps: captured, of: () => true});
				const captor = capturePort({
					...capture,
					address: loopback,
					clock: systemClock,
					onSteps(steps) {
						captured.push(...steps.filter(step => isCapturedStep(step)));
						for (const step of steps) {
							takeStep(step, place, step.peer);
						}

						model = reducePort(model, [{type: 'segments', steps}]);
						watch.nudge();
					},
				});
				owner.after(async () => {
					await captor.stop();
				});
				await captor.begun;
				model = reducePort(model, [
					{type: 'capture', program: captor.program()},
				]);
			}

			const running = watch.run();
			await until(() => isBegun, {what: 'the first reading', deadlineMs});
		},
		/** Waits until an end, or a part of its name, was in a state. */
		untilState: async (end: string, state: TcpState) =>
			until(() => isIn(entries(), end, state), {
				what: `${end} ${state}`,
				seen,
				deadlineMs,
			}),
		/** The same, as the poll has seen it. */
		untilPolled: async (end: string, state: TcpState) =>
			until(() => isIn(parseEntries(poller.stdout()), end, state), {
				what: `${end} ${state} in the poll`,
				seen,
				deadlineMs,
			}),
		/** Waits until sockchat has said it. */
		untilClaimed: async (
			wanted: string,
			which: (claim: Claim) => boolean = () => true,
		) =>
			until(
				() =>
					[...claims, ...callClaims].some(claim => {
						const {step} = claim;
						const name =
							step.kind === 'state'
								? `${step.end} ${step.state}`
								: step.kind === 'segment'
									? step.segment
									: step.call;
						return name === wanted && which(claim);
					}),
				{what: wanted, seen, deadlineMs},
			),
		/** Waits until as many bytes as that were counted in segments. */
		untilCounted: async (bytes: number) =>
			until(
				() =>
					claims.some(
						({step}) => isCounted(step) && step.seq - 1 + step.length === bytes,
					),
				{what: `${bytes} bytes, counted`, seen, deadlineMs},
			),
		/** Waits until so many states were read from the kernel's table. */
		untilRead: async (state: TcpState, count = 1) =>
			until(
				() =>
					claims.filter(
						({step}) =>
							step.kind === 'state' &&
							step.state === state &&
							step.evidence === 'read',
					).length >= count,
				{what: `${count} ${state}, read`, seen, deadlineMs},
			),
		/** Ends the observation. @returns A verdict on each claim. */
		async finish(): Promise<readonly Judged[]> {
			// What was claimed is read at once; what it is held against may come
			// a little later.
			await until(() => judged().every(({verdict}) => verdict === 'right'), {
				what: 'everything to be right',
				deadlineMs: 5000,
			}).catch(() => undefined);
			await until(
				() =>
					captures.every(({steps, of}) => {
						const last = tcpdump.segments.findLast(each => of(each));
						return !last || isSameTime(steps.at(-1)?.at, last.at);
					}),
				{what: 'what was captured', deadlineMs: 5000},
			).catch(() => undefined);
			// What is claimed from now on is beyond what strace sees.
			tracedUntil = Date.now();
			await trace.detach();
			await tcpdump.stop();
			poller.signal('SIGKILL');
			return judged(trace.calls());
		},
		/** What was shown of calls, of the order of rows, and of segments. */
		found(): SceneFindings {
			const traced = trace.calls();
			// A program of the scene may have connected before.
			const connects =
				learners.length === 0
					? []
					: trace.attachedCalls().filter(({name}) => name === 'connect');
			for (const [index, learn] of learners.entries()) {
				learn(connects[index]?.socket.local);
			}

			const calls = judgeCalls(callClaims, traced, stalls());
			const orders = ladders.flatMap(ladder => orderOf(ladder(), traced));
			const spelled = captures.length > 0 ? tcpdump.spelled() : [];
			const lines = captures.map(({side, steps, of}) =>
				linesOf(
					steps,
					spelled.filter(segment => of(segment)),
					// A socket that is connected to itself has called connect(), and
					// nobody listened: all that it sends is the client's.
					({to}) => (to === place) === (side === 'client'),
				),
			);
			return {
				calls,
				// Of the other end's calls not all can be told.
				unsaidCalls: isOwn
					? unsaidCalls(
							calls.filter(({claim}) => claim.step.end === undefined),
							traced,
						)
					: unsaidCalls(calls, traced, claims),
				pairs: orders.reduce((sum, {pairs}) => sum + pairs, 0),
				reversed: orders.flatMap(({reversed}) => reversed),
				rows: [
					...orders.flatMap(order => ('rows' in order ? order.rows : [])),
					'the calls:',
					...traced.map(
						({name, asked, result, from, to, socket}) =>
							`${from.toFixed(3)} to ${to.toFixed(3)} ${name}(${asked ?? ''}) = ${result} of ${socket.local} ${socket.remote}`,
					),
				].join('\n'),
				captured: {
					claimed: lines.flatMap(each => each.claimed),
					seen: lines.flatMap(each => each.seen),
				},
			};
		},
		/** What happened, and nobody said. */
		unsaid: () =>
			unsaid(claims, parseEntries(poller.stdout()), tcpdump.segments, stalls()),
		/** For a message: what happened, and what was said. */
		story: () =>
			[
				'claims:',
				seen(),
				'entries:',
				...entries()
					.toSorted((a, b) => a.to - b.to)
					.map(entry => JSON.stringify(entry)),
			].join('\n'),
	};
};

export type Scene = Awaited<ReturnType<typeof openScene>>;
