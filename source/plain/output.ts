/**
 * All that goes to stdout, and whether it got there.
 *
 * Node takes a write to a file for done when a full disk or a limit on its
 * size let only a part of it in, so files are written here, until the kernel
 * has every byte. A first failure is the last: nothing is written after it,
 * as what follows a hole means nothing.
 */
import type {Buffer} from 'node:buffer';
import {fstatSync, writeSync} from 'node:fs';
import process from 'node:process';
import {Writable} from 'node:stream';
import {isatty} from 'node:tty';
import {SockchatError} from '../errors.js';

/** Whoever read has gone, as in `| head`; or what became of the write. */
export type OutputFailure = 'gone' | SockchatError;

// A terminal that is hung up fails with EIO.
const goneCodes = new Set(['EPIPE', 'ECONNRESET', 'EIO']);

const reasons: Readonly<Record<string, string>> = {
	ENOSPC: 'no space is left there (ENOSPC)',
	EDQUOT: 'the quota is used up (EDQUOT)',
	EFBIG: 'the file is as large as it may be (EFBIG)',
};

const outputFailed = (cause: NodeJS.ErrnoException) =>
	new SockchatError(
		'ERR_OUTPUT',
		`Can't write to stdout: ${reasons[cause.code ?? ''] ?? cause.message}.`,
		{cause},
	);

export class Output {
	readonly isTerminal: boolean;
	failure: OutputFailure | undefined;
	readonly #stream: Writable;
	#onFailure = () => {};

	constructor(stream: Writable & {readonly isTTY?: boolean}) {
		this.#stream = stream;
		this.isTerminal = stream.isTTY === true;
		stream.on('error', (cause: NodeJS.ErrnoException) => {
			if (this.failure !== undefined) {
				return;
			}

			const {code = ''} = cause;
			const isGone = goneCodes.has(code) && (code !== 'EIO' || this.isTerminal);
			this.failure = isGone ? 'gone' : outputFailed(cause);
			this.#onFailure();
		});
	}

	/** @param listener Is called once, also if it has failed already. */
	onFailure(listener: () => void): void {
		this.#onFailure = listener;
		if (this.failure !== undefined) {
			listener();
		}
	}

	/** @returns Whether more may come now; else after `drained()`. */
	write(chunk: string | Uint8Array): boolean {
		return this.failure !== undefined || this.#stream.write(chunk);
	}

	/** Settles when more may be written, or when it has failed. */
	async drained(): Promise<void> {
		await new Promise<void>(resolve => {
			if (this.failure !== undefined || !this.#stream.writableNeedDrain) {
				resolve();
				return;
			}

			const settle = () => {
				this.#stream.off('drain', settle).off('close', settle);
				resolve();
			};

			this.#stream.on('drain', settle).on('close', settle);
		});
	}

	/** Settles once the kernel has all of it, or it has failed. */
	async flush(): Promise<void> {
		await new Promise<void>(resolve => {
			if (this.failure !== undefined) {
				resolve();
				return;
			}

			this.#stream.write('', () => {
				resolve();
			});
		});
	}
}

const fileStream = (fd: number): Writable =>
	new Writable({
		write(chunk: Buffer, _encoding, done) {
			try {
				for (let start = 0; start < chunk.length;) {
					start += writeSync(fd, chunk, start);
				}

				done();
			} catch (error) {
				done(error as Error);
			}
		},
	});

/** A file, or a device such as /dev/null that is no terminal. */
const isFile = (fd: number): boolean => {
	try {
		const stat = fstatSync(fd);
		return stat.isFile() || (stat.isCharacterDevice() && !isatty(fd));
	} catch {
		// It is closed: Node's own stream takes what is written, and drops it.
		return false;
	}
};

/** This process's stdout. */
export const openOutput = (): Output =>
	new Output(
		process.platform !== 'win32' && isFile(1) ? fileStream(1) : process.stdout,
	);
