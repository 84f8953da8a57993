/**
 * Starts the measured programs, and stops each by its process id.
 */
import {spawn, type ChildProcess} from 'node:child_process';
import {readFileSync} from 'node:fs';
import {connect, createServer, type AddressInfo} from 'node:net';
import process from 'node:process';
import {setTimeout as delay} from 'node:timers/promises';

export type Program = {
	readonly pid: number;
	readonly stop: () => Promise<void>;
};

/** Enough descriptors for 10,000 connections and the program itself. */
export const wantedDescriptors = 12_000;

const running = new Set<ChildProcess>();

const isRunning = (child: ChildProcess): boolean =>
	child.exitCode === null && child.signalCode === null;

const ended = async (child: ChildProcess): Promise<void> => {
	if (isRunning(child)) {
		await new Promise<void>(resolve => {
			child.once('exit', () => {
				resolve();
			});
		});
	}
};

process.on('exit', () => {
	for (const child of running) {
		child.kill('SIGKILL');
	}
});

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
	process.once(signal, () => {
		process.exit(1);
	});
}

/** Starts a program that may open as many descriptors as the system allows. */
export const start = (
	command: readonly string[],
	environment: NodeJS.ProcessEnv = {},
	stdio: 'ignore' | 'pipe' = 'ignore',
) => {
	const child = spawn(
		'/bin/sh',
		[
			'-c',
			`ulimit -n ${wantedDescriptors} 2>/dev/null || ulimit -n "$(ulimit -H -n)"; exec "$@"`,
			'sh',
			...command,
		],
		{
			stdio: [stdio, stdio, stdio === 'pipe' ? 'inherit' : 'ignore'],
			// Debian puts nats-server in a folder that is only in root's PATH.
			env: {
				...process.env,
				...environment,
				PATH: `${process.env['PATH']}:/usr/sbin`,
			},
		},
	);
	running.add(child);
	child.once('exit', () => {
		running.delete(child);
	});
	return {
		child,
		pid: child.pid!,
		async stop() {
			child.kill('SIGTERM');
			const killing = setTimeout(() => {
				child.kill('SIGKILL');
			}, 2000);
			await ended(child);
			clearTimeout(killing);
		},
	};
};

/** Runs a program to completion and returns its output. */
export const runToEnd = async (
	command: readonly string[],
	deadlineMs: number,
	environment: Readonly<Record<string, string | undefined>> = {},
): Promise<string> => {
	const {child, stop} = start(command, environment, 'pipe');
	let output = '';
	child.stdout!.on('data', (chunk: Uint8Array) => {
		output += String(chunk);
	});
	const late = setTimeout(() => {
		void stop();
	}, deadlineMs);
	await new Promise<void>(resolve => {
		child.once('close', () => {
			resolve();
		});
	});
	clearTimeout(late);
	if (child.exitCode !== 0) {
		throw new Error(
			`${command.join(' ')} ended with ${child.exitCode ?? child.signalCode}.`,
		);
	}

	return output;
};

export const freePort = async (): Promise<number> => {
	const server = createServer();
	await new Promise<void>(resolve => {
		server.listen(0, '127.0.0.1', resolve);
	});
	const {port} = server.address() as AddressInfo;
	await new Promise(resolve => {
		server.close(resolve);
	});
	return port;
};

const accepts = async (port: number): Promise<boolean> =>
	new Promise(resolve => {
		const socket = connect(port, '127.0.0.1');
		socket.once('connect', () => {
			socket.destroy();
			resolve(true);
		});
		socket.once('error', () => {
			resolve(false);
		});
	});

export const untilListening = async (port: number): Promise<void> => {
	const deadline = Date.now() + 5000;
	while (!(await accepts(port))) {
		if (Date.now() > deadline) {
			throw new Error(`Nobody listens on port ${port} after 5 s.`);
		}

		await delay(10);
	}
};

/** @param field `VmRSS` is the current size, `VmHWM` the peak. */
export const memoryMb = (pid: number, field: 'VmRSS' | 'VmHWM'): number => {
	const status = readFileSync(`/proc/${pid}/status`, 'utf8');
	const [, kilobytes] = new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(status)!;
	return Number(kilobytes) / 1024;
};
