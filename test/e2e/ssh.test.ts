/** Two machines need no engine: a port forwarded by a real sshd. */
import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import {
	mkdirSync,
	mkdtempSync,
	readFileSync,
	rmSync,
	writeFileSync,
} from 'node:fs';
import {tmpdir, userInfo} from 'node:os';
import {join} from 'node:path';
import process from 'node:process';
import {test, type TestContext} from 'node:test';
import {openClient} from '../helpers/client.js';
import {requireExecutable} from '../helpers/environment.js';
import {findPort} from '../helpers/ports.js';
import {startBin, startProcess} from '../helpers/process.js';
import {loopback, serveJson} from '../helpers/sockchat.js';

// It insists on an absolute path.
const sshd = '/usr/sbin/sshd';

/** An sshd that lets this user in by a key of its own. */
const startSshd = async (t: TestContext) => {
	const ssh = requireExecutable('ssh', 'openssh-client');
	const keygen = requireExecutable('ssh-keygen', 'openssh-client');
	if (process.getuid!() === 0) {
		// Where it starts as a service, its unit makes it.
		mkdirSync('/run/sshd', {recursive: true, mode: 0o755});
	}

	const folder = mkdtempSync(join(tmpdir(), 'sockchat-ssh-'));
	t.after(() => {
		rmSync(folder, {recursive: true, force: true});
	});
	for (const name of ['host', 'user']) {
		execFileSync(keygen, [
			'-q',
			'-t',
			'ed25519',
			'-N',
			'',
			'-f',
			join(folder, name),
		]);
	}

	const keys = join(folder, 'authorized');
	writeFileSync(keys, readFileSync(join(folder, 'user.pub')), {mode: 0o600});
	const port = await findPort();
	const config = join(folder, 'sshd_config');
	writeFileSync(
		config,
		[
			`Port ${port}`,
			'ListenAddress 127.0.0.1',
			`HostKey ${folder}/host`,
			`AuthorizedKeysFile ${keys}`,
			'PidFile none',
			'StrictModes no',
			'UsePAM no',
			'PermitRootLogin prohibit-password',
			'AllowTcpForwarding local',
			'',
		].join('\n'),
	);
	const daemon = startProcess(t, sshd, ['-D', '-e', '-f', config]);
	await daemon.waitForOutput('Server listening', {stream: 'stderr'});
	return {
		/** `ssh -L NEAR:127.0.0.1:FAR HOST`, with what a test needs besides. */
		async forward(near: string, far: string) {
			const client = startProcess(t, ssh, [
				'-N',
				'-v',
				'-F',
				'none',
				'-p',
				port,
				'-i',
				join(folder, 'user'),
				'-o',
				'StrictHostKeyChecking=no',
				'-o',
				`UserKnownHostsFile=${folder}/known`,
				'-o',
				'BatchMode=yes',
				'-L',
				`127.0.0.1:${near}:127.0.0.1:${far}`,
				`${userInfo().username}@127.0.0.1`,
			]);
			await client.waitForOutput('Entering interactive session', {
				stream: 'stderr',
			});
			return client;
		},
	};
};

test('ssh: through ssh -L, a room on another machine is a room on this one', async t => {
	const far = await serveJson(t, ['--nick', 'otter']);
	const {forward} = await startSshd(t);
	const near = await findPort();
	await forward(near, far.port);
	const heron = openClient(t, loopback(near), 'heron');
	await heron.untilPhase('open');
	heron.client.say('from here');
	await heron.untilStored();
	await far.server.waitForOutput('"text":"from here"');
	far.server.writeLine('from there');
	await heron.until('it', () => heron.said().includes('from there'));
});

test('ssh: a room with a token needs the same port number on both sides', async t => {
	const folder = mkdtempSync(join(tmpdir(), 'sockchat-ssh-'));
	t.after(() => {
		rmSync(folder, {recursive: true, force: true});
	});
	const token = join(folder, 'token');
	writeFileSync(token, 'a'.repeat(64), {mode: 0o600});
	const far = await serveJson(t, ['--token-file', token]);
	const {forward} = await startSshd(t);
	const near = await findPort();
	await forward(near, far.port);
	const shot = startBin(t, [
		'connect',
		'--port',
		near,
		'--token-file',
		token,
		'--message',
		'hello',
	]);
	// The port is in the proof, so that no program can pass a proof on.
	assert.equal((await shot.waitForExit()).code, 1);
	assert.match(shot.stderr(), /prove that it knows/);
});
