/** The chat of a screen, and what its lines do: in a room, and in raw mode. */
import type {ViewName} from '../commands/hands.js';
import {help, type HelpScope} from '../commands/help.js';
import {parseLine, parseRawLine} from '../commands/parse.js';
import {commandsOf} from '../commands/registry.js';
import {openByHand, type Opened} from '../hand/open.js';
import {noTypedLines, openTypedLines} from '../keyboard/typed-file.js';
import {systemClock} from '../socket/clock.js';
import type {RawChat} from '../chat/open-raw.js';
import {openRoom} from '../chat/open-room.js';
import type {RoomChat} from '../chat/room-chat.js';
import type {
	Options,
	RawModeOptions,
	RoomModeOptions,
} from '../options/options.js';
import type {ChatEvent} from '../event/event.js';
import {notReached} from '../raw/unheard.js';
import {emptyTranscript, type Transcript} from '../store/transcript.js';
import {done} from '../tcp/socket-action.js';
import {bellSentence, type Bell} from './bell.js';
import {roomRules, type DraftRules} from './input/draft.js';

type Emit = (event: ChatEvent) => void;

/** What a command may do to the screen itself. */
export type ScreenActions = {
	/** Shows a view, or the chat if that view is already shown. */
	readonly view: (view: ViewName, peer?: string) => void;
	readonly leave: () => void;
	/**
	 * Searches in the transcript.
	 *
	 * @param text Undefined goes to the next older hit.
	 * @returns Why it can't be done, if so.
	 */
	readonly search: (text: string | undefined) => string | undefined;
	/** What was said to whoever typed a line; the transcript has it, too. */
	readonly answered: (tone: 'info' | 'bad', text: string) => void;
	/** What is shown, to be saved. */
	readonly transcript: () => Transcript;
};

export type ScreenChat = {
	readonly chat: RoomChat | RawChat;
	readonly rules: DraftRules;
	/** The commands that Tab completes, with their slashes. */
	readonly commands: readonly string[];
	/** What was sent in earlier runs, oldest first. */
	readonly typedLines: readonly string[];
	/** Shown in the empty input line. */
	readonly hint: string;
	/** Of a raw server: the addresses of those who are connected. */
	readonly peers?: (() => readonly string[]) | undefined;
	readonly onLine: (line: string, actions: ScreenActions) => void;
	/** For events of the screen itself. */
	readonly emit: Emit;
	/** Shows all of long chunks, or no longer. */
	readonly onOpen: () => void;
	/** Stops the file that is being sent. */
	readonly onStop: () => void;
	/** Once all has ended: what was to be sent, and was not. */
	readonly lost?: Opened['hand']['lost'];
};

/**
 * Opens what the options ask for.
 *
 * @throws {SockchatError} If it can't be opened.
 */
export const openScreenChat = async (
	options: Options,
	emit: Emit,
	bell: Bell,
): Promise<ScreenChat> =>
	options.mode === 'raw'
		? openScreenRaw(options, emit)
		: openScreenRoom(options, emit, bell);

const openScreenRoom = async (
	options: RoomModeOptions,
	emit: Emit,
	bell: Bell,
): Promise<ScreenChat> => {
	const chat = await openRoom(
		{...options, isRestful: true, isHearingCommands: true},
		emit,
	);
	const setBell = (isOn = bell.isOn) => {
		bell.isOn = isOn;
		return done(bellSentence(bell));
	};

	const {typedFile} = options;
	const typed =
		typedFile === undefined ? noTypedLines : openTypedLines(typedFile, 'room');
	return {
		chat,
		typedLines: typed.lines,
		rules: roomRules,
		commands: slashNames('room'),
		hint: 'message, or /help',
		onLine(line, actions) {
			typed.add(line);
			const offered = chat.bots.offered ?? [];
			parseLine(
				line,
				'room',
				offered,
			)({
				...chat,
				...handsOf(emit, {mode: 'room', role: chat.role, offered}, actions),
				ask(name, text) {
					const to = offered.find(each => each.name === name)!.from;
					emit({
						type: 'asked',
						at: systemClock.wallMs(),
						to,
						text: `/${name} ${text}`.trim(),
					});
					chat.bots.ask(name, text);
				},
				bell: setBell,
				search: actions.search,
			});
		},
		emit,
		onOpen() {},
		onStop() {},
	};
};

const openScreenRaw = async (
	options: RawModeOptions,
	emit: Emit,
): Promise<ScreenChat> => {
	let shown = (): Transcript => emptyTranscript;
	let answered: ScreenActions['answered'] = () => {};
	const opened = await openByHand({
		options,
		raw: {
			isPipe: false,
			isRestful: true,
			onSilent() {
				// Again: the other side may not answer FIN.
				opened.chat.leave();
				opened.chat.leave();
			},
		},
		emit,
		transcript: () => shown(),
		onAnswer(tone, text) {
			answered(tone, text);
		},
	});
	const {chat, hand} = opened;
	const {eol = 'lf', typed: kept} = options;
	const typed = kept ? openTypedLines(kept.file, kept.purpose) : noTypedLines;
	// From the first byte on, for whoever opens the view of the wire later.
	chat.setTap(true);
	const {control} = chat;
	return {
		chat,
		typedLines: typed.lines,
		// Exact bytes: no limit, and an empty line sends a line end.
		rules: {limitBytes: Infinity, sendsBlank: true},
		commands: slashNames('raw'),
		hint: `bytes to send, --eol ${eol}; /help, /quit`,
		peers: chat.peers,
		onLine(line, actions) {
			typed.add(line);
			({answered, transcript: shown} = actions);
			parseRawLine(line)({
				...hand,
				control,
				...handsOf(opened.emit, chat, actions),
			});
		},
		emit: opened.emit,
		onOpen: hand.toggleOpen,
		onStop() {
			hand.stop();
		},
		async lost() {
			const lost = await hand.lost();
			const unreached = chat.unreachedBytes();
			return lost ?? (unreached > 0 ? notReached(unreached) : undefined);
		},
	};
};

const slashNames = (mode: 'room' | 'raw'): readonly string[] =>
	commandsOf(mode).map(({name}) => `/${name}`);

/** What commands get from a screen in any mode. */
const handsOf = (
	emit: Emit,
	scope: HelpScope,
	{view, leave, answered}: ScreenActions,
) => {
	const notice = (tone: 'info' | 'bad', text: string) => {
		emit({type: 'notice', at: systemClock.wallMs(), tone, text});
		answered(tone, text);
	};

	return {
		notice,
		leave,
		clear() {
			emit({type: 'clear', at: systemClock.wallMs()});
		},
		ignore(nick: string | undefined) {
			emit({type: 'hide', at: systemClock.wallMs(), what: 'ignore', nick});
		},
		quiet() {
			const at = systemClock.wallMs();
			emit({type: 'hide', at, what: 'quiet', nick: undefined});
		},
		help(topic: string | undefined) {
			help(topic, scope, notice);
		},
		view(name: ViewName, peer?: string) {
			const isOfPeers = name === 'peers' || peer !== undefined;
			if (isOfPeers && scope.role === 'connect') {
				notice('bad', 'Only a server has peers; /lifecycle shows both ends.');
			} else {
				view(name, peer);
			}
		},
	};
};
