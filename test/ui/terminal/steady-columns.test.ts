import assert from 'node:assert/strict';
import {env} from 'node:process';
import {test} from 'node:test';
import fc from 'fast-check';
import stringWidth from 'string-width';
import {steadyColumns} from '../../../source/ui/terminal/steady-columns.js';
import {createEmulator} from '../../helpers/emulator.js';

const runs = Number(env['FAST_CHECK_RUNS'] ?? 300);

const emoji = [
	'👍🏽',
	'👋🏿',
	'☝🏽',
	'🧑🏽‍🚀',
	'👨‍👩‍👧',
	'❤️',
	'🇩🇪',
	'1️⃣',
	'👍',
	'🫨',
	'e\u0301',
	'क्षि',
	'\u1100\u1161\u11A8',
];

test('steady columns: text after an emoji is in the column that Unicode gives it', async () => {
	const part = fc.oneof(
		fc.constantFrom(...emoji),
		fc.constantFrom('a', '漢', ' '),
	);
	await fc.assert(
		fc.asyncProperty(fc.array(part, {maxLength: 15}), async parts => {
			// It counts characters, and takes four cells for 👍🏽 as tmux does.
			const emulator = createEmulator(40, 4, 'characters');
			const row = parts.join('');
			const column = stringWidth(row);
			fc.pre(column < 40);
			const output = `\u001B[2;1H\u001B[31m${row}\u001B[0m|\r\nnext`;
			await new Promise<void>(resolve => {
				emulator.write(steadyColumns(output), resolve);
			});
			const cells = emulator.cells();
			const seen = cells[1]!.map(({text}) => text);
			assert.equal(seen.filter(text => text === '|').length, 1);
			assert.equal(emulator.cell(column, 1).text, '|');
			assert.equal(emulator.screen()[2], 'next');
			emulator.dispose();
		}),
		{numRuns: runs},
	);
});

test('steady columns: text of undisputed width is written unchanged', () => {
	const output = '\u001B[5G\u001B[Kplain 漢字 │ caf\u00E9\r\n✓ ↑ →\u001B[0m';
	assert.equal(steadyColumns(output), output);
});
