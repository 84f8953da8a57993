/** Flags that exclude each other: each pair is refused in a sentence. */
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
import {parseOptions} from '../helpers/parse-options.js';

/** A valid value. */
const valueOf = (name: FlagName): string | true => {
	const values: Partial<Record<FlagName, string>> = {
		host: '127.0.0.1',
		socket: '/run/user/room.sock',
		nick: 'otter',
		eol: 'crlf',
		events: 'message',
		fsync: 'always',
		bell: 'off',
		notify: 'osc9',
		history: '/var/room.jsonl',
		message: 'hi',
		input: 'json',
		theme: 'dark',
		tokenFile: '/etc/token',
		pcapng: '/var/own.pcapng',
		relay: 'nats://127.0.0.1:4222',
		relayReplicas: '3',
		ws: '/chat',
	};
	const {type}: Flag = flags[name];
	return type === 'boolean' ? true : (values[name] ?? '7');
};

/** Refused where there is a screen. */
const forLines: ReadonlySet<FlagName> = new Set(['last', 'since', 'times']);

const parse = (
	command: string,
	names: readonly FlagName[],
): SockchatError | undefined => {
	const given = Object.fromEntries(names.map(name => [name, valueOf(name)]));
	const words = command === 'join' ? [] : [command];
	const parsed = parseOptions(
		{words, given, error: undefined},
		{
			isTerminal:
				names.includes('raw') || names.every(name => !forLines.has(name)),
			loginName: () => 'otter',
			env: {HOME: '/home/otter'},
		},
	);
	return parsed instanceof SockchatError ? parsed : undefined;
};

const steps = ['send', 'sendHex', 'sendFile', 'expect'] as const;

/** Which flags each of these excludes, besides those above that exclude it. */
const excluded: Readonly<Partial<Record<FlagName, readonly FlagName[]>>> = {
	raw: [
		'input',
		'waitFor',
		'waitForMention',
		'last',
		'since',
		'tokenFile',
		'room',
		'relay',
		'relayCredentials',
		'relayOptional',
		'relayReplicas',
		'sameUser',
		'maxMembers',
		'maxPerUser',
		'agentRate',
		'rate',
		'connectRate',
		'heartbeat',
		'history',
		'fsync',
		'bell',
		'notify',
	],
	socket: ['host', 'port', 'localPort', 'capture', 'pcapng', 'udp'],
	udp: [
		'tls',
		'ws',
		'capture',
		'pcapng',
		'probe',
		'wait',
		'backlog',
		'connectTimeout',
		'noShutdown',
		'halfOpen',
		'telnet',
	],
	ws: ['halfOpen'],
	probe: [
		'tls',
		'ws',
		'eol',
		'idle',
		'replies',
		'noShutdown',
		'halfOpen',
		'telnet',
		'record',
		'explain',
		'capture',
		'pcapng',
		'message',
		'retry',
		'json',
		...steps,
	],
	json: ['plain', 'quiet', 'times', 'escapes', 'pretty', ...steps],
	explain: ['quiet', ...steps],
	capture: steps,
	pcapng: steps,
	noColor: ['theme'],
	last: ['since'],
	waitFor: ['waitForMention'],
	retry: ['noRetry'],
	message: ['input'],
	noHistory: ['history', 'fsync'],
	reply: ['echo', 'broker'],
	echo: ['broker', 'expect'],
	broker: ['once', 'expect'],
	to: ['once', 'reply', 'echo', 'broker'],
	escapes: ['message', 'probe', ...steps],
	pretty: ['message', 'probe', ...steps],
	log: ['message', 'probe', ...steps],
	tlsInsecure: ['tlsCa'],
};

type Pair = readonly [FlagName, FlagName];

const contradicting = Object.entries(excluded).flatMap(([one, others]) =>
	others.map((other): Pair => [one as FlagName, other]),
);

/** They need --relay, and that one --room. */
const ofRelay: ReadonlySet<FlagName> = new Set<FlagName>([
	'relay',
	'relayCredentials',
	'relayOptional',
	'relayReplicas',
]);

/** Whether these two contradict each other, without what else they need. */
const isOf = ([a, b]: Pair, one: FlagName, other: FlagName): boolean =>
	(a === one && b === other) || (a === other && b === one);

const assertNamesBoth = (
	error: SockchatError | undefined,
	pair: Pair,
	line: string,
): void => {
	assert.equal(error?.code, 'ERR_USAGE', line);
	assert.match(error.message, /^[^.\n]+\.$/u, line);
	for (const name of pair) {
		const word = name === 'raw' ? 'raw mode' : writtenFlag(name);
		assert.match(error.message, new RegExp(String.raw`${word}\b`, 'u'));
	}
};

const onlyRaw: ReadonlySet<FlagName> = new Set<FlagName>([
	'eol',
	'idle',
	'replies',
	'noShutdown',
	'once',
	'send',
	'sendHex',
	'sendFile',
	'expect',
	'reply',
	'echo',
	'broker',
	'to',
	'record',
	'escapes',
	'pretty',
	'halfOpen',
	'telnet',
	'log',
	'udp',
	'tls',
	'tlsCa',
	'tlsInsecure',
	'tlsName',
	'tlsAlpn',
	'tlsCert',
	'tlsKey',
	'ws',
	'wsBinary',
	'wsProtocol',
	'wsHeader',
]);

/** Flags that mean nothing without others. */
const needed: Readonly<Partial<Record<FlagName, readonly FlagName[]>>> = {
	events: ['json'],
	tlsCa: ['tls'],
	tlsInsecure: ['tls'],
	tlsName: ['tls'],
	tlsAlpn: ['tls'],
	tlsCert: ['tls', 'tlsKey'],
	tlsKey: ['tls', 'tlsCert'],
	wsBinary: ['ws'],
	wsProtocol: ['ws'],
	wsHeader: ['ws'],
};

test('options: each pair of flags works together or is refused in a sentence on both', () => {
	const seen = new Set<string>();
	for (const command of ['join', 'serve', 'connect'] as const) {
		const names = flagNames.filter(name =>
			(flags[name] as Flag).commands.includes(command),
		);
		for (const [index, one] of names.entries()) {
			for (const other of names.slice(index + 1)) {
				const isRaw = onlyRaw.has(one) || onlyRaw.has(other);
				const isOfRelay = ofRelay.has(one) || ofRelay.has(other);
				if (isOfRelay && isRaw) {
					continue;
				}

				// --eol is wrong without --raw, whatever the other flag is.
				const given = new Set<FlagName>([
					...(isRaw ? (['raw'] as const) : []),
					...(needed[one] ?? []),
					...(needed[other] ?? []),
					...(isOfRelay && one !== 'raw' && other !== 'raw'
						? (['relay', 'room'] as const)
						: []),
					one,
					other,
				]);
				const pairs = contradicting.filter(
					([a, b]) => given.has(a) && given.has(b),
				);
				const [pair] = pairs;
				if (pairs.length > 1 || (pair && !isOf(pair, one, other))) {
					continue;
				}

				const error = parse(command, [...given]);
				const line = `${command} ${writtenFlag(one)} ${writtenFlag(other)}`;
				if (!pair) {
					assert.equal(error, undefined, line);
					continue;
				}

				seen.add(pair.join(' '));
				assertNamesBoth(error, pair, line);
			}
		}
	}

	assert.equal(seen.size, contradicting.length);
});
