/** The default path of a room's history. */
import {createHash} from 'node:crypto';
import {isAbsolute, join} from 'node:path';

const plainAddress = /^(?:[\d.]+|\[::1\]):\d+$/;
const maxShownCharacters = 60;

// Colons are special to scp, rsync and Windows. A socket's path is shortened,
// and a hash tells apart two paths that look alike.
const fileName = (address: string): string => {
	if (plainAddress.test(address)) {
		return address.replace('[::1]', 'ip6-localhost').replace(':', '-');
	}

	const shown = address
		.replaceAll(/[^\w.]+/g, '-')
		.replace(/^[-.]+/, '')
		.slice(-maxShownCharacters);
	const hash = createHash('sha256').update(address).digest('hex').slice(0, 8);
	return `unix-${shown}-${hash}`;
};

/**
 * One file per address, in the user's state folder (XDG Base Directory
 * Specification 0.8).
 *
 * @param address As `formatAddress` gives it; a socket's path made absolute.
 * @returns Undefined if the environment names no home.
 */
export const historyPath = (
	address: string,
	env: Readonly<Record<string, string | undefined>>,
): string | undefined => {
	const {XDG_STATE_HOME: stateHome, HOME: home} = env;
	// The specification says to ignore a relative path.
	const folder =
		stateHome !== undefined && isAbsolute(stateHome)
			? stateHome
			: home && join(home, '.local', 'state');
	return folder
		? join(folder, 'sockchat', `${fileName(address)}.jsonl`)
		: undefined;
};
