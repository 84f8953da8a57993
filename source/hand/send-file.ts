/**
 * Sends a file as it is, at the pace of the other side, and says how much of it
 * was sent: all, or where it stopped.
 *
 * Bytes that were given to Node can't be taken back. So when it is stopped, those
 * that still wait for the kernel are named, as they go out later.
 */
import {Buffer} from 'node:buffer';
import {constants} from 'node:fs';
import {open, type FileHandle} from 'node:fs/promises';
import {basename} from 'node:path';
import type {RawChat} from '../chat/open-raw.js';
import type {SendingFile} from '../event/event.js';
import {done, refused, type Answer} from '../tcp/socket-action.js';

export type FileSenderOptions = {
	readonly chat: Pick<
		RawChat,
		'write' | 'whyNotSent' | 'bytesTaken' | 'flushed' | 'receivers' | 'peers'
	>;
	/** Called for each piece, and with undefined at the end. */
	readonly onProgress: (progress: SendingFile | undefined) => void;
	/** Called with each piece before it is written. */
	readonly onPiece?: (piece: Buffer) => void;
};

const pieceBytes = 64 * 1024;

const reasons: Readonly<Record<string, string>> = {
	ENOENT: 'there is no such file (ENOENT)',
	EACCES: 'permission denied (EACCES)',
};

const reasonOf = (error: unknown): string => {
	const {code = '', message} = error as NodeJS.ErrnoException;
	return reasons[code] ?? message;
};

const bytesOf = (count: number): string =>
	count === 1 ? '1 byte' : `${count} bytes`;

type Opened = {readonly file: FileHandle; readonly totalBytes: number};

/** @returns What is sent, or why it can't be. */
const openFile = async (path: string): Promise<Opened | string> => {
	try {
		// Without O_NONBLOCK, opening a named pipe waits for its writer.
		const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
		const stat = await file.stat();
		if (stat.isFile()) {
			return {file, totalBytes: stat.size};
		}

		await file.close();
		return 'it is not a regular file';
	} catch (error) {
		return reasonOf(error);
	}
};

export class FileSender {
	readonly #options: FileSenderOptions;
	#stop: (() => void) | undefined;
	#answer: Promise<Answer> | undefined;

	constructor(options: FileSenderOptions) {
		this.#options = options;
	}

	get isSending(): boolean {
		return this.#stop !== undefined;
	}

	/** What will be said of the file that is being sent; undefined without one. */
	get answer(): Promise<Answer> | undefined {
		return this.isSending ? this.#answer : undefined;
	}

	/** @returns Whether there was something to stop. */
	stop(): boolean {
		const {isSending} = this;
		this.#stop?.();
		return isSending;
	}

	/**
	 * Settles once all is sent, or no more will be.
	 *
	 * @param to Of a server: the only peer that gets it; undefined for all.
	 */
	async send(path: string, to?: string): Promise<Answer> {
		const {chat} = this.#options;
		const unsent = this.isSending
			? 'A file is being sent; /stop stops it.'
			: chat.whyNotSent(to);
		if (unsent !== undefined) {
			return refused(unsent);
		}

		const stopped = new Promise<'stopped'>(resolve => {
			this.#stop = () => {
				resolve('stopped');
			};
		});
		this.#answer = this.#sendFile(path, to, stopped);
		return this.#answer;
	}

	async #sendFile(
		path: string,
		to: string | undefined,
		stopped: Promise<'stopped'>,
	): Promise<Answer> {
		const {onProgress} = this.#options;
		try {
			const opened = await openFile(path);
			if (typeof opened === 'string') {
				return refused(`Can't send ${path}: ${opened}.`);
			}

			try {
				return await this.#sendAll(path, opened, {
					stopped,
					to: this.#soleReceiver(to),
				});
			} finally {
				await opened.file.close();
			}
		} finally {
			this.#stop = undefined;
			onProgress(undefined);
		}
	}

	/** A peer that comes meanwhile would get half a file. */
	#soleReceiver(to: string | undefined): string | undefined {
		const {chat} = this.#options;
		const peers = chat.peers();
		return peers.length === 1 ? peers[0] : to;
	}

	async #sendAll(
		path: string,
		{file, totalBytes}: Opened,
		{
			stopped,
			to,
		}: {
			readonly stopped: Promise<'stopped'>;
			readonly to: string | undefined;
		},
	): Promise<Answer> {
		const {chat, onProgress, onPiece} = this.#options;
		const name = basename(path);
		const takenBefore = chat.bytesTaken();
		let given = 0;
		let written: Promise<void> = Promise.resolve();
		const peers = chat.receivers(to).count;
		// For one, also once it has gone; of several, what each has.
		const taken = () =>
			peers === 1
				? Math.min(given, chat.bytesTaken() - takenBefore)
				: given - chat.receivers(to).queuedBytes;
		const toEach = peers > 1 ? ` to each of ${peers} peers` : '';
		const of = () => `of ${bytesOf(Math.max(totalBytes, given))} of ${name}`;
		for (;;) {
			onProgress({name, sentBytes: given, totalBytes});
			const piece = Buffer.allocUnsafe(pieceBytes);
			let bytesRead = 0;
			try {
				// eslint-disable-next-line no-await-in-loop -- in the order of the file
				({bytesRead} = await file.read(piece, 0, pieceBytes));
			} catch (error) {
				return refused(
					`${path} can't be read any more: ${reasonOf(error)}. ${taken()} ${of()} were sent${toEach}.`,
				);
			}

			const isOver = bytesRead === 0;
			if (!isOver) {
				given += bytesRead;
				const bytes = piece.subarray(0, bytesRead);
				onPiece?.(bytes);
				written = chat.write(bytes, to);
			}

			// eslint-disable-next-line no-await-in-loop -- at the other side's pace
			const outcome = await Promise.race([
				stopped,
				isOver ? chat.flushed() : written,
			]);
			if (outcome === 'stopped') {
				const waiting = given - taken();
				const rest =
					waiting > 0
						? `; ${waiting} more wait in this side's queue and still go out`
						: '';
				return done(`Stopped: ${taken()} ${of()} were sent${toEach}${rest}.`);
			}

			const unsent = chat.whyNotSent(to);
			if (unsent !== undefined && peers > 1) {
				return refused(
					`Not all of ${name} was sent: the ${peers} peers have left.`,
				);
			}

			if (unsent !== undefined && taken() < Math.max(totalBytes, given)) {
				return refused(
					`Not all of ${name} was sent: the kernel took ${taken()} ${of()}. ${unsent}`,
				);
			}

			if (isOver) {
				return done(`Sent ${name}: ${bytesOf(given)}${toEach}.`);
			}
		}
	}
}
