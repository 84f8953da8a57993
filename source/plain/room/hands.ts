/** What slash commands may do without a screen. */
import type {RoomHands} from '../../commands/hands.js';
import {help} from '../../commands/help.js';
import {refused} from '../../tcp/socket-action.js';
import {viewsInLines} from '../views.js';
import {mayLeave, type RoomSession} from './session.js';
import {rename} from './requests.js';

export const handsOf = (session: RoomSession): RoomHands => {
	const {chat, options, printer, progress} = session;
	const notice: RoomHands['notice'] = (tone, text) => {
		if (tone === 'bad') {
			progress.refuse();
			printer.refuse(text);
		} else {
			printer.answer(text);
		}
	};

	return {
		...chat,
		notice,
		rename(nick) {
			rename(session, nick);
		},
		search(text) {
			const reason = chat.search(text);
			if (reason === undefined) {
				progress.ask('search');
			}

			return reason;
		},
		ask(name, text) {
			chat.bots.ask(name, text);
		},
		control: async (action, peer) =>
			progress.during(chat.control(action, peer)),
		rule: async action => progress.during(chat.rule(action)),
		leave() {
			session.hasQuit = mayLeave(session);
		},
		bell: () =>
			refused(
				'/bell works only on the screen; --bell says when a terminal rings without one.',
			),
		ignore(nick) {
			printer.ignore(nick, chat.nick);
		},
		quiet() {
			printer.quiet();
		},
		...viewsInLines(chat, options, notice),
		help(topic) {
			const {mode, role} = chat;
			help(topic, {mode, role, offered: chat.bots.offered ?? []}, notice);
		},
	};
};
