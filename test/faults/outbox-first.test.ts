/** Checks by system calls that what waits for a relay is kept before it is shown. */
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import process from 'node:process';
import {test} from 'node:test';
import {requireExecutable} from '../helpers/environment.js';
import {callsOf, type Call} from '../helpers/faults/calls.js';
import {makeFolder} from '../helpers/faults/process.js';
import {deadlineMs, sized} from '../helpers/faults/size.js';
import {startNats} from '../helpers/nats.js';
import {bin, startProcess} from '../helpers/process.js';
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
			const traced = join(folder, 'calls');
			const {command, args} = bin(
				'serve',
				'--json',
				'--port=0',
				'--input=none',
				'--room=lab',
				`--relay=${nats.url}`,
				`--history=${join(folder, 'room.jsonl')}`,
				`--fsync=${mode}`,
			);
			const server = startProcess(t, requireExecutable('strace', 'strace'), [
				'--follow-forks',
				'--string-limit=100000',
				'--trace=write,writev,pwrite64,pwritev,pwritev2,sendto,sendmsg,fdatasync',
				`--output=${traced}`,
				command,
				...args,
			]);
			const port = await server.waitForOutput(/"listening".*"port":(\d+)/, {
				deadlineMs: 30_000,
			});
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
			// To strace itself it would mean nothing. With the drain all is traced.
			const pid = server.pid!;
			const tracee = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
			process.kill(Number(tracee), 'SIGTERM');
			await server.waitForExit();
			const calls = callsOf(readFileSync(traced, 'utf8'));
			const isOutbox = ({name}: Call) => name.startsWith('pwrite');
			for (let n = 1; n <= messages; n++) {
				const of = calls.filter(({text}) => text.includes(`message ${n}.`));
				const kept = of.find(call => isOutbox(call));
				assert.ok(kept && kept.to < Infinity, `${n} is kept`);
				const shown = of.filter(({text}) => text.includes('pending'));
				assert.ok(shown.length > 0, `${n} is shown`);
				const synced =
					mode === 'always'
						? calls.find(
								({name, fd, from}) =>
									name === 'fdatasync' && fd === kept.fd && from >= kept.to,
							)
						: kept;
				for (const {from, text} of shown) {
					assert.ok(
						synced !== undefined && synced.to < from,
						`${n} was shown before it was kept: ${text.slice(0, 200)}`,
					);
				}
			}
		},
	);
}
