/**
 * As a service of systemd: the socket comes from a unit, and readiness is
 * reported. Python plays systemd; `systemd-analyze` reads the sample units.
 */
import assert from 'node:assert/strict';
import {
	chmodSync,
	existsSync,
	mkdirSync,
	mkdtempSync,
	readFileSync,
	rmSync,
	writeFileSync,
} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import process from 'node:process';
import {test} from 'node:test';
import {fileURLToPath} from 'node:url';
import {
	requireExecutable,
	type Owner,
	type Variables,
} from '../helpers/environment.js';
import {bin, startBin, startProcess} from '../helpers/process.js';

const managerPath = fileURLToPath(
	new URL('../fixtures/systemd/manager.py', import.meta.url),
);
const done = {code: 0, signal: undefined};

type ServiceOptions = {
	readonly args?: readonly string[];
	readonly env?: Variables;
};

/** A manager that has started `sockchat serve` with these sockets. */
const startService = (
	owner: Owner,
	sockets: readonly string[],
	{args = ['--json'], env}: ServiceOptions = {},
) => {
	const {command, args: all} = bin('serve', ...args);
	return startProcess(
		owner,
		requireExecutable('python3', 'python3'),
		[managerPath, ...sockets, '--', command, ...all],
		{env},
	);
};

type Service = ReturnType<typeof startService>;

const portOf = async (service: Service) =>
	service.waitForOutput(/manager: port (\d+)/);

const ready = async (service: Service) =>
	service.waitForOutput('manager: notified READY=1');

const sayTo = async (owner: Owner, where: readonly string[], text: string) => {
	const said = startBin(owner, ['connect', ...where, '-m', text]);
	assert.deepEqual(await said.waitForExit(), done, said.seen());
};

const newFolder = (owner: Owner) => {
	const folder = mkdtempSync(join(tmpdir(), 'sockchat-test-'));
	owner.after(async () => {
		rmSync(folder, {recursive: true});
	});
	return folder;
};

test('systemd: serves on the TCP socket that it was passed', async t => {
	const service = startService(t, ['tcp:127.0.0.1:0']);
	const port = await portOf(service);
	await ready(service);
	await service.waitForOutput(
		`"phase":"listening","host":"127.0.0.1","port":${port}`,
	);
	await service.waitForOutput(
		`manager: notified STATUS=Listening on 127.0.0.1:${port}`,
	);
	await service.waitForOutput(`127.0.0.1-${port}.jsonl`);
	await sayTo(t, ['--port', port], 'by the unit');
	await service.waitForOutput('"text":"by the unit"');
	assert.doesNotMatch(
		service.stdout(),
		/"call":"bind\(\)"/,
		'the manager has called bind(), not the server',
	);

	service.writeLine('stop');
	await service.waitForOutput('manager: notified STOPPING=1');
	await service.waitForOutput('manager: ended 0');
});

test('systemd: status names the room, and the manager that holds its socket', async t => {
	const service = startService(t, ['tcp:127.0.0.1:0']);
	const port = await portOf(service);
	await ready(service);
	const asked = startBin(t, ['status', port]);
	assert.deepEqual(await asked.waitForExit(), done, asked.seen());
	assert.match(
		asked.stdout(),
		/\nsockchat \(pid \d+\) listens; also held by python\S* \(pid \d+\)\n/,
	);
	const asJson = startBin(t, ['status', '--json', port]);
	assert.deepEqual(await asJson.waitForExit(), done, asJson.seen());
	const {program, alsoHeldBy} = JSON.parse(asJson.stdout()) as {
		program: string;
		alsoHeldBy: ReadonlyArray<{pid: number; program: string}>;
	};
	assert.equal(program, 'sockchat');
	assert.deepEqual(
		alsoHeldBy.map(({pid}) => pid),
		[service.pid],
	);
});

test('systemd: is reported ready only once clients get in', async t => {
	const service = startService(t, ['tcp:::1:0']);
	const port = await portOf(service);
	await ready(service);
	const before = service.stdout().split('manager: notified READY=1')[0]!;
	assert.match(before, /"phase":"listening","host":"::1"/);
	await sayTo(t, ['--host', '::1', '--port', port], 'hello');
});

test('systemd: serves again on the same socket, stopped or killed', async t => {
	const path = join(newFolder(t), 'room');
	const service = startService(t, [`unix:${path}`]);
	const where = ['--socket', path];
	await ready(service);
	await sayTo(t, where, 'first');
	let text = '';
	for (const [order, code] of [
		['stop', '0'],
		['kill', '-9'],
	] as const) {
		const from = service.stdout().length;
		service.writeLine(order);
		await service.waitForOutput(new RegExp(`ended ${code}`));
		assert.ok(existsSync(path), 'the socket is the manager’s');

		// Queued in the socket until the service has started.
		text = `after ${order}`;
		const waiting = startBin(t, ['connect', ...where, '-m', text]);
		service.writeLine('start');
		assert.deepEqual(await waiting.waitForExit(), done, waiting.seen());
		const since = service.stdout().slice(from);
		assert.match(
			since,
			/"type":"history".*"head":[1-9]/,
			'the history goes on',
		);
	}

	await service.waitForOutput(`"text":"${text}"`);
});

