/** Two flags that can't both be meant: one true sentence for each pair. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {SockchatError} from '../../source/errors.js';
import {oppositesIn} from '../../source/options/contradictions.js';
import {
	flagNames,
	flags,
	writtenFlag,
	type Flag,
	type FlagName,
} from '../../source/options/flags.js';
import {parseOptions} from '../../source/options/options.js';

/** A value that is right by itself, as meow gives it. */
const valueOf = (name: FlagName): Record<string, unknown> => {
	const values: Partial<Record<FlagName, unknown>> = {
		host: '127.0.0.1',
		socket: '/run/user/room.sock',
		nick: 'otter',
		eol: 'crlf',
		fsync: 'always',
		history: '/var/room.jsonl',
		message: 'hi',
		tokenFile: '/etc/token',
		retry: false,
	};
	if (name === 'noHistory') {
		return {history: false};
	}

	const {type}: Flag = flags[name];
	return {[name]: values[name] ?? (type === 'boolean' ? true : '7')};
};

const parse = (
	command: string,
	names: readonly FlagName[],
): SockchatError | undefined => {
	const given: Record<string, unknown> = {};
	for (const name of names) {
		Object.assign(given, valueOf(name));
	}

	const parsed = parseOptions(command === 'join' ? [] : [command], given, {
		isTerminal: true,
		loginName: () => 'otter',
		env: {HOME: '/home/otter'},
	});
	return parsed instanceof SockchatError ? parsed : undefined;
};

const contradicting: ReadonlyArray<[FlagName, FlagName, string]> = [
	['host', 'socket', '--socket stands instead of --host and --port: give one.'],
	['port', 'socket', '--socket stands instead of --host and --port: give one.'],
	[
		'socket',
		'localPort',
		'--local-port binds a TCP port, and --socket has none: give one.',
	],
	['plain', 'json', '--plain prints lines and --json events: give one.'],
	[
		'json',
		'quiet',
		'--json prints every event and --quiet errors only: give one.',
	],
	[
		'quiet',
		'explain',
		'--explain prints every step and --quiet errors only: give one.',
	],
	[
		'noHistory',
		'fsync',
		'--fsync is for the history, and --no-history keeps none: give one.',
	],
	['raw', 'tokenFile', '--raw has no protocol to prove a token by: give one.'],
	['raw', 'sameUser', '--same-user is for a room; --raw takes anybody in.'],
	['raw', 'maxMembers', '--max-members is for a room; --raw takes anybody in.'],
	[
		'raw',
		'maxPerUser',
		'--max-per-user is for a room; --raw takes anybody in.',
	],
	['raw', 'rate', '--rate is for a room; --raw takes bytes as they come.'],
	[
		'raw',
		'connectRate',
		'--connect-rate is for a room; --raw takes anybody in.',
	],
	['raw', 'history', '--history keeps a room, and --raw has none.'],
	['raw', 'fsync', '--fsync is for the history, and --raw keeps none.'],
];

test('options: each pair of flags goes together, or gets a sentence of its own', () => {
	const seen = new Set<string>();
	for (const command of ['join', 'serve', 'connect'] as const) {
		const names = flagNames.filter(name =>
			(flags[name] as Flag).commands.includes(command),
		);
		for (const [index, one] of names.entries()) {
			for (const other of names.slice(index + 1)) {
				// The same key to meow; the words of the command line tell.
				if (one === 'history' && other === 'noHistory') {
					continue;
				}

				const pair = contradicting.find(([a, b]) => a === one && b === other);
				// --eol alone is wrong, which is not a pair's matter.
				const withRaw: readonly FlagName[] =
					one === 'eol' || other === 'eol' ? ['raw'] : [];
				const isOfRaw = contradicting.some(
					([a, b]) => a === 'raw' && (b === one || b === other),
				);
				if (withRaw.length > 0 && isOfRaw) {
					continue;
				}

				const error = parse(command, [...withRaw, one, other]);
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

test('options: a flag and its --no- are told to contradict each other', () => {
	for (const [words, sentence] of [
		[
			['--no-history', '--history', 'x'],
			'--history and --no-history contradict each other: give one.',
		],
		[
			['--history=x', '--no-history'],
			'--history and --no-history contradict each other: give one.',
		],
		[
			['--retry', '--no-retry'],
			'--retry and --no-retry contradict each other: give one.',
		],
		[
			['--no-json', '--json'],
			'--json and --no-json contradict each other: give one.',
		],
	] as const) {
		assert.equal(oppositesIn(words)?.message, sentence);
		assert.equal(oppositesIn(words)?.code, 'ERR_USAGE');
	}

	for (const words of [
		['--history', 'x', '--history', 'y'],
		['--no-history', '--', '--history'],
		['--no-retry', '--nick', 'retry'],
		['--no', '--'],
	]) {
		assert.equal(oppositesIn(words), undefined, words.join(' '));
	}
});
