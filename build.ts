/**
 * Builds dist/: the bin and the public API, one bundled file each, minified,
 * with production React; then the type declarations of the API.
 */
import {execFileSync} from 'node:child_process';
import {chmodSync, rmSync} from 'node:fs';
import {build, type Plugin} from 'esbuild';

/** Ink imports its developer tools by a static import; no user has them. */
const withoutDevtools: Plugin = {
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

rmSync('dist', {recursive: true, force: true});
await build({
	entryPoints: {cli: 'source/cli.tsx', index: 'source/index.ts'},
	outdir: 'dist',
	bundle: true,
	minify: true,
	platform: 'node',
	format: 'esm',
	target: 'node20',
	define: {'process.env.NODE_ENV': '"production"'},
	// Some of what is bundled is CommonJS and calls require().
	banner: {
		js: "import {createRequire as _createRequire} from 'node:module'; const require = _createRequire(import.meta.url);",
	},
	legalComments: 'external',
	plugins: [withoutDevtools],
	logLevel: 'warning',
});
chmodSync('dist/cli.js', 0o755);
execFileSync('tsc', ['--project', 'tsconfig.build.json'], {stdio: 'inherit'});
