import assert from 'node:assert/strict';
import {test} from 'node:test';
import fc from 'fast-check';
import {FocusReports, watchInput} from '../../../source/ui/terminal/focus.js';

test('focus: the last report counts, wherever the chunks end', () => {
	const piece = fc.constantFrom(
		'\u001B[I',
		'\u001B[O',
		'\u001B',
		'\u001B[A',
		'\u001BOP',
		'[',
		'I',
		'O',
		'text',
	);
	fc.assert(
		fc.property(
			fc.array(piece, {maxLength: 8}),
			fc.array(fc.nat({max: 3}), {minLength: 30, maxLength: 30}),
			(pieces, lengths) => {
				const text = pieces.join('');
				const reports = new FocusReports();
				let isFocused: boolean | undefined;
				let start = 0;
				for (const length of [...lengths, text.length]) {
					const chunk = text.slice(start, start + length);
					start += length;
					isFocused = reports.read(chunk) ?? isFocused;
				}

				const last = /.*\u001B\[(?<final>[IO])/su.exec(text)?.groups?.['final'];
				assert.equal(
					isFocused,
					last === undefined ? undefined : last === 'I',
					JSON.stringify(text),
				);
			},
		),
	);
});

test('focus: what is read from stdin is watched, and passed on', () => {
	const chunks = ['a', '\u001B[', 'I', '\u001B[Ob', undefined];
	const seen: unknown[] = [];
	const stdin = watchInput(
		{
			read: () => chunks.shift(),
			isTTY: true,
		} as unknown as NodeJS.ReadStream,
		{
			onFocus(isFocused) {
				seen.push(isFocused);
			},
			onInput() {
				seen.push('input');
			},
		},
	);
	assert.ok(stdin.isTTY);
	const read = Array.from({length: 5}, () => stdin.read() as unknown);
	assert.deepEqual(read, ['a', '\u001B[', 'I', '\u001B[Ob', undefined]);
	assert.deepEqual(seen, ['input', 'input', true, false]);
});
