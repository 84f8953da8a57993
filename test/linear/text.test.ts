/** Whatever a peer sends costs time in proportion to its bytes. */
import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import {test} from 'node:test';
import {needleOf, searchBlocks} from '../../source/history/search.js';
import {
	decodeClientFrame,
	decodeServerFrame,
	frameLine,
} from '../../source/protocol/codec.js';
import {sniff} from '../../source/protocol/foreign/sniff.js';
import {
	displayWidth,
	jsonSafe,
	toDisplay,
} from '../../source/protocol/display.js';
import {maxSearchBytes} from '../../source/protocol/frame.js';
import {
	isRequestLine,
	RequestWatch,
} from '../../source/protocol/foreign/http-request.js';
import {isMentioned} from '../../source/protocol/mention.js';
import {foldNick, parseNick} from '../../source/protocol/nick.js';
import {normalized} from '../../source/protocol/normal.js';
import {layOut} from '../../source/protocol/pretty.js';
import {textWithCommands} from '../../source/protocol/foreign/telnet.js';
import {checkSearch, checkText} from '../../source/protocol/text.js';
import {noSuchMember, nickTaken} from '../../source/protocol/room-refusals.js';
import {parseBan} from '../../source/server/moderation.js';
import {complete} from '../../source/ui/input/completion.js';
import {urlsIn} from '../../source/ui/text/links.js';
import {wrapText} from '../../source/ui/text/wrap.js';
import {costRatio, steepness} from '../helpers/growth.js';
import {did, didRaw} from '../helpers/hands.js';
import {hostileTexts} from '../helpers/hostile-texts.js';

const message = (text: string) =>
	frameLine({
		type: 'message',
		seq: 1,
		at: 1,
		from: 'otter',
		id: '0123456789abcdef',
		n: 1,
		text,
	});

const entryPoints: Readonly<Record<string, (text: string) => unknown>> = {
	parseNick: text => parseNick(text),
	foldNick,
	normalized: text => [normalized(text, 'NFC'), normalized(text, 'NFKD')],
	toDisplay: text => toDisplay(text),
	'toDisplay with lines': text => toDisplay(text, {lines: 'keep'}),
	displayWidth: text => displayWidth(toDisplay(text)),
	wrapText: text => wrapText(toDisplay(text), 40),
	jsonSafe,
	checkText,
	isMentioned: text => isMentioned(text, 'otter'),
	'isMentioned, by a nick of another script': text => isMentioned(text, '小明'),
	urlsIn: text => urlsIn(toDisplay(text)),
	layOut,
	'layOut of JSON': text => layOut(JSON.stringify({a: [text]})),
	'textWithCommands, amid commands': text =>
		textWithCommands(
			Buffer.concat([
				Buffer.from('fffa18', 'hex'),
				Buffer.from(text, 'latin1'),
				Buffer.from('ff'.repeat(text.length), 'hex'),
			]),
		),
	'a say': text =>
		decodeClientFrame(Buffer.from(JSON.stringify({type: 'say', n: 1, text}))),
	'a line of a client': text => decodeClientFrame(Buffer.from(text)),
	'a line of a server': text => decodeServerFrame(Buffer.from(text)),
	needleOf,
	'a line in a room': text => did(text),
	'a line in raw mode': didRaw,
	sniff: text => sniff(Buffer.from(`x${text}`)),
	isRequestLine,
	'the first lines of a peer'(text) {
		new RequestWatch().push(Buffer.from(text));
	},
	parseBan,
	complete: text => complete(text, text.length, {commands: [], nicks: [text]}),
	refusals: text => [nickTaken(text), noSuchMember(text)],
};

// At this size and eight times as much, what is quadratic shows.
const size = 3000;

for (const [name, enter] of Object.entries(entryPoints)) {
	test(`linear: ${name} takes time in proportion to the text`, async () => {
		for (const [what, textOf] of Object.entries(hostileTexts)) {
			const ratio = await steepness(textOf, enter, size);
			assert.equal(ratio, undefined, `${name} of ${what}: ${ratio} times`);
		}
	});
}

