/** The options of `sockchat proxy`: two ADDRESSes, and what is done between. */
import type {ProxyEnd, ProxyWish} from '../chat/open-proxy.js';
import {quoted, SockchatError} from '../errors.js';
import {pointsAtItself} from '../proxy/loop.js';
import {isSameAddress} from '../socket/address.js';
import type {TlsWish} from '../socket/link/transport.js';
import {readAddress} from './address.js';
import {readAddressWord} from './address-word.js';
import {readProtocols} from './chat/link.js';
import {contradictionIn} from './contradictions.js';
import type {Config} from './config/config.js';
import {writtenFlag, type FlagName} from './flags.js';
import type {Output, ThemeName} from './options.js';
import {Reader, wrongUsage, type GivenFlags} from './reader.js';
import {canMoveCursor, isForScreenReader, readTheme} from './screen.js';
import {settle, type Variables} from './settings.js';

export type ProxyOptions = ProxyWish & {
	/** `screen` only where stdin and stdout are terminals. */
	readonly output: Output;
	readonly isQuiet: boolean;
	readonly isExplained: boolean;
	readonly isTimed: boolean;
	readonly theme: ThemeName;
	readonly hasMouse: boolean;
};

const prefix = /^(tls|ws|udp|unix):/;

/** A word before a colon that may have been meant as one: no address has it. */
const bareWord = /^(?!localhost:)([a-z][\w-]*):/i;

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
			given === ''
				? `${name} is empty; give PORT, HOST:PORT or a socket's path.`
				: `${name} ${quoted(given)}: an address is missing after the colon.`,
		);
	}

	// After a prefix, or as a target, it is more likely the name of a host.
	const unknown =
		name === 'LISTEN' && kinds.size === 0
			? bareWord.exec(word)?.[1]
			: undefined;
	if (unknown !== undefined) {
		return wrongUsage(
			`${name} ${quoted(given)}: ${quoted(unknown)} is neither a prefix (tls:, ws:, udp: or unix:) nor a loopback host (127.0.0.0/8, ::1 or localhost).`,
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

/** Flags that mean nothing between these ends. */
const misplaced = (
	reader: Reader,
	listen: ProxyEnd,
	target: ProxyEnd,
): SockchatError | undefined => {
	const alone = (['tlsCert', 'tlsKey'] as const).find(
		(name, index) =>
			reader.isTyped(name) && !reader.has(index === 0 ? 'tlsKey' : 'tlsCert'),
	);
	if (alone) {
		const other = alone === 'tlsCert' ? 'tlsKey' : 'tlsCert';
		return wrongUsage(`${writtenFlag(alone)} needs ${writtenFlag(other)}.`);
	}

	for (const [names, end, word] of [
		[ofListen, listen, 'LISTEN'],
		[ofTarget, target, 'TARGET'],
	] as const) {
		const name = names.find(each => reader.isTyped(each));
		if (name !== undefined && end.link?.tls === undefined) {
			return wrongUsage(
				`${writtenFlag(name)} needs a ${word} that begins with tls:.`,
			);
		}
	}

	if (reader.isTyped('tlsAlpn') && !listen.link?.tls && !target.link?.tls) {
		return wrongUsage(
			'--tls-alpn needs a LISTEN or TARGET that begins with tls:.',
		);
	}

	const hasTcp = [listen, target].some(({address}) => address.kind === 'tcp');
	return reader.isTyped('explain') && !hasTcp
		? wrongUsage(
				'--explain shows the states of TCP, and neither LISTEN nor TARGET is of TCP; leave it out.',
			)
		: undefined;
};

/** Times before lines, and silence, are for lines. */
const readOutput = (
	reader: Reader,
	{isTerminal, env}: ProxyPlace,
): ProxyOptions['output'] => {
	if (reader.has('json')) {
		return 'json';
	}

	const isPlain =
		reader.has('plain') || reader.has('quiet') || reader.isTyped('times');
	return isPlain ||
		!canMoveCursor({isTerminal, env}) ||
		isForScreenReader({env})
		? 'plain'
		: 'screen';
};

export type ProxyPlace = {
	readonly env: Variables;
	readonly config: Config | undefined;
	/** Whether both stdin and stdout are terminals. */
	readonly isTerminal: boolean;
};

export const parseProxyOptions = (
	{listen, target}: {readonly listen?: string; readonly target?: string},
	typed: GivenFlags,
	place: ProxyPlace,
): ProxyOptions | SockchatError => {
	if (listen === undefined || target === undefined) {
		return wrongUsage(
			'proxy needs LISTEN and TARGET, such as: sockchat proxy 9000 6379',
		);
	}

	const {env, config} = place;
	const {given, origins} = settle(typed, 'proxy', env, config);
	const wrong = contradictionIn(given, origins);
	if (wrong) {
		return wrong;
	}

	const reader = new Reader(given, origins);
	const protocols = readProtocols(reader);
	const first = readEnd('LISTEN', listen, {
		protocols,
		cert: reader.text('tlsCert'),
		key: reader.text('tlsKey'),
	});
	if (first instanceof SockchatError) {
		return first;
	}

	const second = readEnd('TARGET', target, {
		protocols,
		ca: reader.text('tlsCa'),
		isInsecure: reader.has('tlsInsecure'),
		name: reader.certificateName('tlsName'),
	});
	if (second instanceof SockchatError) {
		return second;
	}

	if (isSameAddress(first.address, second.address)) {
		return pointsAtItself(first.address);
	}

	const delayMs = reader.milliseconds('delay');
	const options: ProxyOptions = {
		listen: first,
		target: second,
		faults: {
			...(delayMs !== undefined && {delayMs}),
			rateLimit: reader.count('rateLimit'),
			sliceBytes: reader.count('slice'),
		},
		output: readOutput(reader, place),
		isQuiet: reader.has('quiet'),
		isExplained: reader.has('explain'),
		isTimed: reader.has('times'),
		isOnce: reader.has('once'),
		maxConnections: reader.count('maxConnections'),
		record: reader.text('record'),
		theme: readTheme(reader, env),
		hasMouse: reader.has('mouse'),
	};
	return misplaced(reader, first, second) ?? reader.error ?? options;
};
