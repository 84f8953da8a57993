import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import {
	readFileSync,
	readdirSync,
	renameSync,
	rmSync,
	statSync,
	writeFileSync,
} from 'node:fs';
import {join} from 'node:path';
import {test, type TestContext} from 'node:test';
import fc from 'fast-check';
import {killedLock, lockIn} from '../helpers/history/damage.js';
import {
	linesOf,
	look,
	makePath,
	namesBeside,
	open,
	otterId,
	range,
	seqsOf,
} from '../helpers/history/kept.js';

type Written = {
	readonly bytes: Buffer;
	/** After each group: where the file ended, and the head. */
	readonly ends: ReadonlyArray<{readonly at: number; readonly head: number}>;
	/** The lock of its server, killed when it had shown entries up to a seq. */
	readonly killed: (shown: number) => string;
};

const write = async (path: string, sizes: readonly number[]) => {
	const ends: Array<{at: number; head: number}> = [];
	const lock = await look(path, async ({append}) => {
		let head = 0;
		ends.push({at: statSync(path).size, head});
		for (const size of sizes) {
			await append(size);
			head += size;
			ends.push({at: statSync(path).size, head});
		}

		return killedLock(readFileSync(lockIn(path), 'utf8'));
	});
	const killed = (shown: number) =>
		lock.replace(/"shown":\d+/, `"shown":${shown}`);
	return {bytes: readFileSync(path), ends, killed};
};

/** Replaces a history by one file, and perhaps what its server left as a lock. */
const put = (path: string, bytes: Buffer, lock?: string) => {
	for (const name of readdirSync(join(path, '..'))) {
		rmSync(join(path, '..', name));
	}

	writeFileSync(path, bytes);
	if (lock !== undefined) {
		writeFileSync(`${path}.lock.1`, lock);
	}
};

/**
 * The whole groups must be found, and the history must continue after them.
 *
 * @returns Whether the rest was cut off, rather than set aside.
 */
const assertRecovers = async (
	path: string,
	bytes: Buffer,
	{ends, killed}: Written,
	{wholeBytes, isKilled}: {wholeBytes: number; isKilled: boolean},
): Promise<boolean> => {
	const last = ends.findLast(({at}) => at <= wholeBytes) ?? {at: 0, head: 0};
	put(path, bytes, isKilled ? killed(last.head) : undefined);
	const isCut = await look(path, async ({history, append}) => {
		const {recovered} = history;
		assert.equal(recovered.head, last.head);
		assert.deepEqual(recovered.tail, linesOf(1, last.head));
		assert.equal(recovered.lastN.get(otterId) ?? 0, last.head);
		if (recovered.damagedPath === undefined) {
			assert.equal(recovered.cutBytes, bytes.length - last.at);
		} else {
			assert.ok(recovered.isNextLog || isKilled);
			assert.equal(recovered.cutBytes, 0);
			assert.deepEqual(readFileSync(recovered.damagedPath), bytes);
		}

		await append(2);
		return recovered.damagedPath === undefined;
	});
	await look(path, ({history}) => {
		assert.deepEqual(seqsOf(history.recovered.tail), range(1, last.head + 2));
		assert.equal(history.recovered.cutBytes, 0);
		assert.equal(history.recovered.damagedPath, undefined);
	});
	if (isCut) {
		assert.deepEqual(namesBeside(path), ['room.jsonl']);
	}

	return isCut;
};

test('history: killed at any byte of a write, it recovers all whole groups', async t => {
	const path = makePath(t);
	const written = await write(path, [1, 2, 1]);
	const {bytes, ends} = written;
	for (let length = 0; length <= bytes.length; length++) {
		const part = bytes.subarray(0, length);
		const isCut = await assertRecovers(path, part, written, {
			wholeBytes: length,
			isKilled: true,
		});
		// A checkpoint is whole before its file has its name.
		assert.equal(isCut, length === 0 || length >= ends[0]!.at);
	}
});

test('history: cut at any byte without its lock, it sets the rest aside', async t => {
	const path = makePath(t);
	const written = await write(path, [1, 2, 1]);
	const {bytes, ends} = written;
	for (let length = 0; length <= bytes.length; length++) {
		const part = bytes.subarray(0, length);
		const isCut = await assertRecovers(path, part, written, {
			wholeBytes: length,
			isKilled: false,
		});
		const isWhole = length === 0 || ends.some(({at}) => at === length);
		assert.equal(isCut, isWhole, `cut to ${length}`);
	}
});

