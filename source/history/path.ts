/**
 * Where things last by default: a room's history, the clients' secrets, typed
 * lines, what was seen of a room.
 */
import {createHash} from 'node:crypto';
import {isAbsolute, join, win32} from 'node:path';

const plainAddress = /^(?:[\d.]+|\[::1\]):\d+$/;
const maxShownCharacters = 60;

const shortened = (name: string): string => {
	const shown = name
		.replaceAll(/[^\w.]+/g, '-')
		.replace(/^[-.]+/, '')
		.slice(-maxShownCharacters);
	const hash = createHash('sha256').update(name).digest('hex').slice(0, 8);
	return `${shown}-${hash}`;
};

// Colons are special to scp, rsync and Windows. A socket's path is shortened,
// and a hash tells apart two paths that look alike.
export const fileName = (address: string): string => {
	if (plainAddress.test(address)) {
		return address.replace('[::1]', 'ip6-localhost').replace(':', '-');
	}

	return `unix-${shortened(address)}`;
};

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Ours in the user's state folder (XDG Base Directory Specification 0.8); on
 * Windows, where neither variable is set, in that for local data.
 */
const stateFolder = (env: Environment): string | undefined => {
	const {XDG_STATE_HOME: stateHome, HOME: home, LOCALAPPDATA: local} = env;
	// The specification says to ignore a relative path.
	if (stateHome !== undefined && isAbsolute(stateHome)) {
		return join(stateHome, 'sockchat');
	}

	if (home) {
		return join(home, '.local', 'state', 'sockchat');
	}

	return local !== undefined && win32.isAbsolute(local)
		? join(local, 'sockchat')
		: undefined;
};

/**
 * One file per address, in the user's state folder.
 *
 * @param address As `formatAddress` gives it; a socket's path made absolute.
 * @returns Undefined if the environment names no home.
 */
export const historyPath = (
	address: string,
	env: Environment,
): string | undefined => {
	const folder = stateFolder(env);
	return folder && join(folder, `${fileName(address)}.jsonl`);
};

/**
 * The history of a room that is shared with other machines.
 *
 * @param room Its name, as `parseRoomName` gives it.
 * @returns Undefined if the environment names no home.
 */
export const relayedPath = (
	room: string,
	env: Environment,
): string | undefined => {
	const folder = stateFolder(env);
	// Where case doesn't count in file names, lab and Lab need two files, too.
	const name = /^[a-z\d_-]+$/.test(room) ? room : shortened(room);
	return folder && join(folder, `relay-${name}.jsonl`);
};

/**
 * The file of the lines that were typed on a screen.
 *
 * @returns Undefined if the environment names no home.
 */
export const typedPath = (env: Environment): string | undefined => {
	const folder = stateFolder(env);
	return folder && join(folder, 'typed.jsonl');
};

/**
 * The folder of the clients' secrets.
 *
 * @returns Undefined if the environment names no home.
 */
export const clientsPath = (env: Environment): string | undefined => {
	const folder = stateFolder(env);
	return folder && join(folder, 'clients');
};

/**
 * The folder of how far agents have read.
 *
 * @returns Undefined if the environment names no home.
 */
export const agentsPath = (env: Environment): string | undefined => {
	const folder = stateFolder(env);
	return folder && join(folder, 'agents');
};

/**
 * The folder of what was last seen of each room.
 *
 * @returns Undefined if the environment names no home.
 */
export const seenPath = (env: Environment): string | undefined => {
	const folder = stateFolder(env);
	return folder && join(folder, 'seen');
};
