/** The table of docs/raw.md: each job, done by sockchat, nc, ncat, socat and telnet. */
import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import {createSocket} from 'node:dgram';
import {once} from 'node:events';
import {
	existsSync,
	mkdtempSync,
	readFileSync,
	rmSync,
	writeFileSync,
} from 'node:fs';
import {connect, createServer, type Socket} from 'node:net';
import {tmpdir} from 'node:os';
import {basename, join} from 'node:path';
import {performance} from 'node:perf_hooks';
import test, {after, type TestContext} from 'node:test';
import {assertRows, runLine, sockchatWords, type Ran} from '../helpers/jobs.js';
import {statesBySs, unreadBySs} from '../helpers/kernel.js';
import {findPort} from '../helpers/ports.js';
import {makeCertificates, startPython} from '../helpers/link-peers.js';
import {portOf} from '../helpers/room.js';
import {listenBare} from '../helpers/scripted.js';
import {toShellLine} from '../helpers/shell.js';
import {until} from '../helpers/until.js';

const folder = mkdtempSync(join(tmpdir(), 'sockchat-jobs-'));
after(() => {
	rmSync(folder, {recursive: true});
});
const largeBytes = 50_000_000;
const large = join(folder, 'large');
writeFileSync(large, Buffer.alloc(largeBytes, 'x'));
const lines = join(folder, 'lines');
writeFileSync(lines, 'one\ntwo\n');
const sockchat = sockchatWords;

const programs = ['sockchat', 'nc', 'ncat', 'socat', 'telnet'] as const;
type Program = (typeof programs)[number];
type Lines = Readonly<Partial<Record<Program, string>>>;

/** The state of the end that connected, also once ours is closed. */
const watchState =
	({localPort, remotePort}: Socket) =>
	async () => {
		const states = await statesBySs(localPort!);
		return states.get(`127.0.0.1:${remotePort} 127.0.0.1:${localPort}`);
	};

/** What came to the server. */
type Heard = {bytes: number; hasEnded: boolean};

type Job = {
	readonly name: string;
	/** PORT, FILE and LINES are replaced; a program without a line can't do it. */
	readonly lines: Lines;
	/** A server, if the programs are clients. */
	readonly converse?: (socket: Socket) => void;
	/** Those that do it. */
	readonly done: readonly Program[];
	readonly isDone: (
		ran: Ran,
		heard: Readonly<Heard>,
	) => boolean | Promise<boolean>;
};

/** A file as stdin, by each program as its users do it. */
const sendingFile = {
	sockchat: `${sockchat} connect --raw PORT < FILE`,
	nc: 'nc.openbsd -N 127.0.0.1 PORT < FILE',
	ncat: 'ncat 127.0.0.1 PORT < FILE',
	socat: 'socat -t 5 - TCP:127.0.0.1:PORT < FILE',
	telnet: 'telnet 127.0.0.1 PORT < FILE',
};

// After a reset, telnet's exit code is 0 or 1, as it happens to notice.
const {telnet: _, ...withoutTelnet} = sendingFile;