test('history: killed during a write, it continues in its log unless shown entries are missing', async t => {
	const path = makePath(t);
	const {bytes, ends, killed} = await write(path, [1, 2, 3]);
	const {log} = JSON.parse(bytes.toString().split('\n', 1)[0]!) as {
		log: string;
	};
	const torn = bytes.subarray(0, -40);
	put(path, torn, killed(3));
	await look(path, ({history}) => {
		const {logId, head, cutBytes} = history.recovered;
		assert.deepEqual({logId, head}, {logId: log, head: 3});
		assert.equal(cutBytes, torn.length - ends[2]!.at);
	});
	for (const length of [torn.length, ends[2]!.at]) {
		put(path, bytes.subarray(0, length), killed(6));
		await look(path, ({history}) => {
			const {logId, head, isNextLog} = history.recovered;
			assert.notEqual(logId, log, 'entries 4 to 6 were shown');
			assert.deepEqual({isNextLog, head}, {isNextLog: true, head: 3});
		});
	}
});

const writeForProperty = async (t: TestContext) =>
	write(makePath(t), [2, 1, 1, 5, 1, 40, 3]);

test('history: cuts off or sets aside whatever follows the last group', async t => {
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
			fc.boolean(),
			async (length, garbage, isKilled) => {
				const torn = Buffer.concat([bytes.subarray(0, length), garbage]);
				// The garbage may start with the missing bytes, such as the last LF.
				const differs = torn.findIndex((byte, at) => byte !== bytes[at]);
				const wholeBytes = differs === -1 ? torn.length : differs;
				await assertRecovers(path, torn, written, {wholeBytes, isKilled});
			},
		),
		{numRuns: 150},
	);
});

test('history: reports how many lines were cut off', async t => {
	const path = makePath(t);
	const {bytes, killed} = await write(path, [1, 3]);
	put(path, bytes.subarray(0, -40), killed(1));
	await look(path, ({history}) => {
		assert.equal(history.recovered.cutLines, 3);
	});
});

test('history: sets aside a file with damage between whole groups', async t => {
	const path = makePath(t);
	const {bytes, ends} = await write(path, [2, 1, 1, 5, 1, 4, 3]);
	const {head} = ends.at(-1)!;
	const logId = await look(path, ({history}) => history.recovered.logId);
	// Any byte of the third group, except its sum: whole groups follow.
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
					const aside = `${place}.damaged-000000000004`;
					assert.equal(recovered.damagedPath, aside);
					assert.deepEqual(readFileSync(aside), damaged);
					assert.equal(recovered.logId, logId);
					assert.equal(recovered.head, head, 'no seq is given twice');
					assert.equal(recovered.lastN.get(otterId), head);
					assert.equal(recovered.tail.length, 0);
					assert.deepEqual(
						seqsOf((await history.read(1, 1000))!.entries),
						[1, 2, 3],
						'what is verified can be read still',
					);
					await append();
				});
				await look(place, ({history}) => {
					const {recovered} = history;
					assert.equal(recovered.damagedPath, undefined);
					assert.deepEqual(seqsOf(recovered.tail), [head + 1]);
				});
			},
		),
		{numRuns: 60},
	);
});

test('history: killed while it sets a file aside, it continues', async t => {
	const path = makePath(t);
	const {bytes, ends} = await write(path, [2, 1, 1, 4]);
	bytes[ends[1]!.at + 40]! ^= 1;
	put(path, bytes);
	const logId = await look(path, ({history}) => history.recovered.logId);
	// The state between the two renames.
	renameSync(path, `${path}.new`);
	await look(path, ({history}) => {
		assert.equal(history.recovered.logId, logId);
		assert.equal(history.recovered.head, 8);
	});
	assert.deepEqual(namesBeside(path), [
		'room.jsonl',
		'room.jsonl.000000000001',
		'room.jsonl.damaged-000000000003',
	]);
});

test('history: after a damaged checkpoint, another log continues', async t => {
	const path = makePath(t);
	const {bytes} = await write(path, [2, 1, 1]);
	const before = await look(path, ({history}) => history.recovered.logId);
	bytes[30]! ^= 1;
	put(path, bytes);
	await look(path, ({history}) => {
		const {damagedPath, logId, isNextLog} = history.recovered;
		assert.deepEqual(readFileSync(damagedPath!), bytes);
		assert.notEqual(logId, before);
		assert.equal(isNextLog, true);
	});
});

test("history: refuses a file that never was a history, and doesn't change it", async t => {
	const path = makePath(t);
	for (const text of ['{"a":1}\n', 'hello\n', '\0'.repeat(100)]) {
		writeFileSync(path, text);
		await assert.rejects(open(path), {
			code: 'ERR_HISTORY',
			message: /move it away/,
		});
		assert.equal(readFileSync(path, 'utf8'), text);
	}
});
