/** Flags that exclude each other: a sentence for each pair. */
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
import {parseOptions} from '../../source/options/chat/parse.js';

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

const contradicting: ReadonlyArray<[FlagName, FlagName, string]> = [
	['socket', 'host', '--socket replaces --host; give only one of them.'],
	['socket', 'port', '--socket replaces --port; give only one of them.'],
	[
		'socket',
		'localPort',
		'--local-port binds a TCP port, and --socket has none; give only one of them.',
	],
	[
		'socket',
		'capture',
		'--capture shows TCP segments, and --socket has none; give only one of them.',
	],
	[
		'socket',
		'pcapng',
		'--pcapng writes TCP segments, and --socket has none; give only one of them.',
	],
	['json', 'plain', '--json and --plain exclude each other; give only one.'],
	['noColor', 'theme', '--no-color is --theme mono; give only one of them.'],
	['json', 'quiet', '--json and --quiet exclude each other; give only one.'],
	[
		'explain',
		'quiet',
		'--explain and --quiet exclude each other; give only one.',
	],
	['last', 'since', '--last and --since exclude each other; give only one.'],
	[
		'waitFor',
		'waitForMention',
		'--wait-for and --wait-for-mention exclude each other; give only one.',
	],
	[
		'raw',
		'input',
		'--input json is for rooms; raw mode sends exact bytes, or none with --input none.',
	],
	[
		'message',
		'probe',
		'--probe sends nothing, so it has no --message; give only one of them.',
	],
	[
		'probe',
		'retry',
		'--probe asks until somebody listens with --wait, and dials no more after that; leave out --retry.',
	],
	['json', 'probe', '--probe prints addresses, and no JSON; leave out --json.'],
	['raw', 'waitFor', '--wait-for is for rooms; raw mode has no messages.'],
	[
		'raw',
		'waitForMention',
		'--wait-for-mention is for rooms; raw mode has no messages.',
	],
	['times', 'json', '--times is for plain lines; JSON has the time as "at".'],
	['raw', 'last', '--last is for rooms; raw mode has no messages to replay.'],
	['raw', 'since', '--since is for rooms; raw mode has no messages to replay.'],
	[
		'retry',
		'noRetry',
		'--retry and --no-retry exclude each other; give only one.',
	],
	[
		'history',
		'noHistory',
		'--history and --no-history exclude each other; give only one.',
	],
	[
		'message',
		'input',
		'--message replaces what --input reads; give only one of them.',
	],
	[
		'noHistory',
		'fsync',
		'--fsync is for the history, and --no-history keeps none; give only one of them.',
	],
	[
		'raw',
		'tokenFile',
		'--token-file is for rooms; raw mode has no protocol to check a token.',
	],
	['raw', 'room', '--room is for rooms; raw mode has no room.'],
	['raw', 'relay', '--relay is for rooms; raw mode has no room.'],
	[
		'raw',
		'relayCredentials',
		'--relay-credentials is for rooms; raw mode has no room.',
	],
	[
		'raw',
		'relayOptional',
		'--relay-optional is for rooms; raw mode has no room.',
	],
	[
		'raw',
		'relayReplicas',
		'--relay-replicas is for rooms; raw mode has no room.',
	],
	['raw', 'sameUser', '--same-user is for rooms; raw mode lets everybody in.'],
	[
		'raw',
		'maxMembers',
		'--max-members is for rooms; raw mode lets everybody in.',
	],
	[
		'raw',
		'maxPerUser',
		'--max-per-user is for rooms; raw mode lets everybody in.',
	],
	['raw', 'agentRate', '--agent-rate is for rooms; raw mode has no agents.'],
	['raw', 'rate', '--rate is for rooms; raw mode takes bytes as they come.'],
	[
		'raw',
		'connectRate',
		'--connect-rate is for rooms; raw mode lets everybody in.',
	],
	['raw', 'heartbeat', '--heartbeat is for rooms; raw mode sends no pings.'],
	['raw', 'history', '--history is for rooms; raw mode keeps no history.'],
	['raw', 'fsync', '--fsync is for rooms; raw mode keeps no history.'],
	['raw', 'bell', '--bell is for rooms; raw mode has no mentions.'],
	['raw', 'notify', '--notify is for rooms; raw mode has no mentions.'],
	['reply', 'echo', '--reply and --echo exclude each other; give only one.'],
	[
		'reply',
		'broker',
		'--reply and --broker exclude each other; give only one.',
	],
	['echo', 'broker', '--echo and --broker exclude each other; give only one.'],
	[
		'broker',
		'once',
		'--broker passes on what peers say to the others, and --once serves one peer; give only one of them.',
	],
	[
		'to',
		'once',
		'--once serves whoever comes first, and --to names a peer; give only one of them.',
	],
	...(['reply', 'echo', 'broker'] as const).map(
		(name): [FlagName, FlagName, string] => [
			'to',
			name,
			`${writtenFlag(name)} answers all peers, and --to says who gets stdin; give only one of them.`,
		],
	),
	[
		'expect',
		'echo',
		'--echo takes all that a peer says, and --expect a part of it; give only one of them.',
	],
	[
		'expect',
		'broker',
		'--broker takes all that a peer says, and --expect a part of it; give only one of them.',
	],
	['json', 'escapes', '--json has no typed lines; leave out --escapes.'],
	['json', 'pretty', '--json prints bytes as they are; leave out --pretty.'],
	...(['escapes', 'pretty', 'log'] as const).flatMap(name =>
		(
			['message', 'probe', 'send', 'sendHex', 'sendFile', 'expect'] as const
		).map((other): [FlagName, FlagName, string] => [
			name,
			other,
			`${writtenFlag(name)} is for bytes by hand; leave it out with ${writtenFlag(other)}.`,
		]),
	),
	[
		'socket',
		'udp',
		'--udp sends datagrams to a port, and --socket has none; give only one of them.',
	],
	...(['tls', 'ws', 'capture', 'pcapng'] as const).map(
		(name): [FlagName, FlagName, string] => [
			'udp',
			name,
			`${writtenFlag(name)} needs a connection, and --udp has none; give only one of them.`,
		],
	),
	[
		'udp',
		'probe',
		'--probe asks by a connection, and --udp has none; give only one of them.',
	],
	[
		'udp',
		'wait',
		'--wait asks by a connection, and --udp has none; give only one of them.',
	],
	[
		'udp',
		'backlog',
		'--backlog is of connections, and --udp has none; give only one of them.',
	],
	['probe', 'tls', '--probe only connects; leave out --tls.'],
	['probe', 'ws', '--probe only connects; leave out --ws.'],
	[
		'tlsInsecure',
		'tlsCa',
		'--tls-insecure takes any certificate, whatever --tls-ca says; give only one of them.',
	],
	...(['send', 'sendHex', 'sendFile', 'expect'] as const).flatMap(
		(name): Array<[FlagName, FlagName, string]> => [
			['probe', name, `--probe sends nothing; leave out ${writtenFlag(name)}.`],
			...(['json', 'explain', 'capture', 'pcapng'] as const).map(
				(other): [FlagName, FlagName, string] => [
					other,
					name,
					`${writtenFlag(name)} copies bytes, and ${writtenFlag(other)} prints events; give only one of them.`,
				],
			),
		],
	),
];

