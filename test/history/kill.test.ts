import assert from 'node:assert/strict';
import {readFileSync, statSync, truncateSync} from 'node:fs';
import {execPath} from 'node:process';
import {test} from 'node:test';
import {fileURLToPath} from 'node:url';
import {startProcess, withTypeScript} from '../helpers/process.js';
import {until} from '../helpers/until.js';
import {look, makePath, range, seqsOf} from '../helpers/history/kept.js';

const appender = fileURLToPath(
	new URL('../helpers/history/appender.ts', import.meta.url),
);

const lastKept = (output: string): number =>
	Number(/kept (\d+)\n(?!.*\n)/.exec(output)?.[1] ?? 0);

test('history: killed twenty times, it has every stored entry once', async t => {
	const path = makePath(t);
	let kept = 0;
	for (let round = 0; round < 20; round++) {
		const child = startProcess(t, execPath, [withTypeScript, appender, path]);
		// At another place each round, also during rotations.
		const wanted = kept + 1 + round * 60;
		await child.waitForOutput('ready ');
		await until(() => lastKept(child.stdout()) >= wanted, {
			what: `entry ${wanted}`,
			seen: child.seen,
		});
		child.signal('SIGKILL');
		assert.equal((await child.waitForExit()).signal, 'SIGKILL');
		kept = lastKept(child.stdout());
		await look(path, ({history}) => {
			const {head, tail, tailFirstSeq} = history.recovered;
			assert.ok(head >= kept, `${kept} were kept, ${head} are there`);
			assert.deepEqual(seqsOf(tail), range(tailFirstSeq, head));
			assert.equal(history.firstSeq, tailFirstSeq);
			kept = head;
		});
	}

	assert.ok(kept > 1000);
});

test('history: cut anywhere after a kill, it gives no seq twice', async t => {
	const path = makePath(t);
	const logOf = () => {
		const [line] = readFileSync(path, 'utf8').split('\n', 1);
		return (JSON.parse(line!) as {log: string}).log;
	};

	for (let round = 0; round < 20; round++) {
		const child = startProcess(t, execPath, [withTypeScript, appender, path]);
		await child.waitForOutput(/kept \d+\n/);
		child.signal('SIGKILL');
		await child.waitForExit();
		const kept = lastKept(child.stdout());
		const log = logOf();
		const {size} = statSync(path);
		// From one byte to several groups, perhaps exactly at a group's end.
		truncateSync(path, Math.max(200, size - 1 - round * 37));
		await look(path, ({history}) => {
			const {logId, head} = history.recovered;
			assert.ok(
				logId !== log || head >= kept,
				`${kept} were kept, ${head} are left in the same log`,
			);
		});
	}
});
