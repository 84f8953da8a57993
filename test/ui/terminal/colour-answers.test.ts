import assert from 'node:assert/strict';
import {EventEmitter} from 'node:events';
import {test} from 'node:test';
import {setImmediate as nextTurn} from 'node:timers/promises';
import fc from 'fast-check';
import {
	createAnswerFilter,
	watchColourAnswers,
} from '../../../source/ui/terminal/colour-answers.js';
import {anyCharacter} from '../../helpers/any-character.js';
import {FakeClock} from '../../helpers/clock.js';

const introducer = '\u001B]11;';
const dark = 'rgb:1e1e/1e1e/1e1e';
const ends = ['\u0007', '\u001B\\', '\u009C'];

const filtered = (chunks: readonly string[]) => {
	const filter = createAnswerFilter();
	let typed = '';
	const answers: string[] = [];
	for (const chunk of chunks) {
		const pushed = filter.push(chunk);
		typed += pushed.typed;
		answers.push(...pushed.answers);
	}

	return {typed: typed + filter.release(), answers};
};

/** A text in chunks that are cut at those places. */
const cut = (text: string, places: readonly number[]): string[] => {
	const at = [
		...new Set(places.map(place => place % (text.length + 1))),
	].toSorted((a, b) => a - b);
	return [0, ...at].map((from, index) => text.slice(from, at[index]));
};

test('colour answers: none reaches what is typed, wherever chunks end', () => {
	const typedText = fc.stringMatching(/^[\w é[\]\\;:/]{0,12}$/u);
	const key = fc.constantFrom(
		'\u001B[A',
		'\u001BOP',
		'\u001Bb',
		'\r',
		'\u007F',
	);
	const typing = fc.array(fc.oneof(typedText, key), {maxLength: 4});
	const answer = fc.record({
		body: fc.constantFrom(dark, 'rgb:ff/ff/ff', '#fdf6e3', 'garbled!', ''),
		end: fc.constantFrom(...ends),
	});
	fc.assert(
		fc.property(
			fc.array(fc.tuple(typing, answer), {minLength: 1, maxLength: 3}),
			typing,
			fc.array(fc.nat(200), {maxLength: 6}),
			(pairs, last, places) => {
				const whole = pairs
					.map(
						([keys, {body, end}]) =>
							`${keys.join('')}${introducer}${body}${end}`,
					)
					.join('');
				const chunks = cut(whole + last.join(''), places);
				assert.deepEqual(filtered(chunks), {
					typed: [...pairs.map(([keys]) => keys.join('')), last.join('')].join(
						'',
					),
					answers: pairs.map(([, {body}]) => body),
				});
			},
		),
	);
});

test('colour answers: without one, everything passes', () => {
	fc.assert(
		fc.property(
			fc
				.string({unit: anyCharacter})
				.filter(text => !text.includes(introducer)),
			fc.array(fc.nat(200), {maxLength: 6}),
			(text, places) => {
				const chunks = cut(text, places);
				assert.deepEqual(filtered(chunks), {typed: text, answers: []});
			},
		),
	);
});

test('colour answers: one without its end swallows neither keys nor much text', () => {
	assert.deepEqual(filtered([`${introducer}rgb:1e`, '\u0003', 'x']), {
		typed: '\u0003x',
		answers: [],
	});
	assert.deepEqual(filtered([`${introducer}rgb:1e`, '\u001B[A']), {
		typed: '\u001B[A',
		answers: [],
	});
	assert.deepEqual(filtered([`${introducer}rgb:1e`, 'x'.repeat(100)]), {
		typed: 'x'.repeat(100 - 64 + introducer.length + 6),
		answers: [],
	});
	assert.deepEqual(filtered([introducer, 'rgb:']), {typed: '', answers: []});
});

/** A terminal whose input a test writes, and what Ink would read of it. */
const openStdin = () => {
	const chunks: string[] = [];
	const source = Object.assign(new EventEmitter(), {
		isTTY: true,
		read: () => chunks.shift() ?? null,
	});
	const clock = new FakeClock();
	const watched = watchColourAnswers(
		source as unknown as NodeJS.ReadStream,
		clock,
	);
	const read: string[] = [];
	source.on('readable', () => {
		let chunk: unknown;
		while ((chunk = watched.stdin.read() as unknown) !== null) {
			read.push(chunk as string);
		}
	});
	const written: string[] = [];
	const answers: string[] = [];
	return {
		...watched,
		clock,
		read,
		written,
		answers,
		type(chunk: string) {
			chunks.push(chunk);
			source.emit('readable');
		},
		ask() {
			const stdout = {
				write(text: string) {
					written.push(text);
				},
			};
			watched.ask(stdout as unknown as NodeJS.WriteStream, colour => {
				answers.push(colour);
			});
		},
	};
};

test('colour answers: Escape arrives by itself, and before the question at once', async () => {
	const stdin = openStdin();
	stdin.type('\u001B');
	assert.deepEqual(stdin.read, ['\u001B']);
	stdin.ask();
	assert.deepEqual(stdin.written, [`${introducer}?\u001B\\`]);
	stdin.type('\u001B');
	assert.deepEqual(stdin.read, ['\u001B']);
	stdin.clock.advance(25);
	await nextTurn();
	assert.deepEqual(stdin.read, ['\u001B', '\u001B']);
	stdin.type(`${introducer}${dark}\u0007`);
	stdin.type('\u001B');
	assert.deepEqual(stdin.read, ['\u001B', '\u001B', '\u001B'], 'at once again');
	assert.deepEqual(stdin.answers, [dark]);
});

test('colour answers: one in two chunks, long after the question, is no input', () => {
	const stdin = openStdin();
	stdin.ask();
	stdin.clock.advance(60_000);
	stdin.type('hello\u001B');
	stdin.clock.advance(10);
	stdin.type(`]11;${dark.slice(0, 8)}`);
	stdin.clock.advance(900);
	stdin.type(`${dark.slice(8)}\u001B`);
	stdin.clock.advance(900);
	stdin.type('\\ world');
	assert.deepEqual(stdin.read, ['hello', ' world']);
	assert.deepEqual(stdin.answers, [dark]);
});

test('colour answers: what came while nothing was read is read before the time is up', async () => {
	const stdin = openStdin();
	stdin.ask();
	stdin.type('ab\u001B');
	// A process that gets no time finds both due: timers come before input.
	stdin.clock.advance(25);
	stdin.type(`]11;${dark}\u001B\\cd`);
	await nextTurn();
	assert.deepEqual(stdin.read, ['ab', 'cd']);
	assert.deepEqual(stdin.answers, [dark]);
});

test('colour answers: one that never ends holds the keys for a second', async () => {
	const stdin = openStdin();
	stdin.ask();
	stdin.type(`${introducer}rgb:1e`);
	stdin.clock.advance(1000);
	await nextTurn();
	stdin.type('hello');
	assert.deepEqual(stdin.read, ['hello']);
	assert.deepEqual(stdin.answers, []);
});

test('colour answers: who leaves waits for one that may be on its way, and not long', async () => {
	const stdin = openStdin();
	await stdin.settled();
	stdin.ask();
	let isSettled = false;
	const settled = stdin.settled().then(() => {
		isSettled = true;
	});
	await Promise.resolve();
	assert.equal(isSettled, false);
	stdin.type(`${introducer}${dark}\u0007`);
	await settled;

	const silent = openStdin();
	silent.ask();
	const waited = silent.settled();
	silent.clock.advance(250);
	await waited;
	await silent.settled();
});
