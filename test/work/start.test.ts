/**
 * What a start loads, counted: Node's own modules, each of which has to be
 * run. A new one here is a dependency that came in by the way.
 */
import assert from 'node:assert/strict';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test from 'node:test';
import {startBin} from '../helpers/process.js';

// What Node 24 loads, and a few more for its next versions.
const most = {version: 180, serve: 190};

// Of no use to a chat: HTTP and TLS cost 20 ms, and Ink's way in asks for fetch.
const unwanted = new Set([
	'http',
	'https',
	'http2',
	'tls',
	'inspector',
	'repl',
]);

const hook = `process.on('exit', () => {
	const loaded = process.moduleLoadList.filter(name => name.startsWith('NativeModule '));
	require('node:fs').writeSync(2, 'loaded ' + JSON.stringify(loaded.map(name => name.slice(13))) + '\\n');
});`;

const openHook = (t: test.TestContext): string => {
	const folder = mkdtempSync(join(tmpdir(), 'sockchat-work-'));
	t.after(() => {
		rmSync(folder, {recursive: true, force: true});
	});
	const path = join(folder, 'hook.cjs');
	writeFileSync(path, hook);
	return path;
};

const readLoaded = (stderr: string): readonly string[] =>
	JSON.parse(
		/loaded (.*)/.exec(stderr)?.[1] ?? assert.fail(stderr),
	) as string[];

test('work: --version and serve --json load no more of Node than they did', async t => {
	const env = {NODE_OPTIONS: `--require=${openHook(t)}`};
	const version = startBin(t, ['--version'], {env});
	await version.waitForExit();
	const serve = startBin(t, ['serve', '--json', '--port', '0'], {env});
	await serve.waitForOutput('"listening"');
	serve.signal('SIGTERM');
	await serve.waitForExit();
	for (const [program, limit] of [
		[version, most.version],
		[serve, most.serve],
	] as const) {
		const loaded = readLoaded(program.stderr());
		assert.ok(loaded.length <= limit, `${loaded.length}: ${loaded.join(' ')}`);
		assert.deepEqual(
			loaded.filter(name => unwanted.has(name)),
			[],
		);
	}
});