const clients: readonly Job[] = [
	{
		name: 'an answer that comes after our FIN',
		lines: sendingFile,
		converse(socket) {
			const stateNow = watchState(socket);
			socket.resume();
			socket.on('end', async () => {
				// A program that leaves at once has had the time to.
				await until(
					async () => {
						const state = await stateNow();
						return state !== 'ESTABLISHED' && state !== 'FIN-WAIT-1';
					},
					{what: 'its FIN to be acknowledged'},
				);
				socket.end('late');
			});
		},
		done: ['sockchat', 'nc', 'ncat', 'socat'],
		isDone: ({code, out}) => code === 0 && out === 'late',
	},
	{
		name: 'all of a file for a peer that sent FIN first',
		lines: sendingFile,
		converse(socket) {
			const stateNow = watchState(socket);
			const port = socket.localPort!;
			socket.end('mine');
			socket.pause();
			// More than the kernel holds is still to be sent.
			void until(
				async () => {
					const state = await stateNow();
					return state !== 'ESTABLISHED' && (await unreadBySs(port)) === 0;
				},
				{what: 'it to read our FIN'},
			).then(() => {
				socket.resume();
			});
		},
		done: ['sockchat', 'nc', 'ncat', 'socat'],
		async isDone({code}, heard) {
			// What the kernel has is still to be read.
			await until(() => heard.hasEnded, {
				what: 'the end',
				seen: () => String(heard.bytes),
			});
			return code === 0 && heard.bytes === largeBytes;
		},
	},
	{
		name: 'an exit code that says that stdout is full',
		lines: {
			sockchat: `${sockchat} connect --raw PORT --input none > /dev/full`,
			nc: 'nc.openbsd -d 127.0.0.1 PORT > /dev/full',
			ncat: 'ncat --recv-only 127.0.0.1 PORT > /dev/full',
			socat: 'socat -u TCP:127.0.0.1:PORT - > /dev/full',
			telnet: 'telnet 127.0.0.1 PORT > /dev/full',
		},
		converse(socket) {
			socket.end('lost');
		},
		done: ['sockchat', 'ncat', 'socat'],
		isDone: ({code}) => code !== 0 && code !== 124,
	},
	{
		name: 'an exit code that says that a reset cut the transfer',
		lines: withoutTelnet,
		converse(socket) {
			socket.once('data', () => {
				socket.resetAndDestroy();
			});
		},
		done: ['sockchat', 'ncat', 'socat'],
		isDone: ({code}) => code !== 0 && code !== 124,
	},
	{
		name: 'the end after two replies',
		lines: {
			sockchat: `${sockchat} connect --raw PORT --input none --replies 2`,
			nc: 'nc.openbsd -d -W 2 127.0.0.1 PORT',
		},
		converse(socket) {
			const port = socket.localPort!;
			socket.write('one', async () => {
				await until(async () => (await unreadBySs(port)) === 0, {
					what: 'it to read the first reply',
				});
				socket.write('two');
			});
		},
		done: ['sockchat', 'nc'],
		isDone: ({code, out}) => code === 0 && out === 'onetwo',
	},
	{
		name: 'the end after a second of silence',
		lines: {
			sockchat: `${sockchat} connect --raw PORT --input none --idle 1`,
			nc: 'nc.openbsd -d -w 1 127.0.0.1 PORT',
			ncat: 'ncat --recv-only -i 1 127.0.0.1 PORT',
			socat: 'socat -u -T 1 TCP:127.0.0.1:PORT -',
			telnet: 'telnet 127.0.0.1 PORT',
		},
		converse(socket) {
			socket.write('hello');
		},
		done: ['sockchat', 'nc', 'ncat', 'socat'],
		isDone: ({code, out}) => code !== 124 && out === 'hello',
	},
	{
		name: 'who listens on a range of ports',
		lines: {
			sockchat: `${sockchat} connect --raw --probe PORT-PORT`,
			nc: 'nc.openbsd -z 127.0.0.1 PORT-PORT',
			ncat: 'ncat -z 127.0.0.1 PORT-PORT',
		},
		converse() {},
		done: ['sockchat', 'nc'],
		isDone: ({code}) => code === 0,
	},
	{
		name: 'a dialogue of expected and sent lines',
		lines: {
			sockchat: `${sockchat} connect --raw PORT --expect '^220' --send QUIT --expect bye < /dev/null`,
		},
		converse(socket) {
			socket.write('220 ready');
			socket.once('data', () => {
				socket.end('bye');
			});
		},
		done: ['sockchat'],
		isDone: ({code, out}) => code === 0 && out === '220 readybye',
	},
	{
		name: 'bytes given in hexadecimal, and their answer',
		lines: {
			sockchat: `${sockchat} connect --raw PORT --send-hex '00 ff 0a' < /dev/null`,
		},
		converse(socket) {
			socket.pipe(socket);
		},
		done: ['sockchat'],
		isDone: ({code, out}) => code === 0 && out === '\0\u00FF\n',
	},
	{
		name: 'CR LF for each line end',
		lines: {
			sockchat: `${sockchat} connect --raw PORT --eol crlf < LINES`,
			nc: 'nc.openbsd -N -C 127.0.0.1 PORT < LINES',
			ncat: 'ncat -C 127.0.0.1 PORT < LINES',
			socat: 'socat -t 5 - TCP:127.0.0.1:PORT,crnl < LINES',
			telnet: 'telnet 127.0.0.1 PORT < LINES',
		},
		converse(socket) {
			// As hexadecimal, since socat takes the CR of an answer away.
			socket.setEncoding('hex');
			socket.on('data', (digits: string) => {
				socket.write(digits);
			});
			socket.on('end', () => {
				socket.end();
			});
		},
		done: ['sockchat', 'nc', 'ncat', 'socat'],
		isDone: ({code, out}) =>
			code === 0 && out === Buffer.from('one\r\ntwo\r\n').toString('hex'),
	},
];

