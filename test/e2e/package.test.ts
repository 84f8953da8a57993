/**
 * What `npm pack` makes of a fresh clone, as somebody gets it who has nothing
 * else. Nothing is built in this tree for it: dist/ is not in the repository.
 */
import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import {
	cpSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	symlinkSync,
	writeFileSync,
} from 'node:fs';
import {homedir, tmpdir} from 'node:os';
import {delimiter, dirname, join} from 'node:path';
import process from 'node:process';
import test, {after} from 'node:test';
import {fileURLToPath} from 'node:url';
import {publint} from 'publint';
import {createEnvironment, requireExecutable} from '../helpers/environment.js';
import {nodeOf} from '../helpers/nodes.js';
import {machineNode, startProcess} from '../helpers/process.js';
import {openTerminal} from '../helpers/terminal.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'sockchat-package-'));
const npm = requireExecutable('npm', 'npm');
const environment = createEnvironment({
	// An npm that runs these tests tells its own settings by variables.
	...Object.fromEntries(
		Object.keys(process.env)
			.filter(name => name.toLowerCase().startsWith('npm_'))
			.map(name => [name, undefined]),
	),
	// The pinned Node, also for the `env node` of the installed bin.
	PATH: `${dirname(process.execPath)}${delimiter}${process.env['PATH']}`,
	npm_config_update_notifier: 'false',
	// The user's packages, as a git dependency brings its own to be built with.
	npm_config_cache: execFileSync(npm, ['config', 'get', 'cache'], {
		encoding: 'utf8',
	}).trim(),
	npm_config_userconfig:
		process.env['npm_config_userconfig'] ?? join(homedir(), '.npmrc'),
	npm_config_registry: process.env['npm_config_registry'],
	npm_config_prefer_offline: 'true',
	npm_config_audit: 'false',
	npm_config_fund: 'false',
});
writeFileSync(
	join(environment.home, '.gitconfig'),
	'[user]\nname = otter\nemail = otter@localhost\n[safe]\ndirectory = *\n',
);
after(() => {
	environment.remove();
	rmSync(folder, {recursive: true, force: true});
});

const run = (command: string, args: readonly string[], cwd = folder) =>
	execFileSync(command, args, {cwd, env: environment.env, encoding: 'utf8'});

type Packed = {
	readonly filename: string;
	readonly files: ReadonlyArray<{readonly path: string}>;
};

/** npm 11 gives a list, npm 12 an object by name. */
const readPacked = (json: string): Packed => {
	const [packed] = Object.values(
		JSON.parse(json) as readonly Packed[] | Readonly<Record<string, Packed>>,
	);
	return packed!;
};

/** A clone of what is committed, with what is not yet committed on top. */
const cloneTree = (): string => {
	const clone = join(folder, 'clone');
	run('git', ['clone', '--quiet', '--no-hardlinks', root, clone]);
	const listed = (...args: readonly string[]) =>
		run('git', ['ls-files', '-z', ...args], root)
			.split('\0')
			.filter(Boolean);
	for (const path of listed('--deleted')) {
		rmSync(join(clone, path));
	}

	const gone = new Set(listed('--deleted'));
	for (const path of listed('--modified', '--others', '--exclude-standard')) {
		if (!gone.has(path)) {
			cpSync(join(root, path), join(clone, path));
		}
	}

	run('git', ['add', '--all'], clone);
	run('git', ['commit', '--quiet', '--allow-empty', '-m', 'As it is'], clone);
	return clone;
};

const clone = cloneTree();
// As `npm ci` would leave it, in no time.
symlinkSync(join(root, 'node_modules'), join(clone, 'node_modules'));
const packed = readPacked(
	run(
		npm,
		[
			'pack',
			'--json',
			'--foreground-scripts=false',
			'--pack-destination',
			folder,
		],
		clone,
	),
);
const tarball = join(folder, packed.filename);

const {version, engines} = JSON.parse(
	readFileSync(join(root, 'package.json'), 'utf8'),
) as {version: string; engines: {node: string}};

// The oldest of each line that it is for, and the newest line.
const oldest = ['20.17.0', '22.6.0'];
const nodes = [
	...oldest.map(each => nodeOf(each)),
	process.execPath,
	nodeOf('26'),
];

