/**
 * A scene: sockets on one port, a tcpdump and a fast poll of the kernel beside
 * them, and everything that sockchat says of them.
 */
import {Buffer} from 'node:buffer';
import {spawn} from 'node:child_process';
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
import {PortWatch} from '../../../source/watch/port/port-watch.js';
import {SocketWatch} from '../../../source/watch/socket-watch.js';
import type {TcpState} from '../../../source/tcp/tcp.js';
import {requireExecutable, type Owner} from '../environment.js';
import {startProcess} from '../process.js';
import {findPort} from '../ports.js';
import {openRawClient, openRawServer} from '../raw.js';
import {until} from '../until.js';
import {
	judge,
	unsaid,
	type Claim,
	type Happened,
	type Judged,
} from './claims.js';
import {SegmentReader, type Segment} from './pcap.js';
import {portStepOf} from './port-step.js';
import {entriesOf, withQueuedFins, type Entry} from './tcp-model.js';

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

const isIn = (entries: readonly Entry[], wanted: string, state: TcpState) =>
	entries.some(entry => entry.end.includes(wanted) && entry.state === state);

const startTcpdump = async (owner: Owner, port: string) => {
	const segments: Segment[] = [];
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

/** A Python program that does what it is told, a line at a time. */
export const startPython = async (owner: Owner) => {
	const program = `
import socket, struct, sys
for line in sys.stdin:
    try:
        exec(line)
        print('done', flush=True)
    except OSError as error:
        print('done', error, flush=True)
`;
	const child = startProcess(owner, requireExecutable('python3', 'python3'), [
		'-c',
		program,
	]);
	let count = 0;
	return {
		...child,
		async do(line: string) {
			count++;
			child.writeLine(line);
			await until(() => child.stdout().split('done').length > count && 'done', {
				what: line,
				seen: child.seen,
			});
		},
	};
};

export type SceneOptions = {readonly host?: '127.0.0.1' | '::1'};

export const openScene = async (
	owner: Owner,
	{host = '127.0.0.1'}: SceneOptions = {},
) => {
	const port = await findPort();
	const address = requireLoopback({kind: 'tcp', host, port: Number(port)});
	const place = host === '::1' ? `[::1]:${port}` : `${host}:${port}`;
	const tcpdump = await startTcpdump(owner, port);
	const poller = await startPoller(owner, port);
	const claims: Claim[] = [];
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

	const stalls = () => parseStalls(poller.stdout());
	const judged = () => judge(claims, entries(), tcpdump.segments, stalls());

	const seen = () => claims.map(({step}) => JSON.stringify(step)).join('\n');

	return {
		host,
		port: Number(port),
		place,
		claims,
		/** What tcpdump has seen so far. */
		segments: tcpdump.segments,
		judged,
		/** sockchat's server. */
		async serve() {
			const watch = new SocketWatch(
				systemClock,
				event => {
					if (event.type === 'step' && event.step.peer !== undefined) {
						claims.push({
							step: event.step,
							local: place,
							remote: event.step.peer,
						});
					}
				},
				address,
			);
			watch.tap.hasCalls = true;
			watches.push(watch);
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
		connect({
			isPipe = false,
			localPort,
		}: {isPipe?: boolean; localPort?: number} = {}) {
			let local: string | undefined =
				localPort === undefined
					? undefined
					: place.replace(/\d+$/, String(localPort));
			const watch = new SocketWatch(
				systemClock,
				event => {
					local ??= opened?.client.endpoints.local;
					if (event.type === 'step') {
						claims.push({step: event.step, local, remote: place});
					}
				},
				address,
			);
			watch.tap.hasCalls = true;
			watches.push(watch);
			const opened: ReturnType<typeof openRawClient> | undefined =
				openRawClient(owner, address, {
					watch,
					isPipe,
					dial: () => dial(address, localPort),
				});
			watch.sampleClient(() => opened.client.endpoints);
			return opened;
		},
		/** `sockchat watch`, which sees what other programs do. */
		async watch() {
			const offsets = new Map<string, number>();
			let isBegun = false;
			const watch = new PortWatch({
				address: address as LoopbackAddress & {kind: 'tcp'},
				clock: systemClock,
				async onEvents(events) {
					isBegun = true;
					for (const event of events) {
						const step = portStepOf(event, offsets);
						if (step?.peer !== undefined) {
							claims.push({step, local: place, remote: step.peer});
						}
					}
				},
			});
			owner.after(async () => {
				watch.stop();
				await running;
			});
			const running = watch.run();
			await until(() => isBegun, {what: 'the first reading'});
		},
		/** Waits until an end, or a part of its name, was in a state. */
		untilState: async (end: string, state: TcpState) =>
			until(() => isIn(entries(), end, state), {
				what: `${end} ${state}`,
				seen,
			}),
		/** The same, as the poll has seen it. */
		untilPolled: async (end: string, state: TcpState) =>
			until(() => isIn(parseEntries(poller.stdout()), end, state), {
				what: `${end} ${state} in the poll`,
				seen,
			}),
		/** Waits until sockchat has said it. */
		untilClaimed: async (
			wanted: string,
			which: (claim: Claim) => boolean = () => true,
		) =>
			until(
				() =>
					claims.some(claim => {
						const {step} = claim;
						const name =
							step.kind === 'state'
								? `${step.end} ${step.state}`
								: step.kind === 'segment'
									? step.segment
									: step.call;
						return name === wanted && which(claim);
					}),
				{what: wanted, seen},
			),
		/** Waits until as many bytes as that were counted in segments. */
		untilCounted: async (bytes: number) =>
			until(
				() =>
					claims.some(
						({step}) => isCounted(step) && step.seq - 1 + step.length === bytes,
					),
				{what: `${bytes} bytes, counted`, seen},
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
				{what: `${count} ${state}, read`, seen},
			),
		/** Ends the observation. @returns A verdict on each claim. */
		async finish(): Promise<readonly Judged[]> {
			// What was claimed is read at once; what it is held against may come
			// a little later.
			await until(() => judged().every(({verdict}) => verdict === 'right'), {
				what: 'everything to be right',
				deadlineMs: 5000,
			}).catch(() => undefined);
			await tcpdump.stop();
			poller.signal('SIGKILL');
			return judged();
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