for (const {name, lines: commands, converse, done, isDone} of clients) {
	test(`e2e: jobs: ${name}`, async t => {
		const did: Program[] = [];
		for (const [program, line] of Object.entries(commands)) {
			const heard: Heard = {bytes: 0, hasEnded: false};
			const {address, close} = await listenBare(t, socket => {
				socket.on('data', chunk => {
					heard.bytes += chunk.length;
				});
				for (const end of ['end', 'close']) {
					socket.on(end, () => {
						heard.hasEnded = true;
					});
				}

				converse!(socket);
			});
			const ran = await runLine(
				t,
				line
					.replaceAll('PORT', String(portOf(address)))
					.replaceAll('FILE', toShellLine(large))
					.replaceAll('LINES', toShellLine(lines)),
			);
			if (await isDone(ran, heard)) {
				did.push(program as Program);
			}

			await close();
		}

		assert.deepEqual(did, done);
	});
}

type Serving = {
	readonly name: string;
	readonly lines: Lines;
	readonly done: readonly Program[];
	/** What each of two peers says, and what each then hears. */
	readonly says: readonly [string, string];
	readonly hears: readonly [string, string];
};

const servers: readonly Serving[] = [
	{
		name: 'an echo for several peers at once',
		lines: {
			sockchat: `${sockchat} serve --raw PORT --echo`,
			ncat: 'ncat -l -k 127.0.0.1 PORT --exec /bin/cat',
			socat: 'socat TCP-LISTEN:PORT,bind=127.0.0.1,reuseaddr,fork EXEC:cat',
		},
		done: ['sockchat', 'ncat', 'socat'],
		says: ['one', 'two'],
		hears: ['one', 'two'],
	},
	{
		name: 'what one peer says, for the others',
		lines: {
			sockchat: `${sockchat} serve --raw PORT --broker`,
			ncat: 'ncat -l --broker 127.0.0.1 PORT',
		},
		done: ['sockchat', 'ncat'],
		says: ['one', 'two'],
		hears: ['two', 'one'],
	},
	{
		name: 'answers by rule, without another program',
		lines: {
			sockchat: `${sockchat} serve --raw PORT --reply one=1 --reply two=2`,
		},
		done: ['sockchat'],
		says: ['one', 'two'],
		hears: ['1', '2'],
	},
	{
		name: 'an HTTP service for a test, without another program',
		lines: {
			sockchat: `${sockchat} serve --raw PORT --reply '^GET /up (?:[^\\n]+\\n)+\\r\\n=HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nup' --reply '^GET (?:[^\\n]+\\n)+\\r\\n=HTTP/1.1 404 Not Found\\r\\nContent-Length: 0\\r\\n\\r\\n'`,
		},
		done: ['sockchat'],
		says: [
			'GET /up HTTP/1.1\r\nHost: a\r\n\r\n',
			'GET /no HTTP/1.1\r\nHost: a\r\n\r\n',
		],
		hears: [
			'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nup',
			'HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n',
		],
	},
];

