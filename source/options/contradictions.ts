/** Flags that are right alone and wrong together, each with its sentence. */
import type {SockchatError} from '../errors.js';
import {
	flagNames,
	flags,
	writtenFlag,
	type Flag,
	type FlagName,
} from './flags.js';
import {wrongUsage, type GivenFlags, type Origins} from './reader.js';

type Contradiction = readonly [FlagName, FlagName, string];

const contradictions: readonly Contradiction[] = [
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
	[
		'socket',
		'udp',
		'--udp sends datagrams to a port, and --socket has none; give only one of them.',
	],
	...(['tls', 'ws', 'capture', 'pcapng'] as const).map(
		(name): Contradiction => [
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
		'--backlog is for connections, and --udp has none; give only one of them.',
	],
	[
		'udp',
		'connectTimeout',
		'--connect-timeout is for connections, and --udp has none; give only one of them.',
	],
	[
		'udp',
		'halfOpen',
		'--half-open is for the end of a connection, and --udp has none; give only one of them.',
	],
	[
		'udp',
		'noShutdown',
		'--no-shutdown is for the end of a connection, and --udp has none; give only one of them.',
	],
	[
		'udp',
		'telnet',
		'--telnet is for a connection, and --udp has none; give only one of them.',
	],
	[
		'ws',
		'halfOpen',
		'--half-open keeps one direction open, and a WebSocket ends both at once; give only one of --half-open and --ws.',
	],
	...(
		[
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
		] as const
	).map((name): Contradiction => [
		'probe',
		name,
		`--probe only connects; leave out ${writtenFlag(name)}.`,
	]),
	[
		'tlsInsecure',
		'tlsCa',
		'--tls-insecure takes any certificate, whatever --tls-ca says; give only one of them.',
	],
	[
		'connect',
		'serve',
		'--connect and --serve exclude each other; give only one.',
	],
	['json', 'plain', '--json and --plain exclude each other; give only one.'],
	['json', 'quiet', '--json and --quiet exclude each other; give only one.'],
	[
		'explain',
		'quiet',
		'--explain and --quiet exclude each other; give only one.',
	],
	['noColor', 'theme', '--no-color is --theme mono; give only one of them.'],
	['last', 'since', '--last and --since exclude each other; give only one.'],
	[
		'waitFor',
		'waitForMention',
		'--wait-for and --wait-for-mention exclude each other; give only one.',
	],
	[
		'times',
		'json',
		'--times is for plain lines, and --json has the time as "at"; leave out --times.',
	],
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
	...(['reply', 'echo', 'broker'] as const).flatMap(
		(one, index, all): Contradiction[] =>
			all
				.slice(index + 1)
				.map(other => [
					one,
					other,
					`${writtenFlag(one)} and ${writtenFlag(other)} exclude each other; give only one.`,
				]),
	),
	[
		'broker',
		'once',
		'--broker passes on what peers say to the others, and --once serves one peer; give only one of them.',
	],
	[
		'once',
		'maxConnections',
		'--once takes one connection, whatever --max-connections says; give only one of them.',
	],
	[
		'to',
		'once',
		'--once serves whoever comes first, and --to names a peer; give only one of them.',
	],
	...(['reply', 'echo', 'broker'] as const).map((name): Contradiction => [
		'to',
		name,
		`${writtenFlag(name)} answers all peers, and --to says who gets stdin; give only one of them.`,
	]),
	...(['echo', 'broker'] as const).map((name): Contradiction => [
		'expect',
		name,
		`${writtenFlag(name)} takes all that a peer says, and --expect a part of it; give only one of them.`,
	]),
	[
		'noHistory',
		'fsync',
		'--fsync is for the history, and --no-history keeps none; give only one of them.',
	],
	['json', 'escapes', '--json has no typed lines; leave out --escapes.'],
	['json', 'pretty', '--json prints bytes as they are; leave out --pretty.'],
	...(['escapes', 'pretty', 'log'] as const).flatMap(name =>
		flagNames
			.filter(
				other =>
					other === 'message' ||
					other === 'probe' ||
					(flags[other] as Flag).isStep,
			)
			.map((other): Contradiction => [
				name,
				other,
				`${writtenFlag(name)} is for bytes by hand; leave it out with ${writtenFlag(other)}.`,
			]),
	),
	...flagNames
		.filter(name => (flags[name] as Flag).isStep)
		.flatMap((name): Contradiction[] => {
			const flag = writtenFlag(name);
			return [
				['probe', name, `--probe sends nothing; leave out ${flag}.`],
				...(['json', 'explain', 'capture', 'pcapng'] as const).map(
					(other): Contradiction => [
						other,
						name,
						`${flag} copies bytes, and ${writtenFlag(other)} prints events; give only one of them.`,
					],
				),
			];
		}),
	...flagNames.flatMap((name): Contradiction[] => {
		const {notRaw}: Flag = flags[name];
		return notRaw === undefined
			? []
			: [['raw', name, `${writtenFlag(name)} is for rooms; ${notRaw}.`]];
	}),
];

export const areContradictory = (one: FlagName, other: FlagName): boolean =>
	contradictions.some(
		([a, b]) => (a === one && b === other) || (a === other && b === one),
	);

/** @returns The sentence about the first two that contradict each other. */
export const contradictionIn = (
	given: GivenFlags,
	origins: Origins = {},
): SockchatError | undefined => {
	const found = contradictions.find(
		([one, other]) => given[one] !== undefined && given[other] !== undefined,
	);
	if (!found) {
		return undefined;
	}

	const [one, other, sentence] = found;
	const origin = origins[other] ?? origins[one];
	return wrongUsage(origin === undefined ? sentence : `${origin}: ${sentence}`);
};