test('systemd: serves on an abstract socket', async t => {
	const name = `@sockchat-test-${process.pid}`;
	const service = startService(t, [`unix:${name}`]);
	await ready(service);
	await sayTo(t, ['--socket', name], 'without a file');
	await service.waitForOutput('"text":"without a file"');
	service.writeLine('stop');
	await service.waitForOutput('manager: ended 0');
});

test('systemd: a history in use is reported, not the port that was passed', async t => {
	const history = join(newFolder(t), 'room.jsonl');
	const first = startService(t, ['tcp:127.0.0.1:0'], {
		args: ['--json', '--history', history],
	});
	await ready(first);
	const second = startService(t, ['tcp:127.0.0.1:0'], {
		args: ['--plain', '--history', history],
	});
	await second.waitForOutput('manager: ended 1');
	assert.match(second.stderr(), /^[^\n]*room\.jsonl[^\n]*\n$/);
	assert.doesNotMatch(second.stderr(), /is taken/);
});

test('systemd: a raw server takes the socket too', async t => {
	const service = startService(t, ['tcp:127.0.0.1:0'], {
		args: ['--raw', '--json'],
	});
	const port = await portOf(service);
	await ready(service);
	const client = startBin(t, ['connect', '--raw', '--port', port]);
	client.write('exact bytes');
	client.end();
	assert.deepEqual(await client.waitForExit(), done, client.seen());
	await service.waitForOutput('"text":"exact bytes"');
});

for (const [sockets, sentence] of [
	[
		['pipe:'],
		'Descriptor 3 (LISTEN_FDS) is not a listening stream socket that /proc/net shows; a socket unit for sockchat needs ListenStream= and Accept=no.',
	],
	[['udp:127.0.0.1:0'], 'Descriptor 3 (LISTEN_FDS) is not a listening stream'],
	[['bound:127.0.0.1:0'], 'Descriptor 3 (LISTEN_FDS) is not a listening'],
] as const) {
	test(`systemd: refuses ${sockets[0]} in one sentence`, async t => {
		const service = startService(t, sockets, {args: ['--plain']});
		await service.waitForOutput('manager: ended 1');
		assert.ok(service.stderr().startsWith(sentence), service.stderr());
		assert.equal(service.stderr().split('\n').length, 2);
		assert.doesNotMatch(service.stdout(), /READY/);
	});
}

test('systemd: refuses a socket on every address of the machine', async t => {
	// In a network of its own, which leads nowhere.
	const {command, args} = bin('serve', '--plain');
	for (const [host, shown] of [
		['0.0.0.0', '0.0.0.0'],
		['::', '[::]'],
	] as const) {
		const service = startProcess(
			t,
			requireExecutable('unshare', 'util-linux'),
			[
				'-rn',
				requireExecutable('python3', 'python3'),
				managerPath,
				`tcp:${host}:5001`,
				'--',
				command,
				...args,
			],
		);
		await service.waitForOutput('manager: ended 1');
		assert.equal(
			service.stderr(),
			`Descriptor 3 (LISTEN_FDS) listens on ${shown}:5001, and sockchat stays on this machine: give a loopback address, such as ListenStream=127.0.0.1:5001.\n`,
		);
	}
});

test('systemd: of several sockets the first that fits is taken', async t => {
	const path = join(newFolder(t), 'room');
	const service = startService(t, ['pipe:', `unix:${path}`, 'tcp:127.0.0.1:0']);
	await ready(service);
	await sayTo(t, ['--socket', path], 'here');
	assert.equal(
		service.stderr(),
		`3 sockets were passed (LISTEN_FDS); this server takes ${path}.\n`,
	);
});

test('systemd: sockets that were passed to another process are not ours', async t => {
	const service = startService(t, ['tcp:127.0.0.1:0'], {
		args: ['--json', '--port', '0'],
		env: {OWNER: '1'},
	});
	const port = await portOf(service);
	const own = await service.waitForOutput(/"host":"127.0.0.1","port":(\d+)/);
	assert.notEqual(own, port);
});

test('systemd: a count that is no number is one sentence', async t => {
	const service = startService(t, ['tcp:127.0.0.1:0'], {
		args: ['--plain'],
		env: {PASSED: 'many'},
	});
	await service.waitForOutput('manager: ended 1');
	assert.equal(
		service.stderr(),
		'LISTEN_FDS is "many", not a number of descriptors; start sockchat from a socket unit, or unset it.\n',
	);
});

test('systemd: a flag may repeat the address, not contradict it', async t => {
	const wrong = startService(t, ['tcp:127.0.0.1:0'], {
		args: ['--plain', '--port', '1'],
	});
	const port = await portOf(wrong);
	await wrong.waitForOutput('manager: ended 2');
	assert.equal(
		wrong.stderr(),
		`--port contradicts the socket that was passed (LISTEN_FDS), which listens on 127.0.0.1:${port}; leave it out.\n`,
	);

	const path = join(newFolder(t), 'room');
	const right = startService(t, [`unix:${path}`], {
		args: ['--json', '--socket', path],
	});
	await ready(right);
	const host = startService(t, [`unix:${path}2`], {
		args: ['--plain', '--host', '::1'],
	});
	await host.waitForOutput('manager: ended 2');
	assert.match(host.stderr(), /^--host contradicts the socket/);
});

