/** Every test that a page of docs/ names must exist. */
import assert from 'node:assert/strict';
import {readdirSync, readFileSync} from 'node:fs';
import {test} from 'node:test';

const root = new URL('../../', import.meta.url);
const tests = new URL('test/', root);

for (const [page, least] of [
	['security.md', 30],
	['platforms.md', 10],
] as const) {
	test(`docs: every test that ${page} names is there`, () => {
		const text = readFileSync(new URL(`docs/${page}`, root), 'utf8');
		const named = text.match(/(?<=`)[a-z][a-z0-9 ]*: [^`\n]+(?=`)/gu) ?? [];
		assert.ok(named.length > least, `${named.length}`);
		const code = readdirSync(tests, {recursive: true, encoding: 'utf8'})
			.filter(path => /\.test\.tsx?$/.test(path))
			.map(path => readFileSync(new URL(path, tests), 'utf8'))
			.join('\n');
		// For a table of cases it names only the common start of the titles.
		const starts = Array.from(
			code.matchAll(/test\(\s*`([^`]*?)\$\{/g),
			([, start]) => start!,
		);
		const isThere = (name: string) =>
			code.includes(name) ||
			starts.some(start => start.includes(': ') && name.startsWith(start));
		assert.deepEqual(
			named.filter(name => !isThere(name)),
			[],
		);
	});
}
