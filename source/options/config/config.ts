/**
 * The config file: TOML 1.1, keys named like flags, a table per command.
 *
 * The parser gives a line only for broken syntax; for a wrong key its line is
 * looked up in the text.
 */
import {parse, TomlError} from 'smol-toml';
import {quoted, SockchatError} from '../../errors.js';
import {
	flagNames,
	flags,
	isFor,
	writtenFlag,
	type Command,
	type FlagName,
} from '../flags.js';
import {nearest} from '../words.js';

/** One key; false for a flag that is switched off. */
export type Setting = {
	readonly value: string | boolean;
	/** The file and line, as a sentence names them. */
	readonly origin: string;
};

export type Layer = Readonly<Partial<Record<FlagName, Setting>>>;

export type Config = {
	readonly path: string;
	/** The keys before the first table: for all commands that have the flag. */
	readonly everywhere: Layer;
	readonly tables: Readonly<Partial<Record<Command, Layer>>>;
};

// What these commands take as flags, their tables take as keys. The doctor has
// none: it says which settings the others have.
const tableNames = ['serve', 'connect', 'status', 'watch', 'replay'] as const;

// Each makes a call another kind of call, and no flag would undo it: with
// `raw = true` every connect would send bytes to a room.
export const onlyTyped = new Set<FlagName>([
	'help',
	'version',
	'raw',
	'message',
	'waitFor',
	'waitForMention',
	'send',
	'sendHex',
	'sendFile',
	'expect',
	'reply',
	'wsHeader',
	'echo',
	'broker',
	'to',
	'record',
	'log',
	'connect',
	'serve',
]);

const tableList = `${tableNames.slice(0, -1).join(', ')} and ${tableNames.at(-1)!}`;

const keyOf = (name: FlagName): string => writtenFlag(name).slice(2);

const keys = flagNames.filter(name => !onlyTyped.has(name)).map(keyOf);

const unquoted = (text: string): string =>
	text.trim().replace(/^(["'])(.*)\1$/, '$2');

/** The line of a key, counted from 1; of its table if it is not found. */
const lineOf = (text: string, table: string, key: string): number => {
	let current = '';
	let tableLine: number | undefined;
	for (const [index, line] of text.split('\n').entries()) {
		const head = /^\s*\[\[?([^[\]]+)\]/.exec(line)?.[1];
		if (head !== undefined) {
			current = unquoted(head);
		}

		const [typed = '', rest] = line.split('=', 1)[0]!.split('.', 2);
		const first = unquoted(typed);
		if (table !== '' && (current === table || first === table)) {
			tableLine ??= index + 1;
		}

		if (
			line.includes('=') &&
			((current === table && first === key) ||
				(current === '' &&
					first === table &&
					rest !== undefined &&
					unquoted(rest) === key))
		) {
			return index + 1;
		}
	}

	return tableLine ?? 1;
};

const wrong = (path: string, line: number, what: string): SockchatError =>
	new SockchatError('ERR_CONFIG', `${path}, line ${line}: ${what}`);

const kindOf = (value: unknown): string => {
	if (Array.isArray(value)) {
		return 'an array';
	}

	return value instanceof Date
		? 'a date'
		: typeof value === 'object'
			? 'a table'
			: typeof value === 'string'
				? quoted(value)
				: JSON.stringify(value);
};

const readKey = (key: string, command: Command | undefined) => {
	const name = flagNames.find(each => keyOf(each) === key);
	if (name === undefined || onlyTyped.has(name)) {
		const near = name === undefined ? nearest(key, keys) : undefined;
		const advice = near
			? `did you mean ${near}?`
			: 'keys are named like flags, and --help lists those.';
		return name === undefined
			? `${quoted(key)} is not a key; ${advice}`
			: `"${key}" is only for the command line.`;
	}

	return command === undefined || isFor(name, command)
		? name
		: `"${key}" is not for ${command}.`;
};

const readValue = (name: FlagName, value: unknown): string | boolean => {
	if (flags[name].type === 'boolean') {
		return typeof value === 'boolean' ? value : '';
	}

	return typeof value === 'string' || typeof value === 'number'
		? String(value)
		: false;
};

type Table = Readonly<Record<string, unknown>>;

export const parseConfig = (
	path: string,
	text: string,
): Config | SockchatError => {
	let read: Table;
	try {
		read = parse(text);
	} catch (error) {
		if (!(error instanceof TomlError)) {
			throw error;
		}

		const why = error.message.split('\n', 1)[0]!.replace(/^[^:]*: /, '');
		const line = text.split('\n', error.line).at(-1)!;
		return wrong(
			path,
			error.line,
			`${quoted(line.trim())} is not valid TOML: ${why}.`,
		);
	}

	const readLayer = (
		table: Iterable<readonly [key: string, value: unknown]>,
		title: Command | '',
	): Layer => {
		const layer: Partial<Record<FlagName, Setting>> = {};
		for (const [key, value] of table) {
			const line = lineOf(text, title, key);
			const name = readKey(key, title === '' ? undefined : title);
			const flag = flagNames.find(each => each === name);
			if (flag === undefined) {
				throw wrong(path, line, name);
			}

			const setting = readValue(flag, value);
			const isText = flags[flag].type === 'string';
			if ((typeof setting === 'string') !== isText) {
				const wanted = isText ? 'a string or a number' : 'true or false';
				throw wrong(
					path,
					line,
					`"${key}" needs ${wanted}; got ${kindOf(value)}.`,
				);
			}

			// A word of the command line can't, so no reader of a value looks for one.
			if (typeof setting === 'string' && setting.includes('\0')) {
				throw wrong(
					path,
					line,
					`"${key}" contains a NUL (\\u0000), which no path and no name can have.`,
				);
			}

			layer[flag] = {value: setting, origin: `${path}, line ${line}, ${key}`};
		}

		return layer;
	};

	const isTable = (value: unknown): value is Table =>
		typeof value === 'object' &&
		value !== null &&
		!Array.isArray(value) &&
		!(value instanceof Date);

	try {
		const tables: Partial<Record<Command, Layer>> = {};
		// No object: a key may be __proto__.
		const top: Array<readonly [key: string, value: unknown]> = [];
		for (const [key, value] of Object.entries(read)) {
			const command = tableNames.find(name => name === key);
			if (command && isTable(value)) {
				tables[command] = readLayer(Object.entries(value), command);
			} else if (command) {
				throw wrong(
					path,
					lineOf(text, command, command),
					`${command} is a table, written [${command}]; got ${kindOf(value)}.`,
				);
			} else if (isTable(value)) {
				const near = nearest(key, tableNames);
				throw wrong(
					path,
					lineOf(text, key, ''),
					`${quoted(key)} is not a table; ${near ? `did you mean ${near}?` : `the tables are ${tableList}.`}`,
				);
			} else {
				top.push([key, value]);
			}
		}

		return {path, everywhere: readLayer(top, ''), tables};
	} catch (error) {
		if (error instanceof SockchatError) {
			return error;
		}

		throw error;
	}
};