for (const {name, lines: commands, done, says, hears} of servers) {
	test(`e2e: jobs: ${name}`, async t => {
		const did: Program[] = [];
		for (const [program, line] of Object.entries(commands)) {
			const port = Number(await findPort());
			void runLine(t, line.replaceAll('PORT', String(port)));
			const heard = ['', ''];
			const open = async (index: 0 | 1) => {
				let socket: Socket | undefined;
				await until(
					() => {
						if (!socket || socket.destroyed) {
							socket = connect({host: '127.0.0.1', port});
							socket.on('error', () => undefined);
							socket.on('data', chunk => {
								heard[index] += String(chunk);
							});
						}

						return socket.readyState === 'open';
					},
					{what: `${program} to listen`},
				);
				t.after(() => {
					socket!.destroy();
				});
				return socket!;
			};

			const [one, two] = [await open(0), await open(1)];
			// Again and again: a broker may not know the other one yet.
			const isHeard = (index: 0 | 1) =>
				heard[index]!.replaceAll(hears[index], '') === '' &&
				heard[index] !== '';
			await until(
				() => {
					one.write(says[0]);
					two.write(says[1]);
					return isHeard(0) && isHeard(1);
				},
				{
					what: `${hears.join(' and ')} from ${program}`,
					seen: () => JSON.stringify(heard),
				},
			);
			did.push(program as Program);
		}

		assert.deepEqual(did, done);
	});
}

type Carried = {
	readonly name: string;
	/** PLACE and CA are replaced. */
	readonly lines: Lines;
	/** @returns Where it listens. */
	readonly listen: (t: TestContext) => Promise<string>;
	readonly done: readonly Program[];
	readonly out: string;
};

const certificates = makeCertificates(folder);

/** Says what was agreed on by ALPN, and ends with a close_notify. */
const secureService = `
import socket, ssl, sys
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(*sys.argv[1:3])
context.set_alpn_protocols(['h2'])
listening = socket.create_server(('127.0.0.1', 0))
print(listening.getsockname()[1])
while True:
    plain, _ = listening.accept()
    try:
        peer = context.wrap_socket(plain, server_side=True)
    except OSError:
        plain.close()
        continue
    peer.sendall((peer.selected_alpn_protocol() or 'none').encode())
    # ncat never answers a close_notify, but leaves at FIN.
    peer.settimeout(1)
    try:
        peer.unwrap().close()
    except OSError:
        peer.close()
`;

const listenSecurely = async (t: TestContext): Promise<string> => {
	const {cert, key} = certificates.good;
	return (await startPython(t, secureService, cert, key)).port;
};

const carried: readonly Carried[] = [
	{
		name: "TLS with a service that one's own authority has signed",
		lines: {
			sockchat: `${sockchat} connect --raw --tls --tls-ca CA PLACE < /dev/null`,
			ncat: 'ncat -4 --ssl-verify --ssl-trustfile CA localhost PLACE < /dev/null',
			socat:
				'socat -t 5 - OPENSSL:localhost:PLACE,pf=ip4,cafile=CA < /dev/null',
		},
		listen: listenSecurely,
		done: ['sockchat', 'ncat', 'socat'],
		out: 'none',
	},
	{
		name: 'a protocol that TLS agrees on by ALPN',
		lines: {
			sockchat: `${sockchat} connect --raw --tls --tls-insecure --tls-alpn h2 PLACE < /dev/null`,
			ncat: 'ncat --ssl --ssl-alpn h2 127.0.0.1 PLACE < /dev/null',
		},
		listen: listenSecurely,
		done: ['sockchat', 'ncat'],
		out: 'h2',
	},
	{
		name: 'a socket in the abstract namespace',
		lines: {
			sockchat: `${sockchat} connect --raw @PLACE < /dev/null`,
			nc: 'nc.openbsd -N -U @PLACE < /dev/null',
			ncat: 'ncat -U @PLACE < /dev/null',
			socat: 'socat -t 5 - ABSTRACT-CONNECT:PLACE < /dev/null',
		},
		async listen(t) {
			const name = basename(folder);
			const server = createServer({allowHalfOpen: true}, socket => {
				socket.end('hello');
			});
			server.listen(`\0${name}`);
			await once(server, 'listening');
			t.after(() => {
				server.close();
			});
			return name;
		},
		done: ['sockchat', 'nc', 'socat'],
		out: 'hello',
	},
];

