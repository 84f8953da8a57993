/**
 * Measures the time until a user sees output, compared with Node doing nothing;
 * from the second start on, when Node has cached the compiled code.
 */
import process from 'node:process';
import {spawn as spawnInTerminal} from '@lydell/node-pty';
import {bin, startServer} from './contestants.js';
import {median} from './generator.js';
import {folder} from './native.js';
import {runToEnd, start} from './processes.js';
import type {Tools} from './tools.js';

const node = process.execPath;
const times = 21;

const environment = {
	...process.env,
	XDG_STATE_HOME: folder,
	XDG_CACHE_HOME: folder,
};

const runMs = async (...args: readonly string[]): Promise<number> => {
	const startedAt = performance.now();
	await runToEnd([node, ...args], 10_000, environment);
	return performance.now() - startedAt;
};

/** Waits until its output contains a word. */
const untilSaid = async (
	words: string,
	onOutput: (see: (chunk: string) => void) => void,
): Promise<number> => {
	const startedAt = performance.now();
	let output = '';
	return new Promise((resolve, reject) => {
		const late = setTimeout(() => {
			reject(new Error(`No "${words}" came: ${output}`));
		}, 10_000);
		onOutput(chunk => {
			output += chunk;
			if (output.includes(words)) {
				clearTimeout(late);
				resolve(performance.now() - startedAt);
			}
		});
	});
};

const listeningMs = async (): Promise<number> => {
	let program: ReturnType<typeof start> | undefined;
	const elapsed = await untilSaid('"listening"', see => {
		program = start(
			[node, bin, 'serve', '--json', '--port', '0'],
			environment,
			'pipe',
		);
		program.child.stdout!.on('data', (chunk: Uint8Array) => {
			see(String(chunk));
		});
	});
	await program!.stop();
	return elapsed;
};

/** @param signal A killed program doesn't cache its compiled code. */
const firstFrameMs = async (
	port: number,
	signal: 'SIGTERM' | 'SIGKILL' = 'SIGKILL',
): Promise<number> => {
	const ends: Array<() => Promise<void>> = [];
	// The prompt is the last row of a frame.
	const elapsed = await untilSaid('›', see => {
		const terminal = spawnInTerminal(
			node,
			[bin, 'connect', '--port', String(port)],
			{
				cols: 80,
				rows: 24,
				env: {...environment, TERM: 'xterm-256color', CI: 'false'},
			},
		);
		terminal.onData(see);
		const exited = new Promise<void>(resolve => {
			terminal.onExit(() => {
				resolve();
			});
		});
		ends.push(async () => {
			terminal.kill(signal);
			await exited;
		});
	});
	await Promise.all(ends.map(async end => end()));
	return elapsed;
};

export const measureStartUp = async ({contestants, say}: Tools) => {
	const server = await startServer(
		contestants.find(({name}) => name === 'sockchat')!,
	);
	const bare: number[] = [];
	const version: number[] = [];
	const message: number[] = [];
	const oneShot = [
		...[bin, 'connect', '--port', String(server.port)],
		...['--nick', 'one-shot', '--message', 'hello'],
	];
	const frame: number[] = [];
	const listening: number[] = [];
	try {
		await firstFrameMs(server.port, 'SIGTERM');
		// The room replays 100 entries to each that follows.
		for (let index = 0; index < 50; index++) {
			await runMs(...oneShot);
		}

		for (let index = 0; index < times; index++) {
			bare.push(await runMs('-e', '0'));
			version.push(await runMs(bin, '--version'));
			message.push(await runMs(...oneShot));
			frame.push(await firstFrameMs(server.port));
			listening.push(await listeningMs());
		}
	} finally {
		await server.stop();
	}

	const result = {
		bareMs: median(bare),
		versionMs: median(version),
		messageMs: median(message),
		firstFrameMs: median(frame),
		listeningMs: median(listening),
	};
	say(
		`node -e 0: ${result.bareMs.toFixed(0)} ms, --version ${result.versionMs.toFixed(0)} ms, --message ${result.messageMs.toFixed(0)} ms, first frame ${result.firstFrameMs.toFixed(0)} ms, listening ${result.listeningMs.toFixed(0)} ms`,
	);
	return result;
};
