/**
 * Segments from the kernel, by tcpdump or dumpcap: the one way to see what is
 * really on the wire. It needs rights that few users have; without them
 * everything else works.
 *
 * A shell stands between, which ends the program once our end of its stdin is
 * gone: even kill -9 leaves no orphan, which would otherwise wait for the next
 * packet to notice. It has a session of its own, as Ctrl-C must not end it
 * before our FIN.
 */
import type {Buffer} from 'node:buffer';
import {spawn} from 'node:child_process';
import process from 'node:process';
import {PcapReader, tcpPacketOf, type Packet} from '../tcp/pcap.js';
import {pcapngHead, pcapngPacket} from '../tcp/pcapng.js';
import {SegmentCounter, type Segment} from '../tcp/segment.js';
import {SockchatError} from '../errors.js';
import {checkNewFile, errnoCauseOf, LateFile, reasonOf} from '../new-file.js';
import type {Clock} from '../socket/clock.js';

export type CaptureOptions = {
	readonly host: string;
	readonly port: number;
	/**
	 * A pcapng file to write the packets to: a new one, or an empty one. It is made
	 * with the first packet.
	 */
	readonly file?: string | undefined;
	readonly clock: Clock;
	readonly onSegments: (segments: readonly Segment[]) => void;
	/** Set if whole packets are kept elsewhere, too. */
	readonly onPackets?: ((packets: readonly Packet[]) => void) | undefined;
	/**
	 * Called with a sentence, if it can't go on. The tone is bad if the file then
	 * lacks what was captured: `stop()` says so too.
	 */
	readonly onFailure: (sentence: string, tone: 'warn' | 'bad') => void;
	/** Tried one after the other; by default tcpdump, then dumpcap. */
	readonly programs?: readonly Program[] | undefined;
};

export type Capture = {
	/** Settles once it runs, or has failed. */
	readonly begun: Promise<void>;
	/** The one that runs. */
	readonly program: () => string | undefined;
	/**
	 * Settles once its program has ended and all is written.
	 *
	 * @returns Why the file lacks what was captured; none if it doesn't.
	 */
	readonly stop: () => Promise<SockchatError | undefined>;
};

type Program = readonly [name: string, ...args: readonly string[]];

/** Without the filter, which is the last word. Both write pcap. */
export const capturePrograms: readonly Program[] = [
	// Without --immediate-mode packets come up to half a second late.
	['tcpdump', '-i', 'lo', '-n', '--immediate-mode', '-U', '-w', '-'],
	// It has no such mode: packets come up to a quarter of a second late, with the
	// times at which they passed.
	['dumpcap', '-q', '-i', 'lo', '-P', '-w', '-', '-f'],
];

/** For the first bytes of data, if no file wants the rest. */
const shownPacketBytes = 256;

// The whole group, as the program may be a wrapper with a child of its own.
const shell = '"$@" <&- & exec >&-; read -r _; kill 0 2>&-';

/** A program that says nothing for so long doesn't work. */
const startMs = 3000;

/** More than the page of advice that dumpcap gives. */
const maxSaid = 4000;

/** Once it was asked to end. */
const endMs = 1000;

/**
 * The reason: the line in brackets, below which dumpcap has a page of advice; or
 * else the last line.
 */
const reasonIn = (text: string): string => {
	const lines = text.trim().split('\n');
	const bracketed = lines.findLast(line => /^\(.*\)$/.test(line));
	return (bracketed?.slice(1, -1) ?? lines.at(-1)!).slice(0, 200);
};

export const cantCapture = (file: string, cause: unknown) =>
	new SockchatError(
		'ERR_CAPTURE_FILE',
		`The packets can't be written to ${file}: ${reasonOf(cause)}.`,
		{cause: errnoCauseOf(cause)},
	);

const openFile = (file: string): LateFile => {
	try {
		return new LateFile(file);
	} catch (error) {
		throw cantCapture(file, error);
	}
};

/**
 * Looks whether a capture that begins later can have its file.
 *
 * @throws {SockchatError} `ERR_CAPTURE_FILE`.
 */
export const checkCaptureFile = (file: string): void => {
	try {
		checkNewFile(file);
	} catch (error) {
		throw cantCapture(file, error);
	}
};

type Run = {
	/** Whether it began; if not, what it said. */
	readonly begun: Promise<string | undefined>;
	readonly stop: () => Promise<void>;
};

type RunHooks = {
	readonly onPackets: (packets: readonly Packet[]) => void;
	/** It has ended by itself, or its output made no sense. */
	readonly onEnd: () => void;
};

