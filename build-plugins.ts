/**
 * Bundler plugins that remove or defer unused parts of packages; each part costs
 * a start more than sockchat itself.
 *
 * They replace text in a package's files; the build fails if a new version has
 * other text.
 */
import {readFile} from 'node:fs/promises';
import {isBuiltin} from 'node:module';
import {resolve} from 'node:path';
import process from 'node:process';
import type {Plugin} from 'esbuild';
import {oneCell} from './source/protocol/segments.js';

/** Ink imports its developer tools statically; users don't have them. */
export const withoutDevtools: Plugin = {
	name: 'without-devtools',
	setup({onResolve, onLoad}) {
		onResolve({filter: /^react-devtools-core$/}, ({path}) => ({
			path,
			namespace: 'stub',
		}));
		onLoad({filter: /.*/, namespace: 'stub'}, () => ({
			contents: 'export default {connectToDevTools() {}, initialize() {}}',
		}));
	},
};

/** @param replacements Texts that occur once in the file → their replacements. */
const replacing = (
	name: string,
	filter: RegExp,
	replacements: ReadonlyArray<readonly [string, string]>,
): Plugin => ({
	name,
	setup({onLoad}) {
		onLoad({filter}, async ({path}) => {
			let contents = await readFile(path, 'utf8');
			for (const [from, to] of replacements) {
				if (contents.split(from).length !== 2) {
					throw new Error(`${path} has no single "${from}".`);
				}

				contents = contents.replace(from, () => to);
			}

			return {contents, loader: 'js'};
		});
	},
});

/** In place of a package's own. */
const ourSegmenter = (variable: string): string =>
	`import {graphemeSegmenter as ${variable}} from ${JSON.stringify(resolve('source/protocol/segments.ts'))};`;

/**
 * Meow tidies a package.json, down to its licence. Ours needs no tidying, so
 * the lists of licences and code hosts stay out: 10 ms of each --version.
 */
export const withoutUnusedMeow = replacing(
	'without-unused-meow',
	/[/\\]meow[/\\]build[/\\]dependencies\.js$/,
	[
		['var libExports = requireLib$1();', 'var libExports = {};'],
		['var normalizeExports = requireNormalize();', ''],
		[
			'const normalizePackageData = getDefaultExportFromCjs(normalizeExports);',
			'const normalizePackageData = () => {};',
		],
	],
);

/**
 * Chalk has no colours where a variable CI is set, and no log of a build shows
 * them. A screen is on a terminal, which TERM says more of.
 */
export const withColoursInCi = replacing(
	'with-colours-in-ci',
	/[/\\]chalk[/\\]source[/\\]vendor[/\\]supports-color[/\\]index\.js$/,
	[["if ('CI' in env) {", 'if (false) {']],
);

const oneCellOnly = String.raw`/^[\u0020-\u007E${oneCell}]*$/`;

/** Ink asks of each character of a text, and so of the ends of its lines. */
const oneCellOrEnd = String.raw`/^[\n\u0020-\u007E${oneCell}]*$/`;

/**
 * string-width tests all non-ASCII text for emoji, and V8 takes 20 ms for the
 * first match against that list. Box drawing, letters and arrows of one cell are
 * never emoji: their count is their width. Its other properties take a start half
 * a millisecond, and few texts need them.
 */
