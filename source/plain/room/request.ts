/**
 * The lines of `--input json`: one request per line, as JSON.
 *
 * A key that a request doesn't have is refused, since it is probably a slip.
 */
import {SockchatError} from '../../errors.js';

export type Request =
	| {readonly type: 'say'; readonly text: string}
	| {readonly type: 'whisper'; readonly to: string; readonly text: string}
	| {readonly type: 'nick'; readonly nick: string}
	| {readonly type: 'who'}
	/** Without a text: older matches of the last search. */
	| {readonly type: 'search'; readonly text?: string}
	| {readonly type: 'past'; readonly before?: number}
	/** Asks a bot. */
	| {readonly type: 'command'; readonly name: string; readonly text?: string}
	/** As a bot. */
	| {
			readonly type: 'offer';
			readonly name: string;
			readonly usage?: string;
			readonly help?: string;
	  }
	| {readonly type: 'withdraw'; readonly name: string}
	| {
			readonly type: 'answer';
			readonly request: number;
			readonly text?: string;
			readonly failed?: boolean;
	  }
	| {readonly type: 'bye'};

type Kind =
	'text' | 'optional text' | 'number' | 'optional number' | 'optional switch';

const shapes: Readonly<
	Record<Request['type'], Readonly<Record<string, Kind>>>
> = {
	say: {text: 'text'},
	whisper: {to: 'text', text: 'text'},
	nick: {nick: 'text'},
	who: {},
	search: {text: 'optional text'},
	past: {before: 'optional number'},
	command: {name: 'text', text: 'optional text'},
	offer: {name: 'text', usage: 'optional text', help: 'optional text'},
	withdraw: {name: 'text'},
	answer: {
		request: 'number',
		text: 'optional text',
		failed: 'optional switch',
	},
	bye: {},
};

const wordsOf: Readonly<Record<Kind, string>> = {
	text: 'a string',
	'optional text': 'a string',
	number: 'a whole number of at least 1',
	'optional number': 'a whole number of at least 1',
	'optional switch': 'true or false',
};

const types = Object.keys(shapes).join(', ');

export const badInput = (message: string) =>
	new SockchatError('ERR_BAD_INPUT', message);

// A value may be as long as a line; only its start is shown.
const maxShown = 60;

/** A value in a sentence; one may be too deep to encode. */
const shown = (value: unknown): string => {
	if (Array.isArray(value)) {
		return 'an array';
	}

	if (typeof value === 'object' && value !== null) {
		return 'an object';
	}

	const text = JSON.stringify(value) ?? 'nothing';
	return text.length > maxShown
		? `${text.slice(0, maxShown).toWellFormed()}⋯`
		: text;
};

const isA = (kind: Kind, value: unknown): boolean => {
	switch (kind) {
		case 'text': {
			return typeof value === 'string';
		}

		case 'optional text': {
			return value === undefined || typeof value === 'string';
		}

		case 'number':
		case 'optional number': {
			return (
				(kind === 'optional number' && value === undefined) ||
				(Number.isSafeInteger(value) && Number(value) >= 1)
			);
		}

		case 'optional switch': {
			return value === undefined || typeof value === 'boolean';
		}
	}
};

const parseJson = (line: string): {readonly value: unknown} | undefined => {
	try {
		return {value: JSON.parse(line) as unknown};
	} catch {
		return undefined;
	}
};

const example = 'a line looks like {"type":"say","text":"hello"}.';

/** @returns What is wrong with a line that isn't a request. */
export const parseRequest = (line: string): Request | SockchatError => {
	const parsed = parseJson(line);
	if (!parsed) {
		return badInput(`The line is not JSON: ${shown(line)}; ${example}`);
	}

	const {value} = parsed;
	if (Array.isArray(value)) {
		return badInput(`An array is not a JSON object; ${example}`);
	}

	if (typeof value !== 'object' || value === null) {
		return badInput(`${shown(value)} is not a JSON object; ${example}`);
	}

	const {type, ...given} = value as Readonly<Record<string, unknown>>;
	if (type === undefined) {
		return badInput(`A request needs a "type"; the types are ${types}.`);
	}

	if (typeof type !== 'string' || !Object.hasOwn(shapes, type)) {
		return badInput(
			`${shown(type)} is not a type of request; the types are ${types}.`,
		);
	}

	const shape = shapes[type as Request['type']];
	const wrong = Object.keys(shape).find(key => !isA(shape[key]!, given[key]));
	if (wrong !== undefined) {
		return badInput(
			`"${type}" needs "${wrong}" to be ${wordsOf[shape[wrong]!]}; got ${shown(given[wrong])}.`,
		);
	}

	const extra = Object.keys(given).find(key => !Object.hasOwn(shape, key));
	return extra === undefined
		? (value as Request)
		: badInput(`"${type}" has no key ${shown(extra)}.`);
};
