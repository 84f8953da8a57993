/** `sockchat doctor`, in the built program. */
import assert from 'node:assert/strict';
import {
	chmodSync,
	existsSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	rmSync,
	symlinkSync,
	writeFileSync,
} from 'node:fs';
import {createServer} from 'node:net';
import {once} from 'node:events';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import process from 'node:process';
import test, {type TestContext} from 'node:test';
import {findPort} from '../helpers/ports.js';
import {requireExecutable, type Variables} from '../helpers/environment.js';
import {bin, startBin, startProcess} from '../helpers/process.js';
import {serveJson} from '../helpers/sockchat.js';
import {openTerminal} from '../helpers/terminal.js';

type Diagnosis = {
	readonly works: boolean;
	readonly checks: ReadonlyArray<{
		readonly name: string;
		readonly status: string;
		readonly text: string;
	}>;
	readonly settings: ReadonlyArray<Readonly<Record<string, unknown>>>;
};

/** What it says as one JSON object; the exit code agrees with it. */
const diagnose = async (
	t: TestContext,
	args: readonly string[],
	env?: Variables,
) => {
	const doctor = startBin(t, ['doctor', '--json', ...args], {env});
	const exit = await doctor.waitForExit();
	assert.match(doctor.stdout(), /^\{[^\n]*\}\n$/, doctor.seen());
	assert.equal(doctor.stderr(), '');
	const {works, checks, settings} = JSON.parse(doctor.stdout()) as Diagnosis;
	assert.deepEqual(exit, {code: works ? 0 : 1, signal: undefined});
	assert.equal(
		works,
		checks.every(({status}) => status !== 'fails'),
	);
	return {
		works,
		settings,
		of: (name: string) => checks.find(check => check.name === name),
		home: doctor.home,
	};
};

const openFolder = (t: TestContext): string => {
	const folder = mkdtempSync(join(tmpdir(), 'sockchat-doctor-'));
	t.after(() => {
		chmodSync(folder, 0o700);
		rmSync(folder, {recursive: true, force: true});
	});
	return folder;
};

test('e2e: the doctor says what works, and which settings hold by default', async t => {
	const port = await findPort();
	const {works, of, settings, home} = await diagnose(t, [port]);
	assert.equal(works, true);
	assert.equal(of('node')?.text, `${process.version}, ${process.execPath}`);
	assert.equal(of('terminal')?.status, 'note');
	assert.match(of('open files')!.text, /allows \d+ members/);
	assert.equal(of('/proc')?.status, 'ok');
	assert.deepEqual(of('capture'), {
		name: 'capture',
		status: 'ok',
		text: 'tcpdump may read the segments on lo (--capture)',
	});
	assert.equal(of('address')?.text, `127.0.0.1:${port} is free`);
	const history = join(home, 'state', 'sockchat', `127.0.0.1-${port}.jsonl`);
	assert.equal(of('history')?.text, history);
	assert.match(of('config file')!.text, /^none at .*\/sockchat\/config\.toml$/);
	const command = 'sockchat';
	assert.partialDeepStrictEqual(settings, [
		{command, name: 'host', value: '127.0.0.1', from: 'default'},
		{command, name: 'nick', from: 'default'},
		{command, name: 'history', value: history, from: 'default'},
		{command, name: 'port', value: port, from: 'flag'},
	]);
});

test('e2e: the doctor says what to do where nothing may capture', async t => {
	const folder = openFolder(t);
	for (const name of ['tcpdump', 'dumpcap']) {
		writeFileSync(
			join(folder, name),
			'#!/bin/sh\necho "(socket: Operation not permitted)" >&2\nexit 1\n',
			{mode: 0o755},
		);
	}

	const {works, of} = await diagnose(t, [], {PATH: folder});
	assert.equal(works, true, 'all else works');
	assert.equal(of('capture')?.status, 'note');
	assert.match(
		of('capture')!.text,
		/tcpdump may not or can't \(socket: Operation not permitted\): run sockchat as root, or allow it once with sudo setcap /,
	);
});

