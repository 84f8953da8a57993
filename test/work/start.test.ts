/**
 * What a start loads, counted: Node's own modules, each of which has to be
 * run. A new one here is a dependency that came in by the way.
 */
import assert from 'node:assert/strict';
import {
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	writeFileSync,
} from 'node:fs';
import {connect} from 'node:net';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import process from 'node:process';
import test, {type TestContext} from 'node:test';
import {fileURLToPath} from 'node:url';
import {bin, startBin, startProcess} from '../helpers/process.js';
import {startNats} from '../helpers/nats.js';
import {toShellLine} from '../helpers/shell.js';
import {until} from '../helpers/until.js';
import {openTerminal} from '../helpers/terminal.js';
import {serveJson} from '../helpers/sockchat.js';

// What Node 24 loads, and a few more for its next versions.
const most = {version: 108, listening: 121, serve: 153, oneShot: 110};

// Of no use to a chat: HTTP and TLS cost 20 ms, and Ink's way in asks for fetch.
const unwanted = new Set([
	'http',
	'https',
	'http2',
	'tls',
	'inspector',
	'repl',
]);

// What is of use only once it listens, and takes 1 to 5 ms each.
const laterThanListening = new Set([
	'crypto',
	'fs/promises',
	'perf_hooks',
	'readline',
]);

const hook = `const keep = ending => {
	require('node:fs').writeFileSync(process.env.LOADED + ending, process.moduleLoadList.join('\\n'));
};
require('node:diagnostics_channel').subscribe('tracing:net.server.listen:asyncEnd', () => {
	keep('-listening');
});
require('node:diagnostics_channel').subscribe('net.client.socket', () => {
	keep('-connecting');
});
process.on('exit', () => {
	keep('');
});`;

/** A way to start the bin, and to read what it had loaded at its end. */
const openLoading = (t: TestContext, required = hook) => {
	const folder = mkdtempSync(join(tmpdir(), 'sockchat-work-'));
	t.after(() => {
		rmSync(folder, {recursive: true, force: true});
	});
	const path = join(folder, 'hook.cjs');
	const list = join(folder, 'loaded');
	writeFileSync(path, required);
	return {
		env: {NODE_OPTIONS: `--require=${path}`, LOADED: list},
		/** At its end, as soon as it listened, or as its socket was opened. */
		loaded: (ending: '' | '-listening' | '-connecting' = '') =>
			Array.from(
				readFileSync(list + ending, 'utf8').matchAll(/^NativeModule (.*)$/gm),
				([, name]) => name!,
			),
	};
};

const assertFew = (loaded: readonly string[], limit: number) => {
	assert.ok(loaded.length > 50, 'The list is not whole.');
	assert.ok(loaded.length <= limit, `${loaded.length}: ${loaded.join(' ')}`);
	assert.deepEqual(
		loaded.filter(name => unwanted.has(name)),
		[],
	);
};

test('work: --version loads no more of Node than it did', async t => {
	const {env, loaded} = openLoading(t);
	const version = startBin(t, ['--version'], {env});
	assert.equal((await version.waitForExit()).code, 0);
	assertFew(loaded(), most.version);
});

const runServe = async (
	t: TestContext,
	env: Record<string, string>,
	...flags: readonly string[]
) => {
	const args = ['serve', '--json', '--port', '0', ...flags];
	const serve = startBin(t, args, {env});
	await serve.waitForOutput('"joined"');
	serve.signal('SIGTERM');
	assert.equal((await serve.waitForExit()).code, 0);
};

const assertNoneEarly = (loaded: readonly string[]) => {
	assert.deepEqual(
		loaded.filter(name => laterThanListening.has(name)),
		[],
	);
};

test('work: serve --json loads no more of Node than it did', async t => {
	const {env, loaded} = openLoading(t);
	await runServe(t, env);
	assertFew(loaded(), most.serve);
	assertFew(loaded('-listening'), most.listening);
	assertNoneEarly(loaded('-listening'));
});

test('work: a history adds but its sums and its lock to what is loaded to listen', async t => {
	const {env, loaded} = openLoading(t);
	const history = join(dirname(env.LOADED), 'room.jsonl');
	await runServe(t, env);
	const before = new Set(loaded('-listening'));
	// The first begins it.
	await runServe(t, env, '--history', history);
	await runServe(t, env, '--history', history);
	const now = loaded('-listening');
	assertNoneEarly(now);
	assert.deepEqual(
		now.filter(name => !before.has(name)),
		['sqlite', 'zlib'],
	);
});

