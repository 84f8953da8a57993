/** The learner's own socket, and what a typed line does to it. */
import {openRaw, type RawChat} from '../chat/open-raw.js';
import {openRoom} from '../chat/open-room.js';
import type {RoomChat} from '../chat/room-chat.js';
import type {Identity} from '../client/identity.js';
import type {RoomHands, SocketHands, ViewName} from '../commands/hands.js';
import {parseLine, parseRawLine} from '../commands/parse.js';
import type {ChatEvent} from '../event/event.js';
import type {Nick} from '../protocol/nick.js';
import type {LoopbackAddress} from '../socket/address.js';
import {refused} from '../tcp/socket-action.js';
import type {Move} from './lesson.js';

/** What a line may do to the screen. */
export type LineHands = Pick<SocketHands, 'notice' | 'leave'> & {
	readonly view: (name: ViewName) => void;
};

export type OwnSocket = {
	readonly perform: (line: string, hands: LineHands) => void;
	/** Lets go of it at once. */
	readonly stop: () => void;
};

type Emit = (event: ChatEvent) => void;

/** The segments are for the ladder alone. */
const noFile = {file: undefined};

const stopNow = ({leave, closed, endCapture}: RawChat | RoomChat): void => {
	leave();
	// Once more, so that nothing is waited for.
	leave();
	void endCapture();
	// A client that captures watches on until it is left then.
	void closed.then(leave);
};

const notHere = 'That is no part of a lesson.';

/** What a command does in any lesson. */
const handsOf = (
	{notice, leave, view}: LineHands,
	role: 'serve' | 'connect',
) => ({
	notice,
	leave,
	clear() {
		notice('bad', 'There is nothing to clear in a lesson.');
	},
	help() {
		notice(
			'bad',
			'Do what the lesson says; /hint helps, /again starts it again.',
		);
	},
	view(name: ViewName) {
		if (name === 'peers' && role === 'connect') {
			notice('bad', 'Only a server has peers; /lifecycle shows both ends.');
		} else {
			view(name);
		}
	},
});

/** Opens a socket of raw bytes. */
export const openOwnRaw = async (
	{command, localPort}: Extract<Move, {by: 'sockchat'}>,
	address: LoopbackAddress,
	isCaptured: boolean,
	emit: Emit,
): Promise<OwnSocket> => {
	const common = {
		address,
		isWatched: true,
		isPipe: false,
		capture: isCaptured ? noFile : undefined,
	} as const;
	const chat = await openRaw(
		command === 'serve'
			? {...common, command, backlog: undefined}
			: {
					...common,
					command,
					localPort: localPort === undefined ? undefined : Number(localPort),
				},
		emit,
	);
	chat.setTap(true);
	return {
		perform(line, hands) {
			parseRawLine(line)({
				...handsOf(hands, command),
				say(text) {
					const why = chat.whyNotSent();
					if (why === undefined) {
						void chat.write(Buffer.from(`${text}\n`));
					} else {
						hands.notice('bad', why);
					}
				},
				sayTo() {
					hands.notice('bad', 'Nobody else is here to choose.');
				},
				control: chat.control,
				byHand() {
					hands.notice(
						'bad',
						'That is no part of a lesson; sockchat connect --raw has it.',
					);
				},
			});
		},
		stop() {
			stopNow(chat);
		},
	};
};

/** Joins a room. */
export const openOwnMember = async (
	{nick, connectTimeoutS}: Extract<Move, {by: 'member'}>,
	identity: Identity,
	address: LoopbackAddress,
	isCaptured: boolean,
	emit: Emit,
): Promise<OwnSocket> => {
	const chat = await openRoom(
		{
			command: 'connect',
			address,
			identity,
			nick: nick as Nick,
			isNickFlexible: false,
			isWatched: true,
			capture: isCaptured ? noFile : undefined,
			isRetrying: true,
			localPort: undefined,
			connectTimeoutMs:
				connectTimeoutS === undefined ? undefined : connectTimeoutS * 1000,
		},
		emit,
	);
	chat.setTap(true);
	return {
		perform(line, hands) {
			const refuse = () => {
				hands.notice('bad', notHere);
			};

			const room: RoomHands = {
				...chat,
				...handsOf(hands, 'connect'),
				ask: refuse,
				ignore: refuse,
				quiet: refuse,
				bell: () => refused(notHere),
				search: () => notHere,
			};
			parseLine(line, 'room')(room);
		},
		stop() {
			stopNow(chat);
		},
	};
};
