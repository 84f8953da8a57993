import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import {test} from 'node:test';
import fc from 'fast-check';
import stringWidth from 'string-width';
import {appendWire, emptyWire} from '../../../source/store/wire.js';
import type {WireChunk} from '../../../source/event/event.js';
import {countHexRows, hexRows} from '../../../source/ui/wire/hex-rows.js';
import type {Row} from '../../../source/ui/text/row.js';
import {
	createWireContext,
	type WireMode,
} from '../../../source/ui/wire/wire-window.js';
import {anyCharacter} from '../../helpers/any-character.js';
import {chunkOf, inStreams} from '../../helpers/chunks.js';

const textOf = ({spans}: Row): string => spans.map(({text}) => text).join('');

type Shown = {
	readonly width?: number;
	readonly mode?: WireMode;
	readonly dropped?: number;
};

/** The rows of each chunk of a wire. */
const show = (
	chunks: readonly WireChunk[],
	{width = 80, mode = 'room', dropped = 0}: Shown = {},
): string[][] => {
	const wire = {...appendWire(emptyWire, inStreams(chunks)), dropped};
	const context = createWireContext(mode);
	return chunks.map((chunk, place) =>
		hexRows(chunk, context(wire, place), width).map(row => textOf(row)),
	);
};

/** What the heads say after the size. */
const framesOf = (chunks: readonly WireChunk[], shown?: Shown): string[] =>
	show(chunks, shown).map(
		([head]) => /bytes?(?: · (.*))?$/u.exec(head!)![1] ?? '',
	);

const someBytes = fc
	.oneof(
		fc.uint8Array({maxLength: 70}),
		// Few values often, so that sequences are cut, overlong or doubled.
		fc.array(
			fc.constantFrom(
				0x0a,
				0x0d,
				0x41,
				0x80,
				0xbf,
				0xc3,
				0xe2,
				0xed,
				0xf0,
				0xff,
			),
			{maxLength: 70},
		),
		fc
			.array(
				fc.oneof(
					fc.string({unit: anyCharacter, maxLength: 4}),
					fc.constantFrom(
						'漢',
						'한',
						'😀',
						'\u{301}',
						'\u{202E}',
						'\u{FE0F}',
						'ำ',
					),
				),
				{maxLength: 20},
			)
			.chain(parts => {
				const bytes = Buffer.from(parts.join(''));
				return fc.nat({max: bytes.length}).map(start => bytes.subarray(start));
			}),
	)
	.map(bytes => Uint8Array.from(bytes));
const someWidth = fc.integer({min: 20, max: 120});

/** Bytes in a row, and the cells of their hex. */
const gridOf = (width: number): [perRow: number, hexCells: number] => {
	if (width >= 74) {
		return [16, 52];
	}

	if (width >= 40) {
		return [8, 26];
	}

	return width >= 23 ? [4, 13] : [2, 7];
};

/** The dump, each row as its offset, its hex and its text. */
const dumpOf = (rows: readonly string[], width: number) => {
	const [, hexCells] = gridOf(width);
	return rows
		.filter(row => /^[\da-f]{4} {2}/u.test(row))
		.map(row => ({
			offset: Number.parseInt(row.slice(0, 4), 16),
			hex: row.slice(6, 6 + hexCells),
			text: row.slice(6 + hexCells),
		}));
};

test('hex rows: a head, then offset, hex and text side by side', () => {
	assert.deepEqual(show([chunkOf('{"type":"ping","id":3}\n')])[0], [
		'14:02:11.204 ← 23 bytes · 1 frame',
		'0000  7b 22 74 79  70 65 22 3a  22 70 69 6e  67 22 2c 22  {"type":"ping","',
		'0010  69 64 22 3a  33 7d 0a┊                              id":3}⏎',
	]);
});

test('hex rows: the head shows the direction, and on a server the peer', () => {
	const heads = show([
		chunkOf('a', {direction: 'out'}),
		chunkOf('ab', {peer: 'otter'}),
		chunkOf('', {peer: '\u{1B}[2J\u{202E}'}),
	]).map(([head]) => head);
	assert.deepEqual(heads, [
		'14:02:11.204 → 1 byte · part of a frame',
		'14:02:11.204 ← otter · 2 bytes · part of a frame',
		String.raw`14:02:11.204 ← ␛[2J\u{202e} · 0 bytes`,
	]);
});

test('hex rows: three frames in one read', () => {
	const chunk = chunkOf('{"type":"a"}\n{"type":"b"}\n{"type":"c"}\n');
	assert.deepEqual(framesOf([chunk]), ['3 frames']);
	const marks = show([chunk])[0]!.join('').match(/0a┊/gu);
	assert.equal(marks?.length, 3);
});

