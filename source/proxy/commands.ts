/** What a person types to a proxy. Pure. */
import {commandsOf} from '../commands/registry.js';
import {quoted} from '../errors.js';
import type {Faults} from '../event/proxy-event.js';
import type {Scope} from './proxy.js';

/** What is done to connections. */
export type ProxyAction =
	| {
			readonly type: 'faults';
			readonly change: Partial<Faults>;
			readonly scope: Scope;
	  }
	| {readonly type: 'cut' | 'reset'; readonly scope: Scope};

export type ProxyCommand =
	ProxyAction | {readonly type: 'help'} | {readonly type: 'quit'};

/** What is done to connections, as /help shows it. */
export const proxyCommands: ReadonlyArray<{
	readonly name: string;
	readonly usage: string;
	readonly summary: string;
}> = [
	{
		name: 'delay',
		usage: 'MS [in|out] [PEER]',
		summary: 'each chunk waits; 0 for none',
	},
	{
		name: 'rate-limit',
		usage: 'N|off [in|out] [PEER]',
		summary: 'bytes per second',
	},
	{
		name: 'slice',
		usage: 'N|off [in|out] [PEER]',
		summary: 'bytes of one write',
	},
	{
		name: 'pause',
		usage: '[in|out] [PEER]',
		summary: 'stop reading; the sender is held back',
	},
	{name: 'resume', usage: '[in|out] [PEER]', summary: 'read again'},
	{
		name: 'cut',
		usage: '[in|out] [PEER]',
		summary: 'close both; in or out: send its end',
	},
	{name: 'reset', usage: '[PEER]', summary: 'send RST to both sides'},
];

/** What only the screen does. */
const screenCommands = new Set(
	commandsOf('proxy')
		.filter(({name}) => name !== 'help' && name !== 'quit')
		.map(({name}) => `/${name}`),
);

/** What these words mean. */
export const proxyScope =
	'out: client to target; PEER: a client, as :40000; or all';

const heads = proxyCommands.map(({name, usage}) => `/${name} ${usage}`);
const headCells = Math.max(...heads.map(({length}) => length));

export const proxyHelp = [
	...proxyCommands.map(
		({summary}, index) => `${heads[index]!.padEnd(headCells)}  ${summary}`,
	),
	`${'/quit'.padEnd(headCells)}  leave`,
	`${'in, out, PEER'.padEnd(headCells)}  ${proxyScope}`,
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

type NumberCommand = {
	readonly needs: string;
	readonly change: (value: number | undefined) => Partial<Faults>;
};

const numbers: ReadonlyMap<string, NumberCommand> = new Map([
	[
		'/delay',
		{
			needs: 'a number of milliseconds',
			change: value => ({delayMs: value ?? 0}),
		},
	],
	[
		'/rate-limit',
		{
			needs: 'a number of bytes per second, or off',
			change: value => ({rateLimit: value === 0 ? undefined : value}),
		},
	],
	[
		'/slice',
		{
			needs: 'a number of bytes, or off',
			change: value => ({sliceBytes: value === 0 ? undefined : value}),
		},
	],
]);

const pauses: ReadonlyMap<string, boolean> = new Map([
	['/pause', true],
	['/resume', false],
]);

const withScope = (
	words: readonly string[],
	make: (scope: Scope) => ProxyAction,
): ProxyAction | string => {
	const scope = readScope(words);
	return typeof scope === 'string' ? scope : make(scope);
};

/** @returns A sentence on what is wrong, if something is. */
export const parseProxyLine = (line: string): ProxyCommand | string => {
	const [name = '', ...words] = line.trim().split(/\s+/);
	const number = numbers.get(name);
	if (number) {
		const [value = '', ...rest] = words;
		if (!/^\d{1,9}$/.test(value) && value !== 'off') {
			return `${name} needs ${number.needs}; got ${value === '' ? 'nothing' : quoted(value)}.`;
		}

		const change = number.change(value === 'off' ? undefined : Number(value));
		return withScope(rest, scope => ({type: 'faults', change, scope}));
	}

	const isPaused = pauses.get(name);
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
			return screenCommands.has(name)
				? `${name} is a command of the screen; /help lists those of a proxy without it.`
				: `${quoted(name)} is no command of a proxy; /help lists them.`;
		}
	}
};
