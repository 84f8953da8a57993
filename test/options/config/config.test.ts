/** The config file: what it may hold, and the sentence for each mistake. */
import assert from 'node:assert/strict';
import {
	mkdirSync,
	mkdtempSync,
	readFileSync,
	rmSync,
	writeFileSync,
} from 'node:fs';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {test} from 'node:test';
import {SockchatError} from '../../../source/errors.js';
import {parseConfig} from '../../../source/options/config/config.js';
import {configPath, readConfig} from '../../../source/options/config/file.js';

const path = '/home/otter/.config/sockchat/config.toml';

const mistakeIn = (text: string): string => {
	const config = parseConfig(path, text);
	assert.ok(config instanceof SockchatError, `${text} was taken`);
	assert.equal(config.code, 'ERR_CONFIG');
	return config.message;
};

test('config: keys are named like flags, with a table per command', () => {
	const text = [
		'# For every command.',
		'port = 6000',
		"nick = 'otter'",
		'plain = true',
		'quiet = false',
		'[serve]',
		'max-members = 20',
		'rate = "off"',
		'[connect]',
		'"timeout" = 0.5',
		'[status]',
		'timeout = 5',
		'[watch]',
		'explain = true',
	].join('\n');
	assert.deepEqual(parseConfig(path, text), {
		path,
		everywhere: {
			port: {value: '6000', origin: `${path}, line 2, port`},
			nick: {value: 'otter', origin: `${path}, line 3, nick`},
			plain: {value: true, origin: `${path}, line 4, plain`},
			quiet: {value: false, origin: `${path}, line 5, quiet`},
		},
		tables: {
			serve: {
				maxMembers: {value: '20', origin: `${path}, line 7, max-members`},
				rate: {value: 'off', origin: `${path}, line 8, rate`},
			},
			connect: {
				timeout: {value: '0.5', origin: `${path}, line 10, timeout`},
			},
			status: {
				timeout: {value: '5', origin: `${path}, line 12, timeout`},
			},
			watch: {
				explain: {value: true, origin: `${path}, line 14, explain`},
			},
		},
	});
	assert.deepEqual(parseConfig(path, ''), {path, everywhere: {}, tables: {}});
});

test('config: the example of command-line.md is taken', () => {
	const page = readFileSync(
		new URL('../../../docs/command-line.md', import.meta.url),
		'utf8',
	);
	const [, toml] = /```toml\n(.*?)```/s.exec(page)!;
	const config = parseConfig(path, toml!);
	assert.ok(!(config instanceof SockchatError));
	assert.deepEqual(Object.keys(config.tables), ['serve']);
});

test('config: a key is found however its table is written', () => {
	for (const [text, line] of [
		['nick = "a"\nserve.port = 1', 2],
		['\n\n[ serve ] # here\nnick = "a"\nport = 1', 5],
		['["serve"]\n"port" = 1', 2],
		['nick = "a"\nserve = {port = 1}', 2],
		['port = 2\n[connect]\nport = 3\n[serve]\nport = 1', 5],
	] as const) {
		const config = parseConfig(path, text);
		assert.ok(!(config instanceof SockchatError));
		assert.deepEqual(
			config.tables.serve?.port,
			{value: '1', origin: `${path}, line ${line}, port`},
			text,
		);
	}
});

test('config: each mistake is named with its file, line and key', () => {
	for (const [text, line, what] of [
		['nick = "a"\nprot = 1', 2, '"prot" is not a key; did you mean port?'],
		[
			'__proto__ = 1',
			1,
			'"__proto__" is not a key; keys are named like flags, and --help lists those.',
		],
		[
			'verbose = true',
			1,
			'"verbose" is not a key; keys are named like flags, and --help lists those.',
		],
		[
			'maxMembers = 1',
			1,
			'"maxMembers" is not a key; did you mean max-members?',
		],
		['[connect]\n\nbacklog = 1', 3, '"backlog" is not for connect.'],
		['message = "hi"', 1, '"message" is only for the command line.'],
		['help = true', 1, '"help" is only for the command line.'],
		// Each would make every call another kind of call, and no flag undoes it.
		['raw = true', 1, '"raw" is only for the command line.'],
		[
			'[connect]\nwait-for = "go"',
			2,
			'"wait-for" is only for the command line.',
		],
		[
			'[connect]\nwait-for-mention = "otter"',
			2,
			'"wait-for-mention" is only for the command line.',
		],
		['[status]\nnick = "otter"', 2, '"nick" is not for status.'],
		['[watch]\nsocket = "./room"', 2, '"socket" is not for watch.'],
		[
			'[doctor]\njson = true',
			1,
			'"doctor" is not a table; the tables are serve, connect, status, watch and replay.',
		],
		['port = true', 1, '"port" needs a string or a number; got true.'],
		['port = [1]', 1, '"port" needs a string or a number; got an array.'],
		['port = 1979-05-27', 1, '"port" needs a string or a number; got a date.'],
		[
			String.raw`history = "a\u0000b"`,
			1,
			String.raw`"history" contains a NUL (\u0000), which no path and no name can have.`,
		],
		['json = "yes"', 1, '"json" needs true or false; got "yes".'],
		['json = 1', 1, '"json" needs true or false; got 1.'],
		['\n[serv]\nport = 1', 2, '"serv" is not a table; did you mean serve?'],
		[
			'[rooms]\nport = 1',
			1,
			'"rooms" is not a table; the tables are serve, connect, status, watch and replay.',
		],
		['serve = 1', 1, 'serve is a table, written [serve]; got 1.'],
	] as const) {
		assert.equal(mistakeIn(text), `${path}, line ${line}: ${what}`);
	}

	for (const [text, line, shown] of [
		['port = 1\nnick = otter', 2, 'nick = otter'],
		['port 1', 1, 'port 1'],
		['port = 1\nport = 2', 2, 'port = 2'],
		['nick = "a', 1, 'nick = "a'],
	] as const) {
		const message = mistakeIn(text);
		assert.ok(
			message.startsWith(
				`${path}, line ${line}: "${shown}" is not valid TOML: `,
			),
			message,
		);
		assert.match(message, /^[^\n]+\.$/);
	}
});

