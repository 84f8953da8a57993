/** The chat behind a screen: what its lines do, in a room and in raw mode. */
import {Buffer} from 'node:buffer';
import type {ViewName} from '../commands/hands.js';
import {helpLines, type HelpScope} from '../commands/help.js';
import {parseLine, parseRawLine} from '../commands/parse.js';
import {commandsOf} from '../commands/registry.js';
import {systemClock} from '../socket/clock.js';
import {openRaw, type RawChat} from '../chat/open-raw.js';
import {openRoom} from '../chat/open-room.js';
import type {RoomChat} from '../chat/room-chat.js';
import {
	lineEnds,
	type Options,
	type RawModeOptions,
	type RoomModeOptions,
} from '../options/options.js';
import type {ChatEvent} from '../event/event.js';
import {roomRules, type DraftRules} from './input/draft.js';

/** What a command may ask of the screen itself. */
export type ScreenHands = {
	/** Shows a view, or the chat again where it is shown already. */
	readonly view: (view: ViewName) => void;
	readonly leave: () => void;
};

export type ScreenChat = {
	readonly chat: RoomChat | RawChat;
	readonly rules: DraftRules;
	/** The commands that Tab completes, with their slashes. */
	readonly commands: readonly string[];
	readonly hint: string;
	readonly onLine: (line: string, screen: ScreenHands) => void;
};

type Emit = (event: ChatEvent) => void;

const answersTo = (emit: Emit, scope: HelpScope) => ({
	notice(tone: 'info' | 'bad', text: string) {
		emit({type: 'notice', at: systemClock.wallMs(), tone, text});
	},
	clear() {
		emit({type: 'clear', at: systemClock.wallMs()});
	},
	help(topic: string | undefined) {
		for (const text of helpLines(topic, scope)) {
			emit({type: 'notice', at: systemClock.wallMs(), tone: 'info', text});
		}
	},
});

/** Shows a view, where there is something to show in it. */
const viewOf =
	(
		{role}: Pick<RoomChat, 'role'>,
		notice: (tone: 'info', text: string) => void,
		show: ScreenHands['view'],
	) =>
	(view: ViewName): void => {
		if (view === 'peers' && role === 'connect') {
			notice('info', 'Only a server has peers; /lifecycle shows both ends.');
		} else {
			show(view);
		}
	};

const named = (mode: 'room' | 'raw'): readonly string[] =>
	commandsOf(mode).map(({name}) => `/${name}`);

const openScreenRoom = async (
	options: RoomModeOptions,
	emit: Emit,
): Promise<ScreenChat> => {
	const chat = await openRoom(options, emit);
	const answers = answersTo(emit, chat);
	return {
		chat,
		rules: roomRules,
		commands: named('room'),
		hint: 'message, or /help',
		onLine(line, {view, leave}) {
			const show = viewOf(chat, answers.notice, view);
			parseLine(line, 'room')({...chat, ...answers, leave, view: show});
		},
	};
};

const openScreenRaw = async (
	options: RawModeOptions,
	emit: Emit,
): Promise<ScreenChat> => {
	const raw = await openRaw({...options, isPipe: false}, emit);
	const answers = answersTo(emit, raw);
	const lineEnd = lineEnds[options.eol];
	const {control} = raw;
	const say = (text: string) => {
		void raw.write(Buffer.from(text + lineEnd));
	};

	return {
		chat: raw,
		// Exact bytes: no limit, and an empty line is a line end.
		rules: {limitBytes: Infinity, sendsBlank: true},
		commands: named('raw'),
		hint: `bytes to send, --eol ${options.eol}; /quit leaves`,
		onLine(line, {view, leave}) {
			const show = viewOf(raw, answers.notice, view);
			parseRawLine(line)({...answers, say, control, leave, view: show});
		},
	};
};

/**
 * Opens what the options ask for.
 *
 * @throws {SockchatError} Where it can't be opened.
 */
export const openScreenChat = async (
	options: Options,
	emit: Emit,
): Promise<ScreenChat> =>
	options.mode === 'raw'
		? openScreenRaw(options, emit)
		: openScreenRoom(options, emit);
