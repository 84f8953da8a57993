/** What the way of bytes through a raw pipe consists of. */
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {posix} from 'node:path';
import test from 'node:test';
import {importsOf, unitOf, withoutComments} from '../../docs/imports.js';

const source = new URL('../../source/', import.meta.url);

/** All that these files load, types left out. */
const loadedBy = (...paths: readonly string[]): ReadonlySet<string> => {
	const seen = new Set<string>();
	const waiting = [...paths];
	for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
		if (seen.has(path)) {
			continue;
		}

		seen.add(path);
		const code = readFileSync(new URL(path, source), 'utf8');
		for (const {specifier, isType} of importsOf(withoutComments(code))) {
			if (!isType && specifier.startsWith('.')) {
				waiting.push(
					posix.join(posix.dirname(path), specifier).replace(/\.js$/, '.ts'),
				);
			}
		}
	}

	return seen;
};

test('raw pipe: bytes pass no event, no store, no watch and no React', () => {
	const units = new Set(
		[...loadedBy('raw/pipe.ts', 'raw/serve-pipe.ts', 'raw/reach.ts')].map(
			path => unitOf(path),
		),
	);
	assert.ok(units.has('raw'));
	assert.deepEqual(
		['event', 'store', 'watch', 'plain', 'ui'].filter(unit => units.has(unit)),
		[],
	);
});
