/** What a member asks of the room's log; the answers come as frames. */
import type {Found} from '../protocol/frame.js';
import {checkSearch} from '../protocol/text.js';
import type {FramedSocket} from './framed-socket.js';

export class LogRequests {
	#lastId = 0;
	#lastFound: Found | undefined;

	/** An answer came: the next search without words goes on behind it. */
	found(frame: Found): void {
		this.#lastFound = frame;
	}

	/**
	 * Looks for words in what was said.
	 *
	 * @param text Undefined goes on with older ones of the last search.
	 * @param socket Undefined while there is no welcome.
	 * @returns Why it is not done, if so.
	 */
	search(
		text: string | undefined,
		socket: FramedSocket | undefined,
	): string | undefined {
		if (!socket) {
			return 'There is no connection now.';
		}

		const last = this.#lastFound;
		if (text === undefined && last?.next === undefined) {
			return last
				? `All was looked through for "${last.text}".`
				: 'Search for what? /search TEXT';
		}

		const tooLong = text === undefined ? undefined : checkSearch(text);
		if (tooLong) {
			return tooLong.message;
		}

		const id = ++this.#lastId;
		socket.send(
			text === undefined
				? {type: 'search', id, text: last!.text, before: last!.next!}
				: {type: 'search', id, text},
		);
		return undefined;
	}

	/**
	 * Asks for a page of the log.
	 *
	 * @param before The entry that it is to end before; without it, the first.
	 */
	readPast(before: number | undefined, socket: FramedSocket | undefined): void {
		socket?.send({
			type: 'past',
			id: ++this.#lastId,
			...(before === undefined ? {} : {before}),
		});
	}
}
