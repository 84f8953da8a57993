/**
 * `--idle`: ends what has been silent for some time. Silence begins with the
 * first connection, and goes on while nobody is connected any more.
 *
 * Node's own timeout of a socket knows each read, each write, and the progress
 * of a write that the kernel takes in parts. Nothing is done for a chunk.
 */
import {setTimeout as startTimer, clearTimeout} from 'node:timers';
import type {Link, LinkStream as Stream} from '../socket/link.js';

const movedOn = ({bytesRead, bytesWritten}: Stream): number =>
	bytesRead + bytesWritten;

export class Silence {
	readonly #idleMs: number | undefined;
	readonly #isHeld: () => boolean;
	readonly #onSilent: () => void;
	/** Each connection, and what had moved on it when it fell silent. */
	readonly #streams = new Map<Stream, number | undefined>();
	#nobody: NodeJS.Timeout | undefined;

	/**
	 * @param isHeld Whether we are the ones who don't read, as our own output is
	 * slow: the other side may have much to say.
	 */
	constructor(
		idleMs: number | undefined,
		isHeld: () => boolean,
		onSilent: () => void,
	) {
		this.#idleMs = idleMs;
		this.#isHeld = isHeld;
		this.#onSilent = onSilent;
	}

	/** @param link Connected. */
	follow({kind, stream}: Link): void {
		const idleMs = this.#idleMs;
		if (idleMs === undefined || kind === 'memory') {
			return;
		}

		clearTimeout(this.#nobody);
		this.#streams.set(stream, undefined);
		stream.setTimeout(idleMs);
		stream.on('timeout', () => {
			this.#streams.set(stream, movedOn(stream));
			this.#look(stream);
		});
		stream.once('close', () => {
			this.#streams.delete(stream);
			if (this.#streams.size === 0) {
				this.#nobody = startTimer(this.#onSilent, idleMs);
			}
		});
	}

	stop(): void {
		clearTimeout(this.#nobody);
		for (const stream of this.#streams.keys()) {
			stream.setTimeout(0);
		}
	}

	#look(last: Stream): void {
		if (this.#isHeld()) {
			last.setTimeout(this.#idleMs!);
			return;
		}

		const isSilent = [...this.#streams].every(
			([stream, moved]) => moved === movedOn(stream),
		);
		if (isSilent) {
			this.#onSilent();
		}
	}
}
