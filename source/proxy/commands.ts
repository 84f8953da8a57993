/** What a person types to a proxy. Pure. */
import {quoted} from '../errors.js';
import type {Faults} from './faults.js';
import type {Scope} from './proxy.js';

export type ProxyCommand =
	| {
			readonly type: 'faults';
			readonly change: Partial<Faults>;
			readonly scope: Scope;
	  }
	| {readonly type: 'cut' | 'reset'; readonly scope: Scope}
	| {readonly type: 'help' | 'quit'};

export const proxyHelp = [
	'/delay MS        each chunk waits; 0 for none',
	'/rate-limit N    bytes per second, or off',
	'/slice N         bytes of one write, or off',
	'/pause, /resume  stop reading, and go on',
	'/cut             close both sides; one direction: send its end',
	'/reset           send RST to both sides',
	'Each may be followed by in or out, and by a client, such as 127.0.0.1:40000',
	'or :40000. out goes from the client to the target. /quit leaves.',
].join('\n');

/** `in`, `out`, and a client, in any order. */
const readScope = (words: readonly string[]): Scope | string => {
	const directions = words.filter(word => word === 'in' || word === 'out');
	const others = words.filter(word => word !== 'in' && word !== 'out');
	if (directions.length > 1 || others.length > 1) {
		return `Unexpected ${quoted((directions[1] ?? others[1])!)}; /help lists what there is.`;
	}

	return {
		direction: directions[0],
		peer: others[0]?.replace(/^:/, ''),
	};
};

const numbers: Readonly<
	Record<
		string,
		{
			readonly needs: string;
			readonly change: (value: number | undefined) => Partial<Faults>;
		}
	>
> = {
	'/delay': {
		needs: 'a number of milliseconds',
		change: value => ({delayMs: value ?? 0}),
	},
	'/rate-limit': {
		needs: 'a number of bytes per second, or off',
		change: value => ({rateLimit: value === 0 ? undefined : value}),
	},
	'/slice': {
		needs: 'a number of bytes, or off',
		change: value => ({sliceBytes: value === 0 ? undefined : value}),
	},
};

const pauses: Readonly<Record<string, boolean>> = {
	'/pause': true,
	'/resume': false,
};

const withScope = (
	words: readonly string[],
	make: (scope: Scope) => ProxyCommand,
): ProxyCommand | string => {
	const scope = readScope(words);
	return typeof scope === 'string' ? scope : make(scope);
};

/** @returns A sentence on what is wrong, if something is. */
export const parseProxyLine = (line: string): ProxyCommand | string => {
	const [name = '', ...words] = line.trim().split(/\s+/);
	const number = numbers[name];
	if (number) {
		const [value = '', ...rest] = words;
		if (!/^\d{1,9}$/.test(value) && value !== 'off') {
			return `${name} needs ${number.needs}; got ${value === '' ? 'nothing' : quoted(value)}.`;
		}

		const change = number.change(value === 'off' ? undefined : Number(value));
		return withScope(rest, scope => ({type: 'faults', change, scope}));
	}

	const isPaused = pauses[name];
	if (isPaused !== undefined) {
		return withScope(words, scope => ({
			type: 'faults',
			change: {isPaused},
			scope,
		}));
	}

	switch (name) {
		case '/cut': {
			return withScope(words, scope => ({type: 'cut', scope}));
		}

		case '/reset': {
			return words.some(word => word === 'in' || word === 'out')
				? '/reset is for both directions: RST ends a connection.'
				: withScope(words, scope => ({type: 'reset', scope}));
		}

		case '/quit': {
			return {type: 'quit'};
		}

		case '/help': {
			return {type: 'help'};
		}

		default: {
			return `${quoted(name)} is no command of a proxy; /help lists them.`;
		}
	}
};
