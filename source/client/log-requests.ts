/** What a member asks the room for; the answers come as frames. */
import type {Found} from '../protocol/frame.js';
import {checkSearch} from '../protocol/text.js';
import type {FramedSocket} from './framed-socket.js';

export class LogRequests {
	/** The socket, after the welcome. */
	readonly #socket: () => FramedSocket | undefined;
	#lastId = 0;
	#lastFound: Found | undefined;

	constructor(socket: () => FramedSocket | undefined) {
		this.#socket = socket;
	}

	/** An answer arrived: the next search without words continues after it. */
	found(frame: Found): void {
		this.#lastFound = frame;
	}

	/**
	 * Searches the log for words.
	 *
	 * @param text Undefined to continue the last search with older entries.
	 * @returns Why it can't be done, if so.
	 */
	search(text: string | undefined): string | undefined {
		const socket = this.#socket();
		if (!socket) {
			return 'There is no connection now.';
		}

		const last = this.#lastFound;
		if (text === undefined && last?.next === undefined) {
			return last
				? `No older matches for "${last.text}".`
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
	 * Searches the log for words.
	 *
	 * @param before Only entries before this seq.
	 * @returns The id that the answer will have.
	 */
	find(text: string, before: number | undefined): number {
		const id = ++this.#lastId;
		this.#socket()?.send({
			type: 'search',
			id,
			text,
			...(before === undefined ? {} : {before}),
		});
		return id;
	}

	/**
	 * Asks who is here.
	 *
	 * @returns The id that the answer will have.
	 */
	callRoll(): number {
		const id = ++this.#lastId;
		this.#socket()?.send({type: 'who', id});
		return id;
	}

	/**
	 * Asks for a page of the log.
	 *
	 * @param before The entry to end before; if undefined, the first page.
	 * @returns The id that the answer will have.
	 */
	readPast(before: number | undefined): number {
		const id = ++this.#lastId;
		this.#socket()?.send({
			type: 'past',
			id,
			...(before === undefined ? {} : {before}),
		});
		return id;
	}
}