const run = (
	[name, ...args]: Program,
	clock: Clock,
	{onPackets, onEnd}: RunHooks,
): Run => {
	const path = `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`;
	const child = spawn('/bin/sh', ['-c', shell, 'sh', name, ...args], {
		detached: true,
		env: {...process.env, PATH: path},
	});
	const reader = new PcapReader();
	let said = '';
	let isEnding = false;
	let onBegun: (failure: string | undefined) => void = () => undefined;
	const ended = new Promise<void>(resolve => {
		child.once('close', () => {
			resolve();
		});
		child.once('error', error => {
			said = error.message;
			resolve();
		});
	});
	const begun = new Promise<string | undefined>(resolve => {
		const cancel = clock.setTimer(() => {
			onBegun(said || `${name} said nothing`);
		}, startMs);
		onBegun = failure => {
			cancel();
			resolve(failure);
		};
	});
	child.stdin.on('error', () => undefined);
	child.stderr.on('data', (chunk: Buffer) => {
		said = (said + chunk.toString()).slice(0, maxSaid);
	});
	child.stdout.on('data', (chunk: Buffer) => {
		const packets = reader.push(chunk);
		if (reader.isBroken) {
			onBegun(`${name} wrote something else than packets`);
			child.stdin.end();
		} else if (reader.hasBegun) {
			onBegun(undefined);
		}

		if (packets.length > 0) {
			onPackets(packets);
		}
	});
	child.stdout.once('end', () => {
		child.stdin.end();
	});
	void ended.then(() => {
		if (!reader.hasBegun) {
			onBegun(said || `${name} ended`);
		} else if (!isEnding) {
			onEnd();
		}
	});
	return {
		begun,
		async stop() {
			isEnding = true;
			child.stdin.end();
			await new Promise<void>(resolve => {
				const cancel = clock.setTimer(resolve, endMs);
				void ended.then(() => {
					cancel();
					resolve();
				});
			});
		},
	};
};

/** The sentence for somebody whose programs have failed. */
const advice = (
	failures: ReadonlyArray<readonly [name: string, said: string]>,
): string => {
	const found = failures.find(([, said]) => !said.includes('not found'));
	return found
		? `Nothing is captured, as ${found[0]} may not or can't (${reasonIn(found[1])}): run sockchat as root, or allow it once with sudo setcap cap_net_raw+ep "$(command -v ${found[0]})"; all else works.`
		: 'Nothing is captured, as tcpdump is missing: install it (on Debian: sudo apt-get install tcpdump); all else works.';
};

/**
 * Starts to capture what comes and goes at a port of loopback.
 *
 * @throws {SockchatError} If the file can't be made.
 */
export const startCapture = ({
	host,
	port,
	file,
	clock,
	onSegments,
	onPackets,
	onFailure,
	programs = capturePrograms,
}: CaptureOptions): Capture => {
	const counter = new SegmentCounter();
	let target = file === undefined ? undefined : openFile(file);
	let hasHead = false;
	let running: Run | undefined;
	let runningName: string | undefined;
	let isStopped = false;
	let lost: SockchatError | undefined;

	const write = (packets: readonly Packet[]): void => {
		if (!target) {
			return;
		}

		try {
			if (!hasHead) {
				hasHead = true;
				target.write(pcapngHead(packets[0]!.linkType));
			}

			for (const packet of packets) {
				target.write(pcapngPacket(packet));
			}
		} catch (error) {
			closeFile();
			lost = new SockchatError(
				'ERR_CAPTURE_FILE',
				`The capture ${file!} is not complete: ${reasonOf(error)}.`,
				{cause: error},
			);
			onFailure(lost.message, 'bad');
		}
	};

	const closeFile = (): void => {
		target?.close();
		target = undefined;
	};

	const hooks: RunHooks = {
		onPackets(packets) {
			write(packets);
			onPackets?.(packets);
			onSegments(
				packets
					.flatMap(packet => tcpPacketOf(packet) ?? [])
					.map(packet => counter.count(packet)),
			);
		},
		onEnd() {
			running = undefined;
			onFailure(
				'The capture has ended: segments are inferred from now on.',
				'warn',
			);
		},
	};

	const begin = async (): Promise<void> => {
		// Elsewhere loopback has another name, and packets another head.
		if (process.platform !== 'linux') {
			onFailure(
				'Nothing is captured: that needs Linux; all else works.',
				'warn',
			);
			return;
		}

		const failures: Array<readonly [string, string]> = [];
		for (const program of programs) {
			if (isStopped) {
				return;
			}

			const [name, ...args] = program;
			const isWhole = file !== undefined || onPackets !== undefined;
			const isShort = !isWhole && capturePrograms.includes(program);
			const length = isShort ? ['-s', String(shownPacketBytes)] : [];
			const filter = `tcp port ${port} and host ${host}`;
			running = run([name, ...length, ...args, filter], clock, hooks);
			// eslint-disable-next-line no-await-in-loop
			const failure = await running.begun;
			if (failure === undefined) {
				runningName = name;
				return;
			}

			failures.push([name, failure]);
			void running.stop();
			running = undefined;
		}

		onFailure(advice(failures), 'warn');
	};

	return {
		begun: begin(),
		program: () => runningName,
		async stop() {
			isStopped = true;
			await running?.stop();
			closeFile();
			return lost;
		},
	};
};

/** No connection has it: nothing is captured. */
const unusedPort = 1;

/**
 * Starts to capture and stops at once.
 *
 * @returns The program that may capture here; or what to do, if none may.
 */
export const tryCapture = async (
	clock: Clock,
	programs = capturePrograms,
): Promise<{
	readonly program: string | undefined;
	readonly advice: string | undefined;
}> => {
	let failure: string | undefined;
	const capture = startCapture({
		host: '127.0.0.1',
		port: unusedPort,
		clock,
		programs,
		onSegments() {},
		onFailure(sentence) {
			failure = sentence;
		},
	});
	await capture.begun;
	await capture.stop();
	return {program: capture.program(), advice: failure};
};
