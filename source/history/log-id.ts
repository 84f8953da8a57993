/** Which log a history file holds, without opening the history. */
import {closeSync} from 'node:fs';
import {trace} from '../trace.js';
import {readAt} from './disk.js';
import {openToLook} from './files.js';
import {logIdIn} from './lines.js';

// The log is the third key of a line that may be megabytes long.
const headBytes = 256;

/** @returns Undefined if it holds none, or can't be read by us. */
export const logIdOf = async (path: string): Promise<string | undefined> => {
	let fd;
	try {
		fd = openToLook(path);
		return logIdIn(await readAt(fd, 0, headBytes));
	} catch (error) {
		trace('no log in %s: %o', path, error);
		return undefined;
	} finally {
		if (fd !== undefined) {
			closeSync(fd);
		}
	}
};

/** Whether a log is that of a relay's stream; a room's own is a random UUID. */
export const isStreamLog = (id: string): boolean => id[14] === '8';
