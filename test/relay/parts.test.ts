import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import {test} from 'node:test';
import fc from 'fast-check';
import {Parts, partsOf} from '../../source/relay/parts.js';

const servers = ['0123456789abcdef', 'fedcba9876543210'] as const;
const value = fc.array(fc.string({unit: 'grapheme', maxLength: 60}));
const maxBytes = fc.integer({min: 120, max: 400});

test('parts: each fits, and together they are the text, whatever comes between', () => {
	fc.assert(
		fc.property(
			value,
			value,
			maxBytes,
			fc.array(fc.boolean(), {minLength: 1}),
			(one, two, most, turns) => {
				const texts = [one, two].map(each => JSON.stringify(each));
				const [first = [], second = []] = texts.map((text, index) => [
					...partsOf(text, {server: servers[index]!, text: index}, most),
				]);
				for (const part of [...first, ...second]) {
					assert.ok(Buffer.byteLength(part) <= most, part);
				}

				const parts = new Parts();
				const whole: string[] = [];
				let turn = 0;
				while (first.length + second.length > 0) {
					const isFirst = turns[turn++ % turns.length]! && first.length > 0;
					const queue = isFirst ? first : second.length > 0 ? second : first;
					const text = parts.take(queue.shift()!);
					whole.push(...(text === undefined ? [] : [text]));
				}

				assert.deepEqual(
					new Set(whole.map(text => JSON.stringify(JSON.parse(text)))),
					new Set(texts),
				);
			},
		),
	);
});

test('parts: after a loss nothing comes until the next text is whole', () => {
	const texts = ['a', 'b', 'c'].map(letter =>
		JSON.stringify(letter.repeat(200)),
	);
	const [first, second, third] = texts.map((json, text) => [
		...partsOf(json, {server: servers[0], text}, 150),
	]) as [string[], string[], string[]];
	assert.ok(first.length > 2);
	const taken = (...messages: readonly string[]) => {
		const parts = new Parts();
		return messages.flatMap(message => parts.take(message) ?? []);
	};

	assert.deepEqual(taken(...first.toSpliced(1, 1), ...second), [texts[1]]);
	assert.deepEqual(taken(...first.slice(0, -1), ...second.slice(1)), []);
	assert.deepEqual(taken(...third.slice(1), ...first), [texts[0]]);
	assert.deepEqual(taken('no part\nat all', '{"part":1}\n', ...third), [
		texts[2],
	]);
});
