/** The chat behind a screen: what its lines do, in a room and in raw mode. */
import {Buffer} from 'node:buffer';
import {parseInput, parseRawInput} from '../commands/parse.js';
import {perform, type Chat} from '../commands/perform.js';
import {
	commands,
	helpLines,
	type Command,
	type HelpScope,
	type ViewCommandName,
} from '../commands/registry.js';
import {systemClock} from '../socket/clock.js';
import {openRaw, type RawChat} from '../chat/open-raw.js';
import {onlyHost, openRoom, type RoomChat} from '../chat/open-room.js';
import {lineEnds, type Options} from '../options/options.js';
import type {ChatEvent} from '../event/event.js';
import {roomRules, type DraftRules} from './input/draft.js';

/** What a command may ask of the screen itself. */
export type ScreenHands = {
	/** Shows a view, or the chat again where it is shown already. */
	readonly view: (view: ViewCommandName) => void;
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
	(view: ViewCommandName): void => {
		if (view === 'peers' && role === 'connect') {
			notice('info', 'Only a server has peers; /lifecycle shows both ends.');
		} else {
			show(view);
		}
	};

const named = (known: readonly Command[]): readonly string[] =>
	known.map(({name}) => `/${name}`);

const openScreenRoom = async (
	options: Options,
	emit: Emit,
): Promise<ScreenChat> => {
	const chat = await openRoom(options, emit);
	const answers = answersTo(emit, chat);
	return {
		chat,
		rules: roomRules,
		commands: named(commands),
		hint: 'message, or /help',
		onLine(line, {view, leave}) {
			const show = viewOf(chat, answers.notice, view);
			perform(parseInput(line), {...chat, leave}, {...answers, view: show});
		},
	};
};

const openScreenRaw = async (
	options: Options,
	emit: Emit,
): Promise<ScreenChat> => {
	const command = options.command === 'serve' ? 'serve' : 'connect';
	const raw = await openRaw({...options, command}, emit);
	const answers = answersTo(emit, raw);
	const lineEnd = lineEnds[options.eol];
	const chat: Omit<Chat, 'leave'> = {
		say(text) {
			void raw.write(Buffer.from(text + lineEnd));
		},
		control: raw.control,
		// Raw mode has no names, and no command that would need them.
		whisper() {},
		rename() {},
		search: () => undefined,
		rule: async () => onlyHost,
		members: () => ({count: 0, names: []}),
	};
	return {
		chat: raw,
		// Exact bytes: no limit, and an empty line is a line end.
		rules: {limitBytes: Infinity, sendsBlank: true},
		commands: named(commands.filter(({isForRaw}) => isForRaw)),
		hint: `bytes to send, --eol ${options.eol}; /quit leaves`,
		onLine(line, {view, leave}) {
			const show = viewOf(raw, answers.notice, view);
			perform(parseRawInput(line), {...chat, leave}, {...answers, view: show});
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
	options.isRaw ? openScreenRaw(options, emit) : openScreenRoom(options, emit);
