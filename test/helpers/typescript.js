/**
 * Runs the tests' TypeScript: `node --import=./test/helpers/typescript.js`.
 *
 * Node strips the types itself, and keeps what it compiled. What it lacks is
 * here: that an import of ./name.js may mean name.ts or name.tsx, and JSX. In
 * CPU, a test's process begins for 0.1 to 0.25 s less than with tsx, which runs
 * them as well.
 *
 * Only JSX needs source maps: where types were, Node leaves spaces.
 */
import {hash} from 'node:crypto';
import {
	existsSync,
	mkdirSync,
	readFileSync,
	renameSync,
	writeFileSync,
} from 'node:fs';
import module, {createRequire} from 'node:module';
import process from 'node:process';
import {fileURLToPath} from 'node:url';

const load = createRequire(import.meta.url);
const {version} = load('esbuild/package.json');
const cache = fileURLToPath(
	new URL('../../node_modules/.cache/sockchat-typescript/', import.meta.url),
);
mkdirSync(cache, {recursive: true});
module.enableCompileCache(cache);
module.setSourceMapsSupport(true, {nodeModules: false});

/** Kept, as esbuild takes longer to start than all the rest of a process. */
const compile = path => {
	const text = readFileSync(path, 'utf8');
	const kept = `${cache}${hash('sha1', `${version}\n${path}\n${text}`)}.js`;
	if (existsSync(kept)) {
		return readFileSync(kept, 'utf8');
	}

	const {code} = load('esbuild').transformSync(text, {
		loader: 'tsx',
		jsx: 'automatic',
		target: 'esnext',
		sourcefile: path,
		sourcemap: 'inline',
		sourcesContent: false,
	});
	// Other processes never see a part of it.
	writeFileSync(`${kept}.${process.pid}`, code);
	renameSync(`${kept}.${process.pid}`, kept);
	return code;
};

module.registerHooks({
	resolve(specifier, context, nextResolve) {
		if (
			specifier.startsWith('.') &&
			specifier.endsWith('.js') &&
			!context.parentURL.includes('/node_modules/')
		) {
			for (const ending of ['.ts', '.tsx']) {
				const url = new URL(
					specifier.replace(/\.js$/, ending),
					context.parentURL,
				);
				if (existsSync(url)) {
					return {url: url.href, shortCircuit: true};
				}
			}
		}

		return nextResolve(specifier, context);
	},
	load(url, context, nextLoad) {
		return url.endsWith('.tsx')
			? {
					format: 'module',
					source: compile(fileURLToPath(url)),
					shortCircuit: true,
				}
			: nextLoad(url, context);
	},
});
