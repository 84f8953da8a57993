/**
 * Failures of a start that are the fault of a value: a path that leads nowhere,
 * or to what must not be used. They exit like a flag that can't be read. A full
 * disk, or a server that is there already, is no fault of the value.
 */
import {SockchatError, type ErrorCode} from '../errors.js';
import type {FlagName} from './flags.js';
import type {Options} from './options.js';
import type {Origins} from './reader.js';

const codesOfPaths = new Set([
	'ENOENT',
	'ENOTDIR',
	'EISDIR',
	'ELOOP',
	'ENAMETOOLONG',
	'EACCES',
	'EPERM',
	'EROFS',
	'ENXIO',
]);

const isFaultOfPath = ({cause}: SockchatError): boolean =>
	!(cause instanceof Error) ||
	codesOfPaths.has((cause as NodeJS.ErrnoException).code ?? '');

const isPassed = (options: Options): boolean =>
	'descriptor' in options && options.descriptor !== undefined;

/** @param options Undefined for a command without a room. */
export const isWrongValue = (error: unknown, options?: Options): boolean => {
	if (!(error instanceof SockchatError)) {
		return false;
	}

	switch (error.code) {
		case 'ERR_USAGE':
		case 'ERR_PORT_RANGE':
		case 'ERR_NOT_LOOPBACK':
		case 'ERR_TOKEN_FILE': {
			return true;
		}

		case 'ERR_CAPTURE_FILE':
		case 'ERR_RECORDING':
		case 'ERR_LOG': {
			return isFaultOfPath(error);
		}

		case 'ERR_SOCKET_PATH': {
			// Of a socket that was passed to us, the path is not our user's.
			return options !== undefined && !isPassed(options);
		}

		case 'ERR_HISTORY': {
			return (
				options !== undefined &&
				'history' in options &&
				options.history?.isDefault === false &&
				isFaultOfPath(error)
			);
		}

		default: {
			return false;
		}
	}
};

/** The flags whose paths are looked at only once they are used. */
const pathFlags: Readonly<Partial<Record<ErrorCode, FlagName>>> = {
	ERR_TOKEN_FILE: 'tokenFile',
	ERR_HISTORY: 'history',
	ERR_RECORDING: 'record',
	ERR_LOG: 'log',
	ERR_SOCKET_PATH: 'socket',
	ERR_CAPTURE_FILE: 'pcapng',
};

/** The same error, with the place where the wrong value stands if not typed. */
export const placed = (
	error: SockchatError,
	origins: Origins,
): SockchatError => {
	const flag = pathFlags[error.code];
	const origin = flag && origins[flag];
	return origin === undefined
		? error
		: new SockchatError(error.code, `${origin}: ${error.message}`, {
				cause: error,
			});
};
