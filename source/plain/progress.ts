/** What the chat has done so far; the exit code and the input depend on it. */
import type {ChatEvent} from '../event/event.js';
import type {ServerFrame} from '../protocol/frame.js';
import {normalNick} from '../protocol/nick.js';
import {reduceOwnNick, unnamed} from '../protocol/own-nick.js';

/** A request that the room answers with a frame. */
type Question = 'nick' | 'search' | 'past';

export class Progress {
	/** The member's own public id, once it is known. */
	id = '';
	/** Whether something failed, or a line was refused. */
	hasFailed = false;
	/** Whether a connection has ever been open. */
	hasOpened = false;
	/** Whether the room has welcomed us on this connection. */
	isWelcome = false;
	/** The number of peers of a server. */
	peers = 0;
	/** Whether a connection ended before the answer came. */
	wasInterrupted = false;
	#own = unnamed('');
	#question: Question | undefined;
	#wish = '';
	#actions = 0;
	#waiting: Array<() => void> = [];
	readonly #isTyped: boolean;

	/** @param isTyped Whether a person types the commands. */
	constructor(isTyped: boolean) {
		this.#isTyped = isTyped;
	}

	/** Our nick, as the room has it. */
	get nick(): string {
		return this.#own.nick;
	}

	/** Whether an answer is due. */
	get isAsking(): boolean {
		return this.#question !== undefined || this.#actions > 0;
	}

	/** A command was refused. Whoever typed it sees that, and may go on. */
	refuse(): void {
		this.hasFailed ||= !this.#isTyped;
	}

	see(event: ChatEvent): void {
		switch (event.type) {
			case 'failed': {
				this.hasFailed = true;
				break;
			}

			case 'connection': {
				const {phase} = event.connection;
				this.isWelcome = phase === 'open' || phase === 'silent';
				this.hasOpened ||= phase === 'open';
				if (phase === 'waiting' && this.#question !== undefined) {
					// The next connection doesn't ask again.
					this.#question = undefined;
					this.hasFailed = true;
					this.wasInterrupted = true;
				}

				break;
			}

			case 'frame': {
				this.#seeFrame(event.frame);
				break;
			}

			case 'accepted': {
				this.peers++;
				break;
			}

			case 'ended': {
				this.peers--;
				break;
			}

			default: {
				break;
			}
		}

		this.#look();
	}

	/** The room was asked; its answer ends that. */
	ask(question: 'search' | 'past'): void {
		this.#question = question;
	}

	/** @param nick The nick that the room was asked for. */
	askNick(nick: string): void {
		this.#question = 'nick';
		this.#wish = normalNick(nick);
	}

	/** Counts as asking until the action is done. */
	async during<Result>(action: Promise<Result>): Promise<Result> {
		this.#actions++;
		try {
			return await action;
		} finally {
			this.#actions--;
			this.#look();
		}
	}

	/** Settles once a condition holds; it is checked after each event. */
	async until(condition: () => boolean): Promise<void> {
		while (!condition()) {
			// eslint-disable-next-line no-await-in-loop -- one event after the other
			await new Promise<void>(resolve => {
				this.#waiting.push(resolve);
			});
		}
	}

	#seeFrame(frame: ServerFrame): void {
		const {nick} = this;
		this.#own = reduceOwnNick(this.#own, this.id, frame);
		switch (frame.type) {
			case 'welcome': {
				// A host has no connection whose phase would say so.
				this.isWelcome = true;
				this.hasOpened = true;
				break;
			}

			case 'renamed': {
				if (this.nick !== nick) {
					this.#answer('nick');
				}

				break;
			}

			case 'members': {
				// Where renames aren't announced, the list of members is the answer.
				if (this.#question === 'nick') {
					this.#answer('nick');
					this.#own = {
						...this.#own,
						nick: frame.names.find(name => name === this.#wish) ?? nick,
					};
				}

				break;
			}

			case 'found': {
				this.#answer('search');
				break;
			}

			case 'past': {
				this.#answer('past');
				break;
			}

			case 'answered':
			case 'offered': {
				if (frame.code !== undefined || ('failed' in frame && frame.failed)) {
					this.refuse();
				}

				break;
			}

			case 'error': {
				// ERR_RATE refuses nothing: we are read more slowly.
				if (this.#question !== undefined && frame.code !== 'ERR_RATE') {
					this.#question = undefined;
					this.refuse();
				}

				break;
			}

			default: {
				break;
			}
		}
	}

	#answer(question: Question): void {
		if (this.#question === question) {
			this.#question = undefined;
		}
	}

	#look(): void {
		const waiting = this.#waiting;
		this.#waiting = [];
		for (const look of waiting) {
			look();
		}
	}
}
