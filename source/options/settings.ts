/**
 * Flags, environment and config file → one set of settings.
 *
 * Flags beat variables, which beat the config file; in it, the command's table
 * beats the keys above the tables. A setting that contradicts a stronger one
 * doesn't hold: with SOCKCHAT_PORT set, `--socket PATH` is a socket.
 */
import {areContradictory} from './contradictions.js';
import {flagNames, isFor, type Command, type FlagName} from './flags.js';
import type {Config, Layer, Setting} from './config/config.js';
import type {GivenFlags, Origins} from './reader.js';

/** The flags that have a variable. */
export const variables = {
	port: 'SOCKCHAT_PORT',
	nick: 'SOCKCHAT_NICK',
	socket: 'SOCKCHAT_SOCKET',
} as const satisfies Partial<Record<FlagName, string>>;

export type Settings = {
	readonly given: GivenFlags;
	readonly origins: Origins;
};

export type Variables = Readonly<Record<string, string | undefined>>;

const layerOf = (env: Variables): Layer =>
	Object.fromEntries(
		Object.entries(variables).flatMap(([name, origin]) => {
			const value = env[origin];
			return value ? [[name, {value, origin}]] : [];
		}),
	);

/**
 * @param typed The flags of the command line.
 * @returns All that hold, and where those not typed come from.
 */
export const settle = (
	typed: GivenFlags,
	command: Command,
	env: Variables,
	config: Config | undefined,
): Settings => {
	const given: Partial<Record<FlagName, string | true>> = {...typed};
	const origins: Partial<Record<FlagName, string>> = {};
	const decided = new Set<FlagName>(
		flagNames.filter(name => given[name] !== undefined),
	);
	const layers: Array<Layer | undefined> = [
		layerOf(env),
		config?.tables[command],
		config?.everywhere,
	];
	for (const layer of layers) {
		const stronger = [...decided].filter(name => given[name] !== undefined);
		const holds = ([name]: [FlagName, Setting]): boolean =>
			isFor(name, command) &&
			!decided.has(name) &&
			stronger.every(other => !areContradictory(name, other)) &&
			// The variable with the token is read where the token is needed.
			(name !== 'tokenFile' || env['SOCKCHAT_TOKEN'] === undefined);
		const entries = Object.entries(layer ?? {}) as Array<[FlagName, Setting]>;
		for (const [name, {value, origin}] of entries.filter(holds)) {
			decided.add(name);
			if (value === false) {
				continue;
			}

			given[name] = value;
			origins[name] = origin;
		}
	}

	return {given, origins};
};
