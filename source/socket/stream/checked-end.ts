/**
 * Tells a reset from FIN, where libuv doesn't.
 *
 * Before 1.52 it takes a short read with a hang-up for the end, and never makes
 * the read that would fail with ECONNRESET (libuv/libuv#4997). So the socket is
 * read once more at its end: after FIN this gives the end again, even if a reset
 * came later.
 */
import type {Socket} from 'node:net';
import process from 'node:process';

type Handle = {
	/** @returns 0, or the negative errno. */
	readonly readStart: () => number;
};

const [major = 0, minor = 0] = process.versions.uv.split('.').map(Number);

const isGuessed =
	process.platform !== 'win32' && (major < 1 || (major === 1 && minor < 52));

/** Before anything was read. */
export const checkEnd = (socket: Socket): void => {
	if (!isGuessed) {
		return;
	}

	const push = socket.push.bind(socket);
	let isChecked = false;
	socket.push = (chunk: unknown, encoding?: BufferEncoding) => {
		if (chunk === null && !isChecked) {
			isChecked = true;
			// Node has no public way to read after an end.
			const handle = Reflect.get(socket, '_handle') as
				Partial<Handle> | null | undefined;
			if (handle?.readStart?.() === 0) {
				return false;
			}
		}

		return push(chunk, encoding);
	};
};
