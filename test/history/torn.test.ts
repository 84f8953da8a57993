import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import {
	copyFileSync,
	readFileSync,
	renameSync,
	statSync,
	writeFileSync,
} from 'node:fs';
import {join} from 'node:path';
import {test, type TestContext} from 'node:test';
import fc from 'fast-check';
import {
	linesOf,
	look,
	makeFolder,
	makePath,
	namesBeside,
	open,
	otterId,
	range,
	seqsOf,
} from '../helpers/history/kept.js';

type Written = {
	readonly bytes: Buffer;
	/** Behind each group: where the file ended, and the head. */
	readonly ends: ReadonlyArray<{readonly at: number; readonly head: number}>;
};

const write = async (path: string, sizes: readonly number[]) => {
	const ends: Array<{at: number; head: number}> = [];
	await look(path, async ({append}) => {
		let head = 0;
		ends.push({at: statSync(path).size, head});
		for (const size of sizes) {
			await append(size);
			head += size;
			ends.push({at: statSync(path).size, head});
		}
	});
	return {bytes: readFileSync(path), ends};
};

/** What stands in the file must be found, and be gone on with. */
const assertRecovers = async (
	path: string,
	bytes: Buffer,
	{ends}: Written,
	wholeBytes: number,
) => {
	writeFileSync(path, bytes);
	const last = ends.findLast(({at}) => at <= wholeBytes) ?? {at: 0, head: 0};
	await look(path, async ({history, append}) => {
		const {recovered} = history;
		assert.equal(recovered.head, last.head);
		assert.deepEqual(recovered.tail, linesOf(1, last.head));
		assert.equal(recovered.lastN.get(otterId) ?? 0, last.head);
		assert.equal(recovered.cutBytes, bytes.length - last.at);
		assert.equal(recovered.damagedPath, undefined);
		await append(2);
	});
	await look(path, ({history}) => {
		assert.deepEqual(seqsOf(history.recovered.tail), range(1, last.head + 2));
		assert.equal(history.recovered.cutBytes, 0);
	});
	assert.deepEqual(namesBeside(path), ['room.jsonl']);
};

test('history: cut at any byte, it holds all whole groups', async t => {
	const path = makePath(t);
	const written = await write(path, [1, 2, 1]);
	const {bytes} = written;
	for (let length = 0; length <= bytes.length; length++) {
		await assertRecovers(path, bytes.subarray(0, length), written, length);
	}
});

const writeForProperty = async (t: TestContext) =>
	write(makePath(t), [2, 1, 1, 5, 1, 40, 3]);

test('history: whatever lies behind the last group is cut', async t => {
	const path = makePath(t);
	const written = await writeForProperty(t);
	const {bytes, ends} = written;
	await fc.assert(
		fc.asyncProperty(
			fc.integer({min: ends[0]!.at, max: bytes.length}),
			fc.oneof(
				fc.uint8Array({minLength: 1, maxLength: 300}),
				fc
					.nat(3)
					.map(kind =>
						Buffer.from(
							[
								'\0'.repeat(5000),
								'\n\n{"type":"sum","crc":"00000000"}\n',
								'{"type":"sum","crc":"deadbeef"}\n{"type":"sum",',
								'{"type":"message","seq":1,',
							][kind]!,
						),
					),
			),
			async (length, garbage) => {
				const torn = Buffer.concat([bytes.subarray(0, length), garbage]);
				// It may begin with what is missing, such as the last LF.
				const differs = torn.findIndex((byte, at) => byte !== bytes[at]);
				const wholeBytes = differs === -1 ? torn.length : differs;
				await assertRecovers(path, torn, written, wholeBytes);
			},
		),
		{numRuns: 150},
	);
});

test('history: tells how many lines were cut', async t => {
	const path = makePath(t);
	const {bytes} = await write(path, [1, 3]);
	writeFileSync(path, bytes.subarray(0, -40));
	await look(path, ({history}) => {
		assert.equal(history.recovered.cutLines, 3);
	});
});

test('history: damage amid good groups sets the file aside, whole', async t => {
	const folder = makeFolder(t);
	const path = join(folder, 'room.jsonl');
	const original = join(folder, 'original');
	const {bytes, ends} = await write(path, [2, 1, 1, 5, 1, 4, 3]);
	const {head} = ends.at(-1)!;
	const logId = await look(path, ({history}) => history.recovered.logId);
	copyFileSync(path, original);
	// Any byte of the third group, its sum aside: good ones lie behind it.
	await fc.assert(
		fc.asyncProperty(
			fc.integer({min: ends[2]!.at, max: ends[3]!.at - 33}),
			fc.integer({min: 1, max: 255}),
			async (at, change) => {
				const place = makePath(t);
				const damaged = Buffer.from(bytes);
				damaged[at]! ^= change;
				writeFileSync(place, damaged);
				await look(place, async ({history, append}) => {
					const {recovered} = history;
					const aside = `${place}.damaged-000000000001`;
					assert.equal(recovered.damagedPath, aside);
					assert.deepEqual(readFileSync(aside), damaged);
					assert.equal(recovered.logId, logId);
					assert.equal(recovered.head, head, 'no seq is given twice');
					assert.equal(recovered.lastN.get(otterId), head);
					assert.equal(recovered.firstSeq, head + 1);
					assert.equal(recovered.tail.length, 0);
					await append();
				});
				await look(place, ({history}) => {
					const {recovered} = history;
					assert.equal(recovered.damagedPath, undefined);
					assert.equal(recovered.firstSeq, head + 1);
					assert.deepEqual(seqsOf(recovered.tail), [head + 1]);
				});
			},
		),
		{numRuns: 60},
	);
});

test('history: killed while it sets a file aside, it goes on', async t => {
	const path = makePath(t);
	const {bytes, ends} = await write(path, [2, 1, 1, 4]);
	bytes[ends[1]!.at + 40]! ^= 1;
	writeFileSync(path, bytes);
	const logId = await look(path, ({history}) => history.recovered.logId);
	// As between the two renames.
	renameSync(path, `${path}.new`);
	await look(path, ({history}) => {
		assert.equal(history.recovered.logId, logId);
		assert.equal(history.recovered.head, 8);
	});
	assert.deepEqual(namesBeside(path), [
		'room.jsonl',
		'room.jsonl.damaged-000000000001',
	]);
});

test('history: a damaged checkpoint is refused, nothing is lost', async t => {
	const path = makePath(t);
	const {bytes} = await write(path, [2, 1, 1]);
	bytes[30]! ^= 1;
	writeFileSync(path, bytes);
	await assert.rejects(open(path), {
		code: 'ERR_HISTORY',
		message: /move it away/,
	});
	assert.deepEqual(readFileSync(path), bytes);
});