for (const {name, lines: commands, listen, done, out: wanted} of carried) {
	test(`e2e: jobs: ${name}`, async t => {
		const place = await listen(t);
		const did: Program[] = [];
		for (const [program, line] of Object.entries(commands)) {
			const {code, out} = await runLine(
				t,
				line
					.replaceAll('PLACE', place)
					.replaceAll('CA', toShellLine(certificates.ca)),
			);
			if (code !== 124 && out === wanted) {
				did.push(program as Program);
			}
		}

		assert.deepEqual(did, done);
	});
}

type Scene = {
	readonly name: string;
	/** PORT, TARGET, PLACE and LINES are replaced. */
	readonly lines: Lines;
	readonly done: readonly Program[];
	/** @param run Runs the line, with these words replaced. */
	readonly isDone: (
		t: TestContext,
		run: (words: Readonly<Record<string, string>>) => Promise<Ran>,
	) => Promise<boolean>;
};

/** Connects once somebody listens; resolves with all that is said, or what is wanted. */
const hear = async (
	t: TestContext,
	port: string,
	said = '',
	wanted?: string,
): Promise<string> => {
	let text = '';
	let isOpen = false;
	let socket: Socket | undefined;
	const dial = () => {
		socket = connect({host: '127.0.0.1', port: Number(port)});
		socket.on('error', () => undefined);
		socket.on('data', chunk => {
			text += String(chunk);
		});
		socket.once('connect', () => {
			isOpen = true;
		});
	};

	await until(
		() => {
			if (!isOpen && (!socket || socket.destroyed)) {
				dial();
			}

			return isOpen;
		},
		{what: `somebody to listen on ${port}`},
	);
	const open = socket!;
	t.after(() => {
		open.destroy();
	});
	open.write(said);
	await until(() => open.closed || text === wanted, {
		what: 'its end',
		seen: () => text,
	});
	return text;
};

/** Ends after each end of a peer, with an answer to the first that it said. */
const listenAnswering = async (
	t: TestContext,
	answer: string,
	place?: number | string,
) =>
	listenBare(
		t,
		socket => {
			socket.once('data', () => {
				socket.end(answer);
			});
			socket.on('end', () => {
				socket.end();
			});
			socket.resume();
		},
		place,
	);

const delayMs = 500;