test('work: the socket is opened before the screen is loaded', async t => {
	const {port} = await serveJson(t);
	const {env, loaded} = openLoading(t);
	const chat = openTerminal(t, {...bin('connect', '--port', port), env});
	await chat.waitFor('You are ');
	chat.press('ctrl-c');
	assert.equal(await chat.waitForExit(), 0);
	// What tells a paste from typing asks for it, and nothing else of ours does.
	assert.ok(loaded().includes('perf_hooks'), 'the screen is loaded in the end');
	assert.ok(!loaded('-connecting').includes('perf_hooks'));
});

test('work: a one-shot loads nothing that it has no use for', async t => {
	const {port} = await serveJson(t);
	const {env, loaded} = openLoading(t);
	const state = {...env, XDG_STATE_HOME: dirname(env.LOADED)};
	const {command, args} = bin('connect', '-p', port, '-n', 'otter', '-m', 'hi');
	// From a file, as cron starts it.
	const line = `exec ${toShellLine(command, args)} < /dev/null`;
	// The first one makes its secret.
	for (const _ of ['first', 'second']) {
		const shot = startProcess(t, '/bin/sh', ['-c', line], {env: state});
		assert.equal((await shot.waitForExit()).code, 0, shot.seen());
	}

	assertFew(loaded(), most.oneShot);
	assertNoneEarly(loaded());
	assert.ok(!loaded().includes('v8'));
});

test('work: TLS and WebSocket are loaded only for them', async t => {
	const {env, loaded} = openLoading(t);
	const listen = async (...flags: readonly string[]) => {
		const args = ['serve', '--raw', '--port', '0', ...flags];
		const serve = startBin(t, args, {env});
		await serve.waitForOutput(/^(?:listening|bound) /m, {stream: 'stderr'});
		serve.signal('SIGTERM');
		assert.equal((await serve.waitForExit()).code, 0);
		return loaded('-listening')
			.filter(name => name === 'tls' || name === 'http')
			.toSorted((one, other) => one.localeCompare(other));
	};

	assert.deepEqual(await listen(), []);
	assert.deepEqual(await listen('--tls'), ['tls']);
	assert.ok((await listen('--ws', '/')).includes('http'));
});

// 0.3 MB each, in a terminal that somebody leaves open.
const ofNoUseToScreens = new Set(['assert', 'fs/promises']);

test('work: a screen loads nothing that it has no use for', async t => {
	const {env, loaded} = openLoading(t);
	const host = openTerminal(t, {...bin('serve', '--port', '0'), env});
	await host.waitFor('You are ');
	host.type('hello\r');
	await host.waitFor(/hello +✓/u);
	host.press('ctrl-c');
	assert.equal(await host.waitForExit(), 0);
	assert.ok(loaded().includes('v8'), 'the screen was there');
	assert.deepEqual(
		loaded().filter(name => ofNoUseToScreens.has(name)),
		[],
	);
});

// Unicode's tables of graphemes and of emoji take 6 MB together.
const tables = `const fs = require('node:fs');
const keep = what => {
	fs.appendFileSync(process.env.LOADED, what + '\\n');
};
const properties = ['RGI_Emoji', 'Extended_Pictographic', 'Default_Ignorable'];
const {exec} = RegExp.prototype;
RegExp.prototype.exec = function (text) {
	if (properties.some(name => this.source.includes(name))) {
		keep(this.source + ' ' + JSON.stringify(text));
	}
	return exec.call(this, text);
};
Intl.Segmenter = new Proxy(Intl.Segmenter, {
	construct(target, args) {
		keep(new Error('Intl.Segmenter').stack);
		return new target(...args);
	},
});
keep('begun');`;

test('work: a screen of plain text needs no tables of Unicode', async t => {
	const {port} = await serveJson(t);
	for (const columns of [80, 110, 200]) {
		const {env} = openLoading(t, tables);
		const chat = openTerminal(t, {
			...bin('connect', '--port', port),
			env,
			columns,
		});
		await chat.waitFor('You are ');
		chat.type('hello there\r');
		await chat.waitFor(/hello there +✓/u);
		chat.type('/lifecycle\r');
		await chat.waitFor(/lifecycle (· |127)/u);
		chat.press('ctrl-c');
		assert.equal(await chat.waitForExit(), 0);
		assert.equal(readFileSync(env.LOADED, 'utf8'), 'begun\n');
	}
});

// Lines typed at a machine's speed can be work, and on a slow one they are.
const idle = `const {cpuUsage} = process;
process.cpuUsage = () =>
	require('node:fs').existsSync(process.env.LOADED)
		? cpuUsage()
		: {user: 0, system: 0};`;

