/**
 * Without a screen no React is run: its code lies in the same file, but V8's
 * own coverage, which Node writes at the exit, says what of it was called.
 */
import assert from 'node:assert/strict';
import {mkdtempSync, readdirSync, readFileSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import test, {after, type TestContext} from 'node:test';
import {fileURLToPath, pathToFileURL} from 'node:url';
import {bin, startBin} from '../helpers/process.js';
import {openTerminal} from '../helpers/terminal.js';
import {joinBare, serveJson} from '../helpers/sockchat.js';

// Names that a minifier keeps: React's element, the root of Ink's tree.
const markers = [/react\.transitional\.element/g, /ink-root/g];

type Coverage = {
	readonly result: ReadonlyArray<{
		readonly url: string;
		readonly functions: ReadonlyArray<{
			readonly ranges: ReadonlyArray<{
				readonly startOffset: number;
				readonly endOffset: number;
				readonly count: number;
			}>;
		}>;
	}>;
};

/** How often the innermost piece of code around an offset was run. */
const countAt = (
	functions: Coverage['result'][number]['functions'],
	offset: number,
): number => {
	const around = functions
		.flatMap(({ranges}) => ranges)
		.filter(
			({startOffset, endOffset}) => startOffset <= offset && offset < endOffset,
		)
		.toSorted(
			(a, b) => a.endOffset - a.startOffset - (b.endOffset - b.startOffset),
		);
	return around[0]!.count;
};

const offsetsOf = (source: string, marker: RegExp): number[] =>
	Array.from(source.matchAll(marker), ({index}) => index);

/** Which markers stand in code that was run. */
const markersRun = (folder: string): RegExp[] => {
	const dist = pathToFileURL(dirname(bin().path)).href;
	const scripts = readdirSync(folder)
		.map(
			name => JSON.parse(readFileSync(join(folder, name), 'utf8')) as Coverage,
		)
		.flatMap(({result}) => result)
		.filter(({url}) => url.startsWith(`${dist}/`));
	assert.ok(scripts.length > 0, 'There is no coverage of the bin.');
	return markers.filter(marker =>
		scripts.some(({url, functions}) =>
			offsetsOf(readFileSync(fileURLToPath(url), 'utf8'), marker).some(
				offset => countAt(functions, offset) > 0,
			),
		),
	);
};

const coverageFolder = (t: TestContext): string => {
	const folder = mkdtempSync(join(tmpdir(), 'sockchat-coverage-'));
	t.after(() => {
		rmSync(folder, {recursive: true, force: true});
	});
	return folder;
};

const {port} = await serveJson({after});
const peer = await joinBare({after}, port, 'heron');

for (const args of [
	['connect', '--plain'],
	['connect', '--json'],
	['connect', '--message', 'hi'],
	['connect', '--raw'],
	['serve', '--json'],
]) {
	test(`e2e: ${args.join(' ')} runs nothing of React`, async t => {
		const folder = coverageFolder(t);
		const isServer = args.includes('serve');
		const chat = startBin(t, [...args, '--port', isServer ? '0' : port], {
			env: {NODE_V8_COVERAGE: folder},
		});
		if (args.includes('--raw')) {
			chat.writeLine('raw to a room');
		} else if (!args.includes('--message')) {
			await chat.waitForOutput('joined');
			peer.sayNext('seen');
			chat.writeLine('said');
			await chat.waitForOutput('said');
		}

		if (isServer) {
			chat.signal('SIGTERM');
		} else {
			chat.end();
		}

		assert.deepEqual(await chat.waitForExit(), {code: 0, signal: undefined});
		assert.deepEqual(markersRun(folder), []);
	});
}

test('e2e: a screen runs React, so the tests above can fail', async t => {
	const folder = coverageFolder(t);
	const terminal = openTerminal(t, {
		...bin('connect', '--port', port),
		env: {NODE_V8_COVERAGE: folder},
	});
	await terminal.waitForModes({isBracketedPaste: true});
	terminal.type('/quit\r');
	assert.equal(await terminal.waitForExit(), 0);
	assert.deepEqual(markersRun(folder), markers);
});
