/**
 * `--log FILE`: the lines of raw mode as they come. Each is written before the
 * next is shown. After a failure nothing more is written, as a log with a gap
 * would be misleading.
 */
import {Buffer} from 'node:buffer';
import {SockchatError} from '../errors.js';
import type {ChatEvent} from '../event/event.js';
import {startOfNext, unfinishedBytes} from '../protocol/byte-text.js';
import {textWithCommands} from '../protocol/foreign/telnet.js';
import {errnoCauseOf, LateFile, reasonOf} from '../new-file.js';
import {wordsOf} from '../store/notice.js';
import {chunkLines, noticeLines} from './transcript-lines.js';

export const cantLog = (path: string, cause: unknown) =>
	new SockchatError('ERR_LOG', `Can't log to ${path}: ${reasonOf(cause)}.`, {
		cause: errnoCauseOf(cause),
	});

export class LineLog {
	/** Why it is not complete. */
	failure: SockchatError | undefined;
	readonly #path: string;
	readonly #file: LateFile;
	readonly #onFailure: (error: SockchatError) => void;
	/** By direction and peer, the start of a character. */
	readonly #unfinished = new Map<string, Buffer>();

	/**
	 * @param onFailure Called once, if it can't go on.
	 * @throws {SockchatError} `ERR_LOG`, if the file can't be made.
	 */
	constructor(path: string, onFailure: (error: SockchatError) => void) {
		this.#path = path;
		this.#onFailure = onFailure;
		try {
			this.#file = new LateFile(path);
		} catch (error) {
			throw cantLog(path, error);
		}
	}

	see(event: ChatEvent): void {
		const lines = this.#linesOf(event);
		if (lines === undefined || this.failure) {
			return;
		}

		try {
			this.#file.write(Buffer.from(lines));
		} catch (error) {
			this.failure = new SockchatError(
				'ERR_LOG',
				`The log ${this.#path} is not complete: ${reasonOf(error)}.`,
				{cause: error},
			);
			this.#onFailure(this.failure);
		}
	}

	#linesOf(event: ChatEvent): string | undefined {
		if (event.type === 'ended') {
			this.#unfinished.delete(`in ${event.peer}`);
			this.#unfinished.delete(`out ${event.peer}`);
		}

		if (event.type !== 'chunk') {
			const words = wordsOf(event);
			return words && noticeLines(event.at, words.text);
		}

		const {direction, peer = '', bytes} = event;
		const key = `${direction} ${peer}`;
		const before = this.#unfinished.get(key) ?? Buffer.alloc(0);
		const whole = Buffer.concat([before, bytes]);
		const count = unfinishedBytes(whole);
		this.#unfinished.set(key, whole.subarray(whole.length - count));
		const start = startOfNext(before, bytes);
		return chunkLines(event, textWithCommands(start ? whole : bytes));
	}
}
