/** Where a room's history stands if nobody says otherwise. */
import {createHash} from 'node:crypto';
import {isAbsolute, join} from 'node:path';

const plainAddress = /^(?:[\d.]+|\[::1\]):\d+$/;
const maxShownCharacters = 60;

// A colon is no part of a file's name to scp, rsync or Windows; a socket's path
// is shortened, and its hash keeps two that look alike apart.
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
 * In the user's state folder, a file for each address (XDG Base Directory
 * Specification 0.8).
 *
 * @param address As `formatAddress` gives it; a socket's path made absolute.
 * @returns Undefined where the environment names no home.
 */
export const historyPath = (
	address: string,
	env: Readonly<Record<string, string | undefined>>,
): string | undefined => {
	const {XDG_STATE_HOME: stateHome, HOME: home} = env;
	// By the specification, a relative path in it is to be ignored.
	const folder =
		stateHome !== undefined && isAbsolute(stateHome)
			? stateHome
			: home && join(home, '.local', 'state');
	return folder
		? join(folder, 'sockchat', `${fileName(address)}.jsonl`)
		: undefined;
};
