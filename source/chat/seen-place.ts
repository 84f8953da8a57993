/**
 * What was last seen of a room, kept for the next run: a small file of the
 * user's own per address and nick.
 *
 * It is replaced by a rename, so a kill leaves the old one or the new one. If it
 * can't be read or written, the reader only lacks a rule.
 */
import {Buffer} from 'node:buffer';
import {readFileSync, renameSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import process from 'node:process';
import type {Seen} from '../event/event.js';
import {makeFolders} from '../history/files.js';
import {fileName, seenPath} from '../history/path.js';
import {foldNick} from '../protocol/nick.js';
import {lastingAddress, type Address} from '../socket/address.js';
import {trace} from '../trace.js';

export type SeenPlace = {
	/** @returns Undefined if nothing of use is there. */
	readonly read: () => Seen | undefined;
	/** Does nothing if there is nothing new. */
	readonly write: (seen: Seen) => void;
};

const longestLog = 100;

const parse = (text: string): Seen | undefined => {
	const {log, seq, at} = JSON.parse(text) as Partial<Seen>;
	return typeof log === 'string' &&
		log.length <= longestLog &&
		Number.isSafeInteger(seq) &&
		Number.isSafeInteger(at) &&
		// What a Date can be.
		Math.abs(at!) <= 8.64e15
		? {log, seq: seq!, at: at!}
		: undefined;
};

/**
 * @param env Names the user's state folder.
 * @returns Undefined if it doesn't.
 */
export const openSeenPlace = (
	address: Address,
	nick: string,
	env: Readonly<Record<string, string | undefined>>,
): SeenPlace | undefined => {
	const folder = seenPath(env);
	if (folder === undefined) {
		return undefined;
	}

	const place = lastingAddress(address);
	const who = Buffer.from(foldNick(nick)).toString('base64url');
	const path = join(folder, `${fileName(place)}-${who}.json`);
	let last: Seen | undefined;
	return {
		read() {
			last = undefined;
			try {
				last = parse(readFileSync(path, 'utf8'));
			} catch (error) {
				trace('nothing is known to be seen: %o', error);
			}

			return last;
		},
		write(seen) {
			if (last?.log === seen.log && last.seq === seen.seq) {
				return;
			}

			const draft = `${path}.${process.pid}`;
			try {
				makeFolders(folder);
				rmSync(draft, {force: true});
				writeFileSync(draft, `${JSON.stringify(seen)}\n`, {
					mode: 0o600,
					flag: 'wx',
				});
				renameSync(draft, path);
				last = seen;
			} catch (error) {
				trace('what was seen is not kept: %o', error);
			}
		},
	};
};