const scenes: readonly Scene[] = [
	{
		name: 'the wait for a service that is not there yet',
		lines: {
			sockchat: `${sockchat} connect --raw --wait --json PORT < /dev/null > PLACE`,
			nc: 'nc.openbsd -v -z -w 5 127.0.0.1 PORT 2> PLACE',
			ncat: 'ncat -v -z -w 5 127.0.0.1 PORT 2> PLACE',
			socat:
				'socat -d -d -u /dev/null TCP:127.0.0.1:PORT,retry=60,interval=0.1 2> PLACE',
		},
		done: ['sockchat', 'socat'],
		async isDone(t, run) {
			const port = await findPort();
			const place = join(folder, `refused-${port}`);
			const ran = run({PORT: port, PLACE: place});
			await until(
				// socat reports what it found in the queue of errors instead.
				() =>
					existsSync(place) &&
					/refused|recvmsg/.test(readFileSync(place, 'utf8')),
				{what: 'it to be refused'},
			);
			await listenAnswering(t, '', Number(port));
			return (await ran).code === 0;
		},
	},
	{
		name: 'a datagram of UDP, and no wait for an answer',
		lines: {
			sockchat: `${sockchat} connect --raw -u PORT --idle 0.1 < LINES`,
			nc: 'nc.openbsd -u -q 0 127.0.0.1 PORT < LINES',
			ncat: 'ncat -u --send-only 127.0.0.1 PORT < LINES',
			socat: 'socat -u - UDP-SENDTO:127.0.0.1:PORT < LINES',
		},
		done: ['sockchat', 'nc', 'ncat', 'socat'],
		async isDone(t, run) {
			const socket = createSocket('udp4');
			const heard: string[] = [];
			socket.on('message', message => {
				heard.push(String(message));
			});
			socket.bind(0, '127.0.0.1');
			await once(socket, 'listening');
			t.after(() => {
				socket.close();
			});
			const {code} = await run({PORT: String(socket.address().port)});
			await until(() => heard.length > 0, {what: 'a datagram'});
			return code === 0 && heard.join('|') === 'one\ntwo\n';
		},
	},
	{
		name: 'a file for whoever connects first, and the end',
		lines: {
			sockchat: `${sockchat} serve --raw --once PORT < LINES`,
			nc: 'nc.openbsd -l -N 127.0.0.1 PORT < LINES',
			ncat: 'ncat -l --send-only 127.0.0.1 PORT < LINES',
			socat: 'socat -u - TCP-LISTEN:PORT,bind=127.0.0.1 < LINES',
		},
		done: ['sockchat', 'nc', 'ncat', 'socat'],
		async isDone(t, run) {
			const port = await findPort();
			const ran = run({PORT: port});
			const heard = await hear(t, port);
			return heard === 'one\ntwo\n' && (await ran).code === 0;
		},
	},
	{
		name: 'a Unix domain socket behind a TCP port, and the end that it sends',
		lines: {
			sockchat: `${sockchat} proxy PORT PLACE --once --quiet`,
			ncat: "ncat -l 127.0.0.1 PORT --sh-exec 'ncat -U PLACE'",
			socat: 'socat -t 5 TCP-LISTEN:PORT,bind=127.0.0.1 UNIX-CONNECT:PLACE',
		},
		done: ['sockchat', 'socat'],
		async isDone(t, run) {
			const port = await findPort();
			const place = join(folder, `behind-${port}`);
			await listenAnswering(t, 'heard', place);
			const ran = run({PORT: port, PLACE: place});
			const heard = await hear(t, port, 'me');
			return heard === 'heard' && (await ran).code === 0;
		},
	},
	{
		name: 'a proxy that delays what passes',
		lines: {
			sockchat: `${sockchat} proxy PORT TARGET --delay ${delayMs} --once --quiet`,
			ncat: `ncat -l 127.0.0.1 PORT --sh-exec 'ncat -d ${delayMs}ms 127.0.0.1 TARGET'`,
		},
		done: ['sockchat', 'ncat'],
		async isDone(t, run) {
			const {address} = await listenAnswering(t, 'late');
			const port = await findPort();
			void run({PORT: port, TARGET: String(portOf(address))});
			const since = performance.now();
			// ncat passes no end on.
			const heard = await hear(t, port, 'early', 'late');
			// Never sooner, however busy the machine is.
			return heard === 'late' && performance.now() - since > delayMs;
		},
	},
	{
		name: 'a recorded conversation, played again and compared',
		lines: {
			sockchat: `${sockchat} COMMAND`,
		},
		done: ['sockchat'],
		async isDone(t, run) {
			const same = await listenAnswering(t, 'PONG');
			const changed = await listenAnswering(t, 'PANG');
			const kept = join(folder, 'kept');
			const codes: number[] = [];
			for (const words of [
				`connect --raw ${portOf(same.address)} --record ${kept} < LINES`,
				`replay ${kept} --fast`,
				`replay ${kept} --fast ${portOf(changed.address)}`,
			]) {
				const {code} = await run({COMMAND: words});
				codes.push(code);
			}

			return codes.join(' ') === '0 0 1';
		},
	},
];

for (const {name, lines: commands, done, isDone} of scenes) {
	test(`e2e: jobs: ${name}`, async t => {
		const did: Program[] = [];
		for (const [program, line] of Object.entries(commands)) {
			const run = async (words: Readonly<Record<string, string>>) => {
				let filled = line;
				for (const [word, value] of Object.entries(words)) {
					filled = filled.replaceAll(word, value);
				}

				return runLine(t, filled.replaceAll('LINES', toShellLine(lines)));
			};

			if (await isDone(t, run)) {
				did.push(program as Program);
			}
		}

		assert.deepEqual(did, done);
	});
}

test('e2e: jobs: the table of docs/raw.md names these', () => {
	assertRows(programs, [...clients, ...servers, ...carried, ...scenes]);
});
