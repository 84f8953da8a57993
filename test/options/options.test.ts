import assert from 'node:assert/strict';
import {userInfo} from 'node:os';
import {test} from 'node:test';
import {SockchatError} from '../../source/errors.js';
import {readLoginName} from '../../source/chat/login-name.js';
import {parseOptions} from '../helpers/parse-options.js';
import type {Options} from '../../source/options/options.js';
import type {GivenFlags} from '../../source/options/reader.js';

const parse = (
	words: string,
	given: GivenFlags = {},
	{isTerminal = true, login = 'otter', env = {}} = {},
) =>
	parseOptions(
		{
			words: words.split(' ').filter(word => word !== ''),
			given,
			error: undefined,
		},
		{isTerminal, loginName: () => login, env},
	);

const options = (...given: Parameters<typeof parse>): Options => {
	const parsed = parse(...given);
	assert.ok(!(parsed instanceof SockchatError), 'it was refused');
	return parsed;
};

const roomOptions = (...given: Parameters<typeof parse>) => {
	const parsed = options(...given);
	return parsed.mode === 'room' ? parsed : assert.fail('it is raw');
};

const historyIn = (parsed: Options) =>
	'history' in parsed ? parsed.history : undefined;

const tcp = (host: string, port: number) => ({kind: 'tcp', host, port});

const front = {
	output: 'screen',
	bell: {isOn: true, notification: 'none'},
	theme: 'auto',
	hasMouse: false,
	isQuiet: false,
	isExplained: false,
	isTimed: false,
	events: undefined,
	awaited: undefined,
	message: undefined,
	timeoutMs: undefined,
};
const member = {
	input: undefined,
	nick: 'otter',
	isNickFlexible: true,
	isPrompted: false,
	tokenFile: undefined,
	clientsFolder: undefined,
	connectTimeoutMs: undefined,
	isWatched: true,
};
const server = {
	backlog: undefined,
	maxMembers: undefined,
	heartbeatMs: undefined,
	maxPerUser: undefined,
	rate: undefined,
	connectRate: undefined,
	agentRate: undefined,
	isSameUser: false,
	history: undefined,
	isHomeless: true,
};

test('options: each command and mode has exactly the options that it uses', () => {
	const address = tcp('127.0.0.1', 5001);
	assert.deepEqual(options('serve'), {
		mode: 'room',
		command: 'serve',
		address,
		...front,
		...member,
		...server,
	});
	assert.deepEqual(options('connect'), {
		mode: 'room',
		command: 'connect',
		address,
		...front,
		...member,
		isRetrying: true,
		isWaiting: false,
		localPort: undefined,
	});
	const raw = {
		mode: 'raw',
		address,
		...front,
		eol: undefined,
		isInputRead: true,
		isCopy: false,
		isByHand: true,
		isPrompted: false,
		hasEscapes: false,
		isPretty: false,
		isHalfOpen: false,
		isTelnet: false,
		log: undefined,
		isShutdown: true,
		idleMs: undefined,
		replies: undefined,
		record: undefined,
		isWatched: true,
	};
	assert.deepEqual(options('serve', {raw: true}), {
		...raw,
		command: 'serve',
		backlog: undefined,
		isOnce: false,
	});
	assert.deepEqual(options('connect', {raw: true}), {
		...raw,
		command: 'connect',
		localPort: undefined,
		isWaiting: false,
		connectTimeoutMs: undefined,
	});
});

test('options: by hand, raw mode keeps what is typed at an address', () => {
	const env = {HOME: '/home/otter'};
	const raw = (given: GivenFlags, isTerminal = true) => {
		const parsed = parse('connect', {raw: true, ...given}, {env, isTerminal});
		return parsed instanceof SockchatError
			? parsed.message
			: parsed.mode === 'raw'
				? parsed
				: assert.fail('it is a room');
	};

	assert.partialDeepStrictEqual(
		raw({
			port: '6379',
			telnet: true,
			escapes: true,
			pretty: true,
			times: true,
			halfOpen: true,
			log: 'lines',
		}),
		{
			eol: 'crlf',
			isByHand: true,
			isTelnet: true,
			hasEscapes: true,
			isPretty: true,
			isTimed: true,
			isHalfOpen: true,
			log: 'lines',
			typed: {
				file: '/home/otter/.local/state/sockchat/typed.jsonl',
				purpose: 'raw 127.0.0.1:6379',
			},
		},
	);
	assert.partialDeepStrictEqual(raw({telnet: true, eol: 'lf'}), {eol: 'lf'});
	assert.ok(!('typed' in (raw({noHistory: true}) as Options)));
	assert.partialDeepStrictEqual(raw({plain: true}), {isPrompted: true});
	// A pipe.
	assert.partialDeepStrictEqual(raw({telnet: true}, false), {
		eol: undefined,
		isCopy: true,
		isByHand: false,
	});
	for (const flag of ['escapes', 'pretty', 'times'] as const) {
		assert.equal(
			raw({[flag]: true}, false),
			`--${flag} is for bytes by hand; a pipe copies them as they are.`,
		);
	}

	assert.equal(
		raw({log: 'lines'}, false),
		'--log is for bytes by hand; a pipe copies them as they are; --record keeps the bytes.',
	);
});

