/**
 * Builds one executable that needs no Node on the machine: the pinned Node with
 * the whole program in it, as one CommonJS script with its compiled code (Node's
 * single executable applications).
 *
 * Its argument is the folder; by default it is binary/.
 */
import {execFileSync} from 'node:child_process';
import {
	chmodSync,
	copyFileSync,
	globSync,
	mkdirSync,
	readFileSync,
	rmSync,
	writeFileSync,
} from 'node:fs';
import {createRequire} from 'node:module';
import process from 'node:process';
import {build} from 'esbuild';
import {noticesOf} from './build-notices.js';
import {
	programPlugins,
	withConstant,
	withLessons,
	withoutTopLevelAwait,
} from './build-plugins.js';
import {lessonTexts} from './source/lesson/texts.js';

const [folder = 'binary'] = process.argv.slice(2);
const isWindows = process.platform === 'win32';
const executable = `${folder}/sockchat${isWindows ? '.exe' : ''}`;
const {version, description} = JSON.parse(
	readFileSync('package.json', 'utf8'),
) as {version: string; description: string};

rmSync(folder, {recursive: true, force: true});
mkdirSync(folder, {recursive: true});

const {metafile} = await build({
	entryPoints: {sockchat: 'source/cli.tsx'},
	outdir: folder,
	outExtension: {'.js': '.cjs'},
	bundle: true,
	format: 'cjs',
	platform: 'node',
	target: 'node24',
	// With its code compiled, a script can import nothing later.
	supported: {'dynamic-import': false},
	minify: true,
	define: {
		'process.env.NODE_ENV': '"production"',
		// Yoga fetches itself from a data: URL, which makes Node load all of HTTP.
		fetch: 'undefined',
		// The package's banner defines it for a module; a script has it at hand.
		nodeModule: 'require',
		// The bin asks it for the compile cache, of which this needs none.
		'process.getBuiltinModule': 'undefined',
	},
	// All of them are in the notices.
	legalComments: 'none',
	metafile: true,
	logLevel: 'warning',
	plugins: [
		withConstant(
			/[/\\]source[/\\]program[/\\]package\.ts$/,
			`const pkg = ${JSON.stringify({version, description})}; export const readPackage = async () => pkg;`,
		),
		...programPlugins,
		withLessons(lessonTexts),
		...withoutTopLevelAwait,
	],
});
/** Node's own licence, which names what is in Node. */
const nodeNotice = (): string => {
	const [path] = globSync('node_modules/node/node_modules/node-*/LICENSE');
	return path === undefined
		? `https://github.com/nodejs/node/blob/${process.version}/LICENSE\n`
		: readFileSync(path, 'utf8');
};

writeFileSync(
	`${folder}/THIRD-PARTY-NOTICES.txt`,
	`${noticesOf([metafile])}\nNode.js ${process.version}\n\n${nodeNotice()}`,
);

// Names are relative, as the blob keeps them.
writeFileSync(
	`${folder}/sea.json`,
	JSON.stringify({
		main: 'sockchat.cjs',
		output: 'sockchat.blob',
		disableExperimentalSEAWarning: true,
		useCodeCache: true,
	}),
);
const require = createRequire(import.meta.url);
const node = require.resolve(`node/bin/node${isWindows ? '.exe' : ''}`);
// It has no types.
const {inject} = require('postject') as {
	readonly inject: (
		file: string,
		name: string,
		bytes: Uint8Array,
		options: Readonly<Record<string, string>>,
	) => Promise<void>;
};

execFileSync(node, ['--experimental-sea-config', 'sea.json'], {cwd: folder});
copyFileSync(node, executable);
chmodSync(executable, 0o755);
await inject(
	executable,
	'NODE_SEA_BLOB',
	readFileSync(`${folder}/sockchat.blob`),
	{
		// Where Node looks whether it has a script in it.
		sentinelFuse: 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2',
		machoSegmentName: 'NODE_SEA',
	},
);
for (const part of ['sea.json', 'sockchat.blob', 'sockchat.cjs']) {
	rmSync(`${folder}/${part}`);
}
