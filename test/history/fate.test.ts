import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import {
	existsSync,
	readFileSync,
	renameSync,
	statSync,
	writeFileSync,
} from 'node:fs';
import {dirname, join} from 'node:path';
import {test} from 'node:test';
import {
	linesOf,
	look,
	makePath,
	namesBeside,
	open,
	otterId,
	range,
	seqsOf,
	type Kept,
} from '../helpers/history/kept.js';

/** What happens to FILE, and the files expected beside it afterwards. */
const fates: Readonly<
	Record<string, {command: string; told: RegExp; beside: readonly string[]}>
> = {
	rm: {command: 'rm "$1"', told: /was removed/, beside: []},
	'mv away': {
		command: 'mv "$1" "$1.1"',
		told: /was renamed or moved/,
		beside: ['room.jsonl.1'],
	},
	'mv away, and a new empty one': {
		command: 'mv "$1" "$1.1" && : > "$1"',
		told: /was replaced/,
		beside: ['room.jsonl.1'],
	},
	'mv over': {
		command: 'echo other > "$1.x" && mv "$1.x" "$1"',
		told: /was replaced/,
		beside: ['room.jsonl.other-1'],
	},
	'sed -i': {
		command: 'sed -i s/text/TEXT/ "$1"',
		told: /was replaced/,
		beside: ['room.jsonl.other-1'],
	},
	'a link in its place': {
		command: 'mv "$1" "$1.1" && ln -s "$1.1" "$1"',
		told: /was replaced/,
		beside: ['room.jsonl.1', 'room.jsonl.other-1'],
	},
	': >': {command: ': > "$1"', told: /was cut short/, beside: []},
	'truncate to its first bytes': {
		command: 'truncate -s 50 "$1"',
		told: /was cut short/,
		beside: ['room.jsonl.other-1'],
	},
	'cp over': {
		command: 'echo shorter > "$1.x" && cp "$1.x" "$1" && rm "$1.x"',
		told: /was cut short/,
		beside: ['room.jsonl.other-1'],
	},
	'cp of a longer one over': {
		command: 'cat "$1" "$1" > "$1.x" && cp "$1.x" "$1" && rm "$1.x"',
		told: /was written to by another program/,
		beside: ['room.jsonl.other-1'],
	},
	'echo >>': {
		command: 'echo more >> "$1"',
		told: /was written to by another program/,
		beside: ['room.jsonl.other-1'],
	},
};

const befall = (path: string, command: string): void => {
	execFileSync('sh', ['-c', command, 'sh', path]);
};

/** The seqs of the messages in a file, in order. */
const seqsIn = (path: string): number[] =>
	readFileSync(path, 'utf8')
		.split('\n')
		.slice(0, -1)
		.map(line => JSON.parse(line) as {type: string; seq: number})
		.flatMap(({type, seq}) => (type === 'message' ? [seq] : []));

/** Gives the history the memory of a room, from a seq on. */
const remember = ({history}: Kept, head: number, oldest = 1): void => {
	history.remember({
		clientsAt: seq => [[otterId, seq]],
		entriesFrom(wanted) {
			const firstSeq = Math.max(wanted, oldest);
			return {entries: linesOf(firstSeq, head), firstSeq};
		},
	});
};

const noticedBy: Readonly<Record<string, (kept: Kept) => Promise<unknown>>> = {
	'the next group': async kept => kept.append(2),
	'a look': async kept => kept.history.look(),
	'the close': async () => undefined,
};

for (const [name, {command, told, beside}] of Object.entries(fates)) {
	for (const [how, notice] of Object.entries(noticedBy)) {
		for (const fsync of ['interval', 'always'] as const) {
			test(`history: after ${name}, ${how} restores all of it, with ${fsync}`, async t => {
				const path = makePath(t);
				const kept = await open(path, {fsync});
				const {logId} = kept.history.recovered;
				await kept.append(3);
				await kept.appendEach(2);
				remember(kept, 5);
				befall(path, command);
				await notice(kept);
				if (how !== 'the close') {
					assert.deepEqual(seqsIn(path).slice(0, 5), range(1, 5));
					await kept.append();
				}

				const {head} = kept;
				await kept.history.close();
				assert.equal(kept.troubles.length, 1);
				assert.match(kept.troubles[0]!.message, told);
				assert.deepEqual(namesBeside(path), ['room.jsonl', ...beside]);
				await look(path, async ({history, append}) => {
					const {recovered} = history;
					assert.equal(recovered.logId, logId);
					assert.deepEqual(seqsOf(recovered.tail), range(1, head));
					assert.equal(recovered.lastN.get(otterId), head);
					assert.equal(recovered.cutBytes, 0);
					assert.equal(recovered.isNextLog, false);
					await append();
				});
			});
		}
	}
}