/** They need --relay, and that one --room. */
const ofRelay: ReadonlySet<FlagName> = new Set<FlagName>([
	'relay',
	'relayCredentials',
	'relayOptional',
	'relayReplicas',
]);

/** Whether these two contradict each other, without what else they need. */
const isOf = (
	[a, b]: readonly [FlagName, FlagName, string],
	one: FlagName,
	other: FlagName,
): boolean => (a === one && b === other) || (a === other && b === one);

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
	'tlsCert',
	'tlsKey',
	'ws',
	'wsBinary',
]);

/** Flags that mean nothing without others. */
const needed: Readonly<Partial<Record<FlagName, readonly FlagName[]>>> = {
	events: ['json'],
	tlsCa: ['tls'],
	tlsInsecure: ['tls'],
	tlsName: ['tls'],
	tlsCert: ['tls', 'tlsKey'],
	tlsKey: ['tls', 'tlsCert'],
	wsBinary: ['ws'],
};

test('options: each pair of flags works together or is refused with its sentence', () => {
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
				assert.equal(error?.message, pair?.[2], line);
				assert.equal(error?.code, pair && 'ERR_USAGE', line);
				if (pair) {
					seen.add(pair.join(' '));
				}
			}
		}
	}

	assert.equal(seen.size, contradicting.length);
});