test('options: without arguments it joins 127.0.0.1:5001 as the login name', () => {
	assert.deepEqual(options(''), {
		mode: 'room',
		command: 'join',
		address: tcp('127.0.0.1', 5001),
		...front,
		...member,
		...server,
	});
	assert.equal(options('serve').command, 'serve');
	assert.equal(options('connect').command, 'connect');
});

test('options: a room has a name, written like a nick', () => {
	const named = roomOptions('serve', {room: 'ops'});
	assert.equal('name' in named && named.name, 'ops');
	const wrong = parse('', {room: 'o\u001Bps'});
	assert.ok(wrong instanceof SockchatError);
	assert.match(
		wrong.message,
		/^"o␛ps" can't be a room's name: it contains ␛\. Use letters/,
	);
});

test('options: each value reaches its option', () => {
	const connect = {
		host: '::1',
		port: '65535',
		message: 'hi',
		timeout: '.5',
		localPort: '1024',
		connectTimeout: '60',
	};
	const connected = {
		address: tcp('::1', 65_535),
		message: 'hi',
		timeoutMs: 500,
		localPort: 1024,
		connectTimeoutMs: 60_000,
	};
	assert.partialDeepStrictEqual(
		options('connect', {...connect, nick: 'héron', noRetry: true}),
		{...connected, nick: 'héron', isRetrying: false},
	);
	assert.partialDeepStrictEqual(
		options('connect', {...connect, raw: true, eol: 'crlf'}),
		{...connected, mode: 'raw', eol: 'crlf'},
	);
	const serve = options('serve', {
		maxMembers: '2',
		heartbeat: '4.5',
		backlog: '1',
		fsync: 'always',
		history: 'kept',
	});
	assert.partialDeepStrictEqual(serve, {
		maxMembers: 2,
		heartbeatMs: 4500,
		backlog: 1,
		history: {path: 'kept', fsync: 'always'},
	});
	const raw = options('serve', {raw: true, eol: 'none', backlog: '1'});
	assert.partialDeepStrictEqual(raw, {
		mode: 'raw',
		eol: 'none',
		backlog: 1,
	});
	assert.partialDeepStrictEqual(
		options('', {heartbeat: '3600', connectTimeout: '0.5'}),
		{heartbeatMs: 3_600_000, connectTimeoutMs: 500},
	);
	assert.equal(options('', {quiet: true}).isQuiet, true);
});

test('options: a host is loopback, and localhost is 127.0.0.1', () => {
	for (const [host, literal] of [
		['127.0.0.1', '127.0.0.1'],
		['127.1.2.3', '127.1.2.3'],
		['localhost', '127.0.0.1'],
		['LocalHost', '127.0.0.1'],
		['::1', '::1'],
		['[::1]', '::1'],
		['0:0:0:0:0:0:0:1', '::1'],
		['[0:0:0:0:0:0:0:1]', '::1'],
		// The kernel listens and dials there by IPv4.
		['::ffff:127.0.0.1', '127.0.0.1'],
		['[::FFFF:7f01:203]', '127.1.2.3'],
	] as const) {
		assert.deepEqual(options('', {host}).address, tcp(literal, 5001));
	}
});

test('options: only serve may ask for a free port', () => {
	assert.deepEqual(options('serve', {port: '0'}).address, tcp('127.0.0.1', 0));
	assert.deepEqual(options('', {port: '1'}).address, tcp('127.0.0.1', 1));
});

test('options: a socket path replaces host and port', () => {
	for (const path of ['x.sock', 'x'.repeat(107)]) {
		const {address} = options('', {socket: path});
		assert.deepEqual(address, {kind: 'unix', path});
	}
});

test('options: the screen needs a terminal, and no flag that prints lines', () => {
	const output = (given: GivenFlags, isTerminal = true) =>
		options('connect', given, {isTerminal}).output;
	assert.equal(output({}), 'screen');
	assert.equal(output({}, false), 'plain');
	assert.equal(output({plain: true}), 'plain');
	assert.equal(output({quiet: true}), 'plain');
	assert.equal(output({message: 'hi'}), 'plain');
	for (const isTerminal of [true, false]) {
		assert.equal(output({json: true}, isTerminal), 'json');
	}
});

test('options: TERM=dumb gets lines instead of the screen', () => {
	const output = (TERM: string) => options('connect', {}, {env: {TERM}}).output;
	assert.equal(output('dumb'), 'plain');
	assert.equal(output('xterm'), 'screen');
});

