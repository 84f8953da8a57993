/** The table of docs/raw.md for WebSockets: each job, done by sockchat and wscat. */
import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import {execFile} from 'node:child_process';
import {once} from 'node:events';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import type {IncomingMessage} from 'node:http';
import type {AddressInfo} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import process from 'node:process';
import test, {after} from 'node:test';
import {promisify} from 'node:util';
import {WebSocketServer, type WebSocket} from 'ws';
import {assertRows, runLine, sockchatWords, type Ran} from '../helpers/jobs.js';
import {toShellLine} from '../helpers/shell.js';
import {wscatWords} from '../helpers/wscat.js';

const folder = mkdtempSync(join(tmpdir(), 'sockchat-ws-jobs-'));
after(() => {
	rmSync(folder, {recursive: true});
});
const line = join(folder, 'line');
writeFileSync(line, 'work\n');

const programs = ['sockchat', 'wscat'] as const;
type Program = (typeof programs)[number];
const sockchat = `${sockchatWords} connect --raw --ws /in PORT`;
const wscat = `${wscatWords()} -c ws://127.0.0.1:PORT/in`;

/** Runs it on a terminal, without which wscat leaves at once. */
const onTerminal = (words: string): string =>
	`script -qec ${toShellLine(words)} /dev/null`;

type Job = {
	readonly name: string;
	readonly lines: Readonly<Partial<Record<Program, string>>>;
	readonly converse: (peer: WebSocket, request: IncomingMessage) => void;
	readonly done: readonly Program[];
	readonly isDone: (ran: Ran) => boolean;
};

const answer = (peer: WebSocket): void => {
	peer.on('message', (data: Buffer) => {
		peer.send(`${data.toString()} is done`);
	});
};

/** Answers once a program of its own has run, as many services do. */
const answerLater = (peer: WebSocket): void => {
	peer.on('message', async (data: Buffer) => {
		await promisify(execFile)(process.execPath, ['-e', '0']);
		peer.send(`${data.toString()} is done`);
	});
};

const jobs: readonly Job[] = [
	{
		name: 'a message piped in, and its answer',
		lines: {
			sockchat: `${sockchat} --replies 1 < FILE`,
			wscat: `${wscat} < FILE`,
		},
		converse: answer,
		done: ['sockchat'],
		isDone: ({code, out}) => code === 0 && out === 'work is done\n',
	},
	{
		name: 'a message of the command line, and its answer, without a terminal',
		lines: {
			sockchat: `${sockchat} -m work --replies 1 < /dev/null`,
			wscat: `${wscat} -x work -w 1 < /dev/null`,
		},
		// To an answer at once, wscat may by chance be there still.
		converse: answerLater,
		done: ['sockchat'],
		isDone: ({code, out}) => code === 0 && out === 'work is done\n',
	},
	{
		name: 'the same on a terminal',
		lines: {
			sockchat: onTerminal(`${sockchat} --plain -m work --replies 1`),
			wscat: onTerminal(`${wscat} -x work -w 1`),
		},
		converse: answer,
		done: ['sockchat', 'wscat'],
		isDone: ({code, out}) => code === 0 && out.includes('work is done'),
	},
	{
		name: 'a binary answer, byte for byte',
		lines: {
			sockchat: `${sockchat} --input none`,
			wscat: onTerminal(`${wscat} -x work -w 1`),
		},
		converse(peer) {
			peer.send(Buffer.from('ff00fe0a', 'hex'));
			peer.close(1000);
		},
		done: ['sockchat'],
		isDone: ({out}) => out.includes('\u00FF\0\u00FE\n'),
	},
	{
		name: 'an exit code that says that the server closed with an error',
		lines: {
			sockchat: `${sockchat} --input none`,
			wscat: onTerminal(`${wscat} -x work`),
		},
		converse(peer) {
			peer.close(1011);
		},
		done: ['sockchat'],
		isDone: ({code}) => code !== 0 && code !== 124,
	},
	{
		name: 'a header and a subprotocol of the request',
		lines: {
			sockchat: `${sockchat} --ws-header 'X-Token: secret' --ws-protocol chat -m work --replies 1`,
			wscat: onTerminal(`${wscat} -H x-token:secret -s chat -x work -w 1`),
		},
		converse(peer, {headers}) {
			if (headers['x-token'] === 'secret' && peer.protocol === 'chat') {
				answer(peer);
			}
		},
		done: ['sockchat', 'wscat'],
		isDone: ({out}) => out.includes('work is done'),
	},
];

for (const {name, lines, converse, done, isDone} of jobs) {
	test(`e2e: jobs of ws: ${name}`, async t => {
		const server = new WebSocketServer({host: '127.0.0.1', port: 0});
		await once(server, 'listening');
		t.after(() => {
			for (const peer of server.clients) {
				peer.terminate();
			}

			server.close();
		});
		server.on('connection', (peer, request) => {
			peer.on('error', () => undefined);
			converse(peer, request);
		});
		const {port} = server.address() as AddressInfo;
		const did: Program[] = [];
		for (const [program, words] of Object.entries(lines)) {
			const ran = await runLine(
				t,
				words
					.replaceAll('PORT', String(port))
					.replaceAll('FILE', toShellLine(line)),
			);
			if (isDone(ran)) {
				did.push(program as Program);
			}
		}

		assert.deepEqual(did, done);
	});
}

test('e2e: jobs of ws: the table of docs/raw.md names these', () => {
	assertRows(programs, jobs);
});
