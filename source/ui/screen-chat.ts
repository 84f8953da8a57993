/** The chat behind a screen: what its lines do, in a room and in raw mode. */
import {Buffer} from 'node:buffer';
import {parseInput, parseRawInput} from '../commands/parse.js';
import {perform} from '../commands/perform.js';
import {
	commands,
	helpLines,
	keyLines,
	rawHelpLines,
} from '../commands/registry.js';
import {assertNever} from '../errors.js';
import {systemClock} from '../net/clock.js';
import {openRaw, type RawChat} from '../net/open-raw.js';
import {openRoom, type RoomChat} from '../net/open-room.js';
import {lineEnds, type Options} from '../options.js';
import type {ChatEvent} from '../store/event.js';
import {roomRules, type DraftRules} from './draft.js';

export type ScreenChat = {
	readonly chat: RoomChat | RawChat;
	readonly rules: DraftRules;
	/** The commands that Tab completes, with their slashes. */
	readonly commands: readonly string[];
	readonly hint: string;
	readonly onLine: (line: string) => void;
};

type Emit = (event: ChatEvent) => void;

const answersTo = (emit: Emit, help: readonly string[]) => ({
	notice(tone: 'info' | 'bad', text: string) {
		emit({type: 'notice', at: systemClock.wallMs(), tone, text});
	},
	clear() {
		emit({type: 'clear', at: systemClock.wallMs()});
	},
	help() {
		for (const text of [...help, '', ...keyLines()]) {
			emit({type: 'notice', at: systemClock.wallMs(), tone: 'info', text});
		}
	},
});

const openScreenRoom = async (
	options: Options,
	emit: Emit,
): Promise<ScreenChat> => {
	const chat = await openRoom(options, emit);
	const answers = answersTo(emit, helpLines());
	return {
		chat,
		rules: roomRules,
		commands: commands.map(({name}) => `/${name}`),
		hint: 'message, or /help',
		onLine(line) {
			perform(parseInput(line), chat, answers);
		},
	};
};

const rawCommands = commands.filter(({isForRaw}) => isForRaw);

const openScreenRaw = async (
	options: Options,
	emit: Emit,
): Promise<ScreenChat> => {
	const command = options.command === 'serve' ? 'serve' : 'connect';
	const chat = await openRaw({...options, command}, emit);
	const answers = answersTo(emit, rawHelpLines());
	const lineEnd = lineEnds[options.eol];
	return {
		chat,
		// Exact bytes: no limit, and an empty line is a line end.
		rules: {limitBytes: Number.POSITIVE_INFINITY, sendsBlank: true},
		commands: rawCommands.map(({name}) => `/${name}`),
		hint: `bytes to send, --eol ${options.eol}; /quit leaves`,
		onLine(line) {
			const action = parseRawInput(line);
			switch (action.type) {
				case 'say': {
					void chat.write(Buffer.from(action.text + lineEnd));
					break;
				}

				case 'help': {
					answers.help();
					break;
				}

				case 'clear': {
					answers.clear();
					break;
				}

				case 'quit': {
					chat.leave();
					break;
				}

				default: {
					assertNever(action);
				}
			}
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
