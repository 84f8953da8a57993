/** Servers that share a volume, but don't see each other's processes. */
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {test} from 'node:test';
import {killTree} from '../helpers/environment.js';
import {makePath} from '../helpers/history/kept.js';
import {startTaker, type Taker} from '../helpers/history/taker.js';
import {until} from '../helpers/until.js';

const kinds = ['sqlite', 'flock'] as const;
const isInContainer = true;

/** The child that held a killed server's lock ends a moment later. */
const untilTaken = async (other: Taker) =>
	until(async () => (await other.take()) === 'taken', {
		what: 'the lock to be free',
		seen: other.seen,
	});

for (const kind of kinds) {
	for (const [first, second] of [
		[true, true],
		[true, false],
		[false, true],
	] as const) {
		const where = (isInside: boolean) =>
			isInside ? 'a container' : 'the machine itself';
		test(`history: locked by ${kind} in ${where(first)}, it is refused in ${second === first ? 'another' : where(second)} until the holder is killed`, async t => {
			const path = makePath(t);
			const holder = await startTaker(t, path, {isInContainer: first, kind});
			const other = await startTaker(t, path, {isInContainer: second, kind});
			assert.equal(await holder.take(), 'taken');
			assert.match(
				await other.take(),
				/running server, in another container or/,
			);
			holder.signal('SIGKILL');
			await holder.waitForExit();
			await untilTaken(other);
			assert.equal(holder.stderr() + other.stderr(), '');
		});
	}

	test(`history: locked by ${kind}, only one of several containers that start at once gets it, 20 times`, async t => {
		const path = makePath(t);
		const all = await Promise.all(
			Array.from({length: 4}, async () =>
				startTaker(t, path, {isInContainer, kind}),
			),
		);
		for (let round = 0; round < 20; round++) {
			const said = await Promise.all(all.map(async each => each.take()));
			const winners = all.filter((_, index) => said[index] === 'taken');
			assert.equal(winners.length, 1, said.join('\n'));
			assert.equal(await winners[0]!.release(), 'released');
		}
	});
}

test('history: Node with sqlite sees a lock held by flock', async t => {
	const path = makePath(t);
	const holder = await startTaker(t, path, {isInContainer, kind: 'flock'});
	const other = await startTaker(t, path);
	assert.equal(await holder.take(), 'taken');
	assert.match(await other.take(), /running server, in another container or/);
	holder.signal('SIGKILL');
	await holder.waitForExit();
	await untilTaken(other);
});

test("history: refuses a lock that this Node can't check", async t => {
	for (const kind of ['flock', 'none'] as const) {
		const path = makePath(t);
		const holder = await startTaker(t, path, {isInContainer, kind: 'sqlite'});
		const other = await startTaker(t, path, {kind});
		assert.equal(await holder.take(), 'taken');
		assert.match(await other.take(), /may belong to.*delete .*\.lock\.1,/);
	}
});

test('history: protected by a process id alone, it says what goes unnoticed', async t => {
	const path = makePath(t);
	const holder = await startTaker(t, path, {kind: 'none'});
	const other = await startTaker(t, path, {kind: 'none'});
	assert.equal(await holder.take(), 'taken');
	assert.match(holder.stderr(), /protected by a process id alone/);
	assert.match(await other.take(), new RegExp(`process ${holder.pid};`));
});

test('history: reports that flock was killed', async t => {
	const path = makePath(t);
	const holder = await startTaker(t, path, {kind: 'flock'});
	assert.equal(await holder.take(), 'taken');
	const children = readFileSync(
		`/proc/${holder.pid}/task/${holder.pid}/children`,
		'utf8',
	);
	killTree(Number(children.trim()));
	await holder.waitForOutput(/was killed by another program/, {
		stream: 'stderr',
	});
});
