/** Performs the requests of `--input json`; each is answered by an event. */
import {whoLine} from '../../commands/registry.js';
import {assertNever, SockchatError} from '../../errors.js';
import {systemClock} from '../../socket/clock.js';
import {normalNick} from '../../protocol/nick.js';
import {badInput, type Request} from './request.js';
import type {RoomSession} from './session.js';

/** Settles when the answer to what comes next can't miss what was said. */
export const settled = async ({chat, progress}: RoomSession): Promise<void> =>
	progress.until(() => progress.isWelcome && chat.unstored() === 0);

const answerLost = () =>
	new SockchatError(
		'ERR_LOST',
		'The connection was lost before the answer came; ask again.',
	);

/** Settles when the room has answered, or can't any more. */
export const answered = async ({
	printer,
	progress,
}: RoomSession): Promise<void> => {
	await progress.until(() => !progress.isAsking);
	if (progress.wasInterrupted) {
		progress.wasInterrupted = false;
		printer.printError(answerLost());
	}
};

export const rename = (
	{chat, printer, progress}: RoomSession,
	nick: string,
): void => {
	if (normalNick(nick) === progress.nick) {
		printer.answer(`You are ${nick} already.`);
		return;
	}

	// In a room too large to name its members nobody hears of a new nick.
	if (progress.isWelcome && chat.members().names.length > 0) {
		// Before: a nick that can't be one is refused at once.
		progress.askNick(nick);
	}

	chat.rename(nick);
};

const tellMembers = ({chat, options, printer}: RoomSession): void => {
	const members = chat.members();
	if (options.output === 'json') {
		const frame = {type: 'members', ...members} as const;
		printer.print({type: 'frame', at: systemClock.wallMs(), frame});
	} else {
		printer.answer(whoLine(members));
	}
};

/** @param line The number of its line, for what is refused. */
export const perform = async (
	request: Request,
	line: number,
	session: RoomSession,
): Promise<void> => {
	const {chat, printer, progress} = session;
	const refuse = (error: SockchatError) => {
		progress.hasFailed = true;
		printer.printError(error, line);
	};

	switch (request.type) {
		case 'say': {
			chat.say(request.text);
			return;
		}

		case 'whisper': {
			chat.whisper(request.to, request.text);
			return;
		}

		case 'bye': {
			session.hasQuit = true;
			return;
		}

		case 'nick': {
			await settled(session);
			rename(session, request.nick);
			break;
		}

		case 'who': {
			await settled(session);
			tellMembers(session);
			break;
		}

		case 'search': {
			await settled(session);
			const refused = chat.search(request.text);
			if (refused === undefined) {
				progress.ask('search');
			} else {
				refuse(badInput(refused));
			}

			break;
		}

		case 'past': {
			await settled(session);
			chat.readPast(request.before);
			progress.ask('past');
			break;
		}

		case 'command': {
			await progress.until(() => progress.isWelcome);
			chat.bots.ask(request.name, request.text ?? '');
			return;
		}

		case 'offer': {
			const {name, usage = '', help = ''} = request;
			chat.bots.offer({name, usage, help});
			return;
		}

		case 'withdraw': {
			if (!chat.bots.withdraw(request.name)) {
				refuse(badInput(`You don't offer "${request.name}".`));
			}

			return;
		}

		case 'answer': {
			const {text = '', failed} = request;
			const error = chat.bots.answer(request.request, text, failed);
			if (error) {
				refuse(error);
			}

			return;
		}

		default: {
			assertNever(request);
		}
	}

	await answered(session);
};
