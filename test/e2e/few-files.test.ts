/** A program that can't be loaded, or has no file left, says so in a sentence. */
import assert from 'node:assert/strict';
import {cpSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import process from 'node:process';
import test, {type TestContext} from 'node:test';
import {fileURLToPath} from 'node:url';
import {requireExecutable} from '../helpers/environment.js';
import {bin, startProcess, type RunningProcess} from '../helpers/process.js';

const openFolder = (t: TestContext): string => {
	const folder = mkdtempSync(join(tmpdir(), 'sockchat-files-'));
	t.after(() => {
		rmSync(folder, {recursive: true, force: true});
	});
	return folder;
};

/** Ends with 1 and one sentence on stderr, and nothing else. */
const failure = async (started: RunningProcess): Promise<string> => {
	const exit = await started.waitForExit();
	assert.deepEqual(exit, {code: 1, signal: undefined}, started.seen());
	assert.match(started.stderr(), /^[^\n]+\n$/, started.seen());
	assert.equal(started.stdout(), '');
	return started.stderr().trimEnd();
};

test('e2e: with hardly a file left, every command says what the limit is', async t => {
	const folder = openFolder(t);
	const hook = join(folder, 'hook.cjs');
	writeFileSync(
		hook,
		`const {openSync, closeSync} = require('node:fs');
		const opened = [];
		try {
			for (;;) opened.push(openSync('/dev/null'));
		} catch {}
		for (const fd of opened.slice(0, Number(process.env.LEFT))) closeSync(fd);`,
	);
	const prlimit = requireExecutable('prlimit', 'util-linux');
	for (const left of [1, 2, 3, 6, 12]) {
		for (const args of [
			['serve', '--port', '0', '--no-history'],
			['serve', '--port', '0', '--history', join(folder, 'room.jsonl')],
		]) {
			const {command, args: all} = bin(...args);
			const started = startProcess(
				t,
				prlimit,
				['--nofile=64:64', command, `--require=${hook}`, ...all],
				{env: {LEFT: String(left)}},
			);
			const sentence = await failure(started);
			assert.match(sentence, /\b(?:64 open files|limit of 64\b)/);
			assert.match(sentence, / ulimit -n \d+$/);
		}
	}
});

test('e2e: an installation that lacks a file says so', async t => {
	const folder = openFolder(t);
	const dist = fileURLToPath(new URL('../../dist/', import.meta.url));
	for (const missing of ['program.js', 'program']) {
		const copy = join(folder, missing.replace('.', '-'));
		cpSync(dist, copy, {recursive: true});
		writeFileSync(join(copy, 'package.json'), '{"type": "module"}');
		rmSync(join(copy, missing), {recursive: true});
		const started = startProcess(t, process.execPath, [
			join(copy, 'cli.js'),
			'serve',
		]);
		const sentence = await failure(started);
		assert.match(
			sentence,
			/^sockchat can't be loaded: Cannot find module .*\. Install it again\.$/,
		);
	}
});