test('linear: a search takes time in proportion to the texts', async () => {
	// Every line of otter's passes the filter for it, and is folded.
	const search = async (line: Buffer) =>
		searchBlocks([line], needleOf('\u00F6tter'), 1);
	for (const [what, textOf] of Object.entries(hostileTexts)) {
		// The longer one is as long as a text may be, and needs no second turn.
		const ratio = await steepness(
			length => Buffer.from(message(textOf(length))),
			search,
			2000,
		);
		assert.equal(ratio, undefined, `${what}: ${ratio} times`);
	}
});

test('linear: a search in hostile texts costs about what one in honest texts does', async () => {
	const search = async (lines: Buffer) =>
		searchBlocks([lines], needleOf('\u00F6tter'), 1);
	const room = (text: string) => {
		const line = message(text);
		return Buffer.from(line.repeat(1_000_000 / Buffer.byteLength(line)));
	};

	// As macOS writes file names: marks of their own, one on a letter.
	const honest = room('cafe\u0301 cre\u0300me '.repeat(500));
	for (const [what, textOf] of Object.entries(hostileTexts)) {
		const hostile = room(textOf(5000));
		const ratio = await costRatio(
			async () => search(hostile),
			async () => search(honest),
			16,
		);
		assert.equal(ratio, undefined, `${what}: ${ratio} times`);
	}
});

test('linear: a search lets the others in after each 128 KiB', async () => {
	const mebibyte = 1024 * 1024;
	const line = message('caf\u00E9 '.repeat(2000));
	const block = Buffer.from(line.repeat((4 * mebibyte) / line.length));
	// In every line, up to the last letter, and in none.
	for (const words of ['caf\u00E9s', 'zebra']) {
		let turns = 0;
		let isDone = false;
		const count = () => {
			turns++;
			if (!isDone) {
				setImmediate(count);
			}
		};

		setImmediate(count);
		await searchBlocks([block], needleOf(words), 1);
		isDone = true;
		assert.ok(turns >= 28, `${turns} turns for ${words}`);
	}
});

test('linear: the longest words that are searched for are found as fast', async () => {
	const search = async (text: string, words: string) =>
		searchBlocks([Buffer.from(message(text))], needleOf(words), 1);
	for (const [piece, words] of [
		['a', `"${'a'.repeat(maxSearchBytes - 1)}`],
		[
			'a',
			`${'a'.repeat(maxSearchBytes / 2)}b${'a'.repeat(maxSearchBytes / 4)}`,
		],
		['aab', `"b${'aab'.repeat(84)}`],
		['ab ', Array.from({length: 64}, (_, index) => `a${index}`).join(' ')],
	] as const) {
		assert.equal(checkSearch(words), undefined);
		const ratio = await steepness(
			length => piece.repeat(length / piece.length),
			async text => search(text, words),
			size,
		);
		assert.equal(ratio, undefined, `${words.slice(0, 8)}⋯: ${ratio} times`);
	}
});

const wide = (piece: string) =>
	`{"type":"ping","id":[${piece.repeat(60_000 / piece.length)}0]}`;

test('linear: a line of a client costs no more than a text of its length', async () => {
	const text = 'caf\u00E9 \\n'.repeat(6000);
	const honest = Buffer.from(JSON.stringify({type: 'say', n: 1, text}));
	for (const line of [
		'['.repeat(30_000) + ']'.repeat(30_000),
		'{"a":'.repeat(12_000),
		`{"type":"ping","id":${'['.repeat(30_000)}${']'.repeat(30_000)}}`,
		wide('[],'),
		wide('{},'),
		wide('0,'),
		wide('"",'),
		wide('{"":0},'),
		`{"type":"ping",${Array.from({length: 5000}, (_, id) => `"${id}":${id}`).join(',')}}`,
	]) {
		const ratio = await costRatio(
			() => {
				decodeClientFrame(Buffer.from(line));
			},
			() => {
				decodeClientFrame(honest);
			},
			2,
		);
		assert.equal(ratio, undefined, `${line.slice(0, 40)}: ${ratio} times`);
	}
});