test('options: --theme chooses the colours, --no-color and NO_COLOR take them away', () => {
	const theme = (given: GivenFlags, env = {}) =>
		(options('', given, {env}) as {theme: string}).theme;
	assert.equal(theme({}), 'auto');
	assert.equal(theme({theme: 'high-contrast'}), 'high-contrast');
	assert.equal(theme({noColor: true}), 'mono');
	assert.equal(theme({}, {NO_COLOR: '1'}), 'mono');
	assert.equal(theme({}, {NO_COLOR: ''}), 'auto');
	assert.equal(theme({theme: 'dark'}, {NO_COLOR: '1'}), 'dark', 'it is typed');
});

test('options: a room reconnects unless --no-retry', () => {
	const isRetrying = (given: GivenFlags) => {
		const parsed = roomOptions('connect', given);
		return 'isRetrying' in parsed && parsed.isRetrying;
	};

	assert.equal(isRetrying({}), true);
	assert.equal(isRetrying({retry: true}), true);
	assert.equal(isRetrying({noRetry: true}), false);
	// Raw mode never reconnects, so it takes the flag that says so.
	assert.equal(options('connect', {raw: true, noRetry: true}).mode, 'raw');
});

test('options: a login name that is not a valid nick becomes a flexible nick', () => {
	for (const [login, nick] of [
		['root', 'root'],
		['OFFICE\\heron', 'heron'],
		['heron@example.org', 'heron'],
		['', 'someone'],
		['guest-1', 'someone'],
	] as const) {
		const {isNickFlexible, ...rest} = roomOptions('', {}, {login});
		assert.deepEqual([rest.nick, isNickFlexible], [nick, true]);
	}

	// The host of a room may say so.
	assert.equal(roomOptions('serve', {nick: 'host'}).nick, 'host');
	assert.equal(readLoginName(), userInfo().username);
});

test('options: a server keeps its room in a file named after its address', () => {
	const env = {HOME: '/home/otter'};
	const historyOf = (words: string, given: GivenFlags = {}) =>
		historyIn(options(words, given, {env}));
	const folder = '/home/otter/.local/state/sockchat';
	const fsync = 'interval';
	assert.deepEqual(historyOf('serve'), {
		path: `${folder}/127.0.0.1-5001.jsonl`,
		fsync,
		isDefault: true,
	});
	assert.deepEqual(historyOf('', {port: '7', fsync: 'always'}), {
		path: `${folder}/127.0.0.1-7.jsonl`,
		fsync: 'always',
		isDefault: true,
	});
	assert.deepEqual(historyOf('serve', {history: 'kept/here'}), {
		path: 'kept/here',
		fsync,
		isDefault: false,
	});
	assert.match(
		historyOf('serve', {socket: 'my.sock'})!.path,
		/\/unix-.*my\.sock/u,
	);
	assert.equal(historyOf('serve', {noHistory: true}), undefined);
	assert.equal(historyOf('serve', {raw: true}), undefined);
	assert.equal(historyOf('connect'), undefined);
	// A free port differs each time, so no later server would find the file.
	assert.equal(historyOf('serve', {port: '0'}), undefined);
	assert.ok(historyOf('serve', {port: '0', history: 'x'}));
	assert.equal(historyIn(options('serve', {}, {env: {}})), undefined);
});

test("options: Windows' variable names a place for the history, too", () => {
	const env = {LOCALAPPDATA: '/users/otter/AppData/Local'};
	assert.equal(
		historyIn(options('serve', {}, {env}))!.path,
		'/users/otter/AppData/Local/sockchat/127.0.0.1-5001.jsonl',
	);
	const both = {...env, HOME: '/home/otter'};
	assert.match(historyIn(options('serve', {}, {env: both}))!.path, /^\/home/);
	const relative = {LOCALAPPDATA: 'AppData'};
	assert.equal(historyIn(options('serve', {}, {env: relative})), undefined);
});

test('options: a room that has no place to be kept in is known as that', () => {
	const isHomeless = (words: string, given: GivenFlags = {}, env = {}) => {
		const parsed = options(words, given, {env});
		return 'isHomeless' in parsed && parsed.isHomeless === true;
	};

	assert.equal(isHomeless('serve'), true);
	assert.equal(isHomeless(''), true);
	assert.equal(isHomeless('serve', {}, {HOME: '/home/otter'}), false);
	// Those that nobody expects to be kept.
	assert.equal(isHomeless('serve', {noHistory: true}), false);
	assert.equal(isHomeless('serve', {port: '0'}), false);
	assert.equal(isHomeless('serve', {history: 'x'}), false);
});

test('options: a nick that was asked for is kept to, except by a one-shot', () => {
	assert.equal(roomOptions('connect', {nick: 'ci'}).isNickFlexible, false);
	assert.equal(
		roomOptions('connect', {nick: 'ci', message: 'done'}).isNickFlexible,
		true,
	);
});

test('options: --bell and --notify choose how the screen calls', () => {
	const bell = (given: GivenFlags) => options('', given).bell;
	assert.deepEqual(bell({bell: 'off', notify: 'osc777'}), {
		isOn: false,
		notification: 'osc777',
	});
	assert.deepEqual(bell({bell: 'on'}), {isOn: true, notification: 'none'});
});
