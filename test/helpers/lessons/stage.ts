/** Where a lesson is played: `sockchat` in the path. */
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import type {Owner} from '../environment.js';
import {bin} from '../process.js';
import {toShellLine} from '../shell.js';

/** A folder with the built bin as `sockchat`, and the port for its flag. */
export const installBin = (owner: Owner, port: string): string => {
	const folder = mkdtempSync(join(tmpdir(), 'sockchat-lesson-'));
	const {command, args} = bin();
	writeFileSync(
		join(folder, 'sockchat'),
		`#!/bin/sh\nexec ${toShellLine(command, args)} "$@" --port ${port}\n`,
		{mode: 0o755},
	);
	owner.after(async () => {
		rmSync(folder, {recursive: true});
	});
	return folder;
};
