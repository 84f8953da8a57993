/**
 * Checks whether FILE is still the file that we have open.
 *
 * After rm, mv or sed -i each write still succeeds, into a file that nobody will
 * find. So the writer checks before and after each group, and once a second in a
 * quiet room. A check takes 3 µs.
 */
import {Buffer} from 'node:buffer';
import {fstatSync, lstatSync, readSync} from 'node:fs';

export type Fate =
	'ours' | 'removed' | 'renamed' | 'replaced' | 'cut' | 'grown';

export type Lost = Exclude<Fate, 'ours'>;

type Watched = {
	readonly fd: number;
	/** Its valid bytes. */
	readonly length: number;
	/** How far our own writes may have taken it. */
	readonly reach: number;
};

// Each group ends with a sum line, and each sum line with this.
const groupEnd = Buffer.from('"}\n');

/** If the file was emptied and then written, zeros are there. */
const endsInGroup = (fd: number, length: number): boolean => {
	const seen = Buffer.alloc(groupEnd.length);
	readSync(fd, seen, 0, seen.length, length - seen.length);
	return seen.equals(groupEnd);
};

export const fateOf = (path: string, {fd, length, reach}: Watched): Fate => {
	const opened = fstatSync(fd);
	const named = lstatSync(path, {throwIfNoEntry: false});
	if (!named) {
		return opened.nlink === 0 ? 'removed' : 'renamed';
	}

	if (named.ino !== opened.ino || named.dev !== opened.dev) {
		return 'replaced';
	}

	if (opened.size < length || !endsInGroup(fd, length)) {
		return 'cut';
	}

	return opened.size > reach ? 'grown' : 'ours';
};

/** Whether two descriptors are of the same file. */
export const isSameFile = (one: number, other: number): boolean => {
	const [a, b] = [fstatSync(one), fstatSync(other)];
	return a.ino === b.ino && a.dev === b.dev;
};
