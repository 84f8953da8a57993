/** What sockchat needs of this machine, each looked at once. */
import {accessSync, constants, existsSync, lstatSync} from 'node:fs';
import {dirname} from 'node:path';
import process from 'node:process';
import {SockchatError} from '../errors.js';
import type {HistoryPlace} from '../server/history-place.js';
import {configPath} from '../options/config/file.js';
import {formatAddress, type LoopbackAddress} from '../socket/address.js';
import {roomForPeers} from '../socket/descriptors.js';
import {probeAddress} from '../socket/probe.js';
import {readTcpRows} from '../socket/tcp-table.js';

export type Check = {
	readonly name: string;
	/** `note`: it works, with less than elsewhere. */
	readonly status: 'ok' | 'note' | 'fails';
	readonly text: string;
};

/** The bin has refused one that is too old. */
export const checkNode = (): Check => ({
	name: 'node',
	status: 'ok',
	text: `${process.version}, ${process.execPath}`,
});

type Terminal = {
	readonly isTerminal: boolean;
	readonly columns: number;
	readonly rows: number;
	readonly colourBits: number;
	readonly env: Readonly<Record<string, string | undefined>>;
};

export const checkTerminal = ({
	isTerminal,
	columns,
	rows,
	colourBits,
	env,
}: Terminal): Check => {
	const {TERM: term = ''} = env;
	const locale =
		[env['LC_ALL'], env['LC_CTYPE'], env['LANG']].find(Boolean) ?? '';
	const isUtf8 = /utf-?8/i.test(locale);
	const encoding = isUtf8
		? 'UTF-8 text'
		: `not UTF-8 (locale "${locale}"): some characters may look wrong`;
	if (!isTerminal) {
		return {
			name: 'terminal',
			status: 'note',
			text: `stdin or stdout is not a terminal, so lines are printed; ${encoding}`,
		};
	}

	const colours = env['NO_COLOR']
		? 'no colours (NO_COLOR)'
		: `${2 ** colourBits} colours`;
	const size = `${columns}×${rows}`;
	return {
		name: 'terminal',
		status: isUtf8 && term !== 'dumb' && columns >= 20 ? 'ok' : 'note',
		text: `TERM=${term}${term === 'dumb' ? ', which gets lines instead of the screen' : ''}, ${colours}, ${size}${columns < 20 ? ' (the screen needs 20 columns)' : ''}, ${encoding}`,
	};
};

export const checkFiles = (): Check => {
	try {
		const room = roomForPeers();
		return {
			name: 'open files',
			status: room ? 'ok' : 'note',
			text: room
				? `the limit allows ${room.members} members (ulimit -n)`
				: 'the limit is unknown here',
		};
	} catch (error) {
		return {
			name: 'open files',
			status: 'fails',
			text: (error as Error).message,
		};
	}
};

export const checkAddress = async (
	address: LoopbackAddress,
): Promise<Check> => {
	const where = formatAddress(address);
	const found = await probeAddress(address);
	if (found instanceof SockchatError) {
		return {name: 'address', status: 'fails', text: found.message};
	}

	if (found === 'free') {
		return {name: 'address', status: 'ok', text: `${where} is free`};
	}

	if (address.kind === 'unix') {
		return {
			name: 'address',
			status: 'ok',
			text: `${where} exists; sockchat joins the server there, or replaces what a dead one left`,
		};
	}

	const isOurs = found.holder?.name === 'sockchat';
	const by = found.holder
		? `by ${found.holder.name} (process ${found.holder.pid})`
		: 'by a process that can only be seen by its user';
	return {
		name: 'address',
		status: isOurs ? 'ok' : found.holder ? 'fails' : 'note',
		text: `${where} is taken ${by}${isOurs ? ': sockchat joins it' : ''}`,
	};
};

export const checkKernelTables = async (): Promise<Check> => {
	const rows = await readTcpRows(new Set([0]));
	return {
		name: '/proc',
		status: rows ? 'ok' : 'note',
		text: rows
			? "the kernel's TCP states can be read"
			: "the kernel's TCP states can't be read; they are inferred from the calls",
	};
};

/** @param tried As `tryCapture` returns it. */
export const checkCapture = ({
	program,
	advice,
}: {
	readonly program: string | undefined;
	readonly advice: string | undefined;
}): Check => ({
	name: 'capture',
	status: program === undefined ? 'note' : 'ok',
	text:
		program === undefined
			? (advice ?? 'nothing is captured')
			: `${program} may read the segments on lo (--capture)`,
});

/** The folder, or the one above it in which a default folder is made. */
const nearestFolder = (folder: string): string =>
	existsSync(folder) || dirname(folder) === folder
		? folder
		: nearestFolder(dirname(folder));

export const checkHistory = (place: HistoryPlace | undefined): Check => {
	const name = 'history';
	if (place === undefined) {
		return {name, status: 'note', text: 'the room is kept only in memory'};
	}

	const {path, isDefault} = place;
	const folder = isDefault ? nearestFolder(dirname(path)) : dirname(path);
	try {
		accessSync(folder, constants.W_OK | constants.X_OK);
		const stat = lstatSync(path, {throwIfNoEntry: false});
		if (stat && !stat.isFile()) {
			return {name, status: 'fails', text: `${path} is not a regular file`};
		}

		if (stat) {
			accessSync(path, constants.R_OK | constants.W_OK);
		}

		return {name, status: 'ok', text: path};
	} catch (error) {
		return {
			name,
			status: 'fails',
			text: `${path} can't be written: ${(error as Error).message}`,
		};
	}
};

export const checkConfig = (
	env: Readonly<Record<string, string | undefined>>,
	error: SockchatError | undefined,
): Check => {
	const path = configPath(env);
	return {
		name: 'config file',
		status: error ? 'fails' : 'ok',
		text:
			error?.message ??
			(path === undefined
				? 'none: the environment names no home'
				: existsSync(path)
					? path
					: `none at ${path}`),
	};
};
