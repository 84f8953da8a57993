import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import {env} from 'node:process';
import {test} from 'node:test';
import fc from 'fast-check';
import {RoomLog} from '../../source/room/log.js';
import {anyCharacter} from '../helpers/any-character.js';

const runs = Number(env['FAST_CHECK_RUNS'] ?? 1000);

/** A model of the log that keeps all entries, with their offsets. */
class Everything {
	bytes = Buffer.alloc(0);
	readonly offsets: number[] = [];

	get head(): number {
		return this.offsets.length;
	}

	append(line: string): void {
		this.offsets.push(this.bytes.length);
		this.bytes = Buffer.concat([this.bytes, Buffer.from(line)]);
	}

	/** The bytes between an entry's start and another's, or the end. */
	isBoundary(offset: number): boolean {
		return offset === this.bytes.length || this.offsets.includes(offset);
	}
}

const lines = fc.array(
	fc
		.oneof(
			fc.string({unit: anyCharacter, maxLength: 12}),
			fc.string({unit: 'grapheme-ascii', maxLength: 90, size: 'max'}),
		)
		.map(text => `${text.replaceAll('\n', '')}\n`),
	{maxLength: 40, size: 'max'},
);
const options = fc.record({
	segmentBytes: fc.integer({min: 1, max: 64}),
	retainedBytes: fc.nat({max: 300}),
});

/** A log and its model, step by step. */
const whileAppending = (
	look: (log: RoomLog, all: Everything, bounds: BoundsOf) => void,
) => {
	fc.assert(
		fc.property(options, lines, (bounds, entries) => {
			const log = new RoomLog(bounds);
			const all = new Everything();
			for (const line of entries) {
				all.append(line);
				assert.equal(log.append(line), all.head);
				look(log, all, bounds);
			}
		}),
		{numRuns: runs},
	);
};

type BoundsOf = {segmentBytes: number; retainedBytes: number};

test('log: numbers entries from 1 and never resets offsets', () => {
	const empty = new RoomLog();
	assert.deepEqual(
		[empty.head, empty.end, empty.start, empty.firstSeq],
		[0, 0, 0, 1],
	);
	whileAppending((log, all) => {
		assert.equal(log.head, all.head);
		assert.equal(log.end, all.bytes.length);
		assert.equal(log.start, all.offsets[log.firstSeq - 1]);
	});
});

test('log: retains its bytes, and at most two segments more', () => {
	whileAppending((log, all, {segmentBytes, retainedBytes}) => {
		const retained = log.end - log.start;
		assert.ok(retained >= Math.min(retainedBytes, all.bytes.length));
		const lengths = all.offsets.map(
			(offset, index) => (all.offsets[index + 1] ?? all.bytes.length) - offset,
		);
		const longest = Math.max(segmentBytes, ...lengths);
		assert.ok(retained <= retainedBytes + 2 * longest);
	});
});

test('log: slices from any retained entry give the bytes to the end', () => {
	whileAppending((log, all) => {
		const retained = all.offsets.filter(offset => offset >= log.start);
		for (const from of retained) {
			const slices: Buffer[] = [];
			let cursor = from;
			while (cursor < log.end) {
				const slice = log.slice(cursor);
				assert.ok(slice.length > 0, 'no slice is empty before the end');
				cursor += slice.length;
				assert.ok(all.isBoundary(cursor), 'entries are whole');
				slices.push(slice);
			}

			assert.ok(Buffer.concat(slices).equals(all.bytes.subarray(from)));
		}

		assert.equal(log.slice(log.end).length, 0);
	});
});

test('log: knows the offset of every seq, and the seq of every offset', () => {
	whileAppending((log, all) => {
		for (let seq = -1; seq <= all.head + 2; seq++) {
			const offset =
				seq > all.head ? log.end : (all.offsets[seq - 1] ?? log.start);
			assert.equal(log.offsetOf(seq), Math.max(offset, log.start));
		}

		for (let offset = log.start; offset <= log.end; offset++) {
			// An offset within an entry gives the next entry.
			const before = all.offsets.filter(begin => begin < offset).length;
			assert.equal(log.seqAt(offset), before + 1);
		}
	});
});

test('log: a pinned slice never changes, nor a retained one', () => {
	fc.assert(
		fc.property(
			options,
			lines,
			fc.array(fc.boolean()),
			(bounds, entries, pins) => {
				const log = new RoomLog(bounds);
				const handedOut: Array<{
					cursor: number;
					slice: Buffer;
					copy: Buffer;
					isPinned: boolean;
				}> = [];
				for (const [index, line] of entries.entries()) {
					const {end} = log;
					log.append(line);
					const isPinned = pins[index] ?? false;
					for (const cursor of [end, log.start]) {
						const slice = log.slice(cursor);
						if (isPinned) {
							log.pin(cursor);
						}

						const copy = Buffer.from(slice);
						handedOut.push({cursor, slice, copy, isPinned});
					}
				}

				for (const {cursor, slice, copy, isPinned} of handedOut) {
					assert.ok(!(isPinned || cursor >= log.start) || slice.equals(copy));
				}
			},
		),
		{numRuns: runs},
	);
});

