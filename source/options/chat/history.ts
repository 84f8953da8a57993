/** Where a room that is opened keeps its log. */
import {resolve} from 'node:path';
import {historyPath} from '../../history/path.js';
import type {HistoryPlace} from '../../server/history-place.js';
import {formatAddress, type Address} from '../../socket/address.js';
import type {Reader} from '../reader.js';
import type {Variables} from '../settings.js';

/** A free port differs each time, so no later server would find the file. */
export const hasLastingAddress = (address: Address): boolean =>
	address.kind === 'unix' || address.port !== 0;

/** A path is made absolute. */
export const addressForFile = (address: Address): string =>
	address.kind === 'unix' ? resolve(address.path) : formatAddress(address);

export const readHistory = (
	reader: Reader,
	address: Address,
	env: Variables,
): HistoryPlace | undefined => {
	const fsync = reader.choice('fsync', ['always', 'interval']) ?? 'interval';
	const asked = reader.text('history');
	const path =
		asked ??
		(!reader.has('noHistory') && hasLastingAddress(address)
			? historyPath(addressForFile(address), env)
			: undefined);
	return path === undefined
		? undefined
		: {path, fsync, isDefault: asked === undefined};
};
