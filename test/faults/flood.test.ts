/** One sender sends more than a history keeps; the others' messages stay. */
import assert from 'node:assert/strict';
import {createConnection} from 'node:net';
import {join} from 'node:path';
import {test} from 'node:test';
import {startBin} from '../helpers/process.js';
import {findPort} from '../helpers/ports.js';
import {joinBare} from '../helpers/sockchat.js';
import {until} from '../helpers/until.js';
import {helloFrame} from '../helpers/wire-peer.js';
import {makeFolder} from '../helpers/faults/process.js';
import {deadlineMs} from '../helpers/faults/size.js';

// 16 files of 16 MiB are kept; in any size of run this has to be more.
const count = 20_000;
const text = 'x'.repeat(16_000);

test(
	'faults: a flood of 16 KB lines pushes nobody else out of the history',
	{timeout: 3 * deadlineMs},
	async t => {
		const path = join(makeFolder(t), 'room.jsonl');
		const port = await findPort();
		// At the default rate, the flood would take minutes.
		startBin(t, [
			'serve',
			'--plain',
			'--quiet',
			`--port=${port}`,
			`--history=${path}`,
			'--rate=1000000',
		]);
		const otter = await until(
			async () => joinBare(t, port, 'otter').catch(() => undefined),
			{what: 'the server to listen'},
		);
		const said = Array.from({length: 20}, (_, index) => `needle ${index + 1}`);
		otter.sayNext(...said);
		await otter.untilSaid(said.at(-1)!);
		otter.send({type: 'bye'});
		otter.end();
		await otter.untilClosed();

		const flooder = createConnection({host: '127.0.0.1', port: Number(port)});
		t.after(() => {
			flooder.destroy();
		});
		let tail = '';
		let refused = 0;
		let isAnswered = false;
		flooder.on('data', chunk => {
			const seen = tail + chunk.toString('latin1');
			refused += seen.split('"ERR_SHARE"').length - 1;
			tail = seen.slice(-10);
			isAnswered ||= new RegExp(`"n":${count}[,}]`).test(seen);
			if (seen.includes('"type":"ping"')) {
				flooder.write('{"type":"pong","id":1}\n');
			}
		});
		let n = 0;
		const write = () => {
			while (n < count) {
				if (!flooder.write(`{"type":"say","n":${++n},"text":"${text}"}\n`)) {
					return;
				}
			}
		};

		flooder.on('drain', write);
		flooder.write(`${JSON.stringify(helloFrame('flooder'))}\n`);
		const startedAt = performance.now();
		write();
		await until(() => isAnswered, {
			what: 'an answer to the last line',
			seen: () => `${n} written, ${refused} refused`,
			deadlineMs: 2 * deadlineMs,
		});
		const seconds = (performance.now() - startedAt) / 1000;
		flooder.destroy();

		const finder = await joinBare(t, port, 'finder');
		finder.send({type: 'search', id: 1, text: 'needle'});
		const {entries} = await finder.untilFrame('found');
		assert.deepEqual(
			entries.map(entry => entry.text),
			said,
		);
		t.diagnostic(
			`${count} lines of ${text.length} bytes in ${seconds.toFixed(1)} s, ${refused} of them refused: all of ${said.length} older messages are found`,
		);
	},
);
