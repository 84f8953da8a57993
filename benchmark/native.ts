/** Builds the C programs into a temporary folder. */
import {execFileSync} from 'node:child_process';
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import process from 'node:process';
import {fileURLToPath} from 'node:url';

export const folder = mkdtempSync(join(tmpdir(), 'sockchat-benchmark-'));
process.on('exit', () => {
	rmSync(folder, {recursive: true, force: true});
});

const build = (name: string, files: readonly string[]): string => {
	const program = join(folder, name);
	execFileSync(
		'gcc',
		['-O3', '-march=native', '-std=gnu11', '-o', program, ...files],
		{cwd: fileURLToPath(new URL('native', import.meta.url)), stdio: 'inherit'},
	);
	return program;
};

export const buildNative = () => ({
	generator: build('generator', [
		'generator.c',
		'loop.c',
		'members.c',
		'wire.c',
	]),
	limit: build('limit', ['limit.c']),
});
