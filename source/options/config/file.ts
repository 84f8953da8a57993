/**
 * Finds and reads the config file. The TOML parser is loaded only if there is
 * one: most starts have none.
 */
import {readFileSync, statSync} from 'node:fs';
import {isAbsolute, join, win32} from 'node:path';
import {SockchatError} from '../../errors.js';
import type {Config} from './config.js';

const maxFileBytes = 65_536;

type Variables = Readonly<Record<string, string | undefined>>;

/**
 * In the XDG config folder; on Windows, where neither variable is set, in that for
 * the settings of programs.
 *
 * @returns Undefined if the environment names no home.
 */
export const configPath = ({
	XDG_CONFIG_HOME: configHome,
	HOME: home,
	APPDATA: settings,
}: Variables): string | undefined => {
	// The XDG Base Directory Specification says to ignore a relative path.
	const folder =
		configHome !== undefined && isAbsolute(configHome)
			? configHome
			: home
				? join(home, '.config')
				: settings !== undefined && win32.isAbsolute(settings)
					? settings
					: undefined;
	return folder ? join(folder, 'sockchat', 'config.toml') : undefined;
};

const unreadable = (path: string, why: string, cause?: unknown) =>
	new SockchatError(
		'ERR_CONFIG',
		`Can't read the config file ${path}: ${why}.`,
		{
			cause,
		},
	);

const readText = (path: string): string | SockchatError | undefined => {
	try {
		const stat = statSync(path, {throwIfNoEntry: false});
		if (stat === undefined) {
			return undefined;
		}

		// A pipe would be waited for.
		if (!stat.isFile()) {
			return unreadable(path, 'it is not a regular file');
		}

		return stat.size > maxFileBytes
			? unreadable(
					path,
					`it has ${stat.size} bytes; the limit is ${maxFileBytes}`,
				)
			: readFileSync(path, 'utf8');
	} catch (error) {
		const {code, message} = error as NodeJS.ErrnoException;
		return code === 'ENOTDIR' ? undefined : unreadable(path, message, error);
	}
};

/** @returns Undefined if there is no config file. */
export const readConfig = async (
	env: Variables,
): Promise<Config | SockchatError | undefined> => {
	const path = configPath(env);
	const text = path === undefined ? undefined : readText(path);
	if (text === undefined || text instanceof SockchatError) {
		return text;
	}

	const [{parseConfig}, {mistakeIn}] = await Promise.all([
		import('./config.js'),
		import('./values.js'),
	]);
	const config = parseConfig(path!, text);
	return config instanceof SockchatError
		? config
		: (mistakeIn(config) ?? config);
};
