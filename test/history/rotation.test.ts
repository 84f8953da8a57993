import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import {existsSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {test} from 'node:test';
import {plainN, rememberedClients} from '../../source/protocol/frame.js';
import {
	lineOf,
	look,
	makePath,
	namesBeside,
	open,
	otterId,
	range,
	seqsOf,
	stateAt,
} from '../helpers/history/kept.js';

const small = {fileBytes: 1000};

test('history: closes a full file, and names it by its first seq', async t => {
	const path = makePath(t);
	const logId = await look(
		path,
		async ({history, appendEach}) => {
			await appendEach(20);
			return history.recovered.logId;
		},
		small,
	);
	const names = namesBeside(path);
	assert.equal(names[1], 'room.jsonl.000000000001');
	assert.ok(names.length > 3);
	for (const name of names) {
		const [first] = readFileSync(join(path, '..', name), 'utf8').split('\n');
		assert.equal((JSON.parse(first!) as {log: string}).log, logId);
	}

	await look(path, ({history}) => {
		const {recovered} = history;
		assert.equal(recovered.logId, logId);
		assert.equal(recovered.head, 20);
		assert.equal(history.firstSeq, 1);
		assert.deepEqual(seqsOf(recovered.tail), range(1, 20), 'of all files');
		assert.equal(recovered.tailFirstSeq, 1);
		assert.deepEqual([...recovered.lastN], [[otterId, 20]]);
	});
});

test('history: recovers the newest entries, up to about the bytes wanted', async t => {
	const path = makePath(t);
	await look(path, async ({appendEach}) => appendEach(30), small);
	const line = lineOf(10).length;
	for (const count of [1, 2, 5, 9, 14, 29, 30, 100]) {
		await look(
			path,
			({history}) => {
				const {tail, tailFirstSeq, head} = history.recovered;
				assert.deepEqual(seqsOf(tail), range(tailFirstSeq, head));
				const missing = count - (head - tailFirstSeq + 1);
				assert.ok(
					tailFirstSeq === 1 || (missing >= -1 && missing <= 2),
					`${count} wanted, ${head - tailFirstSeq + 1} given`,
				);
			},
			{tailBytes: count * line},
		);
	}
});

test('history: keeps a limited number of files', async t => {
	const path = makePath(t);
	const options = {...small, keptFiles: 3};
	await look(path, async ({appendEach}) => appendEach(40), options);
	assert.equal(namesBeside(path).length, 3);
	await look(
		path,
		async ({history}) => {
			const {firstSeq} = history;
			const {head, tail} = history.recovered;
			assert.equal(head, 40);
			assert.ok(firstSeq > 20);
			assert.deepEqual(seqsOf(tail), range(firstSeq, 40));
			assert.equal(await history.read(firstSeq - 1, 1000), undefined);
		},
		options,
	);
});

test("history: knows a client's last n although its file was deleted", async t => {
	const path = makePath(t);
	const options = {...small, keptFiles: 1};
	const other = 'aaaaaaaaaaaaaaaa';
	await look(
		path,
		async ({history}) => {
			for (let seq = 1; seq <= 20; seq++) {
				await history.append(
					lineOf(seq, seq === 1 ? {id: other, n: 77} : {}),
					() => ({
						head: seq,
						clients: [
							[other, 77],
							[otterId, seq],
						],
					}),
				);
			}
		},
		options,
	);
	assert.deepEqual(namesBeside(path), ['room.jsonl']);
	await look(path, ({history}) => {
		assert.equal(history.recovered.lastN.get(other), 77);
	});
});

test('history: a checkpoint holds the state after its entries', async t => {
	await look(
		makePath(t),
		async ({history, append}) => {
			let asked = 0;
			await assert.rejects(
				history.append(lineOf(1, {text: 'x'.repeat(2000)}), () => {
					asked++;
					return {head: 2, clients: []};
				}),
				{code: 'ERR_INTERNAL'},
			);
			assert.equal(asked, 1);
			await append();
		},
		small,
	);
});

test('history: killed at any step of a rotation, it continues', async t => {
	const path = makePath(t);
	const closed = `${path}.000000000001`;
	const draft = `${path}.new`;
	const head = await look(
		path,
		async kept => {
			while (!existsSync(closed)) {
				await kept.append();
			}

			return (await kept.history.search('', {limit: 1})).entries;
		},
		small,
	).then(entries => seqsOf(entries)[0]!);
	const next = readFileSync(path);

	const assertGoesOn = async (what: string) => {
		await look(path, async ({history, append}) => {
			assert.equal(history.recovered.head, head, what);
			assert.deepEqual(seqsOf(history.recovered.tail), range(1, head), what);
			assert.equal(history.recovered.lastN.get(otterId), head, what);
			assert.ok(!existsSync(draft), what);
			await append();
		});
		await look(path, ({history}) => {
			assert.deepEqual(
				seqsOf(history.recovered.tail),
				range(1, head + 1),
				what,
			);
		});
	};

	const full = readFileSync(closed);
	const place = (files: Record<string, Buffer>) => {
		for (const name of [path, closed, draft]) {
			rmSync(name, {force: true});
		}

		for (const [name, bytes] of Object.entries(files)) {
			writeFileSync(name, bytes);
		}
	};

	place({[path]: full, [draft]: next.subarray(0, 20)});
	await assertGoesOn('amid the writing of FILE.new');
	place({[path]: full, [draft]: next});
	await assertGoesOn('before the first rename');
	place({[closed]: full, [draft]: next});
	await assertGoesOn('between the renames');
	place({[closed]: full, [path]: next});
	await assertGoesOn('behind the renames');
	place({[closed]: full});
	await assertGoesOn('without FILE, which somebody moved away');
});

test("history: doesn't rotate to a name that is taken", async t => {
	const path = makePath(t);
	const kept = await open(path, small);
	writeFileSync(`${path}.000000000001`, 'not ours');
	await kept.appendEach(20);
	assert.match(kept.troubles[0]!.message, /000000000001 is in the way/);
	await kept.history.append(lineOf(21), stateAt(21));
	await kept.history.close();
	assert.equal(readFileSync(`${path}.000000000001`, 'utf8'), 'not ours');
	await look(path, ({history}) => {
		assert.deepEqual(seqsOf(history.recovered.tail), range(1, 21));
	});
});

test('history: a start restores as many clients as a room remembers, the last ones', async t => {
	const path = makePath(t);
	const surplus = 10;
	const idOf = (seq: number) => seq.toString(16).padStart(16, '0');
	const count = rememberedClients + surplus;
	await look(path, async ({history}) => {
		const lines = range(1, count).map(seq =>
			lineOf(seq, {id: idOf(seq), n: 1}),
		);
		await history.append(Buffer.concat(lines), stateAt(count));
	});
	await look(path, ({history}) => {
		const {lastN} = history.recovered;
		assert.equal(lastN.size, rememberedClients);
		assert.deepEqual(
			[surplus, surplus + 1, count].map(seq => lastN.get(idOf(seq))),
			[undefined, 1, 1],
		);
	});
});

test('history: records no n of plain peers', async t => {
	const path = makePath(t);
	const guestId = 'aaaaaaaaaaaaaaaa';
	const lines = [lineOf(1), lineOf(2, {id: guestId, n: plainN})];
	await look(path, async ({history}) => {
		await history.append(Buffer.concat(lines), stateAt(2));
	});
	await look(path, ({history}) => {
		assert.deepEqual([...history.recovered.lastN], [[otterId, 1]]);
	});
});
