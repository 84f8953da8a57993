/** The options of `sockchat watch`. */
import type {SockchatError} from '../errors.js';
import type {LoopbackAddress} from '../socket/address.js';
import {contradictionIn} from './contradictions.js';
import type {Config} from './config.js';
import {readAddress} from './options.js';
import {Reader, wrongUsage, type GivenFlags} from './reader.js';
import {settle, type Variables} from './settings.js';

export type WatchOptions = {
	readonly address: Extract<LoopbackAddress, {kind: 'tcp'}>;
	readonly isJson: boolean;
	/** Whether each step comes with its sentence. */
	readonly isExplained: boolean;
	/** Whether lines begin with a time. */
	readonly isTimed: boolean;
};

/** @param typed Flags of `watch`, with those that ADDRESS stands for. */
export const parseWatchOptions = (
	typed: GivenFlags,
	env: Variables,
	config: Config | undefined,
): WatchOptions | SockchatError => {
	const {given, origins} = settle(typed, 'watch', env, config);
	const wrong = contradictionIn(given, origins);
	if (wrong) {
		return wrong;
	}

	const reader = new Reader(given, origins);
	const address = readAddress(reader, 'watch');
	if (address.kind === 'unix') {
		return wrongUsage(
			'watch shows TCP states, and a Unix domain socket has none; give a port.',
		);
	}

	return (
		reader.error ?? {
			address,
			isJson: reader.has('json'),
			isExplained: reader.has('explain'),
			isTimed: reader.has('times'),
		}
	);
};
