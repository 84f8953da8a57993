/** A server is killed again and again during traffic. */
import assert from 'node:assert/strict';
import {readFileSync, readdirSync} from 'node:fs';
import {join} from 'node:path';
import {test} from 'node:test';
import {openClient} from '../helpers/client.js';
import {loopback} from '../helpers/sockchat.js';
import {findPort} from '../helpers/ports.js';
import {until} from '../helpers/until.js';
import {makeFolder, serveOn} from '../helpers/faults/process.js';
import {
	createRandom,
	deadlineMs,
	isFull,
	sized,
} from '../helpers/faults/size.js';

const kills = sized(20, 4);
const clientCount = 5;
const sends = sized(5000, 400);

type Line = {
	readonly type: string;
	readonly seq: number;
	readonly id: string;
	readonly n: number;
	readonly text: string;
};

/** Lines of a file that aren't JSON, or have no LF. */
const tornIn = (text: string): string[] =>
	text.split('\n').filter((line, index, lines) => {
		if (index === lines.length - 1) {
			return line !== '';
		}

		try {
			JSON.parse(line);
			return false;
		} catch {
			return true;
		}
	});

test(
	`faults: killed ${kills} times in ${sends} sends: every message is stored once`,
	{timeout: deadlineMs},
	async t => {
		const path = join(makeFolder(t), 'room.jsonl');
		const port = await findPort();
		const args = ['--history', path];
		const random = createRandom(9);
		const ready: number[] = [];
		const torn: number[] = [];
		let {server, readyMs} = await serveOn(t, port, args);
		ready.push(readyMs);
		const all = Array.from({length: clientCount}, (_, index) =>
			openClient(t, loopback(port), `otter-${index}`, {random}),
		);
		for (const each of all) {
			await each.untilPhase('open');
		}

		const rounds = kills + 1;
		const perRound = Math.ceil(sends / rounds / clientCount);
		let said = 0;
		const echoed = () =>
			all.reduce((sum, {client}) => sum - client.unstored, said);
		for (let round = 0; round < rounds; round++) {
			const before = echoed();
			// Bursts; the kill comes during their echoes or before any.
			const wanted = before + Math.floor(random() * perRound * clientCount);
			for (let n = 0; n < perRound && said < sends; n++) {
				for (const [index, {client}] of all.entries()) {
					client.say(`${index}: line ${round}.${n}`);
					said++;
				}

				if (n % 10 === 0) {
					await until(() => true, {what: 'a turn'});
				}
			}

			if (round === kills) {
				break;
			}

			await until(() => echoed() >= Math.min(wanted, said), {
				what: 'some echoes',
				deadlineMs,
			});
			server.signal('SIGKILL');
			await server.waitForExit();
			torn.push(tornIn(readFileSync(path, 'utf8')).length);
			({server, readyMs} = await serveOn(t, port, args));
			ready.push(readyMs);
		}

		await until(() => all.every(({client}) => client.unstored === 0), {
			what: 'all to be stored',
			seen: () =>
				all
					.map(({client, phase}) => `${client.unstored} unstored, ${phase()}`)
					.join('\n'),
			deadlineMs,
		});
		server.signal('SIGTERM');
		await server.waitForExit();

		const lines = readFileSync(path, 'utf8')
			.split('\n')
			.filter(line => line !== '')
			.map(line => JSON.parse(line) as Line);
		const entries = lines.filter(({seq, type}) => seq && type !== 'checkpoint');
		assert.deepEqual(
			entries.map(({seq}) => seq),
			Array.from({length: entries.length}, (_, index) => index + 1),
			'the seqs have no hole',
		);
		const kept = entries.filter(({type}) => type === 'message');
		const inFile = kept.map(({id, n}) => `${id} ${n}`);
		assert.equal(new Set(inFile).size, inFile.length, 'none is there twice');
		assert.equal(kept.length, said, 'every one is there');
		for (const {frames, of} of all) {
			assert.deepEqual(of('failed'), []);
			const shown = frames().flatMap(frame =>
				frame.type === 'message' ? [`${frame.id} ${frame.n}`] : [],
			);
			assert.deepEqual(shown, inFile, 'each saw the file, in its order');
			assert.ok(frames().every(({type}) => type !== 'gap'));
		}

		assert.ok(
			torn.every(count => count <= 1),
			`torn lines at each kill: ${torn.join(' ')}`,
		);
		assert.deepEqual(
			readdirSync(join(path, '..')).filter(name => name.includes('damaged')),
			[],
		);
		const slowest = Math.max(...ready);
		t.diagnostic(
			`${said} sends, ${kills} kills: ${kept.length} in the file once each; ${torn.filter(Boolean).length} kills left a torn line; listening again after at most ${slowest} ms, ${Math.round(ready.reduce((a, b) => a + b) / ready.length)} ms on average`,
		);
		if (isFull) {
			assert.ok(slowest < 1000, `ready after ${ready.join(', ')} ms`);
		}
	},
);