export const withoutEarlyEmoji = replacing(
	'without-early-emoji',
	/[/\\]string-width[/\\]index\.js$/,
	[
		['const segmenter = new Intl.Segmenter();', ourSegmenter('segmenter')],
		[
			String.raw`const visibleCharacterRegex = /`,
			String.raw`let visible; const visibleCharacter = () => visible ??= /`,
		],
		['search(visibleCharacterRegex)', 'search(visibleCharacter())'],
		['!visibleCharacterRegex.test(', '!visibleCharacter().test('],
		[
			String.raw`const spacingMarkRegex = /\p{Spacing_Mark}/v;`,
			String.raw`let spacingMark; const spacingMarkRegex = {test: mark => (spacingMark ??= /\p{Spacing_Mark}/v).test(mark)};`,
		],
		[
			String.raw`const extendedPictographicRegex = /`,
			String.raw`let pictographic; const extendedPictographic = () => pictographic ??= /`,
		],
		['match(extendedPictographicRegex)', 'match(extendedPictographic())'],
		[
			String.raw`const rgiEmojiRegex = /^\p{RGI_Emoji}$/v;`,
			String.raw`let rgiEmoji; const rgiEmojiRegex = {test: segment => (rgiEmoji ??= /^\p{RGI_Emoji}$/v).test(segment)};`,
		],
		[
			String.raw`if (/^[\u0020-\u007E]*$/.test(string)) {`,
			`if (${oneCellOnly}.test(string)) {`,
		],
	],
);

/** The packages that make an Intl.Segmenter as they load get ours. */
export const withoutEarlySegmenters: readonly Plugin[] = [
	[
		'ink',
		/[/\\]ink[/\\]build[/\\]line-update\.js$/,
		"const segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' });",
		'segmenter',
	],
	[
		'slice-ansi',
		/[/\\]slice-ansi[/\\]tokenize-ansi\.js$/,
		"const GRAPHEME_SEGMENTER = new Intl.Segmenter(undefined, {granularity: 'grapheme'});",
		'GRAPHEME_SEGMENTER',
	],
	[
		'ansi-tokenize',
		/[/\\]ansi-tokenize[/\\]build[/\\]tokenize\.js$/,
		'const segmenter = new Intl.Segmenter(undefined, { granularity: "grapheme" });',
		'segmenter',
	],
	[
		'wrap-ansi',
		/[/\\]wrap-ansi[/\\]index\.js$/,
		'const segmenter = new Intl.Segmenter();',
		'segmenter',
	],
].map(([name, file, text, variable]) =>
	replacing(`without-early-segmenter-${name as string}`, file as RegExp, [
		[text as string, ourSegmenter(variable as string)],
	]),
);

/**
 * Ink tests each cell that it draws for being invisible, and V8 takes 1 ms and
 * 2 MB for that property. Characters of one cell are seen.
 */
export const withoutEarlyProperties = replacing(
	'without-early-properties',
	/[/\\]ink[/\\]build[/\\]output\.js$/,
	[
		[
			String.raw`!/^\p{Default_Ignorable_Code_Point}+$/u.test(character.value)`,
			String.raw`${oneCellOrEnd}.test(character.value) || !/^\p{Default_Ignorable_Code_Point}+$/u.test(character.value)`,
		],
	],
);

/**
 * What tells Ink of the end of the process loads an assertion library, for one
 * check of an argument; with what that loads, it takes 0.35 MB.
 */
export const withoutAssert = replacing(
	'without-assert',
	/[/\\]signal-exit[/\\]index\.js$/,
	[["var assert = require('assert')", 'var assert = {equal() {}}']],
);

/**
 * The SDK of the Model Context Protocol brings a validator for schemas in JSON,
 * which is half of its code. Ours are zod's, which validate by themselves.
 */
export const withoutJsonValidator = replacing(
	'without-json-validator',
	/[/\\]@modelcontextprotocol[/\\]server[/\\]dist[/\\]shimsNode\.mjs$/,
	[
		[
			'import { n as AjvJsonSchemaValidator } from "./ajvProvider-DyjnscPj.mjs";',
			'class AjvJsonSchemaValidator { getValidator() { throw new Error("No schema in JSON is validated."); } }',
		],
	],
);

/** Modules of functions, loaded when the first of them is called. */
const putOff = new Set([
	'child_process',
	'crypto',
	'fs/promises',
	'os',
	'perf_hooks',
	'readline',
	'timers/promises',
	'vm',
	'zlib',
]);

