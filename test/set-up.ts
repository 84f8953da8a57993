/**
 * Installs what the tests talk to and this machine lacks.
 *
 * On Debian, as root or where sudo asks for no password, it installs the
 * packages; elsewhere it stops with the one line to run. It never waits for
 * input.
 */
import {spawnSync} from 'node:child_process';
import {accessSync, constants} from 'node:fs';
import {delimiter, join} from 'node:path';
import process from 'node:process';
import {installInspector} from './helpers/inspector.js';
import {installWscat} from './helpers/wscat.js';

/** Each program that a test starts, and the Debian package that brings it. */
const packageOf = {
	cc: 'build-essential',
	chromium: 'chromium',
	curl: 'curl',
	dash: 'dash',
	dumpcap: 'wireshark-common',
	fish: 'fish',
	git: 'git',
	jq: 'jq',
	man: 'man-db',
	'nats-server': 'nats-server',
	ncat: 'ncat',
	'nc.openbsd': 'netcat-openbsd',
	openssl: 'openssl',
	prlimit: 'util-linux',
	python3: 'python3',
	socat: 'socat',
	ss: 'iproute2',
	ssh: 'openssh-client',
	sshd: 'openssh-server',
	strace: 'strace',
	'systemd-analyze': 'systemd',
	'systemd-notify': 'systemd',
	'systemd-socket-activate': 'systemd',
	tcpdump: 'tcpdump',
	telnet: 'telnet',
	tmux: 'tmux',
	unshare: 'util-linux',
	zsh: 'zsh',
} as const;

// Not every user's PATH has the folders of the administrator's programs.
const folders = [
	...(process.env['PATH'] ?? '').split(delimiter),
	'/usr/sbin',
	'/sbin',
];

const isExecutable = (path: string): boolean => {
	try {
		accessSync(path, constants.X_OK);
		return true;
	} catch {
		return false;
	}
};

const isInstalled = (program: string): boolean =>
	folders.some(folder => isExecutable(join(folder, program)));

const missing = [
	...new Set(
		Object.entries(packageOf)
			.filter(([program]) => !isInstalled(program))
			.map(([, name]) => name),
	),
];

const run = (command: readonly string[]): boolean => {
	const [program, ...args] = command;
	const {status} = spawnSync(program!, args, {
		stdio: ['ignore', 'inherit', 'inherit'],
		env: {...process.env, DEBIAN_FRONTEND: 'noninteractive'},
	});
	return status === 0;
};

/** What stands before a command that needs root; undefined if it can't be had. */
const asRoot = (): readonly string[] | undefined => {
	if (process.getuid?.() === 0) {
		return [];
	}

	const {status} = spawnSync('sudo', ['--non-interactive', 'true'], {
		stdio: 'ignore',
	});
	return status === 0 ? ['sudo', '--non-interactive'] : undefined;
};

const install = (): boolean => {
	const root = isInstalled('apt-get') ? asRoot() : undefined;
	if (!root) {
		return false;
	}

	console.error(`Installing what the tests talk to: ${missing.join(' ')}`);
	return (
		run([...root, 'apt-get', 'update', '-qq']) &&
		run([
			...root,
			'apt-get',
			'install',
			'--yes',
			'-qq',
			'--no-install-recommends',
			...missing,
		])
	);
};

if (missing.length > 0 && !install()) {
	console.error(
		`The tests need programs that this machine lacks. On Debian: sudo apt-get install ${missing.join(' ')}`,
	);
	process.exitCode = 1;
}

installInspector();
installWscat();