test('e2e: the doctor names the source of each setting', async t => {
	const folder = openFolder(t);
	mkdirSync(join(folder, 'sockchat'));
	const path = join(folder, 'sockchat', 'config.toml');
	writeFileSync(
		path,
		'nick = "heron"\nquiet = true\n[serve]\nmax-members = 3\n',
	);
	const port = await findPort();
	const env = {
		XDG_CONFIG_HOME: folder,
		SOCKCHAT_PORT: port,
		SOCKCHAT_TOKEN: 'secret',
	};
	const {settings, of} = await diagnose(t, ['--nick', 'otter'], env);
	assert.equal(of('config file')?.text, path);
	const find = (command: string, name: string) =>
		settings.find(row => row['command'] === command && row['name'] === name);
	assert.equal(find('sockchat', 'port')?.['from'], 'SOCKCHAT_PORT');
	assert.equal(find('sockchat', 'nick')?.['from'], 'flag');
	assert.equal(find('sockchat', 'quiet')?.['from'], `${path}, line 2, quiet`);
	assert.equal(
		find('serve', 'max-members')?.['from'],
		`${path}, line 4, max-members`,
	);
	assert.equal(find('connect', 'max-members'), undefined);
	assert.equal(find('sockchat', 'token')?.['from'], 'SOCKCHAT_TOKEN');
	assert.ok(!JSON.stringify(settings).includes('secret'));
	const lines = startBin(t, ['doctor', '--nick', 'otter'], {env});
	assert.equal((await lines.waitForExit()).code, 0);
	assert.ok(
		lines
			.stdout()
			.endsWith(
				`       serve max-members = 3 (${path}, line 4, max-members)\n`,
			),
		lines.seen(),
	);
});

test('e2e: the doctor names who has the port; a room there is fine', async t => {
	const {server, port} = await serveJson(t);
	const room = await diagnose(t, [port]);
	assert.equal(room.works, true);
	assert.equal(
		room.of('address')?.text,
		`127.0.0.1:${port} is taken by sockchat (process ${server.pid}): sockchat joins it`,
	);

	const foreign = createServer();
	foreign.listen(0, '127.0.0.1');
	await once(foreign, 'listening');
	t.after(() => {
		foreign.close();
	});
	const {port: taken} = foreign.address() as {port: number};
	const {works, of} = await diagnose(t, [String(taken)]);
	assert.equal(works, false);
	assert.match(
		of('address')!.text,
		new RegExp(`is taken by \\S+ \\(process ${process.pid}\\)$`),
	);
});

test('e2e: the doctor fails where sockchat would', async t => {
	const folder = openFolder(t);
	const port = await findPort();
	mkdirSync(join(folder, 'sockchat'));
	writeFileSync(
		join(folder, 'sockchat', 'config.toml'),
		'nick = 1\nprot = 2\n',
	);
	const config = await diagnose(t, [port], {XDG_CONFIG_HOME: folder});
	assert.match(
		config.of('config file')!.text,
		/config\.toml, line 2: "prot" is not a key; did you mean port\?$/,
	);

	const value = await diagnose(t, [], {SOCKCHAT_PORT: 'x'});
	assert.match(value.of('settings')!.text, /^SOCKCHAT_PORT: "x" is not a port/);

	// A file where a folder would have to be, and a folder that nobody makes.
	writeFileSync(join(folder, 'file'), '');
	for (const missing of ['file', 'folder']) {
		const history = join(folder, missing, 'room');
		const {of} = await diagnose(t, [port, '--history', history]);
		assert.equal(of('history')?.status, 'fails', history);
	}

	// Nor does serve keep a room in what is no file, or in a link to one.
	symlinkSync('file', join(folder, 'link'));
	for (const history of [folder, '/dev/null', join(folder, 'link')]) {
		const {of} = await diagnose(t, [port, '--history', history]);
		assert.deepEqual(of('history'), {
			name: 'history',
			status: 'fails',
			text: `${history} is not a regular file`,
		});
	}

	const {command, args} = bin('doctor', port);
	const few = startProcess(t, requireExecutable('prlimit', 'util-linux'), [
		'--nofile=40:40',
		command,
		...args,
	]);
	assert.equal((await few.waitForExit()).code, 1, few.seen());
	assert.match(few.stdout(), /^fails {2}open files: This process may have 40/m);
});

test('e2e: the doctor leaves no trace: neither folder nor socket', async t => {
	const folder = openFolder(t);
	const path = join(folder, 'room.sock');
	const {works, of, home} = await diagnose(t, [path]);
	assert.equal(works, true);
	assert.equal(of('address')?.text, `${path} is free`);
	assert.deepEqual(readdirSync(folder), []);

	const room = startBin(t, ['serve', path, '--json', '--no-history']);
	await room.waitForOutput('"listening"');
	const again = await diagnose(t, [path]);
	assert.equal(again.works, true);
	assert.match(again.of('address')!.text, /room\.sock exists; sockchat joins /);
	assert.ok(!existsSync(join(home, 'state')));
});

test('e2e: the doctor describes the terminal', async t => {
	const port = await findPort();
	const doctor = openTerminal(t, {
		...bin('doctor', port),
		columns: 100,
		rows: 40,
	});
	await doctor.waitFor('TERM=xterm-256color, 256 colours, 100×40, UTF-8');
	assert.equal(await doctor.waitForExit(), 0);
});