const prefix = join(folder, 'prefix');
run(npm, ['install', '--global', '--prefix', prefix, '--offline', tarball]);
const installed = join(prefix, 'lib', 'node_modules', 'sockchat');
const command = join(prefix, 'bin', 'sockchat');

const assertWorks = (
	path: string,
	among: readonly string[] = [process.execPath, machineNode()],
) => {
	for (const node of among) {
		assert.equal(run(node, [path, '--version']), `${version}\n`, node);
		assert.match(
			run(node, [path, '--help']),
			/^.+\n\nUsage\n {2}sockchat /,
			node,
		);
	}
};

test('e2e: the package holds what a user needs, and nothing else', () => {
	const paths = packed.files.map(({path}) => path);
	const needed = [
		'LICENSE',
		'README.md',
		'THIRD-PARTY-NOTICES.txt',
		'dist/cli.js',
		'dist/index.cjs',
		'dist/index.cjs.map',
		'dist/index.d.cts',
		'dist/program.js',
		'dist/relay.cjs',
		'dist/relay.cjs.map',
		'dist/sockchat.1',
		'package.json',
	];
	assert.deepEqual(
		needed.filter(path => !paths.includes(path)),
		[],
	);
	const others = paths.filter(
		path =>
			!needed.includes(path) &&
			!/^(?:CHANGELOG\.md|dist\/program\.js\.map|dist\/program\/[\w-]+\.js(?:\.map)?)$/.test(
				path,
			),
	);
	assert.deepEqual(others, []);
});

test('e2e: the package says which versions of Node it is for', () => {
	assert.equal(engines.node, `^${oldest[0]} || >=${oldest[1]}`);
});

for (const node of nodes) {
	const name = run(node, ['--version']).trim();
	test(`e2e: the package works on Node ${name}`, async t => {
		assertWorks(command, [node]);
		const {env} = environment;
		const room = startProcess(t, node, [command, 'serve', '0', '--json'], {
			env,
		});
		const port = await room.waitForOutput(/"port":(\d+)/);
		run(node, [command, 'connect', port, '--message', 'from a package']);
		await room.waitForOutput('from a package');
		room.signal('SIGTERM');
		assert.equal((await room.waitForExit()).code, 0, room.seen());
		const doctor = startProcess(t, node, [command, 'doctor'], {env});
		await doctor.waitForExit();
		assert.match(doctor.stdout(), new RegExp(`^ok +node: ${name}, `, 'm'));

		const ways = {
			'a.cjs': `const {connect, startServer} = require(${JSON.stringify(installed)});`,
			'a.mjs': `import {connect, startServer} from ${JSON.stringify(join(installed, 'dist', 'index.cjs'))};`,
		};
		for (const [file, taking] of Object.entries(ways)) {
			const path = join(folder, file);
			writeFileSync(path, `${taking}\n${talk}`);
			assert.equal(run(node, [path]), 'heron hello\n', file);
		}
	});
}

/** A room and a member of one program. */
const talk = `(async () => {
	const server = await startServer({port: 0, nick: 'otter'});
	const client = await connect({address: server.address, nick: 'heron'});
	await client.say('hello');
	for await (const {from, text} of server.messages()) {
		console.log(from, text);
		break;
	}
	await client.leave();
	await server.drain();
})();`;

for (const old of ['12.22.12', '18']) {
	test(`e2e: Node ${old} is told in a sentence what it lacks`, async t => {
		const chat = startProcess(t, nodeOf(old), [command, '--version']);
		assert.equal((await chat.waitForExit()).code, 1);
		assert.equal(chat.stdout(), '');
		assert.match(
			chat.stderr(),
			new RegExp(
				String.raw`^sockchat needs Node\.js 22\.6 or newer \(or 20\.17, .*\), and this is ${old}[.\d]*: get one from https://nodejs\.org.*\n$`,
			),
		);
	});
}

const text = (path: string) => readFileSync(join(installed, path), 'utf8');

