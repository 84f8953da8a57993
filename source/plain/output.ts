/**
 * Everything that goes to stdout, and whether it was written.
 *
 * If a disk is full or a file reaches its size limit, Node may report a partial
 * write as complete. Files are therefore written here, until the kernel has
 * every byte. After a failure nothing more is written, as output with a gap
 * would be misleading.
 */
import type {Buffer} from 'node:buffer';
import {fstatSync, writeSync} from 'node:fs';
import process from 'node:process';
import {Writable} from 'node:stream';
import {isatty} from 'node:tty';
import {clause, SockchatError} from '../errors.js';
import {lazy} from '../protocol/lazy.js';

/** `gone` if the reader went away, as in `| head`; else the error. */
export type OutputFailure = 'gone' | SockchatError;

// A terminal that was hung up fails with EIO.
const goneCodes = new Set(['EPIPE', 'ECONNRESET', 'EIO']);

const reasons: Readonly<Record<string, string>> = {
	ENOSPC: 'no space is left on the device (ENOSPC)',
	EDQUOT: 'the disk quota is exceeded (EDQUOT)',
	EFBIG: 'the file has reached its size limit (EFBIG)',
};

const outputFailed = (cause: NodeJS.ErrnoException) =>
	new SockchatError(
		'ERR_OUTPUT',
		`Can't write to stdout: ${reasons[cause.code ?? ''] ?? clause(cause.message)}.`,
		{cause},
	);

export class Output {
	readonly isTerminal: boolean;
	failure: OutputFailure | undefined;
	readonly #open: () => Writable;
	#stream: Writable | undefined;
	#onFailure = () => {};

	/** @param open Called for the first write: a one-shot has nothing to print. */
	constructor(open: () => Writable, isTerminal: boolean) {
		this.#open = open;
		this.isTerminal = isTerminal;
	}

	/** For bytes in bulk: a pipeline, which paces them. */
	get stream(): Writable {
		this.#stream ??= this.#opened();
		return this.#stream;
	}

	/** The reader went away, though nothing was written. */
	noteGone(): void {
		if (this.failure === undefined) {
			this.failure = 'gone';
			this.#onFailure();
		}
	}

	/** @param listener Called once, also if the output has already failed. */
	onFailure(listener: () => void): void {
		this.#onFailure = listener;
		if (this.failure !== undefined) {
			listener();
		}
	}

	/** @returns Whether to write more now; if not, wait for `drained()`. */
	write(chunk: string | Uint8Array): boolean {
		return this.failure !== undefined || this.stream.write(chunk);
	}

	/** Settles when more can be written, or the output has failed. */
	async drained(): Promise<void> {
		await new Promise<void>(resolve => {
			const stream = this.#stream;
			if (this.failure !== undefined || !stream?.writableNeedDrain) {
				resolve();
				return;
			}

			const settle = () => {
				stream.off('drain', settle).off('close', settle);
				resolve();
			};

			stream.on('drain', settle).on('close', settle);
		});
	}

	/** Settles when the kernel has everything, or the output has failed. */
	async flush(): Promise<void> {
		await new Promise<void>(resolve => {
			const stream = this.#stream;
			if (this.failure !== undefined || !stream) {
				resolve();
				return;
			}

			stream.write('', () => {
				resolve();
			});
		});
	}

	#opened(): Writable {
		const stream = this.#open();
		stream.on('error', (cause: NodeJS.ErrnoException) => {
			if (this.failure !== undefined) {
				return;
			}

			const {code = ''} = cause;
			const isGone = goneCodes.has(code) && (code !== 'EIO' || this.isTerminal);
			this.failure = isGone ? 'gone' : outputFailed(cause);
			this.#onFailure();
		});
		return stream;
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

/** Whether it is a file, or a device other than a terminal, as /dev/null. */
const isFile = (fd: number): boolean => {
	try {
		const stat = fstatSync(fd);
		return stat.isFile() || (stat.isCharacterDevice() && !isatty(fd));
	} catch {
		// It is closed; Node's own stream drops what is written.
		return false;
	}
};

const openStdout = (): Writable => {
	if (process.platform !== 'win32' && isFile(1)) {
		return fileStream(1);
	}

	// For a block device or a datagram socket Node's own drops what is written.
	const {stdout} = process as {readonly stdout: Writable};
	return stdout.constructor === Writable ? fileStream(1) : stdout;
};

/** This process's stdout. */
export const openOutput = (): Output => new Output(openStdout, isatty(1));

/** This process's stderr; there is nowhere to report that it is full or closed. */
export const openErrors = lazy((): Writable => {
	process.stderr.on('error', () => {});
	return process.stderr;
});
