import assert from 'node:assert/strict';
import {existsSync, readdirSync, readFileSync} from 'node:fs';
import {test} from 'node:test';

const root = new URL('../../', import.meta.url);
const text = readFileSync(new URL('docs/architecture.md', root), 'utf8');

/** The paths below a folder that the page names in code marks. */
const named = (pattern: RegExp): string[] =>
	[...text.matchAll(pattern)].map(([, path]) => path!);

test('docs: every file and folder that architecture.md names is there', () => {
	const files = named(/`([a-z-]+(?:\/[a-z-]+)*\.tsx?)`/g).filter(
		path => path !== 'view.tsx',
	);
	const folders = named(/`((?:[a-z-]+\/)+)`/g);
	assert.ok(files.length > 30);
	for (const path of [
		...files,
		...folders.filter(path => path !== 'source/'),
	]) {
		assert.ok(existsSync(new URL(`source/${path}`, root)), path);
	}

	for (const path of named(/`(test\/[a-z/-]+)`/g)) {
		assert.ok(existsSync(new URL(path, root)), path);
	}
});

test('docs: architecture.md has a row for every folder of source/', () => {
	const folders = readdirSync(new URL('source/', root), {withFileTypes: true})
		.filter(entry => entry.isDirectory())
		.map(entry => entry.name);
	assert.deepEqual(named(/^\| `([a-z]+)` \|/gm).toSorted(), folders.toSorted());
});
