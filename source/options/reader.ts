/** Typed values of flags, and the first that is wrong. */
import {quoted, SockchatError} from '../errors.js';
import {parsePort} from '../socket/address.js';
import {writtenFlag, type FlagName} from './flags.js';

/** The flags on the command line; one that takes no value is true. */
export type GivenFlags = Readonly<Partial<Record<FlagName, string | true>>>;

/** One of the flags that may be repeated. */
export type TypedStep = {readonly name: FlagName; readonly value: string};

/** Where each setting that is not on the command line comes from. */
export type Origins = Readonly<Partial<Record<FlagName, string>>>;

/** No URL and no port; of an IPv6 address the colons. */
const certificateName = /^(?:[^\s/:]+|[\da-f]*(?::[\da-f.]*){2,})$/i;

/** Peers of a Unix domain socket are counted, others have a port. */
const isPeer = (text: string): boolean => {
	const [, before, digits] = /^(?:(.*):)?(\d{1,15})$/.exec(text) ?? [];
	const number = Number(digits ?? 0);
	return number > 0 && (before === 'unix' || number <= 65_535);
};

export const wrongUsage = (message: string) =>
	new SockchatError('ERR_USAGE', message);

/** With at most six digits before the point; `.5` is half of one. */
const decimal = /^(?:\d{1,6}(?:\.\d+)?|\.\d+)$/;

const isTooLong = (text: string | undefined): boolean =>
	/^\d{7,}(?:\.\d+)?$/.test(text ?? '');

/**
 * Reads values one by one. The first wrong one is kept as `error`, and
 * something else is returned in its place.
 */
export class Reader {
	error: SockchatError | undefined;
	readonly #given: GivenFlags;
	readonly #origins: Origins;

	constructor(given: GivenFlags, origins: Origins = {}) {
		this.#given = given;
		this.#origins = origins;
	}

	has(name: FlagName): boolean {
		return this.#given[name] !== undefined;
	}

	/** Whether it is on the command line, not in a variable or the config file. */
	isTyped(name: FlagName): boolean {
		return this.has(name) && this.#origins[name] === undefined;
	}

	isEmpty(name: FlagName): boolean {
		return this.#given[name] === '';
	}

	text(name: FlagName): string | undefined {
		const value = this.#given[name];
		if (value === '') {
			this.#fail(wrongUsage(`${writtenFlag(name)} needs a value.`), name);
		}

		if (typeof value !== 'string') {
			return undefined;
		}

		// Node decodes bytes that are not UTF-8 so, and a path would be another.
		if (value.includes('\uFFFD')) {
			this.#fail(
				wrongUsage(`${quoted(value)} is not valid UTF-8, or contains U+FFFD.`),
				name,
			);
		}

		return value;
	}

	port(name: FlagName, least: 0 | 1): number | undefined {
		const value = this.text(name);
		return value === undefined
			? undefined
			: this.take(parsePort(value, least), 0, name);
	}

	/** A whole number from 0. */
	number(name: FlagName): number | undefined {
		const isTooLarge = /^\d{16,}$/.test(this.text(name) ?? '');
		return this.#matching(
			name,
			isTooLarge ? 'a number of at most 15 digits' : 'a whole number',
			text => (/^\d{1,15}$/.test(text) ? Number(text) : undefined),
		);
	}

	/** A whole number from 1 to 999,999,999. */
	count(name: FlagName): number | undefined {
		return this.#count(name, 'a whole number of at least 1');
	}

	/** How many per second, or `off` for no limit. */
	rate(name: FlagName): number | 'off' | undefined {
		return this.text(name) === 'off'
			? 'off'
			: this.#count(name, 'a whole number of at least 1, or off');
	}

	/** A number of seconds, as milliseconds; may be a fraction. */
	seconds(name: FlagName): number | undefined {
		return this.#matching(
			name,
			isTooLong(this.text(name))
				? 'at most 999999 seconds'
				: 'a number of seconds above 0, such as 5 or 0.5',
			text =>
				decimal.test(text) && Number(text) > 0
					? Number(text) * 1000
					: undefined,
		);
	}

	/** A number of milliseconds; may be 0, or a fraction. */
	milliseconds(name: FlagName): number | undefined {
		return this.#matching(
			name,
			isTooLong(this.text(name))
				? 'at most 999999 milliseconds'
				: 'a number of milliseconds, such as 200',
			text => (decimal.test(text) ? Number(text) : undefined),
		);
	}

	/** A peer of a server: its address, or the end of that. */
	peer(name: FlagName): string | undefined {
		return this.#matching(
			name,
			"a peer's address or its end, such as 127.0.0.1:53122 or 53122",
			text => (isPeer(text) ? text : undefined),
		);
	}

	/** Whom a certificate is for. */
	certificateName(name: FlagName): string | undefined {
		return this.#matching(
			name,
			"a host's name or an IP address, such as db.test",
			text => (certificateName.test(text) ? text : undefined),
		);
	}

	/**
	 * One of a few words.
	 *
	 * @param normal Makes the word of what was typed, if case doesn't matter.
	 */
	choice<Word extends string>(
		name: FlagName,
		words: readonly Word[],
		normal = (text: string) => text,
	): Word | undefined {
		const list = `${words.slice(0, -1).join(', ')} or ${words.at(-1)!}`;
		return this.#matching(name, list, text =>
			words.find(word => word === normal(text)),
		);
	}

	/**
	 * A value or an error; for an error, `fallback` is returned.
	 *
	 * @param name The flag that the value is made from.
	 */
	take<Value>(
		value: Value | SockchatError,
		fallback: Value,
		name: FlagName,
	): Value {
		if (value instanceof SockchatError) {
			this.#fail(value, name);
			return fallback;
		}

		return value;
	}

	#count(name: FlagName, wanted: string): number | undefined {
		const isTooLarge = /^[1-9]\d{9,}$/.test(this.text(name) ?? '');
		return this.#matching(
			name,
			isTooLarge ? 'a number of at most 999999999' : wanted,
			text => (/^[1-9]\d{0,8}$/.test(text) ? Number(text) : undefined),
		);
	}

	/** @param wanted What the flag needs, as its sentence says it. */
	#matching<Value>(
		name: FlagName,
		wanted: string,
		parse: (text: string) => Value | undefined,
	): Value | undefined {
		const text = this.text(name);
		const value = text === undefined ? undefined : parse(text);
		if (text !== undefined && value === undefined) {
			this.#fail(
				wrongUsage(
					`${writtenFlag(name)} needs ${wanted}; got ${quoted(text)}.`,
				),
				name,
			);
		}

		return value;
	}

	#fail({code, message}: SockchatError, name: FlagName): void {
		const origin = this.#origins[name];
		this.error ??= new SockchatError(
			code,
			origin === undefined ? message : `${origin}: ${message}`,
		);
	}
}
