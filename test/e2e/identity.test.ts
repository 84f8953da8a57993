import assert from 'node:assert/strict';
import {mkdtempSync, readdirSync, rmSync, statSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test, {type TestContext} from 'node:test';
import {startBin, type RunningProcess} from '../helpers/process.js';
import {serveJson} from '../helpers/sockchat.js';
import {until} from '../helpers/until.js';

/** A state folder that several processes share, as those of one user do. */
const sharedState = (t: TestContext): {XDG_STATE_HOME: string} => {
	const folder = mkdtempSync(join(tmpdir(), 'sockchat-state-'));
	t.after(() => {
		rmSync(folder, {recursive: true, force: true});
	});
	return {XDG_STATE_HOME: folder};
};

type Said = {text: string; from: string; id: string; n: number};

/** The messages that a JSON program has printed, in order. */
const saidIn = (program: RunningProcess): Said[] =>
	program
		.stdout()
		.split('\n')
		.filter(line => line.startsWith('{"type":"message"'))
		.map(line => JSON.parse(line) as Said);

const connectArgs = (port: string, ...rest: readonly string[]) => [
	'connect',
	'--port',
	port,
	...rest,
];

const joined = async (
	t: TestContext,
	port: string,
	env: Record<string, string>,
	...rest: readonly string[]
) => {
	const client = startBin(t, connectArgs(port, '--json', ...rest), {env});
	const nick = await client.waitForOutput(
		/"type":"welcome".*?"nick":"([^"]*)"/,
	);
	return {client, nick};
};

test('identity: after kill -9 the same user is back at once, with its nick, its lines and new ones', async t => {
	const env = sharedState(t);
	const {server, port} = await serveJson(t);
	for (const round of [1, 2, 3]) {
		const {client, nick} = await joined(t, port, env, '--nick', 'otter');
		assert.equal(nick, 'otter');
		client.writeLine(`line a of ${round}`);
		client.writeLine(`line b of ${round}`);
		await server.waitForOutput(`line b of ${round}`);
		client.signal('SIGKILL');
		await client.waitForExit();
	}

	const said = saidIn(server);
	assert.deepEqual(
		said.map(({text}) => text),
		[1, 2, 3].flatMap(round => [`line a of ${round}`, `line b of ${round}`]),
	);
	assert.equal(new Set(said.map(({id}) => id)).size, 1, 'they are all its own');
});

test('identity: the login name, which nobody asked for, lasts too', async t => {
	const env = sharedState(t);
	const {port} = await serveJson(t, ['--nick', 'somebody']);
	const first = await joined(t, port, env);
	first.client.signal('SIGKILL');
	await first.client.waitForExit();
	const second = await joined(t, port, env);
	assert.equal(second.nick, first.nick);
});

test('identity: one-shots by the same user go on counting, and none is dropped', async t => {
	const env = sharedState(t);
	const {server, port} = await serveJson(t);
	for (const text of ['one', 'two', 'three']) {
		const args = connectArgs(port, '--nick', 'otter', '--message', text);
		const shot = startBin(t, args, {env});
		assert.equal((await shot.waitForExit()).code, 0, shot.seen());
		await server.waitForOutput(`"text":"${text}"`);
	}

	assert.deepEqual(
		saidIn(server).map(({n}) => n),
		[1, 2, 3],
	);
});

test('identity: a second process with the nick at the same time has a secret of its own', async t => {
	const env = sharedState(t);
	const {server, port} = await serveJson(t);
	const {client} = await joined(t, port, env, '--nick', 'otter');
	const second = startBin(t, connectArgs(port, '--nick', 'otter'), {env});
	assert.equal((await second.waitForExit()).code, 1);
	assert.match(second.stderr(), /otter/);
	assert.doesNotMatch(second.stderr(), /replaced/);
	client.writeLine('still here');
	await server.waitForOutput('"text":"still here"');
	assert.doesNotMatch(server.stdout(), /"type":"left"/);
});

test('identity: 20 one-shots with one nick at once all send', async t => {
	const env = sharedState(t);
	const {server, port} = await serveJson(t);
	const texts = Array.from({length: 20}, (_, index) => `job ${index + 1}.`);
	const shots = texts.map(text =>
		startBin(t, connectArgs(port, '--nick', 'ci', '--message', text), {env}),
	);
	for (const shot of shots) {
		const {code} = await shot.waitForExit({deadlineMs: 60_000});
		assert.equal(code, 0, shot.seen());
	}

	await until(() => saidIn(server).length >= texts.length, {
		what: 'all of them to be stored',
		seen: server.stdout,
	});
	const said = saidIn(server);
	assert.deepEqual(said.map(({text}) => text).toSorted(), texts.toSorted());
	for (const {from} of said) {
		assert.match(from, /^ci(?:-\d+)?$/);
	}

	const kept = readdirSync(join(env.XDG_STATE_HOME, 'sockchat', 'clients'));
	// None if two began the file at once, and each left it to the other.
	assert.ok(kept.length <= 1, `only "ci" is kept: ${kept.join(' ')}`);
});

test('identity: what is kept is private to the user', async t => {
	const env = sharedState(t);
	const {port} = await serveJson(t);
	await joined(t, port, env, '--nick', 'otter');
	const folder = join(env.XDG_STATE_HOME, 'sockchat', 'clients');
	assert.equal(statSync(folder).mode & 0o777, 0o700);
	const files = readdirSync(folder);
	assert.equal(files.length, 1);
	assert.equal(statSync(join(folder, files[0]!)).mode & 0o777, 0o600);
});

const placesWithoutRoom: Array<[string, Record<string, string | undefined>]> = [
	['no HOME', {HOME: undefined, XDG_STATE_HOME: undefined}],
	['a folder that can not be made', {XDG_STATE_HOME: '/proc/nowhere'}],
];

for (const [name, env] of placesWithoutRoom) {
	test(`identity: with ${name} a client connects as before, and says nothing of it`, async t => {
		const {port} = await serveJson(t);
		const shot = startBin(
			t,
			connectArgs(port, '--nick', 'otter', '--message', 'hello'),
			{env},
		);
		assert.equal((await shot.waitForExit()).code, 0);
		assert.equal(shot.stderr(), '');
	});
}

test('identity: a ban holds when its client starts again', async t => {
	const env = sharedState(t);
	const {server, port} = await serveJson(t, ['--input', 'commands']);
	const {client} = await joined(t, port, env, '--nick', 'otter');
	server.writeLine('/ban otter');
	await client.waitForExit();
	const again = startBin(
		t,
		connectArgs(port, '--nick', 'otter', '--message', 'back'),
		{env},
	);
	assert.equal((await again.waitForExit()).code, 1);
	assert.match(again.stderr(), /banned/);
});
