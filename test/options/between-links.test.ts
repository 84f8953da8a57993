/** Flags of `proxy` and `replay`: what can have no effect is refused. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {SockchatError} from '../../source/errors.js';
import {
	flagNames,
	flags,
	writtenFlag,
	type Flag,
	type FlagName,
} from '../../source/options/flags.js';
import {parseProxyOptions} from '../../source/options/proxy.js';
import {parseReplayOptions, replayLink} from '../../source/options/replay.js';
import type {RecordingHead} from '../../source/recording/line.js';
import type {RecordedLink} from '../../source/recording/link.js';
import {readWords} from '../../source/options/words.js';

const env = {HOME: '/home/otter'};

const values: Readonly<Partial<Record<FlagName, string>>> = {
	theme: 'dark',
	host: '127.0.0.1',
	socket: '/run/user/raw.sock',
	wsProtocol: 'chat',
	wsHeader: 'A: b',
};

const others: Readonly<Partial<Record<FlagName, readonly string[]>>> = {
	tlsCert: ['--tls-key', '/etc/key'],
	tlsKey: ['--tls-cert', '/etc/cert'],
};

const namesFor = (command: 'proxy' | 'replay'): readonly FlagName[] =>
	flagNames.filter(name => {
		const {commands}: Flag = flags[name];
		return commands.includes(command) && name !== 'help' && name !== 'version';
	});

const wordsFor = (name: FlagName): readonly string[] => {
	const {type}: Flag = flags[name];
	const flag = writtenFlag(name);
	return [
		...(type === 'boolean' ? [flag] : [flag, values[name] ?? '7']),
		...(others[name] ?? []),
	];
};

const check = (
	line: string,
	parsed: unknown,
	name: FlagName,
	isIdle: boolean,
): void => {
	if (!isIdle) {
		assert.ok(!(parsed instanceof SockchatError), `${line}: ${String(parsed)}`);
		return;
	}

	assert.ok(parsed instanceof SockchatError, `${line} was taken`);
	assert.equal(parsed.code, 'ERR_USAGE', line);
	assert.match(parsed.message, /^[^\n]+\.$/, line);
	// Of a key and its certificate, the certificate is named.
	const word = writtenFlag(name === 'tlsKey' ? 'tlsCert' : name);
	assert.ok(parsed.message.includes(word), parsed.message);
};

const ends = ['9000', './a.sock', 'udp:9001', 'tls:9002', 'ws:9003'] as const;

const parseProxy = (words: readonly string[]) => {
	const line = readWords(['proxy', ...words]);
	const [, listen, target] = line.words;
	return (
		line.error ??
		parseProxyOptions({listen: listen!, target: target!}, line.given, {
			env,
			config: undefined,
			isTerminal: true,
		})
	);
};

test('options: proxy refuses a flag that can do nothing between its ends', () => {
	const isTcp = (end: string) => !/\.sock|udp:/.test(end);
	const idle: Readonly<
		Partial<Record<FlagName, (listen: string, target: string) => boolean>>
	> = {
		tlsCert: listen => !listen.startsWith('tls:'),
		tlsKey: listen => !listen.startsWith('tls:'),
		tlsCa: (_, target) => !target.startsWith('tls:'),
		tlsInsecure: (_, target) => !target.startsWith('tls:'),
		tlsName: (_, target) => !target.startsWith('tls:'),
		tlsAlpn: (listen, target) => !`${listen} ${target}`.includes('tls:'),
		explain: (listen, target) => !isTcp(listen) && !isTcp(target),
	};
	const names = namesFor('proxy');
	assert.ok(names.length > 15);
	for (const name of names) {
		for (const listen of ends) {
			for (const target of ends.map(end => end.replace(/9|a/, '8'))) {
				const words = [listen, target, ...wordsFor(name)];
				const isIdle = idle[name]?.(listen, target) ?? false;
				check(words.join(' '), parseProxy(words), name, isIdle);
			}
		}
	}
});

test('options: proxy --once refuses --max-connections', () => {
	const words = ['9000', '8000', '--once', '--max-connections', '7'];
	check('once', parseProxy(words), 'maxConnections', true);
});

const recorded: Readonly<Record<string, RecordedLink | undefined>> = {
	tcp: undefined,
	udp: {kind: 'udp'},
	tls: {kind: 'tls'},
	ws: {kind: 'ws', path: '/'},
	wss: {kind: 'ws', path: '/', tls: true},
};

const parseReplay = (words: readonly string[]) => {
	const {given, error, steps} = readWords(['replay', 'file', ...words]);
	return (
		error ?? parseReplayOptions({file: 'file', given, steps}, env, undefined)
	);
};

test('options: replay refuses a flag that can do nothing over its link', () => {
	const ofTls = new Set<FlagName>([
		'tlsCa',
		'tlsInsecure',
		'tlsName',
		'tlsAlpn',
		'tlsCert',
		'tlsKey',
	]);
	const ofServer = new Set<FlagName>(['tlsAlpn', 'tlsCert', 'tlsKey']);
	const ofWebSocket = new Set<FlagName>(['wsProtocol', 'wsHeader']);
	for (const name of namesFor('replay')) {
		for (const [kind, link] of Object.entries(recorded)) {
			for (const side of ['connect', 'serve'] as const) {
				const words = wordsFor(name);
				const options = parseReplay(words);
				const head = {
					side,
					address: '127.0.0.1:9000',
					link,
				} as RecordingHead;
				const parsed =
					options instanceof SockchatError
						? options
						: replayLink(options, side, head);
				const isTls = kind === 'tls' || kind === 'wss';
				const isIdle =
					(ofTls.has(name) && !isTls) ||
					(ofWebSocket.has(name) && link?.kind !== 'ws') ||
					((ofTls.has(name) || ofWebSocket.has(name)) &&
						side === 'serve' &&
						!ofServer.has(name));
				const line = `${kind} ${side} ${words.join(' ')}`;
				check(line, parsed, name, isIdle);
			}
		}
	}
});

test('options: replay --pcapng refuses what is for playing', () => {
	const useful = new Set<FlagName>(['pcapng', 'json', 'quiet']);
	for (const name of namesFor('replay').filter(each => !useful.has(each))) {
		const words = [...wordsFor(name), '--pcapng', 'out'];
		const parsed = parseReplay(words);
		assert.ok(parsed instanceof SockchatError, `${words.join(' ')} was taken`);
		assert.match(parsed.message, /^--pcapng writes the recording, /);
	}
});
