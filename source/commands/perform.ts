/** Does what a typed line means; the same for the screen and for plain lines. */
import {assertNever} from '../errors.js';
import type {SocketAction} from '../tcp/socket-action.js';
import type {HostAction} from './host-action.js';
import type {Action} from './parse.js';
import type {ViewCommandName} from './registry.js';

/** What a front end's chat can do. */
export type Chat = {
	readonly say: (text: string) => void;
	readonly whisper: (to: string, text: string) => void;
	readonly rename: (nick: string) => void;
	/**
	 * @param text Undefined goes on with the last search.
	 * @returns Why it is not done; what is found comes as an event.
	 */
	readonly search: (text: string | undefined) => string | undefined;
	/** Leaves in good order; called again, at once. */
	readonly leave: () => void;
	readonly members: () => {
		readonly count: number;
		readonly names: readonly string[];
	};
	/**
	 * @param peer Whose socket, on a server: a nick or an address.
	 * @returns One sentence on what was done, or why not.
	 */
	readonly control: (
		action: SocketAction,
		peer: string | undefined,
	) => Promise<string>;
	/** @returns One sentence on what was done, or why not. */
	readonly rule: (action: HostAction) => Promise<string>;
};

/** Where the answers of a command go. */
export type Answers = {
	readonly notice: (tone: 'info' | 'bad', text: string) => void;
	readonly clear: () => void;
	readonly help: (topic: string | undefined) => void;
	readonly view: (view: ViewCommandName) => void;
};

export const whoLine = ({
	count,
	names,
}: ReturnType<Chat['members']>): string => {
	if (names.length === 0) {
		// Among very many, only the count is told.
		return `${count} here`;
	}

	const unnamed = count - names.length;
	const rest = unnamed > 0 ? ` and ${unnamed} more` : '';
	return `${count} here: ${names.join(' ')}${rest}`;
};

export const perform = (action: Action, chat: Chat, answers: Answers): void => {
	switch (action.type) {
		case 'say': {
			chat.say(action.text);
			break;
		}

		case 'whisper': {
			chat.whisper(action.to, action.text);
			break;
		}

		case 'rename': {
			chat.rename(action.nick);
			break;
		}

		case 'search': {
			const refused = chat.search(action.text);
			if (refused !== undefined) {
				answers.notice('bad', refused);
			}

			break;
		}

		case 'who': {
			answers.notice('info', whoLine(chat.members()));
			break;
		}

		case 'help': {
			answers.help(action.topic);
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

		case 'view': {
			answers.view(action.view);
			break;
		}

		case 'socket': {
			void chat.control(action.action, action.peer).then(sentence => {
				answers.notice('info', sentence);
			});
			break;
		}

		case 'host': {
			void chat.rule(action.action).then(sentence => {
				answers.notice('info', sentence);
			});
			break;
		}

		case 'wrong': {
			answers.notice('bad', action.reason);
			break;
		}

		case 'nothing': {
			break;
		}

		default: {
			assertNever(action);
		}
	}
};