const exportsOf = (module: string): string[] => {
	const whole = process.getBuiltinModule(module) as Record<string, unknown>;
	return Object.keys(whole)
		.filter(name => name !== 'default' && /^\w+$/.test(name))
		.map(name => {
			const isPutOff =
				putOff.has(module) &&
				(/^[a-z]/.test(name) || module === 'vm') &&
				typeof whole[name] === 'function';
			return isPutOff
				? `let ${name}; const _${name} = function (...given) { ${name} ??= whole().${name}; return new.target ? new ${name}(...given) : ${name}(...given); }; export {_${name} as ${name}};`
				: `const _${name} = /* @__PURE__ */ (() => whole().${name})(); export {_${name} as ${name}};`;
		});
};

/**
 * Takes `process` from where it is without an import: a file with an import
 * declaration can't be read by every Node that is to say that it is too old.
 */
export const withGlobalProcess: Plugin = {
	name: 'with-global-process',
	setup({onResolve, onLoad}) {
		onResolve({filter: /^node:process$/}, ({path}) => ({
			path,
			namespace: 'global',
		}));
		onLoad({filter: /.*/, namespace: 'global'}, () => ({
			contents: 'export default globalThis.process;',
		}));
	},
};

/**
 * Loads Node's own modules by name and export. An `import` of one reads all its
 * exports, which loads what each depends on: worker threads for crypto, a debugger
 * for process. That makes a start 20 ms slower.
 */
export const withoutUnusedExports: Plugin = {
	name: 'without-unused-exports',
	setup({onResolve, onLoad}) {
		onResolve({filter: /^[a-z]/}, ({path, kind}) =>
			kind === 'import-statement' && isBuiltin(path)
				? {path: path.replace(/^node:/, ''), namespace: 'node'}
				: undefined,
		);
		onLoad({filter: /.*/, namespace: 'node'}, ({path}) => ({
			contents: [
				`const whole = () => nodeModule('node:${path}');`,
				putOff.has(path)
					? 'export default new Proxy({}, {get: (_, name) => whole()[name]});'
					: 'export default /* @__PURE__ */ whole();',
				...exportsOf(path),
			].join('\n'),
		}));
	},
};

/** Puts the pages of docs/lessons into the bundle, in place of reading them. */
export const withLessons = (
	texts: Readonly<Record<string, string>>,
): Plugin => ({
	name: 'with-lessons',
	setup({onLoad}) {
		onLoad({filter: /[/\\]source[/\\]lesson[/\\]texts\.ts$/}, () => ({
			contents: `export const lessonTexts = ${JSON.stringify(texts)};`,
			loader: 'js',
		}));
	},
});

/** What the program is built with, whatever holds it. */
export const programPlugins: readonly Plugin[] = [
	withoutDevtools,
	withoutUnusedMeow,
	withColoursInCi,
	withoutEarlyEmoji,
	withoutEarlyProperties,
	withoutAssert,
	withoutJsonValidator,
	...withoutEarlySegmenters,
	withoutUnusedExports,
];

/** Puts a module of ours into the bundle as what it would give, once it runs. */
export const withConstant = (module: RegExp, contents: string): Plugin => ({
	name: 'with-constant',
	setup({onLoad}) {
		onLoad({filter: module}, () => ({contents, loader: 'js'}));
	},
});

/** Ink waits at its top level for developer tools, and for its own version. */
const withoutWaitingInk = replacing(
	'without-waiting-ink',
	/[/\\]ink[/\\]build[/\\]reconciler\.js$/,
	[
		["await import('./devtools.js');", ''],
		['const loaded = await loadPackageJson();', 'const loaded = packageInfo;'],
	],
);

/**
 * Yoga's WebAssembly is compiled without waiting. As the package has it, its
 * module waits at its top level, which a CommonJS bundle can't.
 */
