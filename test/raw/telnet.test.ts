import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import {mkdtempSync, readFileSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {Duplex} from 'node:stream';
import {test} from 'node:test';
import {answerTelnet} from '../../source/raw/telnet.js';
import {startBin} from '../helpers/process.js';
import {portOf} from '../helpers/room.js';
import {listenBare} from '../helpers/scripted.js';
import {until} from '../helpers/until.js';

const asksForEcho = Buffer.from('fffd01', 'hex');
const refusesEcho = Buffer.from('fffc01', 'hex');

test('telnet: a peer that asks and does not read gets few answers', () => {
	let done: Array<() => void> = [];
	let bytes = 0;
	const stream = new Duplex({
		highWaterMark: 1,
		read() {},
		write(_chunk, _encoding, onWritten) {
			done.push(onWritten);
		},
	});
	const take = answerTelnet(stream, answer => {
		bytes += answer.length;
	});
	for (let count = 0; count < 100_000; count++) {
		take(asksForEcho);
	}

	assert.ok(bytes > 3000 && bytes < 5000, String(bytes));
	const before = bytes;
	while (done.length > 0) {
		const settle = done;
		done = [];
		for (const settled of settle) {
			settled();
		}
	}

	take(asksForEcho);
	assert.ok(bytes >= before);
});

test('telnet: in a pipe it is answered too, and recorded', async t => {
	let said = Buffer.alloc(0);
	const {address} = await listenBare(t, socket => {
		socket.on('data', (chunk: Buffer) => {
			said = Buffer.concat([said, chunk]);
		});
		socket.write(asksForEcho);
	});
	const folder = mkdtempSync(join(tmpdir(), 'sockchat-telnet-'));
	t.after(() => {
		rmSync(folder, {recursive: true});
	});
	const file = join(folder, 'recording');
	const chat = startBin(t, [
		'connect',
		'--raw',
		String(portOf(address)),
		'--telnet',
		'--record',
		file,
	]);
	await until(() => said.equals(refusesEcho), {
		what: 'the answer',
		seen: () => said.toString('hex'),
	});
	const chunks = readFileSync(file, 'utf8')
		.split('\n')
		.filter(line => line.includes('"chunk"'))
		.map(line => JSON.parse(line) as Record<string, unknown>)
		.map(({direction, base64}) => [direction, base64]);
	assert.deepEqual(chunks, [
		['in', asksForEcho.toString('base64')],
		['out', refusesEcho.toString('base64')],
	]);
	chat.signal('SIGTERM');
	await chat.waitForExit();
});
