/** Checks by system calls that entries are written before they are shown. */
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import process from 'node:process';
import {test} from 'node:test';
import {joinBare} from '../helpers/sockchat.js';
import {requireExecutable} from '../helpers/environment.js';
import {bin, startProcess} from '../helpers/process.js';
import {callsOf, type Call} from '../helpers/faults/calls.js';
import {makeFolder} from '../helpers/faults/process.js';
import {deadlineMs, sized} from '../helpers/faults/size.js';

const messages = sized(500, 50);

for (const mode of ['interval', 'always']) {
	test(
		`faults: with --fsync ${mode} each message is in the file before it is on a socket`,
		{timeout: deadlineMs},
		async t => {
			const folder = makeFolder(t);
			const path = join(folder, 'room.jsonl');
			const traced = join(folder, 'calls');
			const {command, args} = bin(
				'serve',
				'--json',
				'--port',
				'0',
				'--history',
				path,
				'--fsync',
				mode,
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
			for (let n = 1; n <= messages; n++) {
				otter.sayNext(`message ${n}.`);
				if (n % 7 === 0) {
					await otter.untilSaid(`message ${n}.`);
				}
			}

			await heron.untilSaid(`message ${messages}.`);
			// To strace itself it would mean nothing. With the drain all is traced.
			const pid = server.pid!;
			const tracee = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
			process.kill(Number(tracee), 'SIGTERM');
			await server.waitForExit();
			const calls = callsOf(readFileSync(traced, 'utf8'));
			const isHistory = ({name}: Call) => name.startsWith('pwrite');
			const historyFd = calls.find(
				call => isHistory(call) && call.text.includes('message 1.'),
			)?.fd;
			assert.notEqual(historyFd, undefined, 'the write is in the trace');
			let shown = 0;
			for (let n = 1; n <= messages; n++) {
				const text = `"text\\":\\"message ${n}.\\"`.replace(
					'"text',
					String.raw`\"text`,
				);
				const of = calls.filter(call => call.text.includes(text));
				const kept = of.find(isHistory);
				assert.ok(kept && kept.to < Infinity, `${n} is written`);
				const others = of.filter(call => !isHistory(call));
				shown += others.length;
				assert.ok(others.length > 0, `${n} is shown`);
				const synced =
					mode === 'always'
						? calls.find(
								({name, fd, from}) =>
									name === 'fdatasync' && fd === historyFd && from >= kept.to,
							)
						: kept;
				for (const {from, text: line} of others) {
					assert.ok(
						synced !== undefined && synced.to < from,
						`${n} was shown before it was kept: ${line.slice(0, 200)}`,
					);
				}
			}

			t.diagnostic(
				`${messages} messages, ${calls.length} system calls: each of ${shown} writes that show one began after its write into the file${mode === 'always' ? ' and its fdatasync' : ''} had returned`,
			);
		},
	);
}
