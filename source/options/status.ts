/** The options of `sockchat status`. */
import type {SockchatError} from '../errors.js';
import type {LoopbackAddress} from '../socket/address.js';
import {contradictionIn} from './contradictions.js';
import type {Config} from './config/config.js';
import {readAddress} from './address.js';
import {Reader, type GivenFlags} from './reader.js';
import {settle, type Variables} from './settings.js';

export type StatusOptions = {
	readonly address: LoopbackAddress;
	readonly isJson: boolean;
	readonly tokenFile: string | undefined;
	readonly timeoutMs: number;
};

// A busy server answers within milliseconds.
const defaultTimeoutMs = 2000;

/** @param typed Flags of `status`, with those that ADDRESS stands for. */
export const parseStatusOptions = (
	typed: GivenFlags,
	env: Variables,
	config: Config | undefined,
): StatusOptions | SockchatError => {
	const {given, origins} = settle(typed, 'status', env, config);
	const wrong = contradictionIn(given, origins);
	if (wrong) {
		return wrong;
	}

	const reader = new Reader(given, origins);
	const options = {
		address: readAddress(reader, 'status'),
		isJson: reader.has('json'),
		tokenFile: reader.text('tokenFile'),
		timeoutMs: reader.seconds('timeout') ?? defaultTimeoutMs,
	};
	return reader.error ?? options;
};
