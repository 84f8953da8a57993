/** Writes what a transcript holds to a new file, as lines. */
import {Buffer} from 'node:buffer';
import {closeSync} from 'node:fs';
import {openNewFile, reasonOf, writeAll} from '../new-file.js';
import {itemAt, type Transcript} from '../store/transcript.js';
import {done, refused, type Answer} from '../tcp/socket-action.js';
import {itemLines} from './transcript-lines.js';
import {pathOfTyped} from './typed-path.js';

export const saveTranscript = (
	typed: string,
	transcript: Transcript,
): Answer => {
	const path = pathOfTyped(typed);
	try {
		const file = openNewFile(path);
		try {
			let count = 0;
			for (let index = transcript.first; index < transcript.end; index++) {
				const lines = itemLines(itemAt(transcript, index)!);
				if (lines === undefined) {
					continue;
				}

				writeAll(file, Buffer.from(lines));
				count++;
			}

			return done(
				`Saved to ${path}: ${count} ${count === 1 ? 'item' : 'items'}.`,
			);
		} finally {
			closeSync(file);
		}
	} catch (error) {
		return refused(`Can't save to ${path}: ${reasonOf(error)}.`);
	}
};
