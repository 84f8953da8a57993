/**
 * A named pipe, read without a thread: a thread that waits in open(2) or read(2)
 * for a writer would keep the process from exiting.
 */
import {Buffer} from 'node:buffer';
import {closeSync, constants, openSync, readSync, statSync} from 'node:fs';
import {Readable} from 'node:stream';
import {clearTimeout, setTimeout} from 'node:timers';

// Nothing says that a writer has come, or has written more.
const lookAgainMs = 20;

const pieceBytes = 64 * 1024;

/**
 * @returns Undefined if the file isn't one.
 * @throws {Error} If it can't be opened.
 */
export const readNamedPipe = (path: string): Readable | undefined => {
	if (!statSync(path).isFIFO()) {
		return undefined;
	}

	const descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
	// Until somebody has opened it to write, it reads as if it had ended.
	let hadWriter = false;
	let timer: NodeJS.Timeout | undefined;
	return new Readable({
		read() {
			const look = () => {
				try {
					const piece = Buffer.allocUnsafe(pieceBytes);
					const length = readSync(descriptor, piece);
					hadWriter ||= length > 0;
					if (hadWriter) {
						this.push(length > 0 ? piece.subarray(0, length) : null);
						return;
					}
				} catch (error) {
					if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') {
						this.destroy(error as Error);
						return;
					}

					hadWriter = true;
				}

				timer = setTimeout(look, lookAgainMs);
			};

			look();
		},
		destroy(error, done) {
			clearTimeout(timer);
			closeSync(descriptor);
			done(error);
		},
	});
};
