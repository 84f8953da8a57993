/**
 * Builds dist/: the bin, which is split and minified, with production React; the
 * man page; the library, which is one readable file, and one for rooms that are
 * shared; its type declarations, one file as well. Beside dist/ go the licences of what is bundled.
 *
 * With `program` as its argument it stops before the library.
 */
import {
	chmodSync,
	globSync,
	readFileSync,
	rmSync,
	writeFileSync,
} from 'node:fs';
import process from 'node:process';
import {build, type BuildOptions} from 'esbuild';
import {
	programPlugins,
	withGlobalProcess,
	withLessons,
	withErrorsOfIndex,
	withoutEarlyEmoji,
	withOneCore,
	withRelayApart,
} from './build-plugins.js';
import {noticesOf} from './build-notices.js';
import {manPage} from './docs/man.js';
import {lessonTexts} from './source/lesson/texts.js';

rmSync('dist', {recursive: true, force: true});

const common = {
	outdir: 'dist',
	bundle: true,
	platform: 'node',
	target: 'node20',
	define: {'process.env.NODE_ENV': '"production"'},
	// All of them are in the notices.
	legalComments: 'none',
	// Traces name our files and lines; the text is in the repository.
	sourcemap: true,
	sourcesContent: false,
	metafile: true,
	logLevel: 'warning',
} as const satisfies BuildOptions;

const {version, exports: entries} = JSON.parse(
	readFileSync('package.json', 'utf8'),
) as {
	version: string;
	exports: {'.': {types: string; default: string}};
};

/**
 * Makes dist/program.js the chunk that it only passes on: Node takes half a
 * millisecond to find and read a file.
 */
const mergeEntry = (): void => {
	const [, main, core] =
		/import\{([\w$]+) as [\w$]+\}from"\.\/program\/(chunk-\w+)\.js"/.exec(
			readFileSync('dist/program.js', 'utf8'),
		)!;
	const chunk = `dist/program/${core!}.js`;
	const exported = new RegExp(
		String.raw`(?<=[{,])([\w$]+) as ${main!.replaceAll('$', String.raw`\$`)}(?=[,}])`,
	);
	writeFileSync(
		'dist/program.js',
		readFileSync(chunk, 'utf8')
			.replaceAll(
				/(?<=\b(?:from|import\(?))"\.\/(?=[\w-]+\.js")/g,
				'"./program/',
			)
			.replace(exported, '$&,$1 as main')
			.replace(`${core!}.js.map`, 'program.js.map'),
	);
	writeFileSync(
		'dist/program.js.map',
		readFileSync(`${chunk}.map`, 'utf8').replaceAll('"../../', '"../'),
	);
	rmSync(chunk);
	rmSync(`${chunk}.map`);
	for (const path of globSync('dist/program/*.js')) {
		const text = readFileSync(path, 'utf8');
		writeFileSync(path, text.replaceAll(`"./${core!}.js"`, '"../program.js"'));
	}
};

const buildProgram = async () => {
	const built = await Promise.all([
		build({
			...common,
			entryPoints: {cli: 'source/cli.tsx'},
			format: 'esm',
			minify: true,
			// Old versions of Node read it, too.
			target: 'es2017',
			supported: {'dynamic-import': true},
			sourcemap: false,
			plugins: [withGlobalProcess],
			external: ['./program.js'],
		}),
		// Split, so a start reads only the code that it runs.
		build({
			...common,
			entryPoints: {program: 'source/program.ts'},
			format: 'esm',
			minify: true,
			// Yoga fetches itself from a data: URL, which makes Node load all of HTTP.
			define: {
				...common.define,
				fetch: 'undefined',
				// The library of WebSockets looks for native helpers, which aren't bundled.
				'process.env.WS_NO_BUFFER_UTIL': '"1"',
				'process.env.WS_NO_UTF_8_VALIDATE': '"1"',
			},
			// For Node's own modules; the oldest 22 lack process.getBuiltinModule().
			banner: {
				js: "const nodeModule = process.getBuiltinModule ?? (await import('node:module')).createRequire(import.meta.url), require = nodeModule;",
			},
			plugins: [
				...programPlugins,
				withLessons(lessonTexts),
				withOneCore('source/program.ts'),
			],
			// Ours have no side effects; the import that is meant to stay does.
			logOverride: {'ignored-bare-import': 'silent'},
			splitting: true,
			chunkNames: 'program/[name]-[hash]',
		}),
	]);
	mergeEntry();
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
	writeFileSync('dist/sockchat.1', manPage(version));
	return built.map(({metafile}) => metafile);
};

/** CommonJS: `import` and `require()` then get the same classes. */
const buildLibrary = async () => {
	const asLibrary = {
		...common,
		format: 'cjs',
		outExtension: {'.js': '.cjs'},
		// A table in a package has a longer one.
		lineLimit: 500,
	} as const satisfies BuildOptions;
	const built = await Promise.all([
		build({
			...asLibrary,
			entryPoints: {index: 'source/index.ts'},
			plugins: [withoutEarlyEmoji, withRelayApart],
		}),
		// What a room that is shared needs alone; esbuild splits no CommonJS.
		build({
			...asLibrary,
			entryPoints: {relay: 'source/relay/open.ts'},
			plugins: [withErrorsOfIndex],
		}),
	]);
	// It takes a second to load.
	const {generateDtsBundle} = await import('dts-bundle-generator');
	const [declarations] = generateDtsBundle(
		[{filePath: 'source/index.ts', output: {noBanner: true}}],
		{preferredConfigPath: 'tsconfig.build.json'},
	);
	writeFileSync(entries['.'].types, declarations!);
	return built.map(({metafile}) => metafile);
};

const metafiles = await buildProgram();
if (process.argv[2] !== 'program') {
	metafiles.push(...(await buildLibrary()));
}

writeFileSync('THIRD-PARTY-NOTICES.txt', noticesOf(metafiles));