test('hex rows: one frame in two reads, or in three', () => {
	assert.deepEqual(framesOf([chunkOf('{"type":"a"'), chunkOf('}\n')]), [
		'start of a frame',
		'end of a frame',
	]);
	assert.deepEqual(
		framesOf([
			chunkOf('{"type":"a"'),
			chunkOf(',"id"'),
			chunkOf(''),
			chunkOf(':1}\n{"type":"b"}\n{"ty'),
		]),
		[
			'start of a frame',
			'middle of a frame',
			'',
			'end of a frame + 1 frame + start of a frame',
		],
	);
});

test('hex rows: raw mode has lines, which have no typical start', () => {
	assert.deepEqual(
		framesOf([chunkOf('{"type":"a\n'), chunkOf('b\nc\n'), chunkOf('d')], {
			mode: 'raw',
		}),
		['a line or its end', '2 lines', 'start of a line'],
	);
});

test('hex rows: each direction and each peer is a stream of its own', () => {
	const chunks = [
		chunkOf('{"type":', {peer: 'otter'}),
		chunkOf('a\n', {peer: 'heron'}),
		chunkOf('a\n', {peer: 'otter', direction: 'out'}),
		chunkOf('"a"}\n', {peer: 'otter'}),
		chunkOf('b\n', {peer: 'heron'}),
	];
	assert.deepEqual(framesOf(chunks), [
		'part of a frame',
		'a frame or its end',
		'a frame or its end',
		'end of a frame',
		'1 frame',
	]);
});

test('hex rows: claims nothing about bytes that were not kept', () => {
	const cut = chunkOf('{"type":"a"}\n', {length: 20_000});
	const chunks = [chunkOf('{"type":"a"'), cut, chunkOf('b\n'), chunkOf('c\n')];
	assert.deepEqual(framesOf(chunks), [
		'start of a frame',
		'1 or more frame ends',
		'a frame or its end',
		'1 frame',
	]);
	assert.equal(show([cut])[0]!.at(-1), '… 19987 B not kept');
	assert.deepEqual(framesOf([chunkOf('a', {length: 2})]), ['']);
});

test('hex rows: the context of a chunk survives the chunk before it', () => {
	const wire = appendWire(emptyWire, inStreams([chunkOf('a'), chunkOf('b\n')]));
	const context = createWireContext('room');
	const known = context(wire, 1);
	const later = {...wire, dropped: 1, chunks: wire.chunks.slice(1)};
	assert.deepEqual(known.frames, ['end of a frame']);
	assert.equal(context(later, 0), known);
	assert.deepEqual(createWireContext('room')(later, 0).frames, [
		'a frame or its end',
	]);
});

test('hex rows: control characters are pictures, invalid UTF-8 is marked', () => {
	const bytes = [0, 9, 13, 10, 27, 127, 0xff, 0xc0, 0x80, 0x41];
	const [, row] = show([chunkOf(Uint8Array.from(bytes))])[0]!;
	assert.equal(row!.slice(58), '␀␉␍⏎␛␡���A');
});

test('hex rows: a character takes the cells of its bytes', () => {
	const [, row] = show([chunkOf('é漢😀\u{301}x')])[0]!;
	assert.equal(row!.slice(58), 'é·漢·😀··◌\u{301}·x');
});

test('hex rows: a character that would be hidden, or too wide for its bytes, is left out', () => {
	const [, row] = show([chunkOf('\u{202E}\u{9B}x')])[0]!;
	assert.equal(row!.slice(58), '⋯··⋯·x');
	const narrow = show([chunkOf('x\u{202E}')], {width: 20})[0]!;
	assert.deepEqual(
		narrow.slice(-2).map(line => line.slice(13)),
		['x⋯', '··'],
	);
});

test('hex rows: a character split by rows is in the row with room for it', () => {
	const rows = show([chunkOf('x漢é😀')], {width: 20})[0]!;
	assert.deepEqual(
		rows.slice(-5).map(row => row.slice(13)),
		['x·', '漢', 'é·', '😀', '··'],
	);
});

test('hex rows: a character split by reads is in the read that completes it', () => {
	const bytes = Buffer.from('é漢漢');
	const rows = show([
		chunkOf(bytes.subarray(0, 1)),
		chunkOf(bytes.subarray(1, 3)),
		chunkOf(bytes.subarray(3, 7)),
		chunkOf(bytes.subarray(7)),
	]).map(([, row]) => row!.slice(58));
	assert.deepEqual(rows, ['·', 'é·', '漢··', '⋯']);
});

