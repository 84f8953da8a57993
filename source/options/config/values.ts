/**
 * Checks every value of the config file, also those that don't hold now: a
 * mistake that a flag hides would come up some other day, in another command.
 */
import type {SockchatError} from '../../errors.js';
import {isFor, type CommandLineCommand, type FlagName} from '../flags.js';
import {optionsOf} from '../chat/parse.js';
import {parseReplayOptions} from '../replay.js';
import {parseStatusOptions} from '../status.js';
import {parseWatchOptions} from '../watch.js';
import type {Config, Layer, Setting} from './config.js';

type WithTable = CommandLineCommand | 'status' | 'watch' | 'replay';

const commands = ['join', 'serve', 'connect'] as const;

const optionsFor = (command: WithTable, config: Config) => {
	switch (command) {
		case 'status': {
			return parseStatusOptions({}, {}, config);
		}

		case 'replay': {
			return parseReplayOptions({file: 'FILE', given: {}}, {}, config);
		}

		case 'watch': {
			return parseWatchOptions({}, {}, config, false);
		}

		default: {
			return optionsOf(
				// Some keys need it, and no value is wrong because of it.
				{command, given: {json: true}},
				{isTerminal: false, loginName: () => '', env: {}, config},
			);
		}
	}
};

const mistakeFor = (
	command: WithTable,
	name: FlagName,
	{path, setting}: {path: string; setting: Setting},
): SockchatError | undefined => {
	const config = {path, everywhere: {[name]: setting}, tables: {}};
	const read = optionsFor(command, config);
	return read instanceof Error ? read : undefined;
};

/** @returns The first mistake, with its file, line and key. */
export const mistakeIn = ({
	path,
	everywhere,
	tables,
}: Config): SockchatError | undefined => {
	const places: Array<[readonly WithTable[], Layer | undefined]> = [
		[commands, everywhere],
		[['serve'], tables.serve],
		[['connect'], tables.connect],
		[['status'], tables.status],
		[['watch'], tables.watch],
		[['replay'], tables.replay],
	];
	for (const [within, layer = {}] of places) {
		const entries = Object.entries(layer) as Array<[FlagName, Setting]>;
		for (const [name, setting] of entries) {
			const mistakes = within
				.filter(command => isFor(name, command))
				.map(command => mistakeFor(command, name, {path, setting}));
			// Above the tables a value may be for one command only, as port 0 is.
			if (mistakes.every(mistake => mistake !== undefined)) {
				return mistakes[0];
			}
		}
	}

	return undefined;
};
