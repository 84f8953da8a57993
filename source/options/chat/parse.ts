/**
 * Turns the command line, the environment and the config file into validated
 * options, or into one sentence about what is wrong. It reads no files.
 */
import {type SockchatError} from '../../errors.js';
import type {Inherited} from '../../socket/inherited.js';
import {readAddress} from '../address.js';
import type {ChatRequest} from '../command.js';
import type {Config} from '../config/config.js';
import {contradictionIn} from '../contradictions.js';
import type {Options} from '../options.js';
import {Reader} from '../reader.js';
import type {Terminal} from '../screen.js';
import {settle} from '../settings.js';
import {readFront} from './front.js';
import {contradictsInherited} from './inherited.js';
import {readRaw, refuseWithoutRaw} from './raw.js';
import {readNick, readRoom} from './room.js';
import {isWatching, readCapture} from './watching.js';

type Environment = Terminal & {
	readonly loginName: () => string;
	/** The config file, if there is one. */
	readonly config?: Config | undefined;
	/** A listening socket that was passed to us, for `serve`. */
	readonly inherited?: Inherited | undefined;
};

/** @returns An error of the code ERR_USAGE or of the value that is wrong. */
export const optionsOf = (
	{command, given: typed, steps}: ChatRequest,
	environment: Environment,
): Options | SockchatError => {
	const {loginName, env, config} = environment;
	const {given, origins} = settle(typed, command, env, config);
	const wrong = contradictionIn(given, origins);
	if (wrong) {
		return wrong;
	}

	const reader = new Reader(given, origins);
	const named = readAddress(reader, command);
	const passed = command === 'serve' ? environment.inherited : undefined;
	const address = passed
		? reader.take(
				contradictsInherited(reader, passed.address, named) ?? passed.address,
				named,
				'port',
			)
		: named;
	const descriptor = passed && {descriptor: passed.descriptor};
	const bearer = readNick(reader, loginName, command);
	refuseWithoutRaw(reader);
	const front = readFront(reader, environment, named);
	const capture = readCapture(reader, address);
	const common = {
		...front,
		address,
		isWatched: isWatching(front) || capture !== undefined,
		...(capture && {capture}),
	};
	const options = reader.has('raw')
		? readRaw(reader, common, {...environment, command, descriptor, steps})
		: readRoom(
				reader,
				{...common, ...bearer},
				{
					...environment,
					command,
					descriptor,
				},
			);
	return reader.error ?? options;
};
