/** Typed values of flags, and the first that is wrong. */
import {SockchatError} from '../errors.js';
import {parsePort} from '../socket/address.js';
import {writtenFlag, type FlagName} from './flags.js';

/** What meow gives: by camel-cased name. */
export type GivenFlags = Readonly<Record<string, unknown>>;

export const wrongUsage = (message: string) =>
	new SockchatError('ERR_USAGE', message);

/** Reads values one by one; where one is wrong, something else stands in. */
export class Reader {
	error: SockchatError | undefined;
	readonly #given: GivenFlags;

	constructor(given: GivenFlags) {
		this.#given = given;
	}

	has(name: FlagName): boolean {
		const value = this.#given[name];
		if (value === false) {
			this.#fail(
				wrongUsage(`${writtenFlag(name)} takes no value and no --no- before.`),
			);
		}

		return value === true;
	}

	text(name: FlagName): string | undefined {
		const value = this.#given[name];
		if (value === '' || value === false) {
			this.#fail(wrongUsage(`${writtenFlag(name)} needs a value.`));
		}

		return typeof value === 'string' ? value : undefined;
	}

	port(name: FlagName, least: 0 | 1): number | undefined {
		const value = this.text(name);
		return value === undefined
			? undefined
			: this.take(parsePort(value, least), 0);
	}

	count(name: FlagName, unit: string): number | undefined {
		const value = this.text(name);
		if (value === undefined || /^[1-9]\d{0,8}$/.test(value)) {
			return value === undefined ? undefined : Number(value);
		}

		this.#fail(
			wrongUsage(
				`${writtenFlag(name)} takes ${unit} from 1; "${value}" is none.`,
			),
		);
		return undefined;
	}

	/** A number of seconds, as milliseconds; a fraction is fine. */
	seconds(name: FlagName): number | undefined {
		const value = this.text(name);
		if (value === undefined) {
			return undefined;
		}

		if (/^\d{1,6}(?:\.\d+)?$/.test(value) && Number(value) > 0) {
			return Number(value) * 1000;
		}

		this.#fail(
			wrongUsage(
				`${writtenFlag(name)} takes seconds, such as 5 or 0.5; "${value}" is none.`,
			),
		);
		return undefined;
	}

	/** A value that may have been wrong; `fallback` then stands in for it. */
	take<Value>(value: Value | SockchatError, fallback: Value): Value {
		if (value instanceof SockchatError) {
			this.#fail(value);
			return fallback;
		}

		return value;
	}

	#fail(error: SockchatError): void {
		this.error ??= error;
	}
}
