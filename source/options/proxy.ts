/** The options of `sockchat proxy`: two ADDRESSes, and what is done between. */
import {resolve} from 'node:path';
import {quoted, SockchatError} from '../errors.js';
import type {Faults} from '../proxy/faults.js';
import {formatAddress, type LoopbackAddress} from '../socket/address.js';
import type {LinkWish, TlsWish} from '../socket/link/transport.js';
import {readAddress} from './address.js';
import {readAddressWord} from './address-word.js';
import {contradictionIn} from './contradictions.js';
import {writtenFlag, type FlagName} from './flags.js';
import {Reader, wrongUsage, type GivenFlags} from './reader.js';

/** An address, and what the bytes are carried by there. */
export type ProxyEnd = {
	readonly address: LoopbackAddress;
	readonly link: LinkWish | undefined;
};

export type ProxyOptions = {
	readonly listen: ProxyEnd;
	readonly target: ProxyEnd;
	readonly faults: Partial<Faults>;
	readonly output: 'plain' | 'json';
	readonly isQuiet: boolean;
	readonly isExplained: boolean;
	readonly isTimed: boolean;
	readonly isOnce: boolean;
	readonly record: string | undefined;
};

const prefix = /^(tls|ws|udp|unix):/;

/** Flags for either end alone. */
const ofListen = ['tlsCert', 'tlsKey'] as const satisfies readonly FlagName[];
const ofTarget = [
	'tlsCa',
	'tlsInsecure',
	'tlsName',
] as const satisfies readonly FlagName[];

type Spoken = {
	readonly word: string;
	readonly kinds: ReadonlySet<string>;
};

const withoutPrefixes = (given: string): Spoken => {
	const kinds = new Set<string>();
	let word = given;
	for (
		let found = prefix.exec(word);
		found !== null;
		found = prefix.exec(word)
	) {
		kinds.add(found[1]!);
		word = word.slice(found[0].length);
	}

	return {word, kinds};
};

/** The path of a request after HOST:PORT; a Unix domain socket has none. */
const splitPath = ({word, kinds}: Spoken): readonly [string, string] => {
	const at = word.indexOf('/');
	return kinds.has('ws') && !kinds.has('unix') && /^[\w.:[\]]+\//.test(word)
		? [word.slice(0, at), word.slice(at)]
		: [word, '/'];
};

const readEnd = (
	name: 'LISTEN' | 'TARGET',
	given: string,
	tls: TlsWish,
): ProxyEnd | SockchatError => {
	const spoken = withoutPrefixes(given);
	const {kinds} = spoken;
	const [word, path] = splitPath(spoken);
	if (kinds.has('udp') && (kinds.size > 1 || /^[./@]/.test(word))) {
		return wrongUsage(
			`${name} ${quoted(given)}: udp: goes before a port alone.`,
		);
	}

	if (word === '') {
		return wrongUsage(
			`${name} ${quoted(given)}: an address is missing after the colon.`,
		);
	}

	const isPath = kinds.has('unix') || /\/|^@/.test(word);
	const meant = isPath ? {socket: word} : readAddressWord(word);
	if (meant instanceof SockchatError) {
		return wrongUsage(`${name}: ${meant.message}`);
	}

	const reader = new Reader({...meant, ...(kinds.has('udp') && {udp: true})});
	const command = name === 'LISTEN' ? 'serve' : 'connect';
	const address = readAddress(reader, command, true);
	if (reader.error) {
		return reader.error;
	}

	const link = {
		...(kinds.has('tls') && {tls}),
		// What comes by TCP is cut anywhere, also inside a character.
		...(kinds.has('ws') && {ws: {path, isBinary: true}}),
	};
	return {
		address,
		link: kinds.has('tls') || kinds.has('ws') ? link : undefined,
	};
};

/** The same socket has one name, however its path is written. */
const nameOf = (address: LoopbackAddress): string => {
	const name = formatAddress(address);
	return address.kind === 'unix' && !name.startsWith('@')
		? resolve(name)
		: name;
};

const isSame = (one: LoopbackAddress, another: LoopbackAddress): boolean =>
	one.kind === another.kind && nameOf(one) === nameOf(another);

const milliseconds = (reader: Reader): number | SockchatError | undefined => {
	const text = reader.text('delay');
	return text === undefined || /^\d{1,6}(?:\.\d+)?$/.test(text)
		? text === undefined
			? undefined
			: Number(text)
		: wrongUsage(
				`--delay needs a number of milliseconds, such as 200; got ${quoted(text)}.`,
			);
};

/** Flags that mean nothing where TLS is not spoken. */
const misplaced = (
	reader: Reader,
	listen: ProxyEnd,
	target: ProxyEnd,
): SockchatError | undefined => {
	const alone = (['tlsCert', 'tlsKey'] as const).find(
		(name, index) =>
			reader.has(name) && !reader.has(index === 0 ? 'tlsKey' : 'tlsCert'),
	);
	if (alone) {
		const other = alone === 'tlsCert' ? 'tlsKey' : 'tlsCert';
		return wrongUsage(`${writtenFlag(alone)} needs ${writtenFlag(other)}.`);
	}

	for (const [names, end, word] of [
		[ofListen, listen, 'LISTEN'],
		[ofTarget, target, 'TARGET'],
	] as const) {
		const name = names.find(each => reader.has(each));
		if (name !== undefined && end.link?.tls === undefined) {
			return wrongUsage(
				`${writtenFlag(name)} needs a ${word} that begins with tls:.`,
			);
		}
	}

	return undefined;
};

export const parseProxyOptions = (
	{listen, target}: {readonly listen?: string; readonly target?: string},
	given: GivenFlags,
): ProxyOptions | SockchatError => {
	if (listen === undefined || target === undefined) {
		return wrongUsage(
			'proxy needs LISTEN and TARGET, such as: sockchat proxy 9000 6379',
		);
	}

	const wrong = contradictionIn(given);
	if (wrong) {
		return wrong;
	}

	const reader = new Reader(given);
	const first = readEnd('LISTEN', listen, {
		cert: reader.text('tlsCert'),
		key: reader.text('tlsKey'),
	});
	if (first instanceof SockchatError) {
		return first;
	}

	const second = readEnd('TARGET', target, {
		ca: reader.text('tlsCa'),
		isInsecure: reader.has('tlsInsecure'),
		name: reader.text('tlsName'),
	});
	if (second instanceof SockchatError) {
		return second;
	}

	if (isSame(first.address, second.address)) {
		return wrongUsage(
			`LISTEN and TARGET are both ${formatAddress(first.address)}: it would connect to itself.`,
		);
	}

	const delayMs = reader.take(milliseconds(reader), undefined, 'delay');
	const options: ProxyOptions = {
		listen: first,
		target: second,
		faults: {
			...(delayMs !== undefined && {delayMs}),
			rateLimit: reader.count('rateLimit'),
			sliceBytes: reader.count('slice'),
		},
		output: reader.has('json') ? 'json' : 'plain',
		isQuiet: reader.has('quiet'),
		isExplained: reader.has('explain'),
		isTimed: reader.has('times'),
		isOnce: reader.has('once'),
		record: reader.text('record'),
	};
	return misplaced(reader, first, second) ?? reader.error ?? options;
};
