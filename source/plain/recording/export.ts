/** `replay FILE --pcapng OUT`: a recording for Wireshark. */
import {Buffer} from 'node:buffer';
import {closeSync, statSync} from 'node:fs';
import type {Ending, Running} from '../../chat/ending.js';
import {SockchatError} from '../../errors.js';
import type {ReplayOptions} from '../../options/replay.js';
import {display} from '../../protocol/display.js';
import {exportRecording} from '../../recording/export.js';
import {errnoCauseOf, openNewFile, reasonOf, writeAll} from '../../new-file.js';
import type {Summary} from '../../recording/reader.js';
import type {Output} from '../output.js';

const cantWrite = (path: string, cause: unknown) =>
	new SockchatError(
		'ERR_CAPTURE_FILE',
		`The packets can't be written to ${path}: ${reasonOf(cause)}.`,
		{cause: errnoCauseOf(cause)},
	);

const isSameFile = (one: string, other: string): boolean => {
	const [a, b] = [one, other].map(path =>
		statSync(path, {throwIfNoEntry: false}),
	);
	return a !== undefined && a.dev === b?.dev && a.ino === b.ino;
};

/** @throws {SockchatError} `ERR_CAPTURE_FILE`. */
const openTarget = (path: string, recording: string): number => {
	try {
		if (!isSameFile(path, recording)) {
			return openNewFile(path);
		}
	} catch (error) {
		throw cantWrite(path, error);
	}

	throw new SockchatError(
		'ERR_USAGE',
		`--pcapng ${path} is the recording itself; name another file.`,
	);
};

const plural = (count: number, word: string): string =>
	`${count} ${word}${count === 1 ? '' : 's'}`;

/** @throws {SockchatError} If the file can't be opened. */
export const runExport = (
	{file, isJson, isQuiet}: ReplayOptions,
	path: string,
	summary: Summary,
	stdout: Output,
): Running => {
	const target = openTarget(path, file);
	let isLeft = false;
	const run = async (): Promise<Ending> => {
		let packets = -1;
		let isCut = false;
		try {
			for await (const piece of exportRecording(file, summary)) {
				if (isLeft) {
					isCut = true;
					break;
				}

				writeAll(target, Buffer.from(piece));
				// The first piece is the head, which isn't a packet.
				packets++;
			}
		} catch (error) {
			throw error instanceof SockchatError ? error : cantWrite(path, error);
		} finally {
			closeSync(target);
		}

		const isCaptured = summary.packets > 0;
		if (isJson) {
			const event = {type: 'exported', packets, isCaptured, file: path};
			stdout.write(`${JSON.stringify(event)}\n`);
		} else if (!isQuiet) {
			const what = isCaptured
				? plural(packets, 'captured packet')
				: `${plural(packets, 'exported PDU')}, as nothing was captured`;
			stdout.write(display`Wrote ${what}: ${path}\n`);
		}

		return {hasFailed: false, isLate: false, isUnfinished: isCut};
	};

	return {
		ended: run(),
		leave() {
			isLeft = true;
		},
	};
};
