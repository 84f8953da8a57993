/** The files that are to be written, checked before any of them is made. */
import {statSync} from 'node:fs';
import {resolve} from 'node:path';
import type {RawModeOptions} from '../options/options.js';
import {checkNewFile} from '../new-file.js';
import {cantRecord} from '../recording/recorder.js';
import {cantCapture} from '../watch/capture.js';
import {cantLog} from './log.js';

/** @throws {SockchatError} Of the first that can't be made. */
export const checkOutputs = ({
	log,
	record,
	capture,
}: Pick<RawModeOptions, 'log' | 'record' | 'capture'>): void => {
	const seen = new Set<string>();
	for (const [path, describe] of [
		[log, cantLog],
		[record, cantRecord],
		[capture?.file, cantCapture],
	] as const) {
		if (path === undefined) {
			continue;
		}

		try {
			checkNewFile(path);
			const isDevice =
				statSync(path, {throwIfNoEntry: false})?.isCharacterDevice() === true;
			if (seen.has(resolve(path)) && !isDevice) {
				throw new Error('another file is to be written there');
			}
		} catch (error) {
			throw describe(path, error);
		}

		seen.add(resolve(path));
	}
};
