/** The options of `sockchat replay`, as far as no recording is read. */
import {SockchatError} from '../errors.js';
import type {RecordingHead} from '../recording/line.js';
import type {RecordedLink} from '../recording/link.js';
import type {LinkWish} from '../socket/link/transport.js';
import type {LoopbackAddress} from '../socket/address.js';
import type {Config} from './config/config.js';
import {contradictionIn} from './contradictions.js';
import {readAddressWord} from './address-word.js';
import {readAddress} from './address.js';
import {readLink} from './chat/link.js';
import {writtenFlag, type FlagName} from './flags.js';
import {Reader, wrongUsage, type GivenFlags, type TypedStep} from './reader.js';
import {settle, type Settings, type Variables} from './settings.js';

export type ReplaySide = 'connect' | 'serve';

export type ReplayRequest = {
	readonly file: string | undefined;
	readonly given: GivenFlags;
	/** The flags that may be repeated. */
	readonly steps?: readonly TypedStep[];
};

export type ReplayOptions = {
	readonly file: string;
	/** Undefined for the side that recorded. */
	readonly side: ReplaySide | undefined;
	readonly isFast: boolean;
	readonly timeoutMs: number | undefined;
	readonly isJson: boolean;
	readonly isQuiet: boolean;
	/** A file that gets it as packets; nothing is played then. */
	readonly pcapng: string | undefined;
	/** The flags that were typed; without any that say where, the recording does. */
	readonly typed: GivenFlags;
	/** All that hold; what is meant for a link is read once that is known. */
	readonly settings: Settings;
	readonly steps: readonly TypedStep[];
};

// A port that is set for rooms is not meant for recordings.
const places = ['port', 'host', 'socket'] as const;

const ofTls = [
	'tlsCa',
	'tlsInsecure',
	'tlsName',
	'tlsAlpn',
	'tlsCert',
	'tlsKey',
] as const satisfies readonly FlagName[];
const ofWebSocket = [
	'wsProtocol',
	'wsHeader',
] as const satisfies readonly FlagName[];
const playing = [
	'connect',
	'serve',
	'fast',
	'timeout',
	...places,
	...ofTls,
	...ofWebSocket,
] as const;

/** What is written as packets is not played. */
const exportContradiction = (typed: GivenFlags): SockchatError | undefined => {
	const flag = playing.find(name => typed[name] !== undefined);
	if (typed.pcapng === undefined || flag === undefined) {
		return undefined;
	}

	const isPlace = (places as readonly string[]).includes(flag);
	return wrongUsage(
		`--pcapng writes the recording, and plays nothing; leave out ${isPlace ? 'ADDRESS' : writtenFlag(flag)}.`,
	);
};

export const parseReplayOptions = (
	{file, given: typed, steps = []}: ReplayRequest,
	env: Variables,
	config: Config | undefined,
): ReplayOptions | SockchatError => {
	if (!file) {
		return wrongUsage('replay needs FILE, a recording made by --record.');
	}

	const settings = settle(typed, 'replay', env, config);
	const {given, origins} = settings;
	const wrong = exportContradiction(typed) ?? contradictionIn(given, origins);
	if (wrong) {
		return wrong;
	}

	const reader = new Reader(given, origins);
	const side = (['connect', 'serve'] as const).find(name => reader.has(name));
	const options = {
		file,
		side,
		isFast: reader.has('fast'),
		timeoutMs: reader.seconds('timeout'),
		isJson: reader.has('json'),
		isQuiet: reader.has('quiet'),
		// In the config file it is for what is captured.
		pcapng: reader.isTyped('pcapng') ? reader.text('pcapng') : undefined,
		typed,
		settings,
		steps,
	};
	return reader.error ?? options;
};

/** @param recorded The address in the recording. */
export const replayAddress = (
	typed: GivenFlags,
	side: ReplaySide,
	recorded: string,
	link?: RecordedLink,
): LoopbackAddress | SockchatError => {
	const isTyped = places.some(name => typed[name] !== undefined);
	const meant = isTyped ? typed : readAddressWord(recorded);
	const isUdp = link?.kind === 'udp';
	if (isUdp && !(meant instanceof Error) && meant.socket !== undefined) {
		return wrongUsage(
			'The recording is of UDP, which has a port and no path; give PORT or HOST:PORT.',
		);
	}

	const reader = new Reader(
		meant instanceof Error ? {} : {...meant, ...(isUdp && {udp: true})},
	);
	const address = readAddress(reader, side, true);
	const wrong = meant instanceof Error ? meant : reader.error;
	return isTyped || !wrong
		? (wrong ?? address)
		: new SockchatError(
				'ERR_RECORDING',
				`The recording has no address to play at: ${wrong.message}`,
			);
};

const ofServer: ReadonlySet<FlagName> = new Set([
	'tlsAlpn',
	'tlsCert',
	'tlsKey',
]);

const hasTls = (link: RecordedLink | undefined): boolean =>
	link?.kind === 'tls' || (link?.kind === 'ws' && link.tls === true);

const nameOf = (link: RecordedLink | undefined, address: string): string => {
	switch (link?.kind) {
		case 'tls': {
			return 'TLS';
		}

		case 'ws': {
			return 'a WebSocket';
		}

		case 'udp': {
			return 'UDP';
		}

		case undefined: {
			return /[/@]/.test(address) ? 'a Unix domain socket' : 'TCP';
		}
	}
};

/** @returns What is wrong with a flag that means nothing for this link. */
const misplacedFor = (
	typed: GivenFlags,
	side: ReplaySide,
	{link, address}: RecordingHead,
): SockchatError | undefined => {
	for (const [names, isThere, what] of [
		[ofTls, hasTls(link), 'TLS'],
		[ofWebSocket, link?.kind === 'ws', 'a WebSocket'],
	] as const) {
		const name = names.find(each => typed[each] !== undefined);
		if (name !== undefined && !isThere) {
			return wrongUsage(
				`${writtenFlag(name)} needs a recording of ${what}, and this one is of ${nameOf(link, address)}.`,
			);
		}
	}

	const ofClient = [...ofTls, ...ofWebSocket].find(
		name => typed[name] !== undefined && !ofServer.has(name),
	);
	return ofClient !== undefined && side === 'serve'
		? wrongUsage(
				`${writtenFlag(ofClient)} is for a client, and this plays as the server; leave it out.`,
			)
		: undefined;
};

/** What the recording is played over: the link that it is of. */
export const replayLink = (
	{typed, settings, steps}: ReplayOptions,
	side: ReplaySide,
	head: RecordingHead,
): LinkWish | SockchatError | undefined => {
	const {link} = head;
	const wrong = misplacedFor(typed, side, head);
	if (wrong) {
		return wrong;
	}

	if (link === undefined || link.kind === 'udp') {
		return undefined;
	}

	const {given, origins} = settings;
	const reader = new Reader(
		{
			...given,
			...(hasTls(link) && {tls: true}),
			...(link.kind === 'ws' && {ws: link.path}),
		},
		origins,
	);
	const wish = readLink(reader, steps);
	return reader.error ?? wish;
};