test('history: reports lost entries by seq, and gives no seq twice', async t => {
	const path = makePath(t);
	await look(path, async kept => {
		await kept.appendEach(9);
		remember(kept, 9, 7);
		befall(path, 'truncate -s 400 "$1"');
		await kept.append();
		assert.match(kept.troubles[0]!.message, /entries 1 to 6 are lost/);
		assert.equal(kept.history.firstSeq, 7);
	});
	assert.deepEqual(seqsIn(path), [7, 8, 9, 10]);
	assert.deepEqual(namesBeside(path), [
		'room.jsonl',
		'room.jsonl.damaged-000000000001',
	]);
	await look(path, async ({history}) => {
		assert.equal(history.recovered.head, 10);
		assert.equal(history.recovered.tailFirstSeq, 7);
		assert.equal(history.recovered.lastN.get(otterId), 10);
	});
});

test("history: refuses groups while FILE can't be written again, then continues", async t => {
	const path = makePath(t);
	const folder = dirname(path);
	await look(path, async kept => {
		await kept.append(3);
		renameSync(folder, `${folder}-away`);
		for (let times = 0; times < 3; times++) {
			await kept.history.look();
			assert.equal(kept.troubles.length, 1, 'one word of it');
		}

		for (let times = 0; times < 3; times++) {
			await assert.rejects(kept.append(), {
				code: 'ERR_HISTORY_WRITE',
				message: /was renamed or moved while .* can't be written again: ENOENT/,
			});
		}

		renameSync(`${folder}-away`, folder);
		assert.equal(kept.mended(), 0);
		await kept.history.look();
		assert.equal(kept.mended(), 1);
		await kept.append();
		assert.equal(kept.troubles.length, 1, 'it was there again, as it was');
		renameSync(path, join(folder, 'away'));
		await kept.append();
		assert.equal(kept.troubles.length, 2);
		assert.equal(kept.mended(), 2);
	});
	assert.deepEqual(seqsIn(path), range(1, 5));
	assert.deepEqual(seqsIn(join(folder, 'away')), range(1, 4));
});

test("history: a close reports that FILE is gone and can't be written again", async t => {
	const path = makePath(t);
	const folder = dirname(path);
	const kept = await open(path);
	await kept.append(3);
	renameSync(folder, `${folder}-away`);
	await assert.rejects(kept.history.close(), {
		code: 'ERR_HISTORY_WRITE',
		message:
			/can't be written again: ENOENT.* The server is stopping, and the entries are lost/,
	});
	renameSync(`${folder}-away`, folder);
	assert.deepEqual(seqsIn(path), range(1, 3));
});

test('history: killed while it writes FILE again, it takes no part of it for FILE', async t => {
	const path = makePath(t);
	const again = `${path}.again`;
	const logId = await look(path, async kept => {
		await kept.appendEach(3);
		return kept.history.recovered.logId;
	});
	const part = readFileSync(path).subarray(0, -200);
	renameSync(path, `${path}.1`);
	writeFileSync(again, part);
	await look(path, async kept => {
		assert.notEqual(kept.history.recovered.logId, logId);
		assert.deepEqual(readFileSync(again), part);
		await kept.append();
		befall(path, 'rm "$1"');
		await kept.append();
		assert.deepEqual(readFileSync(`${path}.other-1`), part);
		assert.equal(existsSync(again), false);
	});
});

test('history: closes a full FILE that was removed, once it is written again', async t => {
	const path = makePath(t);
	await look(
		path,
		async kept => {
			while (statSync(path).size < 800) {
				await kept.append();
			}

			befall(path, 'rm "$1"');
			await kept.appendEach(9);
			assert.equal(kept.troubles.length, 1);
			assert.ok(existsSync(`${path}.000000000001`));
			return kept.head;
		},
		{fileBytes: 1000},
	);
	await look(path, async ({history, head}) => {
		assert.deepEqual(seqsOf(history.recovered.tail), range(1, head));
	});
});

test('history: serves nothing from another file in the place of FILE', async t => {
	const path = makePath(t);
	await look(path, async kept => {
		await kept.append(3);
		befall(path, 'sed -i "s/text 1/TEXT 1/" "$1"');
		assert.equal(await kept.history.read(1, 1000), undefined);
		assert.deepEqual(await kept.history.search('text', {limit: 9}), {
			entries: [],
			next: undefined,
		});
		await kept.append();
		const pages = await kept.history.read(1, 10_000);
		assert.deepEqual(pages!.entries, linesOf(1, 4));
	});
	const other = readFileSync(`${path}.other-1`, 'utf8');
	assert.match(other, /TEXT 1/);
});
