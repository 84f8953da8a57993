/** Which of flags, variables and the config file holds. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {SockchatError} from '../../source/errors.js';
import {parseConfig} from '../../source/options/config/config.js';
import {parseOptions} from '../helpers/parse-options.js';
import {readWords} from '../../source/options/words.js';

const path = '/etc/config.toml';

type Surroundings = {
	readonly env?: Readonly<Record<string, string>>;
	readonly toml?: string;
};

const parse = (line: string, {env = {}, toml = ''}: Surroundings = {}) => {
	const config = parseConfig(path, toml);
	assert.ok(!(config instanceof SockchatError));
	return parseOptions(readWords(line.split(' ').filter(Boolean)), {
		isTerminal: true,
		loginName: () => 'otter',
		env,
		config,
	});
};

const options = (...given: Parameters<typeof parse>) => {
	const parsed = parse(...given);
	return parsed instanceof SockchatError ? assert.fail(parsed.message) : parsed;
};

const refusal = (...given: Parameters<typeof parse>): string => {
	const parsed = parse(...given);
	return parsed instanceof SockchatError
		? parsed.message
		: assert.fail('it was taken');
};

const portOf = (...given: Parameters<typeof parse>): number | string => {
	const {address} = options(...given);
	return address.kind === 'unix' ? address.path : address.port;
};

test('settings: flags beat variables, which beat the config file', () => {
	const env = {SOCKCHAT_PORT: '2'};
	const toml = 'port = 4\n[serve]\nport = 3';
	assert.equal(portOf('serve --port 1', {env, toml}), 1);
	assert.equal(portOf('serve 1', {env, toml}), 1);
	assert.equal(portOf('serve', {env, toml}), 2);
	assert.equal(portOf('serve', {toml}), 3);
	assert.equal(portOf('connect', {toml}), 4);
	assert.equal(portOf('', {toml}), 4);
	assert.equal(portOf('', {env: {SOCKCHAT_PORT: ''}}), 5001);
});

test('settings: each variable and each kind of key reaches its option', () => {
	const env = {SOCKCHAT_NICK: 'heron', SOCKCHAT_SOCKET: './room'};
	assert.partialDeepStrictEqual(options('connect', {env}), {
		nick: 'heron',
		address: {kind: 'unix', path: './room'},
	});
	assert.partialDeepStrictEqual(
		options('serve', {toml: 'plain = true\nmax-members = 2\nno-color = true'}),
		{output: 'plain', maxMembers: 2, theme: 'mono'},
	);
	// A key for serve is not in the way of connect.
	assert.equal(options('connect', {toml: 'max-members = 2'}).mode, 'room');
	assert.equal(
		options('connect', {toml: 'quiet = true\n[connect]\nquiet = false'})
			.isQuiet,
		false,
	);
});

test('settings: a setting that contradicts a stronger one does not hold', () => {
	const env = {SOCKCHAT_PORT: '2'};
	assert.equal(portOf('serve --socket ./room', {env}), './room');
	assert.equal(portOf('serve ./room', {env}), './room');
	assert.equal(portOf('connect 7', {env: {SOCKCHAT_SOCKET: './room'}}), 7);
	assert.equal(portOf('connect', {env, toml: 'socket = "./room"'}), 2);
	assert.equal(
		options('connect --plain', {toml: 'json = true'}).output,
		'plain',
	);
	assert.equal(
		options('serve --raw', {toml: '[serve]\nhistory = "x"'}).mode,
		'raw',
	);
	assert.equal(options('serve', {toml: 'eol = "lf"'}).mode, 'room');
});

test('settings: only a nick that was typed must be had', () => {
	const isFlexible = (...given: Parameters<typeof parse>) => {
		const parsed = options(...given);
		return parsed.mode === 'room' && parsed.isNickFlexible;
	};

	const env = {SOCKCHAT_NICK: 'heron'};
	assert.equal(isFlexible('connect --nick heron', {env}), false);
	assert.equal(isFlexible('connect', {env}), true);
	assert.equal(isFlexible('connect', {toml: 'nick = "heron"'}), true);
});

test('settings: SOCKCHAT_TOKEN beats the token file of the config file', () => {
	const toml = 'token-file = "/etc/token"';
	const fileOf = (...given: Parameters<typeof parse>) => {
		const parsed = options(...given);
		return parsed.mode === 'room' ? parsed.tokenFile : assert.fail();
	};

	const env = {SOCKCHAT_TOKEN: 'secret'};
	assert.equal(fileOf('connect', {toml}), '/etc/token');
	assert.equal(fileOf('connect', {toml, env}), undefined);
	assert.equal(fileOf('connect --token-file x', {toml, env}), 'x');
});

test('settings: the sentence about a wrong value names where it comes from', () => {
	const port = 'is not a port: give a whole number from 1 to 65535.';
	assert.equal(
		refusal('connect', {env: {SOCKCHAT_PORT: 'x'}}),
		`SOCKCHAT_PORT: "x" ${port}`,
	);
	assert.match(
		refusal('connect', {env: {SOCKCHAT_NICK: 'two words'}}),
		/^SOCKCHAT_NICK: "two words" can't be a nick: /,
	);
	assert.match(
		refusal('connect', {env: {SOCKCHAT_SOCKET: 'x'.repeat(108)}}),
		/^SOCKCHAT_SOCKET: /,
	);
	// As Node decodes bytes that are not UTF-8.
	assert.equal(
		refusal('connect', {env: {SOCKCHAT_SOCKET: './caf\uFFFD'}}),
		'SOCKCHAT_SOCKET: "./caf\uFFFD" is not valid UTF-8, or contains U+FFFD.',
	);
	for (const [key, toml] of [
		['history', 'history = "caf\uFFFD"'],
		['port', 'port = "x"'],
		['host', 'host = "example.org"'],
		['nick', 'nick = ""'],
		['timeout', '[connect]\ntimeout = -1'],
		['port', 'socket = "x"\nport = 1'],
	] as const) {
		const line = toml.split('\n').length;
		const command = key === 'history' ? 'serve' : 'connect';
		assert.ok(
			refusal(command, {toml}).startsWith(`${path}, line ${line}, ${key}: `),
			refusal(command, {toml}),
		);
	}

	assert.equal(refusal('connect --port x', {toml: 'port = 1'}), `"x" ${port}`);
});
