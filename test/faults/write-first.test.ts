/** Checks by system calls that entries are written before they are shown. */
import {join} from 'node:path';
import {test} from 'node:test';
import {joinBare} from '../helpers/sockchat.js';
import {makeFolder} from '../helpers/faults/process.js';
import {deadlineMs, sized} from '../helpers/faults/size.js';
import {
	assertKeptFirst,
	isFileWrite,
	serveTraced,
} from '../helpers/faults/traced.js';

const messages = sized(500, 50);

for (const mode of ['interval', 'always']) {
	test(
		`faults: with --fsync ${mode} each message is in the file before it is on a socket`,
		{timeout: deadlineMs},
		async t => {
			const folder = makeFolder(t);
			const {port, stop} = await serveTraced(t, folder, [
				`--history=${join(folder, 'room.jsonl')}`,
				`--fsync=${mode}`,
			]);
			const otter = await joinBare(t, port, 'otter');
			const heron = await joinBare(t, port, 'heron');
			for (let n = 1; n <= messages; n++) {
				otter.sayNext(`message ${n}.`);
				if (n % 7 === 0) {
					await otter.untilSaid(`message ${n}.`);
				}
			}

			await heron.untilSaid(`message ${messages}.`);
			const calls = await stop();
			const isSynced = mode === 'always';
			let shown = 0;
			for (let n = 1; n <= messages; n++) {
				const text = String.raw`\"text\":\"message ${n}.\"`;
				const of = calls.filter(call => call.text.includes(text));
				const others = of.filter(call => !isFileWrite(call));
				shown += others.length;
				assertKeptFirst(calls, of, others, {isSynced, what: String(n)});
			}

			t.diagnostic(
				`${messages} messages, ${calls.length} system calls: each of ${shown} writes that show one began after its write into the file${isSynced ? ' and its fdatasync' : ''} had returned`,
			);
		},
	);
}