test('log: reuses a dropped segment once nobody reads it', () => {
	const log = new RoomLog({segmentBytes: 5, retainedBytes: 5});
	const appended = (line: string) => {
		const {end} = log;
		log.append(line);
		return {end, slice: log.slice(end)};
	};

	const memoryOf = (slice: Buffer) => slice.buffer;
	const [first, second] = [appended('aaaa\n'), appended('bbbb\n')];
	const unpin = log.pin(second.end);
	const third = appended('cccc\n');
	assert.notEqual(memoryOf(third.slice), memoryOf(first.slice));
	// The first segment is dropped by now, and then the second, which is still read.
	const fourth = appended('dddd\n');
	assert.equal(memoryOf(fourth.slice), memoryOf(first.slice));
	const fifth = appended('eeee\n');
	assert.notEqual(memoryOf(fifth.slice), memoryOf(second.slice));
	assert.equal(second.slice.toString(), 'bbbb\n');
	unpin();
	const sixth = appended('ffff\n');
	assert.equal(memoryOf(sixth.slice), memoryOf(third.slice));
});

test('log: a slice ends with its segment, and an entry is never split', () => {
	const log = new RoomLog({segmentBytes: 10, retainedBytes: 1000});
	for (const line of ['aaaa\n', 'bbbb\n', 'cccc\n', 'dd\n', 'eee\n']) {
		log.append(line);
	}

	// The third fills no segment with the second; the last has no room left.
	assert.equal(log.slice(log.start).toString(), 'aaaa\nbbbb\n');
	assert.equal(log.slice(5).toString(), 'bbbb\n');
	assert.equal(log.slice(10).toString(), 'cccc\ndd\n');
	assert.equal(log.slice(18).toString(), 'eee\n');
});

test('log: an entry longer than a segment gets one of its own', () => {
	const log = new RoomLog({segmentBytes: 4, retainedBytes: 1000});
	log.append('a\n');
	log.append('long enough\n');
	log.append('b\n');
	assert.equal(log.slice(2).toString(), 'long enough\n');
	assert.equal(log.slice(14).toString(), 'b\n');
});

test('log: drops the oldest segment once the others suffice', () => {
	const log = new RoomLog({segmentBytes: 10, retainedBytes: 20});
	const starts = Array.from({length: 10}, () => {
		log.append('aaaa\n');
		return [log.start, log.firstSeq];
	});
	assert.deepEqual(starts, [
		...Array.from({length: 6}, () => [0, 1]),
		...Array.from({length: 2}, () => [10, 3]),
		...Array.from({length: 2}, () => [20, 5]),
	]);
	assert.equal(log.offsetOf(2), 20);
	assert.equal(log.slice(5).length, 0);
});

test('log: members at one cursor share one slice', () => {
	const log = new RoomLog();
	log.append('one\n');
	const slice = log.slice(log.start);
	assert.equal(log.slice(log.start), slice);
	log.append('two\n');
	assert.notEqual(log.slice(log.start), slice);
	assert.equal(log.slice(log.start).buffer, slice.buffer);
});

test('log: deferred entries stay hidden until shown, and can be rolled back', () => {
	fc.assert(
		fc.property(
			options,
			fc.array(fc.tuple(lines, fc.boolean()), {maxLength: 8}),
			(bounds, groups) => {
				const log = new RoomLog({...bounds, isDeferred: true});
				const kept = new Everything();
				for (const [group, isKept] of groups) {
					for (const line of group) {
						log.append(line);
					}

					assert.equal(log.shownEnd, kept.bytes.length);
					assert.equal(log.slice(log.shownEnd).length, 0);
					if (isKept) {
						const all: Buffer[] = [];
						for (
							let unshown = log.unshown();
							unshown;
							unshown = log.unshown()
						) {
							all.push(unshown.entries);
							log.show(unshown);
						}

						assert.equal(Buffer.concat(all).toString(), group.join(''));
						for (const line of group) {
							kept.append(line);
						}
					} else {
						log.rollBack();
					}

					assert.equal(log.unshownBytes, 0);
					assert.deepEqual(
						[log.head, log.shownHead, log.end],
						[kept.head, kept.head, kept.bytes.length],
					);
					for (let cursor = log.start; cursor < log.end;) {
						const slice = log.slice(cursor);
						assert.deepEqual(
							slice,
							kept.bytes.subarray(cursor, cursor + slice.length),
						);
						cursor += slice.length;
					}
				}
			},
		),
		{numRuns: runs},
	);
});