const withSyncYoga: readonly Plugin[] = [
	{
		name: 'with-yoga-bytes',
		setup({onLoad}) {
			onLoad(
				{filter: /[/\\]yoga-layout[/\\]dist[/\\]binaries[/\\][^/\\]+\.js$/},
				async ({path}) => {
					const text = await readFile(path, 'utf8');
					const [whole, base64] =
						/data:application\/octet-stream;base64,([A-Za-z\d+/=]+)/.exec(
							text,
						) ?? [];
					if (whole === undefined || !text.includes('import.meta.url')) {
						throw new Error(`${path} has no WebAssembly as base64.`);
					}

					return {
						contents: `${text.replace(whole, 'none').replace('import.meta.url', '""')}\nexport const bytes = Uint8Array.from(atob(${JSON.stringify(base64)}), unit => unit.charCodeAt(0));`,
						loader: 'js',
					};
				},
			);
		},
	},
	replacing(
		'with-sync-yoga',
		/[/\\]yoga-layout[/\\]dist[/\\]src[/\\]index\.js$/,
		[
			['import loadYoga from', 'import loadYoga, {bytes} from'],
			[
				'const Yoga = wrapAssembly(await loadYoga());',
				`const assembly = {
	instantiateWasm(imports, done) {
		const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), imports);
		done(instance);
		return instance.exports;
	},
};
loadYoga(assembly);
const Yoga = wrapAssembly(assembly);`,
			],
		],
	),
];

/** A CommonJS script can't wait at its top level, as some packages do. */
export const withoutTopLevelAwait: readonly Plugin[] = [
	withoutWaitingInk,
	...withSyncYoga,
];

/**
 * Esbuild puts what several dynamic imports share into a chunk for each set of
 * them, and Node takes half a millisecond to find and read a file. If each of
 * them imports the program, which has been loaded when they are, all that the
 * program starts with is one chunk.
 */
export const withOneCore = (program: string): Plugin => ({
	name: 'with-one-core',
	setup({onResolve, onLoad}) {
		onResolve({filter: /^the-program$/}, () => ({
			path: resolve(program),
			sideEffects: true,
		}));
		onLoad(
			{
				filter:
					/[/\\](?:source[/\\](?:ui[/\\](?:memory|run|screen|lesson[/\\]run|watch[/\\](?:run|show))|lesson[/\\]catalog|plain[/\\](?:watch|prompt|status|raw[/\\](?:pipe|probe)|proxy[/\\]run)|relay[/\\]open|chat[/\\](?:host|join|relay|service-notice)|program[/\\]serve-mcp|doctor[/\\]doctor|options[/\\](?:config[/\\](?:config|values)|completion|help)|socket[/\\](?:inherited|link[/\\](?:tls|tls-day|tls-errors|tls-files|udp|udp-listener|web-socket|web-socket-server)))\.tsx?|meow[/\\]build[/\\]index\.js)$/,
			},
			async ({path}) => ({
				contents: `import 'the-program';\n${await readFile(path, 'utf8')}`,
				loader: path.endsWith('x') ? 'tsx' : 'ts',
			}),
		);
	},
});

/** The library loads what a shared room needs from a file of its own. */
export const withRelayApart: Plugin = {
	name: 'with-relay-apart',
	setup({onResolve}) {
		onResolve({filter: /\/relay\/open\.js$/}, () => ({
			path: './relay.cjs',
			external: true,
		}));
	},
};

/** Its errors are the library's: a program asks `instanceof SockchatError`. */
export const withErrorsOfIndex: Plugin = {
	name: 'with-errors-of-index',
	setup({onResolve, onLoad}) {
		onResolve({filter: /\/errors\.js$/}, ({importer, namespace}) =>
			namespace === 'file' && importer.startsWith(resolve('source'))
				? {path: resolve('source/errors.ts'), namespace: 'errors'}
				: undefined,
		);
		onResolve({filter: /^\.\/index\.cjs$/}, ({path}) => ({
			path,
			external: true,
		}));
		onLoad({filter: /.*/, namespace: 'errors'}, ({path}) => ({
			contents: `export * from ${JSON.stringify(path)};
export {SockchatError} from './index.cjs';`,
			resolveDir: resolve('source'),
		}));
	},
};
