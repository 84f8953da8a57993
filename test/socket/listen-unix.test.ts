import assert from 'node:assert/strict';
import {
	chmodSync,
	chownSync,
	existsSync,
	lstatSync,
	mkdirSync,
	mkdtempSync,
	readFileSync,
	rmSync,
	symlinkSync,
	writeFileSync,
} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import process from 'node:process';
import {test} from 'node:test';
import type {Address} from '../../source/socket/address.js';
import {requireExecutable, type Owner} from '../helpers/environment.js';
import {startProcess} from '../helpers/process.js';
import {openServer} from '../helpers/room.js';
import {joinWire} from '../helpers/wire-peer.js';

/** A path for a socket, in a folder that is removed after the test. */
const newPath = (owner: Owner) => {
	const folder = mkdtempSync(join(tmpdir(), 'sockchat-test-'));
	owner.after(async () => {
		rmSync(folder, {recursive: true});
	});
	return join(folder, 'room');
};

/** A file's permissions, in octal. */
const modeOf = (path: string) => lstatSync(path).mode.toString(8).slice(-3);

/** Reads the umask without changing it. */
const umask = () =>
	/^Umask:\t(\d+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))![1];

const at = (path: string): Address => ({kind: 'unix', path});

/** Leaves a socket file behind, as a killed server does. */
const leaveBehind = async (owner: Owner, path: string) => {
	const python = startProcess(owner, requireExecutable('python3', 'python3'), [
		'-c',
		'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])',
		path,
	]);
	assert.equal((await python.waitForExit()).code, 0, python.seen());
	assert.ok(lstatSync(path).isSocket());
};

test('unix socket: is for its owner alone, and removed with the server', async t => {
	const path = newPath(t);
	const before = process.umask(0);
	t.after(() => {
		process.umask(before);
	});
	const server = await openServer(t, {address: at(path)});
	assert.equal(modeOf(path), '600');
	assert.equal(umask(), '0000', 'the mask is as it was');
	await joinWire(t, server.address, 'otter');
	server.destroy();
	await server.drain();
	assert.equal(existsSync(path), false);
});

test('unix socket: refuses a folder in which others could replace it', async t => {
	const folder = join(newPath(t), '..');
	const refused = async (path: string, why: string) =>
		assert.rejects(openServer(t, {address: at(path)}), {
			code: 'ERR_SOCKET_PATH',
			message: `"${path}" is not a safe place for a socket: ${why}. Choose a folder of your own, such as ~/.sockchat or $XDG_RUNTIME_DIR.`,
		});
	await refused('/tmp/sockchat-test.sock', 'others may write to /tmp');
	assert.equal(existsSync('/tmp/sockchat-test.sock'), false);

	const inner = join(folder, 'inner');
	mkdirSync(inner);
	for (const mode of [0o770, 0o702, 0o1777]) {
		chmodSync(inner, mode);
		await refused(join(inner, 'a'), `others may write to ${inner}`);
	}

	chmodSync(inner, 0o700);
	symlinkSync(inner, join(folder, 'link'));
	const link = join(folder, 'link');
	if (process.getuid!() === 0) {
		// A link that root owns, such as /var/run, is as safe as its target.
		await openServer(t, {address: at(join(link, 'a'))});
	} else {
		await refused(join(link, 'a'), `${link} is a symbolic link`);
	}

	chmodSync(folder, 0o777);
	await refused(join(inner, 'a'), `others may write to ${folder}`);
	chmodSync(folder, 0o700);
	if (process.getuid!() === 0) {
		chownSync(inner, 65_534, 65_534);
		await refused(
			join(inner, 'a'),
			`${inner} belongs to another user (uid 65534)`,
		);
	}
});

test('unix socket: no other file is created under its mask', async t => {
	const path = newPath(t);
	await leaveBehind(t, path);
	const before = umask();
	// Replacing the old file takes some turns, in which others may write files.
	const opening = openServer(t, {address: at(path)});
	assert.equal(umask(), before);
	await opening;
	assert.equal(modeOf(path), '600');
});

test('unix socket: replaces the file of a killed server', async t => {
	const path = newPath(t);
	await leaveBehind(t, path);
	const server = await openServer(t, {address: at(path)});
	await joinWire(t, server.address, 'otter');
});

test('unix socket: of two servers that find an old file, one serves', async t => {
	const path = newPath(t);
	await leaveBehind(t, path);
	const opened = await Promise.allSettled(
		Array.from({length: 5}, async () => openServer(t, {address: at(path)})),
	);
	const servers = opened.flatMap(result =>
		result.status === 'fulfilled' ? [result.value] : [],
	);
	assert.equal(servers.length, 1);
	for (const result of opened) {
		if (result.status === 'rejected') {
			assert.equal((result.reason as {code: string}).code, 'ERR_SOCKET_TAKEN');
		}
	}

	await joinWire(t, at(path), 'otter');
	assert.equal(servers[0]!.room.memberCount, 1);
});

test('unix socket: leaves one that answers alone', async t => {
	const path = newPath(t);
	const server = await openServer(t, {address: at(path)});
	await assert.rejects(openServer(t, {address: at(path)}), {
		code: 'ERR_SOCKET_TAKEN',
		message: `"${path}" already exists. If a server listens there, join it with: sockchat connect --socket ${path}`,
	});
	await joinWire(t, server.address, 'otter');
});

test('unix socket: never deletes a file that is not a socket', async t => {
	const path = newPath(t);
	writeFileSync(path, 'precious');
	await assert.rejects(openServer(t, {address: at(path)}), {
		code: 'ERR_SOCKET_PATH',
	});
	assert.equal(readFileSync(path, 'utf8'), 'precious');

	const folder = newPath(t);
	mkdirSync(folder);
	await assert.rejects(openServer(t, {address: at(folder)}), {
		code: 'ERR_SOCKET_PATH',
	});
	assert.ok(lstatSync(folder).isDirectory());

	const stale = newPath(t);
	await leaveBehind(t, stale);
	const link = newPath(t);
	symlinkSync(stale, link);
	await assert.rejects(openServer(t, {address: at(link)}), {
		code: 'ERR_SOCKET_TAKEN',
	});
	assert.ok(lstatSync(link).isSymbolicLink());
});

test('unix socket: a missing folder is an error, and is not made', async t => {
	const folder = newPath(t);
	const refused = async (missing: string) => {
		const path = join(missing, 'room.sock');
		await assert.rejects(openServer(t, {address: at(path)}), {
			code: 'ERR_SOCKET_PATH',
			message: `Can't make "${path}": there is no folder ${missing}. Make it with mkdir -m 700, or name another.`,
		});
	};

	await refused(folder);
	await refused(join(folder, 'deeper'));
	assert.equal(existsSync(folder), false);
	writeFileSync(folder, '');
	await refused(join(folder, 'deeper'));
});
