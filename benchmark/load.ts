/* eslint @typescript-eslint/no-loop-func: off, unicorn/prefer-continue: off -- what is done here comes one after the other */
/**
 * Measures the cost of hostile load: memory, and the delay of other members.
 *
 * usage: npm run load -- [SECONDS]
 *
 * The server is a separate process, to measure only its memory; all peers are in
 * this one, and their work counts in the delays.
 */
import {Buffer} from 'node:buffer';
import {spawn} from 'node:child_process';
import {randomUUID} from 'node:crypto';
import {once} from 'node:events';
import {readFileSync} from 'node:fs';
import {createConnection, type Socket} from 'node:net';
import process from 'node:process';
import {createInterface} from 'node:readline';
import {setTimeout as delay} from 'node:timers/promises';
import {fileURLToPath} from 'node:url';

const seconds = Number(process.argv[2] ?? 10);
const bin = fileURLToPath(new URL('../dist/cli.js', import.meta.url));

const server = spawn(
	process.execPath,
	[bin, 'serve', '--plain', '--port', '0', '--no-history'],
	{stdio: ['ignore', 'ignore', 'pipe']},
);
const lines = createInterface({input: server.stderr});
const [first] = (await once(lines, 'line')) as [string];
lines.on('line', () => undefined);
const port = Number(/:(\d+)$/.exec(first)![1]);

const memoryMiB = (): number => {
	const status = readFileSync(`/proc/${server.pid}/status`, 'utf8');
	return Number(/^VmRSS:\s+(\d+)/m.exec(status)![1]) / 1024;
};

const tell = (what: string): void => {
	process.stdout.write(`${what}\n`);
};

const open = async (): Promise<Socket> => {
	const socket = createConnection({host: '127.0.0.1', port, noDelay: true});
	socket.on('error', () => undefined);
	await once(socket, 'connect');
	return socket;
};

const hello = (nick: string): string =>
	`${JSON.stringify({type: 'hello', v: 1, client: randomUUID(), nick})}\n`;

/** A member that sends one line at a time and records the time of each echo. */
const measure = async (nick: string, until: () => boolean) => {
	const socket = await open();
	const waits: number[] = [];
	const incoming = createInterface({input: socket});
	socket.write(hello(nick));
	let n = 0;
	let saidAt = 0;
	for await (const line of incoming) {
		if (line.startsWith('{"type":"ping"')) {
			socket.write(line.replace('ping', 'pong') + '\n');
		}

		const isEcho = line.includes(`"text":"${nick} ${n}"`);
		if (isEcho && n > 0) {
			waits.push(performance.now() - saidAt);
		}

		if (until()) {
			break;
		}

		if (isEcho || line.startsWith('{"type":"welcome"')) {
			await delay(5);
			saidAt = performance.now();
			socket.write(
				`${JSON.stringify({type: 'say', n: ++n, text: `${nick} ${n}`})}\n`,
			);
		}
	}

	socket.destroy();
	waits.sort((a, b) => a - b);
	const at = (part: number) =>
		(
			waits[Math.min(waits.length - 1, Math.floor(waits.length * part))] ?? NaN
		).toFixed(1);
	return `p50 ${at(0.5)} ms, p99 ${at(0.99)} ms of ${waits.length}`;
};

const total = 1024;

/** Sends 1 GiB; the server ends each connection, so it takes many. */
const withoutNewline = async (start: string): Promise<void> => {
	const chunk = Buffer.alloc(1024 * 1024, 'x');
	const before = memoryMiB();
	let highest = before;
	let sent = 0;
	let connections = 0;
	while (sent < total) {
		const socket = await open();
		connections++;
		socket.resume();
		socket.write(start);
		while (sent < total && !socket.destroyed && socket.writable) {
			sent++;
			socket.write(chunk);
			while (socket.writableNeedDrain && !socket.destroyed) {
				await delay(1);
			}

			highest = Math.max(highest, memoryMiB());
		}

		socket.destroy();
	}

	const what = start === '' ? 'plain' : 'framed';
	tell(
		`${sent} MiB without a newline, ${what}, over ${connections} connections: memory ${before.toFixed(1)} MiB before, ${highest.toFixed(1)} at most, ${memoryMiB().toFixed(1)} after`,
	);
};

/** Measures for some seconds. */
const lasting = (): (() => boolean) => {
	const end = performance.now() + seconds * 1000;
	return () => performance.now() > end;
};

// Warmed up, to exclude the memory growth of the start.
await measure('warm', lasting());
for (let round = 0; round < 2; round++) {
	await withoutNewline('');
	await withoutNewline(hello('long'));
}

tell(`alone: ${await measure('alone', lasting())}`);

{
	const isOver = lasting();
	const flooder = await open();
	flooder.resume();
	flooder.write(hello('flooder'));
	let n = 0;
	let connections = 0;
	const flood = async () => {
		while (!isOver()) {
			const texts = Array.from({length: 100}, () =>
				JSON.stringify({type: 'say', n: ++n, text: 'x'.repeat(100)}),
			);
			flooder.write(`${texts.join('\n')}\n`);
			while (flooder.writableNeedDrain && !isOver()) {
				await delay(1);
			}
		}
	};

	const connect = async () => {
		while (!isOver()) {
			connections++;
			void open().then(socket => {
				socket.resume();
				socket.write(hello(`c${connections}`));
				setTimeout(() => {
					socket.end('{"type":"bye"}\n');
				}, 100);
			});
			await delay(5);
		}
	};

	const [waited] = await Promise.all([
		measure('other', isOver),
		flood(),
		connect(),
	]);
	flooder.destroy();
	tell(
		`beside a flooder and ${Math.round(connections / seconds)} connections a second: ${waited}`,
	);
}

{
	const isOver = lasting();
	const before = memoryMiB();
	const slow = await Promise.all(Array.from({length: 500}, async () => open()));
	const drip = async () => {
		const bytes = '{"type":"hello","v":1,"client":"';
		for (let at = 0; !isOver(); at++) {
			for (const socket of slow) {
				socket.write(bytes[at] ?? 'x');
			}

			await delay(250);
		}
	};

	const [waited] = await Promise.all([measure('beside', isOver), drip()]);
	tell(
		`beside 500 that send a byte at a time: ${waited}; memory +${(memoryMiB() - before).toFixed(1)} MiB`,
	);
	for (const socket of slow) {
		socket.destroy();
	}
}

server.kill();