test('e2e: publint and arethetypeswrong find nothing in the package', async () => {
	const {messages} = await publint({
		pack: {tarball: new Uint8Array(readFileSync(tarball)).buffer},
		strict: true,
	});
	assert.deepEqual(messages, []);
	const attw = join(root, 'node_modules', '.bin', 'attw');
	assert.match(run(attw, [tarball, '--no-color']), /No problems found/);
});

test('e2e: the library can be read, and every name of its types is exported', () => {
	const lines = text('dist/index.cjs').split('\n');
	const longest = Math.max(...lines.map(({length}) => length));
	assert.ok(longest <= 2000, String(longest));
	assert.ok(lines.includes('// source/library/feed.ts'));
	const {sources} = JSON.parse(text('dist/index.cjs.map')) as {
		sources: readonly string[];
	};
	assert.ok(sources.includes('../source/library/feed.ts'));
	const declared = text('dist/index.d.cts').matchAll(
		/^(?:export )?(?:declare )?(?:type|class|const|interface|function) \S+/gm,
	);
	const names = Array.from(declared, ([name]) => name);
	assert.ok(names.length > 20, names.join('\n'));
	assert.deepEqual(
		names.filter(name => !name.startsWith('export ')),
		[],
	);
});

test('e2e: the licence of each package that is bundled comes with it', () => {
	const notices = text('THIRD-PARTY-NOTICES.txt').split(
		`\n${'-'.repeat(78)}\n`,
	);
	const named = notices
		.slice(1)
		.map(notice => notice.trim().split('\n', 1)[0]!);
	for (const name of ['ink', 'react', 'yoga-layout', 'smol-toml']) {
		assert.ok(
			named.some(head => new RegExp(`^${name} [\\d.]+ \\(`).test(head)),
			named.join('\n'),
		);
	}

	for (const notice of notices.slice(1)) {
		assert.match(notice, /permi(?:ssion|tted)|public domain/i);
		assert.match(notice, /copyright/i);
	}

	// Every bundle names the package's files that it has.
	const mapped = packed.files
		.filter(({path}) => path.endsWith('.map'))
		.flatMap(
			({path}) => (JSON.parse(text(path)) as {sources: string[]}).sources,
		)
		.map(
			source =>
				/node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*node_modules)/.exec(
					source,
				)?.[1],
		)
		.filter(name => name !== undefined);
	assert.ok(mapped.length > 100);
	assert.deepEqual(
		[...new Set(mapped)].filter(name =>
			named.every(head => !head.startsWith(`${name} `)),
		),
		[],
	);
});

test('e2e: the trace of an internal error names source files', async t => {
	const hook = join(folder, 'fault.cjs');
	writeFileSync(
		hook,
		"require('node:net').Server.prototype.listen = () => { throw new TypeError('planted'); };",
	);
	const serve = startProcess(
		t,
		process.execPath,
		['--require', hook, command, 'serve', '0', '--no-history', '--json'],
		{env: {NODE_DEBUG: 'sockchat'}},
	);
	await serve.waitForExit();
	assert.match(serve.stderr(), /planted/);
	assert.match(serve.stderr(), /source\/socket\/listen\.ts:\d+/);
	assert.match(serve.stderr(), /source\/plain\/run\.ts:\d+/);
});

test('e2e: it installs globally, offline, and two terminals converse', async t => {
	assert.deepEqual(
		readdirSync(join(installed, '..')).filter(name => !name.startsWith('.')),
		['sockchat'],
	);
	assert.ok(!readdirSync(installed).includes('node_modules'));
	assert.equal(run(command, ['--version']), `${version}\n`);
	assertWorks(command);
	const man = run(requireExecutable('man', 'man-db'), [
		'-M',
		join(prefix, 'share', 'man'),
		'sockchat',
	]);
	assert.match(man, /^NAME\n +sockchat - /m);

	const {env} = environment;
	const otter = openTerminal(t, {
		command,
		args: ['serve', '--port', '0', '--nick', 'otter'],
		env,
	});
	await otter.waitForModes({isBracketedPaste: true});
	const port = await otter.waitFor(/listening on 127\.0\.0\.1:(\d+)/);
	const heron = openTerminal(t, {
		command,
		args: ['connect', '--port', port, '--nick', 'heron'],
		env,
	});
	await heron.waitForModes({isBracketedPaste: true});
	heron.type('installed?\r');
	await otter.waitFor(/heron +installed\?$/m);
	otter.type('it seems so\r');
	await heron.waitFor(/otter +it seems so$/m);
	heron.type('/quit\r');
	assert.equal(await heron.waitForExit(), 0);
	otter.type('/quit\r');
	assert.equal(await otter.waitForExit(), 0);
});

