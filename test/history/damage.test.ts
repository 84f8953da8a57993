/**
 * Bytes changed from outside: nothing is deleted, no seq is given twice in a log,
 * and a member gets the original entries or a gap.
 */
import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import {readFileSync, writeFileSync} from 'node:fs';
import {test} from 'node:test';
import {isFull} from '../helpers/faults/size.js';
import {look, makePath, seqsOf} from '../helpers/history/kept.js';
import {
	assertFlipsKept,
	assertKept,
	bothLocks,
	makeSample,
	wholeBefore,
} from '../helpers/history/damage.js';

const masks = [0x01, 0x20, 0x80];

test('history: whichever byte changes, it deletes nothing and gives no seq twice', async t => {
	const sample = await makeSample(t);
	assert.ok(sample.files.size >= 3, [...sample.files.keys()].join(' '));
	await assertFlipsKept(sample, (name, at) =>
		masks.flatMap((mask, index) =>
			// FILE is the one that a start recovers.
			(isFull && name === 'room.jsonl') || index === at % masks.length
				? [[mask, bothLocks[(at + index) % 2]!] as const]
				: [],
		),
	);
});

test('history: cut at any length, it deletes nothing and gives no seq twice', async t => {
	const sample = await makeSample(t);
	const {files} = sample;
	for (const [name, bytes] of files) {
		// A start only reads the others.
		const step = name === 'room.jsonl' ? 1 : 5;
		for (let length = 0; length < bytes.length; length += step) {
			const cut = new Map(files).set(name, bytes.subarray(0, length));
			for (const lock of isFull ? bothLocks : [bothLocks[length % 2]!]) {
				await assertKept(
					sample,
					{
						what: `${name} cut to ${length}`,
						files: cut,
						wholeSeq: wholeBefore(files, name, length),
					},
					lock,
				);
			}
		}
	}
});

test('history: with lines swapped, doubled or deleted, it deletes nothing and gives no seq twice', async t => {
	const sample = await makeSample(t);
	const {files} = sample;
	for (const [name, bytes] of files) {
		const lines = bytes.toString('latin1').split('\n').slice(0, -1);
		const edits: Array<[string, string[]]> = lines.flatMap((line, at) => [
			['doubled', lines.toSpliced(at, 0, line)],
			['gone', lines.toSpliced(at, 1)],
			['swapped', lines.toSpliced(at, 2, lines[at + 1] ?? '', line)],
			['at the end as well', [...lines, line]],
		]);
		edits.push(['all doubled', [...lines, ...lines]]);
		for (const [index, [what, edited]] of edits.entries()) {
			const text = edited.map(line => `${line}\n`).join('');
			for (const lock of bothLocks) {
				await assertKept(
					sample,
					{
						what: `${name}: line ${Math.floor(index / 4) + 1} ${what}`,
						files: new Map(files).set(name, Buffer.from(text, 'latin1')),
						wholeSeq: 0,
						isForeign: index < 4,
					},
					lock,
				);
			}
		}
	}
});

test('history: serves a closed file up to its damage, also in long groups', async t => {
	const path = makePath(t);
	const closed = `${path}.000000000001`;
	await look(
		path,
		async ({append}) => {
			await append(20);
			await append(30_000);
			await append(10);
			await append(10);
		},
		{fileBytes: 3_000_000},
	);
	const bytes = readFileSync(closed);
	assert.ok(bytes.length > 3_000_000);
	const serves = async (seq: number) =>
		look(
			path,
			async ({history}) => {
				const pages = await history.read(seq, 100);
				return pages && seqsOf(pages.entries)[0];
			},
			{tailBytes: 100},
		);
	assert.equal(await serves(20), 20);
	assert.equal(await serves(25_000), 25_000);
	bytes[2_000_000]! ^= 1;
	writeFileSync(closed, bytes);
	assert.equal(await serves(20), 20);
	assert.equal(await serves(25_000), undefined);
	assert.equal(await serves(30_025), 30_025);
});