test('work: the optimizing compilers rest until there is work', async t => {
	const {port} = await serveJson(t, ['--rate', '1000000']);
	const {env} = openLoading(t, idle);
	const trace = join(dirname(env.LOADED), 'trace');
	const {command, args} = bin('connect', '--port', port);
	const flags = ['--trace-opt', '--redirect-code-traces'];
	const chat = openTerminal(t, {
		command,
		args: [...flags, `--redirect-code-traces-to=${trace}`, ...args],
		env,
	});
	const compiled = () =>
		readFileSync(trace, 'utf8').match(/\[completed /g)?.length ?? 0;
	await chat.waitFor('You are ');
	for (let count = 1; count <= 20; count++) {
		chat.type(`hello ${count}\r`);
		await chat.waitFor(new RegExp(`hello ${count} +✓`, 'u'));
	}

	// Node's own loader is optimized before the screen is begun.
	assert.ok(compiled() < 20, `${compiled()} functions were optimized.`);
	writeFileSync(env.LOADED, 'busy');
	const flood = connect(Number(port), '127.0.0.1');
	flood.resume();
	try {
		await until(
			() => {
				// No more than the room takes.
				if (flood.writableLength === 0) {
					flood.write('flood\n'.repeat(50));
				}

				return compiled() > 50;
			},
			{what: 'functions to be optimized', seen: () => `${compiled()}`},
		);
		const [major] = process.versions.v8.split('.', 1);
		// From Node 24 on Maglev does, which leaves less than TurboFan.
		if (Number(major) >= 13) {
			assert.doesNotMatch(readFileSync(trace, 'utf8'), /target TURBOFAN/);
		}
	} finally {
		// Before the room is killed, which would reset the connection.
		flood.destroy();
	}

	// It writes its trace until its end, in the folder that is removed.
	chat.press('ctrl-c');
	assert.equal(await chat.waitForExit(), 0);
});

test('work: the WebAssembly of a layout stays with the baseline compiler', async t => {
	const {port} = await serveJson(t);
	const {env} = openLoading(t);
	const log = join(dirname(env.LOADED), 'log');
	const {command, args} = bin('connect', '--port', port);
	const flags = [
		'--log-code',
		'--no-log-source-code',
		'--no-logfile-per-isolate',
		`--logfile=${log}`,
	];
	const chat = openTerminal(t, {
		command,
		args: [...flags, ...args],
		env,
		columns: 110,
		rows: 30,
	});
	await chat.waitFor('You are ');
	for (let count = 1; count <= 40; count++) {
		chat.type(`hello ${count}\r`);
		await chat.waitFor(new RegExp(`hello ${count} +✓`, 'u'));
	}

	chat.press('ctrl-c');
	assert.equal(await chat.waitForExit(), 0);
	const text = readFileSync(log, 'utf8');
	// When garbage is collected, code goes, and comes back in the same size; that
	// of another compiler has another one.
	const sizes = new Map<string, Set<string>>();
	for (const [, size, name] of text.matchAll(
		/^code-creation,JS,\d+,\d+,0x[\da-f]+,(\d+),(wasm-function\[\d+\])/gm,
	)) {
		sizes.set(name!, (sizes.get(name!) ?? new Set()).add(size!));
	}

	assert.ok(sizes.size > 50, `${sizes.size} functions were compiled.`);
	assert.deepEqual(
		[...sizes].filter(([, different]) => different.size > 1),
		[],
	);
	const [major] = process.versions.v8.split('.', 1);
	// The flag for the way into a function came with V8 12.
	if (Number(major) >= 12) {
		assert.doesNotMatch(text, /^code-creation,.*js-to-wasm/m);
	}
});

test('work: the files of the program are ASCII, which V8 keeps in a byte each', () => {
	const folder = fileURLToPath(new URL('../../dist/', import.meta.url));
	const files = readdirSync(folder, {recursive: true, encoding: 'utf8'}).filter(
		path => path.endsWith('.js'),
	);
	assert.ok(files.length > 3);
	for (const path of files) {
		assert.match(
			readFileSync(join(folder, path), 'utf8'),
			/^[\0-\u007F]*$/,
			path,
		);
	}
});

type Coverage = {readonly result: ReadonlyArray<{readonly url: string}>};

/** The texts of the files of ours that a server loads. */
const loadedBy = async (
	t: TestContext,
	coverage: string,
	env: Record<string, string>,
	...flags: readonly string[]
): Promise<string[]> => {
	await runServe(t, {...env, NODE_V8_COVERAGE: coverage}, ...flags);
	const loaded = readdirSync(coverage)
		.map(name => readFileSync(join(coverage, name), 'utf8'))
		.flatMap(text => (JSON.parse(text) as Coverage).result)
		.filter(({url}) => url.startsWith('file:') && url.includes('/dist/'))
		.map(({url}) => readFileSync(fileURLToPath(url), 'utf8'));
	assert.ok(loaded.length > 1, 'The files of ours are not in the list.');
	return loaded;
};

test('work: the TOML parser is loaded only if there is a config file', async t => {
	const folder = mkdtempSync(join(tmpdir(), 'sockchat-work-'));
	t.after(() => {
		rmSync(folder, {recursive: true, force: true});
	});
	/** Whether a file of ours with a sentence of the parser was loaded. */
	const loadsParser = async (home: string): Promise<boolean> => {
		const loaded = await loadedBy(t, join(folder, `coverage-${home}`), {
			XDG_CONFIG_HOME: join(folder, home),
		});
		return loaded.some(text => text.includes('Invalid TOML document'));
	};

	mkdirSync(join(folder, 'with', 'sockchat'), {recursive: true});
	writeFileSync(
		join(folder, 'with', 'sockchat', 'config.toml'),
		'quiet = false',
	);
	assert.equal(await loadsParser('without'), false);
	assert.equal(await loadsParser('with'), true);
});

test('work: a room that is not shared loads nothing of NATS', async t => {
	const folder = mkdtempSync(join(tmpdir(), 'sockchat-work-'));
	t.after(() => {
		rmSync(folder, {recursive: true, force: true});
	});
	const nats = await startNats(t);
	const hasLibrary = (texts: readonly string[]) =>
		texts.some(text => text.includes('heartbeats missed'));
	const env = {XDG_STATE_HOME: folder};
	const without = await loadedBy(t, join(folder, 'without'), env);
	assert.equal(hasLibrary(without), false);
	const shared = ['--relay', nats.url, '--room', 'lab'];
	const withRelay = await loadedBy(t, join(folder, 'with'), env, ...shared);
	assert.equal(hasLibrary(withRelay), true);
	assert.ok(withRelay.length > without.length);
});

test('work: the library loads NATS only for a room that is shared', async t => {
	const library = fileURLToPath(
		new URL('../../dist/index.cjs', import.meta.url),
	);
	const {url} = await startNats(t);
	const script = `
const {startServer} = require(${JSON.stringify(library)});
const open = async options => {
	const server = await startServer({port: 0, nick: 'otter', ...options});
	await server.say('hello');
	await server.drain();
	return Object.keys(require.cache).some(path => path.endsWith('relay.cjs'));
};

void (async () => {
	console.log(await open({}));
	console.log(await open({name: 'lab', relay: {url: '${url}'}}));
})();`;
	const program = startProcess(t, process.execPath, ['-e', script]);
	assert.equal((await program.waitForExit()).code, 0, program.seen());
	assert.equal(program.stdout(), 'false\ntrue\n');
});

test('start: the program is one file, whatever else is loaded later', () => {
	const files = new Set<string>();
	const read = (path: string): void => {
		if (files.has(path)) {
			return;
		}

		files.add(path);
		const text = readFileSync(path, 'utf8');
		for (const {groups} of text.matchAll(
			/(?:^|;)(?:import|export)(?:[^;"'()]*from)?"(?<file>\.[^"]+)"/gm,
		)) {
			read(join(dirname(path), groups!['file']!));
		}
	};

	// A file more takes about a millisecond: see `mergeEntry` in build.ts.
	read(fileURLToPath(new URL('../../dist/program.js', import.meta.url)));
	assert.equal(files.size, 1, [...files].join('\n'));
});

test('work: what serves agents is loaded by mcp alone', () => {
	const folder = new URL('../../dist/', import.meta.url);
	const scripts = readdirSync(folder, {recursive: true, encoding: 'utf8'})
		.filter(name => name.endsWith('.js'))
		.map(name => ({
			name,
			text: readFileSync(new URL(name, folder), 'utf8'),
		}));
	const served = scripts.filter(({text}) =>
		text.includes('io.modelcontextprotocol/'),
	);
	assert.deepEqual(
		served.map(({name}) => name.replace(/-[A-Z\d]{8}\.js$/, '')),
		[join('program', 'serve-mcp')],
	);
	const [chunk] = served;
	const uses = scripts
		.filter(script => script !== chunk)
		.flatMap(({text}) =>
			Array.from(
				text.matchAll(/(\w+\(|from)"[./\w]*\/(serve-mcp-\w+\.js)"/g),
				([, how]) => how,
			),
		);
	assert.deepEqual(uses, ['import(']);
});