test('e2e: as a git dependency it is built when it is installed', () => {
	const project = join(folder, 'dependent');
	mkdirSync(project);
	writeFileSync(
		join(project, 'package.json'),
		JSON.stringify({name: 'dependent', private: true}),
	);
	run(npm, ['install', `git+file://${clone}`], project);
	const modules = join(project, 'node_modules');
	assert.deepEqual(
		readdirSync(modules).filter(name => !name.startsWith('.')),
		['sockchat'],
	);
	assertWorks(join(modules, '.bin', 'sockchat'));
});

const program = `
import {connect, SockchatError, startServer} from 'sockchat';
import type {
	Address,
	ChatMessage,
	Client,
	ClientEvent,
	Server,
	ServerEvent,
} from 'sockchat';

const address: Address = {kind: 'tcp', host: '127.0.0.1', port: 0};
const server: Server = await startServer({
	address,
	nick: 'heron',
	onEvent(event: ServerEvent) {
		if (event.type === 'accepted') {
			console.log('accepted', event.peer.split(':')[0]);
		}
	},
});
const code = await startServer({address: server.address}).then(
	() => 'none',
	(error: unknown) => error instanceof SockchatError && error.code,
);
console.log('second', code);
const client: Client = await connect({
	address: server.address,
	nick: 'otter',
	onEvent(event: ClientEvent) {
		if (event.type === 'frame' && event.frame.type === 'message') {
			console.log(event.frame.from, event.frame.text);
		}
	},
});
const {seq} = await client.say('from a program');
for await (const message of server.messages()) {
	const heard: ChatMessage = message;
	console.log(heard.seq === seq, server.members.count);
	break;
}
await client.leave();
console.log('cause', await client.closed);
await server.drain();
// This is the test: tsc fails if the types let the nick be left out.
// @ts-expect-error A nick is needed.
const incomplete = () => connect({address: server.address});
console.log(typeof incomplete);
`;

test('e2e: a program in TypeScript can serve a room and join it', async t => {
	const project = join(folder, 'project');
	mkdirSync(join(project, 'node_modules', '@types'), {recursive: true});
	symlinkSync(
		join(root, 'node_modules', '@types', 'node'),
		join(project, 'node_modules', '@types', 'node'),
	);
	writeFileSync(
		join(project, 'package.json'),
		JSON.stringify({name: 'project', type: 'module', private: true}),
	);
	writeFileSync(
		join(project, 'tsconfig.json'),
		JSON.stringify({
			compilerOptions: {
				module: 'nodenext',
				target: 'es2022',
				lib: ['es2022'],
				types: ['node'],
				strict: true,
				exactOptionalPropertyTypes: true,
				skipLibCheck: false,
			},
			files: ['program.ts'],
		}),
	);
	writeFileSync(join(project, 'program.ts'), program);
	mkdirSync(join(project, 'node_modules', 'sockchat'));
	run('tar', [
		'xzf',
		tarball,
		'--strip-components=1',
		'-C',
		join(project, 'node_modules', 'sockchat'),
	]);
	const tsc = startProcess(
		t,
		join(root, 'node_modules', '.bin', 'tsc'),
		['--project', project],
		{env: environment.env},
	);
	assert.deepEqual(
		await tsc.waitForExit({deadlineMs: 60_000}),
		{code: 0, signal: undefined},
		tsc.seen(),
	);
	const chat = startProcess(t, process.execPath, [join(project, 'program.js')]);
	assert.deepEqual(await chat.waitForExit(), {code: 0, signal: undefined});
	assert.equal(
		chat.stdout(),
		'second ERR_PORT_TAKEN\naccepted 127.0.0.1\notter from a program\ntrue 2\ncause undefined\nfunction\n',
	);
});