test('hex rows: continuation bytes are invalid only if the bytes before are known', () => {
	const rows = show([
		chunkOf(Uint8Array.from([0x80, 0x80, 0x80, 0x80])),
		chunkOf('a'),
		chunkOf(Uint8Array.from([0x80])),
	]).map(([, row]) => row!.slice(58));
	assert.deepEqual(rows, ['···\u{FFFD}', 'a', '\u{FFFD}']);
});

test('hex rows: no row is wider than the width, whatever the bytes', () => {
	fc.assert(
		fc.property(
			fc.array(someBytes, {minLength: 1, maxLength: 4}),
			fc.option(fc.string({unit: anyCharacter, maxLength: 40}), {
				nil: undefined,
			}),
			fc.nat({max: 2_000_000_000}),
			someWidth,
			(parts, peer, lost, width) => {
				const chunks = parts.map(bytes =>
					chunkOf(bytes, {peer, length: bytes.length + lost}),
				);
				for (const row of show(chunks, {width}).flat()) {
					assert.ok(stringWidth(row) <= width, row);
				}
			},
		),
	);
});

test('hex rows: the hex of all rows is exactly the bytes', () => {
	fc.assert(
		fc.property(someBytes, someWidth, (bytes, width) => {
			const dump = dumpOf(show([chunkOf(bytes)], {width})[0]!, width);
			const hex = dump.map(row => row.hex.replaceAll(/[ ┊]/gu, '')).join('');
			assert.equal(hex, Buffer.from(bytes).toString('hex'));
			const [perRow] = gridOf(width);
			assert.deepEqual(
				dump.map(row => row.offset),
				dump.map((_row, index) => index * perRow),
			);
		}),
	);
});

test('hex rows: a mark follows each LF, and nothing else', () => {
	fc.assert(
		fc.property(someBytes, someWidth, (bytes, width) => {
			for (const {hex} of dumpOf(show([chunkOf(bytes)], {width})[0]!, width)) {
				assert.deepEqual(hex.match(/..┊/gu), hex.match(/0a./gu));
			}
		}),
	);
});

test('hex rows: every byte has one cell of text', () => {
	fc.assert(
		fc.property(someBytes, someBytes, someWidth, (before, bytes, width) => {
			const [, rows] = show([chunkOf(before), chunkOf(bytes)], {width});
			const [perRow] = gridOf(width);
			for (const {offset, text} of dumpOf(rows!, width)) {
				const part = bytes.subarray(offset, offset + perRow);
				assert.equal(stringWidth(text), part.length);
				if (part.every(byte => byte >= 0x20 && byte < 0x7f)) {
					assert.equal(text, Buffer.from(part).toString());
				}
			}
		}),
	);
});

test('hex rows: the text is complete once the dots are removed', () => {
	const characters = fc.constantFrom('x', 'é', '€', '漢', '😀', '𝒜');
	fc.assert(
		fc.property(
			fc.string({unit: characters, maxLength: 30}),
			someWidth,
			(text, width) => {
				const dump = dumpOf(show([chunkOf(text)], {width})[0]!, width);
				const shown = dump.map(row => row.text).join('');
				assert.equal(shown.replaceAll('·', ''), text);
			},
		),
	);
});

test('hex rows: part of the rows equals that part of all rows', () => {
	fc.assert(
		fc.property(
			someBytes,
			someWidth,
			fc.nat({max: 40}),
			fc.nat({max: 40}),
			(bytes, width, start, count) => {
				const chunk = chunkOf(bytes, {length: bytes.length + 1});
				const context = createWireContext('room')(
					appendWire(emptyWire, [chunk]),
					0,
				);
				const all = hexRows(chunk, context, width);
				assert.equal(countHexRows(chunk, context, width), all.length);
				assert.deepEqual(
					hexRows(chunk, context, width, {start, end: start + count}),
					all.slice(start, start + count),
				);
			},
		),
	);
});

test('hex rows: chunks around one that was not recorded are not joined', () => {
	const [first] = inStreams([chunkOf('{"type":"say",')]);
	const later = chunkOf('"n":1}\n', {offset: first!.offset + 500});
	const wire = appendWire(emptyWire, [first!, later]);
	assert.deepEqual(createWireContext('room')(wire, 1).frames, [
		'a frame or its end',
	]);
});

test('hex rows: the first chunk of a connection begins a frame', () => {
	const wire = appendWire(emptyWire, [chunkOf('hello', {offset: 0})]);
	assert.deepEqual(createWireContext('raw')(wire, 0).frames, [
		'start of a line',
	]);
});
