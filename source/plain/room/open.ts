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

/** As one sentence: a line is read out, or seen, by itself. */
const invitationLine = (invitation: string): string => {
	const [start, ...ways] = invitation.split('\n');
	return [start, ways.map(way => way.trim()).join(', or ')].join(' ');
};

/** Shows the prompt, if a person types, and to a host how others come in. */
export const startPrompt = async (session: RoomSession): Promise<void> => {
	const {chat, options, printer, progress, prompt} = session;
	if (prompt && chat.role === 'serve' && options.output === 'plain') {
		printer.answer(invitationLine(chat.invitation));
	}

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
