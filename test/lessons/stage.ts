/** Where a lesson is played: a free port, and `sockchat` in the path. */
import {randomInt} from 'node:crypto';
import {once} from 'node:events';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {createServer} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import type {Owner} from '../helpers/environment.js';
import {bin} from '../helpers/process.js';
import {toShellLine} from '../helpers/shell.js';
import {until} from '../helpers/until.js';

const isFree = async (port: number): Promise<boolean> => {
	const server = createServer();
	try {
		server.listen(port, '127.0.0.1');
		await once(server, 'listening');
		return true;
	} catch {
		return false;
	} finally {
		server.close();
	}
};

/** Below those that the kernel gives to connections. */
export const findPort = async (): Promise<string> => {
	const port = await until(
		async () => {
			const tried = randomInt(10_000, 32_000);
			return (await isFree(tried)) && tried;
		},
		{what: 'a free port'},
	);
	return String(port);
};

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
