/** Opens a room without a screen, and the prompt of whoever types in it. */
import {openRoom} from '../../chat/open-room.js';
import type {ChatEvent} from '../../event/event.js';
import {mayLeave, pasteNotice, type RoomSession} from './session.js';

type Given = Omit<RoomSession, 'chat' | 'wasAsked' | 'reopened' | 'hasQuit'>;

/** @throws {SockchatError} If it can't be opened. */
export const openSession = async (
	given: Given,
	emit: (event: ChatEvent) => void,
): Promise<RoomSession> => {
	const {options, printer, progress, streams, wait} = given;
	const chat = await openRoom(
		{
			...options,
			isReceiptsOnly: options.isQuiet && options.output === 'plain',
			isOneShot: options.message !== undefined,
			isHearingCommands:
				options.input === 'commands' ||
				options.events?.includes('commands') === true ||
				(options.input === undefined && streams.isTyped),
		},
		emit,
	);
	printer.id = chat.id;
	progress.id = chat.id;
	wait.id = chat.id;
	return {
		...given,
		chat,
		wasAsked: false,
		reopened: undefined,
		hasQuit: false,
	};
};

/** Shows the prompt, if a person types. */
export const startPrompt = async (session: RoomSession): Promise<void> => {
	const {chat, printer, progress, prompt} = session;
	await prompt?.start({
		mode: 'room',
		nick: () => progress.nick || chat.nick,
		nicks: () => chat.members().names,
		commands: () => chat.bots.offered?.map(({name}) => name) ?? [],
		mayLeave: () => mayLeave(session),
		stay() {
			session.wasAsked = false;
		},
		onPaste(lineCount) {
			printer.answer(pasteNotice(lineCount, session));
		},
	});
};
