import assert from 'node:assert/strict';
import {readFile} from 'node:fs/promises';
import {test} from 'node:test';
import {generated, generatedFiles, parts} from '../../docs/generate.js';

const read = async (path: string) =>
	readFile(new URL(`../../${path}`, import.meta.url), 'utf8');

for (const path of generatedFiles) {
	test(`docs: ${path} says what the code says now`, async () => {
		const text = await read(path);
		const lines = new Set(text.split('\n'));
		const missing = generated(text)
			.split('\n')
			.filter(line => !lines.has(line));
		assert.deepEqual(missing, [], 'Run: npx tsx docs/generate.ts');
		assert.equal(text.length, generated(text).length);
	});
}

test('docs: every generated part is in one of the files', async () => {
	const texts = await Promise.all(generatedFiles.map(read));
	for (const name of Object.keys(parts)) {
		assert.ok(
			texts.some(text => text.includes(`<!-- ${name} -->\n\n`)),
			`${name} stands in none of ${generatedFiles.join(', ')}.`,
		);
	}
});

test('docs: detects a part that is out of date', () => {
	const old = '<!-- keys -->\n\n| old |\n\n<!-- /keys -->';
	assert.notEqual(generated(old), old);
});
