/**
 * What has become of FILE while it is open.
 *
 * A name and an open file part without a word: after rm, mv or sed -i each
 * write still succeeds, into a file that nobody will find. So the writer looks
 * here before and after each group, and once a second while nobody speaks. A
 * look takes 3 µs.
 */
import {Buffer} from 'node:buffer';
import {fstatSync, lstatSync, readSync} from 'node:fs';

export type Fate =
	'ours' | 'removed' | 'renamed' | 'replaced' | 'cut' | 'grown';

export type Lost = Exclude<Fate, 'ours'>;

type Watched = {
	readonly fd: number;
	/** Its bytes that count. */
	readonly length: number;
	/** How far our own writes may have taken it. */
	readonly reach: number;
};

// As each sum line ends, and so each group.
const groupEnd = Buffer.from('"}\n');

/** A file that was emptied and then written to has zeros there. */
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

/** Whether two descriptors lead to one file. */
export const isSameFile = (one: number, other: number): boolean => {
	const [a, b] = [fstatSync(one), fstatSync(other)];
	return a.ino === b.ino && a.dev === b.dev;
};
