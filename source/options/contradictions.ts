/** Flags that are right alone and wrong together, each with its sentence. */
import type {SockchatError} from '../errors.js';
import type {FlagName} from './flags.js';
import {wrongUsage, type GivenFlags} from './reader.js';

type Contradiction = readonly [FlagName, FlagName, string];

const oneAddress = '--socket stands instead of --host and --port: give one.';

const contradictions: readonly Contradiction[] = [
	['socket', 'host', oneAddress],
	['socket', 'port', oneAddress],
	[
		'socket',
		'localPort',
		'--local-port binds a TCP port, and --socket has none: give one.',
	],
	['json', 'plain', '--plain prints lines and --json events: give one.'],
	[
		'json',
		'quiet',
		'--json prints every event and --quiet errors only: give one.',
	],
	[
		'explain',
		'quiet',
		'--explain prints every step and --quiet errors only: give one.',
	],
	[
		'noHistory',
		'fsync',
		'--fsync is for the history, and --no-history keeps none: give one.',
	],
	['raw', 'history', '--history keeps a room, and --raw has none.'],
	['raw', 'fsync', '--fsync is for the history, and --raw keeps none.'],
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
	['raw', 'tokenFile', '--raw has no protocol to prove a token by: give one.'],
];

const isGiven = (given: GivenFlags, name: FlagName): boolean => {
	switch (name) {
		case 'noHistory': {
			// As meow has it, --no-history is a history of false.
			return given['history'] === false;
		}

		case 'history': {
			return typeof given['history'] === 'string';
		}

		default: {
			return given[name] !== undefined && given[name] !== false;
		}
	}
};

/** @returns What is wrong with the first two that contradict each other. */
export const contradictionIn = (
	given: GivenFlags,
): SockchatError | undefined => {
	const found = contradictions.find(
		([one, other]) => isGiven(given, one) && isGiven(given, other),
	);
	return found && wrongUsage(found[2]);
};

/**
 * A flag with and without --no-, which can only be seen in the words: of two
 * booleans the parser keeps the last.
 */
export const oppositesIn = (
	words: readonly string[],
): SockchatError | undefined => {
	const end = words.indexOf('--');
	const names = new Set(
		words
			.slice(0, end === -1 ? undefined : end)
			.filter(word => word.startsWith('--'))
			.map(word => word.split('=', 1)[0]!.slice(2)),
	);
	const name = [...names].find(name => names.has(`no-${name}`));
	return name === undefined
		? undefined
		: wrongUsage(`--${name} and --no-${name} contradict each other: give one.`);
};