test('log: continues after restored entries', () => {
	fc.assert(
		fc.property(
			options,
			lines,
			lines,
			fc.integer({min: 1, max: 1000}),
			(bounds, before, after, firstSeq) => {
				const log = new RoomLog(bounds);
				log.restore(Buffer.from(before.join('')), firstSeq);
				assert.equal(log.head, firstSeq + before.length - 1);
				assert.equal(log.firstSeq, firstSeq);
				const all = new Everything();
				for (const line of [...before, ...after]) {
					all.append(line);
				}

				for (const line of after) {
					log.append(line);
				}

				assert.equal(log.end, all.bytes.length);
				for (let {firstSeq: seq} = log; seq <= log.head; seq++) {
					const offset = log.offsetOf(seq);
					assert.equal(offset, all.offsets[seq - firstSeq]);
					assert.equal(log.seqAt(offset), seq);
				}
			},
		),
		{numRuns: runs},
	);
});

test('log: appending several entries equals appending one by one', () => {
	fc.assert(
		fc.property(options, fc.array(lines, {maxLength: 4}), (bounds, groups) => {
			// Segments that hold a few lines each, so that groups fill them and not.
			const sized = {...bounds, segmentBytes: bounds.segmentBytes * 20};
			const [atOnce, singly] = [new RoomLog(sized), new RoomLog(sized)];
			for (const group of groups) {
				atOnce.appendAll(group);
				for (const line of group) {
					singly.append(line);
				}

				const {head, end, start, firstSeq} = atOnce;
				assert.deepEqual(
					[head, end, start, firstSeq],
					[singly.head, singly.end, singly.start, singly.firstSeq],
				);
				for (let seq = firstSeq; seq <= head; seq++) {
					const offset = atOnce.offsetOf(seq);
					assert.equal(offset, singly.offsetOf(seq));
					assert.deepEqual(atOnce.slice(offset), singly.slice(offset));
				}
			}
		}),
		{numRuns: Math.min(runs, 300)},
	);
});

/** Lines whose first letter of the type says what they are. */
const mixed = fc.array(
	fc
		.record({
			type: fc.constantFrom('message', 'joined', 'left', 'renamed'),
			text: fc.string({maxLength: 20}),
		})
		.map(entry => `${JSON.stringify(entry)}\n`),
	{maxLength: 200, size: 'max'},
);

test('log: finds the oldest of its newest messages, restored and taken back or not', () => {
	fc.assert(
		fc.property(
			fc.record({
				segmentBytes: fc.integer({min: 1, max: 9000}),
				retainedBytes: fc.nat({max: 9000}),
			}),
			mixed,
			fc.array(fc.tuple(mixed, fc.boolean()), {maxLength: 4}),
			(bounds, before, groups) => {
				const log = new RoomLog({...bounds, isDeferred: true});
				log.restore(Buffer.from(before.join('')), 1);
				const all = [...before];
				for (const [group, isKept] of groups) {
					log.appendAll(group);
					if (!isKept) {
						log.rollBack();
						continue;
					}

					all.push(...group);
					for (let next = log.unshown(); next; next = log.unshown()) {
						log.show(next);
					}
				}

				const messages = all
					.flatMap((line, index) =>
						line.startsWith('{"type":"message"') ? [index + 1] : [],
					)
					.filter(seq => seq >= log.firstSeq)
					.toReversed();
				for (const [index, seq] of messages.entries()) {
					assert.equal(log.seqOfMessages(index + 1), seq);
				}

				assert.equal(
					log.seqOfMessages(messages.length + 5),
					Math.max(1, log.firstSeq - 5),
				);
			},
		),
		{numRuns: runs},
	);
});

test('log: what was skipped is missing right before the oldest entry, as long as it stands there', () => {
	const log = new RoomLog({segmentBytes: 1, retainedBytes: 1});
	// Nobody had what came before the first entry of all.
	log.skipTo(3);
	assert.deepEqual([log.firstMissing, log.firstSeq], [4, 4]);
	log.append('four\n');
	assert.deepEqual([log.firstMissing, log.firstSeq], [4, 4]);
	log.skipTo(7);
	assert.deepEqual([log.firstMissing, log.firstSeq], [5, 8]);
	// Two in a row are one.
	log.skipTo(9);
	log.append('ten\n');
	assert.deepEqual([log.firstMissing, log.firstSeq], [5, 10]);
	log.append('eleven\n');
	log.append('twelve\n');
	assert.deepEqual([log.firstMissing, log.firstSeq], [11, 11]);
});