test('systemd: a child process inherits neither sockets nor variables', async t => {
	const folder = newFolder(t);
	const seen = join(folder, 'seen');
	const program = join(folder, 'systemd-notify');
	writeFileSync(
		program,
		`#!/bin/sh\n{ env; ls -l /proc/self/fd; echo end; } > ${seen}.new\nmv ${seen}.new ${seen}\nexit 1\n`,
	);
	chmodSync(program, 0o700);
	const service = startService(t, ['tcp:127.0.0.1:0'], {
		env: {SERVICE_PATH: `${folder}:${process.env['PATH']}`},
	});
	const port = await portOf(service);
	await service.waitForOutput('The service manager was not notified', {
		stream: 'stderr',
	});
	const text = readFileSync(seen, 'utf8');
	assert.match(text, /end\n$/);
	assert.doesNotMatch(text, /LISTEN_|socket:/);
	assert.equal(
		service.stderr(),
		'The service manager was not notified: systemd-notify failed (it ended with 1). Install it, or use Type=exec in the unit.\n',
	);
	await sayTo(t, ['--port', port], 'the server runs');
});

test('systemd: the server runs without systemd-notify', async t => {
	const service = startService(t, ['tcp:127.0.0.1:0'], {
		env: {SERVICE_PATH: newFolder(t)},
	});
	const port = await portOf(service);
	await service.waitForOutput('spawn systemd-notify ENOENT', {
		stream: 'stderr',
	});
	await sayTo(t, ['--port', port], 'the server runs');
	service.writeLine('stop');
	await service.waitForOutput('manager: ended 0');
	assert.equal(service.stderr().split('\n').length, 2, 'it is said once');
});

test('systemd: systemd-socket-activate starts it for the first client', async t => {
	const path = join(newFolder(t), 'room');
	const {command, args} = bin('serve', '--json');
	const service = startProcess(
		t,
		requireExecutable('systemd-socket-activate', 'systemd'),
		['--listen', path, command, ...args],
	);
	await service.waitForOutput('Listening on', {stream: 'stderr'});
	await sayTo(t, ['--socket', path], 'wake up');
	await service.waitForOutput('"text":"wake up"');
});

/** The sample units, with this build as the program. */
const sampleUnits = (owner: Owner) => {
	const folder = newFolder(owner);
	const program = join(folder, 'sockchat');
	writeFileSync(program, `#!/bin/sh\nexec ${bin().args[0]} "$@"\n`);
	chmodSync(program, 0o700);
	const read = (name: string) =>
		readFileSync(
			new URL(`../../docs/systemd/${name}`, import.meta.url),
			'utf8',
		);
	const socket = read('sockchat.socket');
	const service = read('sockchat.service');
	assert.match(service, /^ExecStart=\/usr\/local\/bin\/sockchat /m);
	const here = service.replace('/usr/local/bin/sockchat', program);
	for (const [name, text] of [
		['sockchat.socket', socket],
		['sockchat.service', here],
	] as const) {
		writeFileSync(join(folder, name), text);
	}

	return {folder, socket, service};
};

test('systemd: systemd-analyze has nothing to say about the sample units', async t => {
	const {folder} = sampleUnits(t);
	const analyze = requireExecutable('systemd-analyze', 'systemd');
	for (const unit of ['sockchat.socket', 'sockchat.service']) {
		const verify = startProcess(t, analyze, [
			'verify',
			'--man=no',
			'--recursive-errors=no',
			join(folder, unit),
		]);
		assert.deepEqual(await verify.waitForExit(), done, verify.seen());
		assert.equal(verify.stdout() + verify.stderr(), '');
	}
});

test('systemd: the command of the sample unit serves what its socket gives', async t => {
	const {socket, service} = sampleUnits(t);
	const setting = (text: string, name: string) => {
		const value = new RegExp(`^${name}=(.*)$`, 'm').exec(text)?.[1];
		assert.ok(value, name);
		return value;
	};

	assert.equal(setting(service, 'Type'), 'notify');
	assert.equal(setting(service, 'NotifyAccess'), 'all');
	const path = setting(socket, 'ListenStream');
	assert.match(path, /^\//);
	const state = newFolder(t);
	// As StateDirectory= makes it.
	mkdirSync(join(state, 'sockchat'), {mode: 0o700});
	const here = join(newFolder(t), 'sockchat.sock');
	const words = setting(service, 'ExecStart').split(' ').slice(2);
	const running = startService(t, [`unix:${here}`], {
		args: words,
		env: {XDG_STATE_HOME: state, HOME: undefined},
	});
	await ready(running);
	await sayTo(t, ['--socket', here], 'in the journal?');
	running.writeLine('stop');
	await running.waitForOutput('manager: ended 0');
	assert.doesNotMatch(running.stdout() + running.stderr(), /journal/);
});
