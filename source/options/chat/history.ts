/** Where a room that is opened keeps its log. */
import {historyPath, relayedPath} from '../../history/path.js';
import type {HistoryPlace} from '../../server/history-place.js';
import {lastingAddress, type Address} from '../../socket/address.js';
import type {Reader} from '../reader.js';
import type {Variables} from '../settings.js';

/** A free port differs each time, so no later server would find the file. */
export const hasLastingAddress = (address: Address): boolean =>
	address.kind === 'unix' || address.port !== 0;

const defaultPath = (
	address: Address,
	env: Variables,
	shared: string | undefined,
): string | undefined => {
	if (shared !== undefined) {
		return relayedPath(shared, env);
	}

	return hasLastingAddress(address)
		? historyPath(lastingAddress(address), env)
		: undefined;
};

export const readHistory = (
	reader: Reader,
	address: Address,
	env: Variables,
	/** The name of a room that is shared: it is the same at any address. */
	shared?: string,
): HistoryPlace | undefined => {
	const fsync = reader.choice('fsync', ['always', 'interval']) ?? 'interval';
	const asked = reader.text('history');
	const path =
		asked ??
		(reader.has('noHistory') ? undefined : defaultPath(address, env, shared));
	return path === undefined
		? undefined
		: {path, fsync, isDefault: asked === undefined};
};
