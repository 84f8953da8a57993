/** The options of a room: as what, with which settings, and from where in it. */
import {quoted} from '../../errors.js';
import {clientsPath, typedPath} from '../../history/path.js';
import {
	fallbackNick,
	nickFromLogin,
	parseNick,
	parseRoomName,
	type Nick,
} from '../../protocol/nick.js';
import {inputModes} from '../choices.js';
import {writtenFlag, type CommandLineCommand} from '../flags.js';
import type {FrontOptions, Output, RoomModeOptions} from '../options.js';
import {wrongUsage, type Reader} from '../reader.js';
import {canMoveCursor, type Terminal} from '../screen.js';
import {hasLastingAddress, readHistory} from './history.js';
import {readRelay} from './relay.js';

export const readNick = (
	reader: Reader,
	loginName: () => string,
	command: CommandLineCommand,
): {nick: Nick; isNickFlexible: boolean} => {
	const bearer = command === 'serve' ? 'host' : 'member';
	const asked = reader.text('nick');
	if (asked === undefined) {
		return {nick: nickFromLogin(loginName(), bearer), isNickFlexible: true};
	}

	const parsed = parseNick(asked, bearer);
	const nick = reader.take(
		parsed.ok ? parsed.nick : parsed.error,
		fallbackNick,
		'nick',
	);
	// A nick from a variable or the config file serves every terminal of a user,
	// and jobs with one nick may send at once: nobody is there to choose another.
	const isNickFlexible = !reader.isTyped('nick') || reader.has('message');
	return {nick, isNickFlexible};
};

const readRoomName = (reader: Reader): {name?: string} => {
	const asked = reader.text('room');
	return asked === undefined
		? {}
		: {name: reader.take(parseRoomName(asked), '', 'room')};
};

const onlyForLines = (flag: string) =>
	wrongUsage(
		`${flag} is for lines; add --plain or --json, or leave it out: the screen scrolls back.`,
	);

/**
 * What a script hears happened while it listened, unless it asks for more.
 *
 * @returns `last` and `since` of the hello: the printer finds the last messages
 * itself, as the server counts entries.
 */
const readReplay = (reader: Reader, output: Output, isTerminal: boolean) => {
	const flag = (['last', 'since', 'times'] as const).find(name =>
		reader.has(name),
	);
	if (output === 'screen') {
		return flag && reader.take(onlyForLines(writtenFlag(flag)), {}, flag);
	}

	const since = reader.number('since');
	const asked = reader.number('last');
	const lastMessages =
		asked ?? (since === undefined && !isTerminal ? 0 : undefined);
	return {
		since,
		lastMessages,
		last: lastMessages === undefined ? undefined : 0,
	};
};

// A shorter one takes a busy machine for a dead one; a longer one, nobody waits
// for.
const heartbeatSeconds = {least: 1, most: 3600};

const readHeartbeat = (reader: Reader): number | undefined => {
	const {least, most} = heartbeatSeconds;
	const ms = reader.seconds('heartbeat');
	return ms === undefined || (ms >= least * 1000 && ms <= most * 1000)
		? ms
		: reader.take<number | undefined>(
				wrongUsage(
					`--heartbeat needs from ${least} to ${most} seconds; got ${quoted(reader.text('heartbeat')!)}.`,
				),
				undefined,
				'heartbeat',
			);
};

export const readRoom = (
	reader: Reader,
	common: FrontOptions &
		Pick<RoomModeOptions, 'address' | 'isWatched' | 'nick' | 'isNickFlexible'>,
	{
		isTerminal,
		env,
		command,
		descriptor,
	}: Terminal & {
		readonly command: CommandLineCommand;
		readonly descriptor: {readonly descriptor: number} | undefined;
	},
): RoomModeOptions => {
	const {address} = common;
	const input = reader.choice('input', inputModes);
	const mode = {
		...common,
		mode: 'room',
		input,
		isPrompted:
			canMoveCursor({isTerminal, env}) &&
			common.output === 'plain' &&
			common.message === undefined &&
			common.awaited === undefined &&
			input !== 'none',
		tokenFile: reader.text('tokenFile'),
		clientsFolder: clientsPath(env),
		connectTimeoutMs: reader.seconds('connectTimeout'),
		...readReplay(reader, common.output, isTerminal),
	} as const;
	const named = command === 'connect' ? {} : readRoomName(reader);
	const relayWish = command === 'serve' ? readRelay(reader) : undefined;
	const history =
		command === 'connect'
			? undefined
			: readHistory(reader, address, env, relayWish && named.name);
	const keepsLines =
		command === 'connect' ? !reader.has('noHistory') : history !== undefined;
	const typedFile =
		common.output === 'screen' && keepsLines ? typedPath(env) : undefined;
	const options: RoomModeOptions =
		command === 'connect'
			? {
					...mode,
					command,
					isRetrying: !reader.has('noRetry'),
					isWaiting: reader.has('wait'),
					localPort: reader.port('localPort', 1),
				}
			: {
					...mode,
					command,
					...descriptor,
					backlog: reader.count('backlog'),
					maxMembers: reader.count('maxMembers'),
					heartbeatMs: readHeartbeat(reader),
					maxPerUser: reader.count('maxPerUser'),
					rate: reader.rate('rate'),
					connectRate: reader.rate('connectRate'),
					agentRate: reader.rate('agentRate'),
					isSameUser: reader.has('sameUser'),
					...named,
					...(relayWish && {relayWish}),
					history,
					...(history === undefined &&
						!reader.has('noHistory') &&
						(relayWish !== undefined || hasLastingAddress(address)) && {
							isHomeless: true,
						}),
				};
	return typedFile === undefined ? options : {...options, typedFile};
};
