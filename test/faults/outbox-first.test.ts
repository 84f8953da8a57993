/** Checks by system calls that what waits for a relay is kept before it is shown. */
import {join} from 'node:path';
import {test} from 'node:test';
import {makeFolder} from '../helpers/faults/process.js';
import {deadlineMs, sized} from '../helpers/faults/size.js';
import {assertKeptFirst, serveTraced} from '../helpers/faults/traced.js';
import {startNats} from '../helpers/nats.js';
import {joinBare} from '../helpers/sockchat.js';
import {until} from '../helpers/until.js';

const messages = sized(200, 20);

for (const mode of ['interval', 'always']) {
	test(
		`faults: with --fsync ${mode} what waits for the relay is in the outbox before it is on a socket`,
		{timeout: deadlineMs},
		async t => {
			const nats = await startNats(t);
			const folder = makeFolder(t);
			const {server, port, stop} = await serveTraced(t, folder, [
				'--input=none',
				'--room=lab',
				`--relay=${nats.url}`,
				`--history=${join(folder, 'room.jsonl')}`,
				`--fsync=${mode}`,
			]);
			const otter = await joinBare(t, port, 'otter');
			const heron = await joinBare(t, port, 'heron');
			await nats.kill();
			await server.waitForOutput(/"type":"relay".*"phase":"away"/);
			const waits = async (count: number) =>
				until(() => heron.of('pending').length >= count, {
					what: `${count} that wait`,
					deadlineMs: 30_000,
				});
			for (let n = 1; n <= messages; n++) {
				otter.sayNext(`message ${n}.`);
				if (n % 7 === 0) {
					await waits(n);
				}
			}

			await waits(messages);
			const calls = await stop();
			const isSynced = mode === 'always';
			for (let n = 1; n <= messages; n++) {
				const of = calls.filter(({text}) => text.includes(`message ${n}.`));
				const shown = of.filter(({text}) => text.includes('pending'));
				assertKeptFirst(calls, of, shown, {isSynced, what: String(n)});
			}
		},
	);
}
