/**
 * Builds dist/: the bin and the public API, one bundled file each, minified,
 * with production React; then the man page, and the type declarations of the API.
 */
import {execFileSync} from 'node:child_process';
import {
	chmodSync,
	globSync,
	readFileSync,
	rmSync,
	writeFileSync,
} from 'node:fs';
import {build, type BuildOptions} from 'esbuild';
import {
	withoutDevtools,
	withoutEarlyEmoji,
	withoutEarlyProperties,
	withoutEarlySegmenters,
	withoutUnusedMeow,
	withLessons,
	withOneCore,
	withoutUnusedExports,
} from './build-plugins.js';
import {manPage} from './docs/man.js';
import {lessonTexts} from './source/lesson/texts.js';

rmSync('dist', {recursive: true, force: true});

const options: BuildOptions = {
	outdir: 'dist',
	bundle: true,
	minify: true,
	platform: 'node',
	format: 'esm',
	target: 'node20',
	define: {
		'process.env.NODE_ENV': '"production"',
		// Yoga fetches itself from a data: URL, which makes Node load all of HTTP.
		fetch: 'undefined',
	},
	// For Node's own modules; the oldest 22 lack process.getBuiltinModule().
	banner: {
		js: "const require = process.getBuiltinModule ?? (await import('node:module')).createRequire(import.meta.url);",
	},
	legalComments: 'external',
	plugins: [
		withoutDevtools,
		withoutUnusedMeow,
		withoutEarlyEmoji,
		withoutEarlyProperties,
		...withoutEarlySegmenters,
		withoutUnusedExports,
	],
	logLevel: 'warning',
};
await Promise.all([
	build({
		...options,
		entryPoints: {cli: 'source/cli.tsx'},
		external: ['./program.js'],
	}),
	// Split, so a start reads only the code that it runs.
	build({
		...options,
		entryPoints: {program: 'source/program.ts'},
		plugins: [
			...options.plugins!,
			withLessons(lessonTexts),
			withOneCore('source/program.ts'),
		],
		// Ours have no side effects; the import that is meant to stay does.
		logOverride: {'ignored-bare-import': 'silent'},
		splitting: true,
		chunkNames: 'program/[name]-[hash]',
	}),
	build({...options, entryPoints: {index: 'source/index.ts'}}),
]);
// Esbuild leaves templates as they are; one character outside Latin-1, and V8
// keeps the whole file in two bytes a character.
for (const path of globSync(['dist/*.js', 'dist/program/*.js'])) {
	const text = readFileSync(path, 'utf8');
	writeFileSync(
		path,
		text.replaceAll(
			/[^\0-\u007F]/g,
			unit => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
		),
	);
}

chmodSync('dist/cli.js', 0o755);
const {version} = JSON.parse(readFileSync('package.json', 'utf8')) as {
	version: string;
};
writeFileSync('dist/sockchat.1', manPage(version));
execFileSync('tsc', ['--project', 'tsconfig.build.json'], {stdio: 'inherit'});
