/** Stopped processes: a server, and a reader that others don't wait for. */
import assert from 'node:assert/strict';
import {readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {test} from 'node:test';
import {defaultRetainedBytes} from '../../source/room/log.js';
import {serveJson, loopback} from '../helpers/sockchat.js';
import {openClient} from '../helpers/client.js';
import {startBin} from '../helpers/process.js';
import {until} from '../helpers/until.js';
import {eventsOf, makeFolder, residentKib} from '../helpers/faults/process.js';
import {deadlineMs, isFull, sized} from '../helpers/faults/size.js';

test(
	'faults: a stopped server is silent, then lost, and returns when it continues',
	{timeout: deadlineMs},
	async t => {
		const {server, port} = await serveJson(t);
		const chat = startBin(t, [
			'connect',
			'--json',
			'--port',
			port,
			'--nick',
			'heron',
		]);
		await chat.waitForOutput('"type":"joined"');
		chat.writeLine('before');
		await chat.waitForOutput('"text":"before"');
		const stoppedAt = Date.now();
		server.signal('SIGSTOP');
		chat.writeLine('meanwhile');
		const phaseAfter = async (from: number, phase: string) =>
			until(
				() =>
					eventsOf(chat).find(
						event =>
							event.type === 'state' &&
							event.phase === phase &&
							event.at >= from,
					)?.at,
				{what: `phase ${phase}`, seen: chat.seen, deadlineMs},
			);
		const silentMs = (await phaseAfter(stoppedAt, 'silent')) - stoppedAt;
		const lostMs = (await phaseAfter(stoppedAt, 'waiting')) - stoppedAt;
		// Reduced, it goes on with an attempt or two in its queue.
		const stopMs = sized(30_000, 8000);
		await until(() => Date.now() - stoppedAt >= stopMs, {
			what: 'the end of the stop',
			deadlineMs: 2 * stopMs,
		});
		const wokenAt = Date.now();
		server.signal('SIGCONT');
		const backMs = (await phaseAfter(wokenAt, 'open')) - wokenAt;
		chat.writeLine('after');
		await chat.waitForOutput('"text":"after"', {deadlineMs: 20_000});
		for (const told of [server, chat]) {
			const said = eventsOf(told).flatMap(({type, text}) =>
				type === 'message' ? [text] : [],
			);
			assert.deepEqual(said, ['before', 'meanwhile', 'after']);
		}

		t.diagnostic(
			`stopped for ${wokenAt - stoppedAt} ms: silent after ${silentMs} ms, lost after ${lostMs} ms, back ${backMs} ms after it went on`,
		);
		if (isFull) {
			assert.ok(silentMs < 4000 && lostMs < 7000 && backMs < 12_000);
		}
	},
);

/**
 * Loaded by a server: notes the most that waited in Node for one peer, the host's
 * own not counted.
 */
const queueWatch = `
const {writeFileSync} = require('node:fs');
const {Socket} = require('node:net');
const {write} = Socket.prototype;
let most = 0;
Socket.prototype.write = function (...args) {
	const isTaken = write.apply(this, args);
	if (this.remoteAddress !== undefined && this.writableLength > most) {
		most = this.writableLength;
		writeFileSync(process.env.MOST_QUEUED, String(most));
	}

	return isTaken;
};`;

const active = sized(49, 10);
// More than what the kernel holds for a reader that is stopped: 4 MiB, and some.
const lineBytes = sized(1000, 4000);
const perSecond = 200;
const stoppedMs = sized(60_000, 8000);
// The log may fill what it keeps in memory, whoever reads it.
const grownKib = (defaultRetainedBytes + 10 * 1024 * 1024) / 1024;
const maxQueuedBytes = (256 + 64) * 1024;

test(
	`faults: one reader is stopped for ${stoppedMs / 1000} s, ${active} continue: memory is bounded, nothing is missed without a gap`,
	{timeout: deadlineMs},
	async t => {
		const folder = makeFolder(t);
		const watch = join(folder, 'watch.cjs');
		const most = join(folder, 'most');
		writeFileSync(watch, queueWatch);
		const {server, port} = await serveJson(t, [], {
			env: {NODE_OPTIONS: `--require=${watch}`, MOST_QUEUED: most},
		});
		const reader = startBin(t, [
			'connect',
			'--json',
			'--port',
			port,
			'--nick',
			'reader',
		]);
		await reader.waitForOutput('"type":"joined"');
		const all = Array.from({length: active}, (_, index) => {
			const seen = {count: 0};
			const {client, untilPhase} = openClient(
				t,
				loopback(port),
				`otter-${index}`,
				{
					onEvent(event) {
						if (event.type === 'frame' && event.frame.type === 'message') {
							seen.count++;
						}
					},
				},
			);
			return {client, untilPhase, seen};
		});
		for (const each of all) {
			await each.untilPhase('open');
		}

		let said = 0;
		let slowestMs = 0;
		const sayFor = async (ms: number) => {
			const startedAt = performance.now();
			for (;;) {
				const elapsed = performance.now() - startedAt;
				if (elapsed >= ms) {
					break;
				}

				const due = Math.floor((elapsed / 1000) * perSecond) - sent;
				for (let index = 0; index < due; index++) {
					all[said % active]!.client.say(
						`line ${++said} ${'.'.repeat(lineBytes)}`,
					);
					sent++;
				}

				const nextMs = ((sent + 1) / perSecond) * 1000;
				await until(() => performance.now() - startedAt >= nextMs, {
					what: 'the next line to be due',
				});
			}

			sent = 0;
			const settledAt = performance.now();
			await until(() => all.every(({seen}) => seen.count === said), {
				what: `all active to have ${said}`,
				seen: () => all.map(({seen}) => seen.count).join(' '),
				deadlineMs,
			});
			slowestMs = Math.max(slowestMs, performance.now() - settledAt);
		};

		let sent = 0;
		// Until the server's heap has found its size at this load.
		await sayFor(sized(20_000, 3000));
		const beforeKib = residentKib(server.pid!);
		reader.signal('SIGSTOP');
		await sayFor(stoppedMs);
		const afterKib = residentKib(server.pid!);
		reader.signal('SIGCONT');
		const last = `line ${said} `;
		await until(() => reader.stdout().includes(`"text":"${last}`), {
			what: 'the reader to have the last line',
			seen: () => reader.stdout().slice(-2000),
			deadlineMs,
		});
		// Each seq arrives once, or in a gap.
		let next = 1;
		let gone = 0;
		for (const event of eventsOf(reader)) {
			if (event.type === 'gap') {
				const {to} = event as unknown as {to: number};
				gone += to + 1 - next;
				next = to + 1;
			} else if (event.seq !== undefined) {
				assert.ok(
					event.seq === next || next === 1,
					`${event.seq} came where ${next} was due`,
				);
				next = event.seq + 1;
			}
		}

		const grown = afterKib - beforeKib;
		const queuedBytes = Number(readFileSync(most, 'utf8'));
		t.diagnostic(
			`${said} lines by ${active} at ${perSecond}/s, one stopped for ${stoppedMs / 1000} s: server ${beforeKib} → ${afterKib} KiB (${grown} KiB more), at most ${queuedBytes} bytes in the queue of one; the reader came back with ${gone} stated as gone; the others had all within ${Math.round(slowestMs)} ms`,
		);
		assert.ok(grown < grownKib, `${grown} KiB more`);
		// The part of the log that it was on when it stopped, and answers.
		assert.ok(
			queuedBytes > 0 && queuedBytes <= maxQueuedBytes,
			`${queuedBytes} bytes in one queue`,
		);
	},
);