test('config: what has to be a table says so', () => {
	for (const [text, kind] of [
		['port = 1\nserve = 3', '3'],
		['port = 1\n[[serve]]\nport = 3', 'an array'],
	] as const) {
		assert.equal(
			mistakeIn(text),
			`${path}, line 2: serve is a table, written [serve]; got ${kind}.`,
		);
	}
});

test('config: is in XDG_CONFIG_HOME, else in ~/.config', () => {
	assert.equal(configPath({HOME: '/home/otter'}), path);
	assert.equal(
		configPath({HOME: '/home/otter', XDG_CONFIG_HOME: '/etc/otter'}),
		'/etc/otter/sockchat/config.toml',
	);
	assert.equal(configPath({HOME: '/home/otter', XDG_CONFIG_HOME: 'a'}), path);
	assert.equal(configPath({}), undefined);
});

test('config: a file that is missing is none, and one that is unfit is an error', async t => {
	const home = mkdtempSync(join(tmpdir(), 'sockchat-config-'));
	t.after(() => {
		rmSync(home, {recursive: true, force: true});
	});
	const env = {HOME: home};
	assert.equal(await readConfig(env), undefined);
	assert.equal(await readConfig({}), undefined);
	const file = configPath(env)!;
	mkdirSync(file, {recursive: true});
	const unfit = async () => {
		const error = await readConfig(env);
		assert.ok(error instanceof SockchatError);
		return error.message;
	};

	const start = `Can't read the config file ${file}:`;
	assert.equal(await unfit(), `${start} it is not a regular file.`);
	rmSync(file, {recursive: true});
	writeFileSync(file, '#'.repeat(65_537));
	assert.equal(
		await unfit(),
		`${start} it has 65537 bytes; the limit is 65536.`,
	);
	writeFileSync(file, 'port = 7\n');
	const config = await readConfig(env);
	assert.ok(config && !(config instanceof SockchatError));
	assert.equal(config.everywhere.port?.value, '7');
	assert.equal(dirname(config.path), dirname(file));
});

test('config: every value is checked, also one that does not hold now', async t => {
	const home = mkdtempSync(join(tmpdir(), 'sockchat-test-'));
	t.after(() => {
		rmSync(home, {recursive: true});
	});
	const env = {XDG_CONFIG_HOME: home};
	const file = configPath(env)!;
	mkdirSync(dirname(file));
	for (const [text, what] of [
		['port = "x"', 'line 1, port: '],
		['port = 70000', 'line 1, port: '],
		['nick = "ok"\n[serve]\nnick = "two words"', 'line 3, nick: '],
		['port = 1\n[connect]\nport = 0', 'line 3, port: '],
		['[connect]\ntimeout = "soon"', 'line 2, timeout: '],
		['[status]\ntimeout = "soon"', 'line 2, timeout: '],
		['[status]\nport = 0', 'line 2, port: '],
		['[status]\ntoken-file = ""', 'line 2, token-file: '],
		['[watch]\nhost = "example.org"', 'line 2, host: '],
		['[watch]\nport = "x"', 'line 2, port: '],
		['events = "nonsense"', 'line 1, events: '],
		['input = "tea"', 'line 1, input: '],
		['[serve]\nbacklog = 0', 'line 2, backlog: '],
		['[serve]\nrate = "fast"', 'line 2, rate: '],
		['[serve]\nhistory = ""', 'line 2, history: '],
		['socket = ""', 'line 1, socket: '],
		['host = "example.org"', 'line 1, host: '],
	] as const) {
		writeFileSync(file, text);
		const read = await readConfig(env);
		assert.ok(read instanceof SockchatError, text);
		assert.ok(read.message.startsWith(`${file}, ${what}`), read.message);
	}

	for (const text of [
		'port = 0',
		'events = "message"',
		'json = true\n[serve]\nplain = true',
		'eol = "crlf"\nlast = 3',
		'last = 3\n[connect]\nsince = 3\nlocal-port = 6000',
		'socket = "/tmp/room.sock"\nport = 6000',
		'[status]\ntimeout = 0.5\nsocket = "./room"\n[watch]\ntimes = true\nexplain = true',
	]) {
		writeFileSync(file, text);
		const read = await readConfig(env);
		assert.ok(
			!(read instanceof SockchatError),
			read instanceof Error ? read.message : text,
		);
	}
});
