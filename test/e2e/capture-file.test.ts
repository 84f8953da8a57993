/** `--pcapng FILE` where nothing more can be written: said, and exit code 1. */
import assert from 'node:assert/strict';
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test, {type TestContext} from 'node:test';
import {startPython} from '../helpers/peers.js';
import {findPort} from '../helpers/ports.js';
import {startBin, type RunningProcess} from '../helpers/process.js';
import {openScreen, serveJson} from '../helpers/sockchat.js';

const full = ['--pcapng', '/dev/full'];
const sentence =
	'The capture /dev/full is not complete: no space is left on the device (ENOSPC).';
const failed = {code: 1, signal: undefined};

/** Says something at a port, as a member of its room or in bytes. */
const say = async (
	t: TestContext,
	port: string,
	args: readonly string[] = [],
): Promise<void> => {
	const chat = startBin(t, ['connect', port, '-m', 'hello', ...args]);
	const {code} = await chat.waitForExit();
	assert.equal(code, 0, chat.seen());
};

const leave = async (chat: RunningProcess): Promise<void> => {
	chat.signal('SIGTERM');
	assert.deepEqual(await chat.waitForExit(), failed, chat.seen());
};

const assertSaidOnce = (chat: RunningProcess): void => {
	const text = chat.stdout() + chat.stderr();
	assert.equal(text.split(sentence).length, 2, chat.seen());
};

for (const flags of [[], ['--quiet'], ['--json']]) {
	const how = flags.join(' ') || 'in lines';
	test(`e2e: a full disk under a host's capture, ${how}`, async t => {
		const port = await findPort();
		const host = startBin(t, ['serve', port, ...full, ...flags]);
		await say(t, port, ['--wait']);
		await leave(host);
		assertSaidOnce(host);
	});
}

test("e2e: a full disk under a host's capture at a port of the kernel's", async t => {
	const {server, port} = await serveJson(t, full);
	await say(t, port);
	await leave(server);
	assertSaidOnce(server);
});

test("e2e: a full disk under a member's capture", async t => {
	const {port} = await serveJson(t);
	const member = startBin(t, ['connect', port, ...full]);
	member.writeLine('hello');
	member.end();
	assert.deepEqual(await member.waitForExit(), failed, member.seen());
	assertSaidOnce(member);
});

test('e2e: a full disk under the capture of raw ends', async t => {
	const port = await findPort();
	const server = startBin(t, ['serve', '--raw', port, ...full, '--json']);
	await server.waitForOutput('"phase":"listening"');
	const client = startBin(t, [
		'connect',
		'--raw',
		port,
		...full,
		'-m',
		'hello',
	]);
	await server.waitForOutput('hello');
	await leave(server);
	assert.deepEqual(await client.waitForExit(), failed, client.seen());
	assertSaidOnce(server);
	assertSaidOnce(client);
});

for (const flags of [[], ['--json']]) {
	test(`e2e: a full disk under watch ${flags.join('')}`, async t => {
		const port = await findPort();
		const watch = startBin(t, ['watch', port, ...full, ...flags]);
		await watch.waitForOutput(/nobody listens|"connections":/);
		startPython(t, 'server', [port]);
		await watch.waitForOutput(/accept\(\) blocks|"LISTEN"/);
		startPython(t, 'client', [port]);
		await watch.waitForOutput('ENOSPC', {
			stream: flags.length === 0 ? 'stderr' : 'stdout',
		});
		await leave(watch);
		assertSaidOnce(watch);
	});
}

test('e2e: a full disk under the capture of screens, said when they are gone', async t => {
	const port = await findPort();
	const watch = await openScreen(t, ['watch', port, ...full]);
	const host = await openScreen(t, ['serve', port, ...full]);
	const raw = await findPort();
	const server = await openScreen(t, ['serve', '--raw', raw, ...full]);
	await say(t, port);
	await say(t, raw, ['--raw', '--idle', '1']);
	for (const screen of [watch, host, server]) {
		await screen.waitFor('ENOSPC');
		screen.type('\u0003');
		assert.equal(await screen.waitForExit(), 1);
		await screen.waitFor('The capture /dev/full is not complete');
	}
});

test('e2e: who may not capture is told so, and the code stays', async t => {
	const folder = mkdtempSync(join(tmpdir(), 'sockchat-capture-'));
	t.after(() => {
		rmSync(folder, {recursive: true});
	});
	const {port} = await serveJson(t);
	const member = startBin(t, ['connect', port, ...full], {
		env: {PATH: folder},
	});
	member.end();
	assert.deepEqual(
		await member.waitForExit(),
		{code: 0, signal: undefined},
		member.seen(),
	);
	assert.match(member.stderr(), /^Nothing is captured, as tcpdump is missing/m);
});
