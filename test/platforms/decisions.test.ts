/** The places of our code that decide by platform, one by one. */
import assert from 'node:assert/strict';
import {mkdtempSync, readdirSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import process from 'node:process';
import {test} from 'node:test';
import {SockchatError} from '../../source/errors.js';
import {historyPath} from '../../source/history/path.js';
import {configPath} from '../../source/options/config/file.js';
import {Admission} from '../../source/server/admission.js';
import {parseSocketPath} from '../../source/socket/address.js';
import {systemClock} from '../../source/socket/clock.js';
import {cappedBacklog} from '../../source/socket/port-holder.js';
import {readTcpInfo} from '../../source/socket/ss.js';
import {readTcpRows} from '../../source/socket/tcp-table.js';
import {startJobControl} from '../../source/ui/terminal/job-control.js';
import {tryCapture} from '../../source/watch/capture.js';
import {startBin} from '../helpers/process.js';
import {platforms, pretend} from '../helpers/platforms.js';

const refusal = (path: string): string => {
	const parsed = parseSocketPath(path);
	return parsed instanceof SockchatError ? parsed.message : '';
};

test('platforms: without /proc there is no table, no cap of the backlog, no figures of ss', async () => {
	assert.equal(await readTcpRows(new Set([1]), '/nowhere'), undefined);
	assert.equal(cappedBacklog(4096, '/nowhere/somaxconn'), 4096);
	assert.equal(
		await readTcpInfo('127.0.0.1:1', '127.0.0.1:2', '/nowhere/ss'),
		undefined,
	);
});

test('platforms: with Node 20 abstract names are refused, with later ones not', t => {
	const {versions} = process;
	const pretendNode = (node: string) => {
		Object.defineProperty(process, 'versions', {value: {...versions, node}});
	};

	t.after(() => {
		Object.defineProperty(process, 'versions', {value: versions});
	});
	for (const old of ['20.17.0', '20.20.2']) {
		pretendNode(old);
		assert.equal(
			refusal('@name'),
			`"@name" can't be a socket's path: Node ${old} fills it up with NULs, which makes it another name; abstract names need Node 22.6 or later.`,
		);
		assert.equal(refusal('./@name'), '');
	}

	for (const later of ['22.6.0', '24.0.0', '100.0.0']) {
		pretendNode(later);
		assert.equal(refusal('@name'), '');
	}
});

for (const platform of platforms) {
	test(`platforms: on ${platform} abstract names are refused`, t => {
		pretend(t, platform);
		assert.match(refusal('@name'), /on Linux only/);
	});

	test(`platforms: on ${platform} users can't be told apart`, t => {
		pretend(t, platform);
		for (const options of [{isSameUser: true}, {maxPerUser: 1}]) {
			assert.throws(() => new Admission(options), {code: 'ERR_OTHER_USER'});
		}

		assert.ok(new Admission({}));
	});

	test(`platforms: on ${platform} no capture is tried`, async t => {
		pretend(t, platform);
		const {program, advice} = await tryCapture(systemClock, [
			['sh', '-c', 'echo started >&2'],
		]);
		assert.equal(program, undefined);
		assert.match(advice!, /needs Linux/);
	});
}

test("platforms: a socket's path is shorter on macOS, and none on Windows", t => {
	const path = `/${'a'.repeat(104)}`;
	assert.equal(refusal(path), '');
	pretend(t, 'darwin');
	assert.match(refusal(path), /105 bytes, and the kernel takes 103/);
	assert.equal(refusal(path.slice(0, 103)), '');
	pretend(t, 'win32');
	assert.match(refusal('room.sock'), /on Windows only ports/);
});

test('platforms: on Windows Ctrl-Z stops nothing', t => {
	const kill = t.mock.method(process, 'kill', () => true);
	pretend(t, 'win32');
	const job = startJobControl(async () => undefined);
	job.suspend();
	job.stop();
	assert.equal(kill.mock.callCount(), 0);
});

test("platforms: Windows' variables name the folders, unless the others do", () => {
	const env = {
		APPDATA: String.raw`C:\Users\otter\AppData\Roaming`,
		LOCALAPPDATA: String.raw`C:\Users\otter\AppData\Local`,
	};
	assert.equal(configPath(env), join(env.APPDATA, 'sockchat', 'config.toml'));
	assert.equal(
		historyPath('127.0.0.1:5001', env),
		join(env.LOCALAPPDATA, 'sockchat', '127.0.0.1-5001.jsonl'),
	);
	assert.equal(
		configPath({...env, HOME: '/home/otter'}),
		'/home/otter/.config/sockchat/config.toml',
	);
	assert.equal(configPath({APPDATA: 'relative'}), undefined);
});

for (const [place, variable, below] of [
	['XDG_CACHE_HOME', 'XDG_CACHE_HOME', ''],
	['.cache in HOME', 'HOME', '.cache'],
	['LOCALAPPDATA', 'LOCALAPPDATA', ''],
] as const) {
	test(`platforms: the compile cache is below ${place} if there is no better place`, async t => {
		const folder = mkdtempSync(join(tmpdir(), 'sockchat-local-'));
		t.after(() => {
			rmSync(folder, {recursive: true, force: true});
		});
		const version = startBin(t, ['--version'], {
			env: {
				HOME: undefined,
				XDG_CACHE_HOME: undefined,
				NODE_DISABLE_COMPILE_CACHE: undefined,
				[variable]: folder,
			},
		});
		version.end();
		assert.equal((await version.waitForExit()).code, 0, version.seen());
		assert.deepEqual(readdirSync(join(folder, below)), ['sockchat']);
	});
}
