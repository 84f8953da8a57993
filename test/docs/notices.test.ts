import assert from 'node:assert/strict';
import {mkdirSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {test} from 'node:test';
import type {Metafile} from 'esbuild';
import {bundledPackages, noticesOfPackage} from '../../build-notices.js';
import {createEnvironment} from '../helpers/environment.js';

test('notices: a package without a licence text fails the build', t => {
	const environment = createEnvironment();
	t.after(environment.remove);
	const folder = join(environment.home, 'otters');
	mkdirSync(join(folder, 'node_modules', 'heron'), {recursive: true});
	writeFileSync(
		join(folder, 'package.json'),
		'{"name": "otters", "version": "1.2.3", "license": "MIT"}',
	);
	// A text of another package is none of its own.
	writeFileSync(join(folder, 'node_modules', 'heron', 'LICENSE'), 'Heron.');
	assert.throws(() => noticesOfPackage(folder), /otters has no licence text/);
	writeFileSync(join(folder, 'Licence.md'), 'Otters.\n');
	assert.deepEqual(noticesOfPackage(folder), ['otters 1.2.3 (MIT)\n\nOtters.']);
});

test('notices: counts the packages that left bytes in a bundle', () => {
	const input = (bytesInOutput: number) => ({bytesInOutput});
	const inputs = {
		'source/a.ts': input(1),
		'node_modules/a/b/c.js': input(1),
		'node_modules/a/d.js': input(1),
		'node_modules/dropped/a.js': input(0),
		'node_modules/@heron/b/node_modules/@otter/c/d.js': input(1),
	};
	assert.deepEqual(
		bundledPackages([{outputs: {a: {inputs}}} as unknown as Metafile]),
		['node_modules/a', 'node_modules/@heron/b/node_modules/@otter/c'],
	);
});
