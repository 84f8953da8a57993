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
import {bytesOf, whyUnreadable} from '../errors.js';
import type {SendingFile} from '../event/event.js';
import type {Receivers, Track} from '../raw/peer-name.js';
import {done, refused, type Answer} from '../tcp/socket-action.js';
import type {Losses} from './losses.js';
import {pathOfTyped} from './typed-path.js';

export type FileSenderOptions = {
	readonly chat: Pick<
		RawChat,
		'write' | 'whyNotSent' | 'flushed' | 'receivers' | 'peers'
	>;
	/** Learns of a file that was cut off, and of what waited of a stopped one. */
	readonly losses?: Losses;
	/** How much is read and written at once; a datagram holds less than 64 KiB. */
	readonly pieceBytes?: number | undefined;
	/** Called for each piece, and with undefined at the end. */
	readonly onProgress: (progress: SendingFile | undefined) => void;
	/** Called with each piece before it is written. */
	readonly onPiece?: (piece: Buffer) => void;
};

const usualPieceBytes = 64 * 1024;

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
		return whyUnreadable(error);
	}
};

/**
 * Who gets a file, and how much of it the kernel took for each: those who were
 * there for its first piece, as one who comes later would get half a file.
 */
class Reach {
	/** What waits in Node when it is stopped is no longer in its answer. */
	isStopped = false;
	receivers: Receivers;
	readonly #takenBy = new Map<string | undefined, number>();
	readonly #losses: Losses | undefined;

	constructor(to: Receivers, losses: Losses | undefined) {
		this.receivers = to;
		this.#losses = losses;
	}

	track(piece: Buffer): Track {
		const settleRest = this.#losses?.track(piece);
		return peer => {
			this.#takenBy.set(peer, this.#takenBy.get(peer) ?? 0);
			if (peer !== undefined) {
				this.receivers = new Set(this.#takenBy.keys() as Iterable<string>);
			}

			const settle = settleRest?.(peer);
			return isTaken => {
				this.#takenBy.set(
					peer,
					this.#takenBy.get(peer)! + (isTaken ? piece.length : 0),
				);
				settle?.(isTaken || !this.isStopped);
			};
		};
	}

	/** What each has, of those who are still there; of one, also once it has gone. */
	taken(connected: readonly string[]): number {
		const all = [...this.#takenBy];
		const there = all.filter(([peer]) => connected.includes(peer!));
		const counted = (there.length > 0 ? there : all).map(([, bytes]) => bytes);
		return counted.length > 0 ? Math.min(...counted) : 0;
	}

	/** Those who have less than this. */
	lacking(bytes: number): ReadonlyArray<string | undefined> {
		return [...this.#takenBy]
			.filter(([, taken]) => taken < bytes)
			.map(([peer]) => peer);
	}
}

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
	 * @param path As typed: `~/` is the home folder.
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
		this.#answer = this.#sendFile(pathOfTyped(path), to, stopped);
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
				const answer = await this.#sendAll(path, opened, {stopped, to});
				if (answer.type === 'refused') {
					this.#options.losses?.note(answer.sentence);
				}

				return answer;
			} finally {
				await opened.file.close();
			}
		} finally {
			this.#stop = undefined;
			onProgress(undefined);
		}
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
		const {
			chat,
			onProgress,
			onPiece,
			losses,
			pieceBytes = usualPieceBytes,
		} = this.#options;
		const name = basename(path);
		const reach = new Reach(to, losses);
		let given = 0;
		let written: Promise<void> = Promise.resolve();
		const peers = chat.receivers(to).count;
		const taken = () => reach.taken(chat.peers());
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
					`${path} can't be read any more: ${whyUnreadable(error)}. ${taken()} ${of()} were sent${toEach}.`,
				);
			}

			const isOver = bytesRead === 0;
			if (!isOver) {
				given += bytesRead;
				const bytes = piece.subarray(0, bytesRead);
				onPiece?.(bytes);
				written = chat.write(bytes, reach.receivers, reach.track(bytes));
			}

			// eslint-disable-next-line no-await-in-loop -- at the other side's pace
			const outcome = await Promise.race([
				stopped,
				isOver ? chat.flushed() : written,
			]);
			if (outcome === 'stopped') {
				reach.isStopped = true;
				const waiting = given - taken();
				const rest =
					waiting > 0
						? `; ${waiting} more wait in this side's queue and still go out`
						: '';
				return done(`Stopped: ${taken()} ${of()} were sent${toEach}${rest}.`);
			}

			const unsent = chat.whyNotSent(reach.receivers);
			if (unsent === undefined && !isOver) {
				continue;
			}

			const lacking = reach.lacking(Math.max(totalBytes, given));
			if (lacking.length > 0 && peers > 1) {
				const whom =
					lacking.length === 1
						? lacking[0]
						: `${lacking.length} of ${peers} peers`;
				return refused(
					`Not all of ${name} was sent to ${whom}: the connection ended before.`,
				);
			}

			if (lacking.length > 0) {
				// That it was not sent is said of a part of it.
				const reason = unsent ? ` ${unsent.replace(': not sent.', '.')}` : '';
				return refused(
					`Not all of ${name} was sent: the kernel took ${taken()} ${of()}.${reason}`,
				);
			}

			return done(`Sent ${name}: ${bytesOf(given)}${toEach}.`);
		}
	}
}
