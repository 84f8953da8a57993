/** The host leaves, and a member on a screen opens the room again. */
import assert from 'node:assert/strict';
import {
	mkdtempSync,
	readFileSync,
	readdirSync,
	rmSync,
	writeFileSync,
} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test from 'node:test';
import type {Owner} from '../helpers/environment.js';
import {findPort} from '../helpers/ports.js';
import {startBin} from '../helpers/process.js';
import {joinScreen, loopback, openScreen} from '../helpers/sockchat.js';
import {joinWire} from '../helpers/wire-peer.js';

/** Processes of one user: what they keep is in one folder. */
const openUser = async (owner: Owner) => {
	const state = mkdtempSync(join(tmpdir(), 'sockchat-outlive-'));
	owner.after(async () => {
		rmSync(state, {recursive: true, force: true, maxRetries: 20});
	});
	const port = await findPort();
	const env = {XDG_STATE_HOME: state};
	const open = async (nick: string, ...more: readonly string[]) =>
		openScreen(owner, ['--port', port, '--nick', nick, ...more], {env});
	return {
		port,
		env,
		state,
		open,
		async host(nick = 'heron', ...more: readonly string[]) {
			const host = await open(nick, ...more);
			await host.waitFor(`listening on 127.0.0.1:${port}`);
			return host;
		},
		async join(nick: string, ...more: readonly string[]) {
			const member = await open(nick, ...more);
			await member.waitFor(`You are ${nick} in`);
			return member;
		},
		/** The entries on the disk. */
		entries() {
			const folder = join(state, 'sockchat');
			return readFileSync(join(folder, `127.0.0.1-${port}.jsonl`), 'utf8')
				.split('\n')
				.filter(line => line !== '')
				.map(
					line =>
						JSON.parse(line) as {
							readonly type: string;
							readonly seq?: number;
							readonly text?: string;
							readonly nick?: string;
							readonly reason?: string;
						},
				)
				.filter(({type}) => type !== 'checkpoint' && type !== 'sum');
		},
		files: () => readdirSync(join(state, 'sockchat')),
	};
};

type User = Awaited<ReturnType<typeof openUser>>;

/** Each text is in the file once, and no seq is missing or there twice. */
const assertLog = (user: User, ...texts: readonly string[]) => {
	const entries = user.entries();
	assert.deepEqual(
		entries.map(({seq}) => seq),
		entries.map((_, index) => index + 1),
	);
	assert.deepEqual(
		entries.flatMap(({type, text}) => (type === 'message' ? [text] : [])),
		texts,
	);
	assert.deepEqual(
		user.files().filter(name => /damaged|other/.test(name)),
		[],
	);
};

test('outlive: after a kill -9 a member hosts the room, with its screen, draft and unsent lines', async t => {
	const user = await openUser(t);
	const heron = await user.host();
	const otter = await user.join('otter');
	heron.type('from before\r');
	await otter.waitFor(/heron +from before$/m);
	heron.signal('SIGSTOP');
	otter.type('said to a frozen host\r');
	await otter.waitFor(/said to a frozen host/);
	otter.type('half a sent');
	await otter.waitFor('› half a sent');
	heron.signal('SIGKILL');
	await otter.waitFor('You host this room now: heron left.');
	assert.match(otter.text(), /heron +from before$/m);
	await otter.waitFor('› half a sent');
	otter.type('ence\r');
	await otter.waitFor(/otter +✓? ?half a sentence/);
	const taken = otter.text().split('You host this room now')[1]!;
	assert.doesNotMatch(taken, /You are otter|otter (?:joined|came|left)/);

	const wren = await user.join('wren');
	await otter.waitFor(/wren.* (?:joined|came back)/);
	otter.type('/mute wren\r');
	await otter.waitFor('otter mutes wren');
	otter.type('/help\r');
	await otter.waitFor('/help host');
	otter.type('/peers\r');
	await otter.waitFor(/^[─╭] peers/m);
	assert.match(
		wren.text(),
		/from before.*said to a frozen host.*half a sentence/s,
	);
	assertLog(
		user,
		'from before',
		'said to a frozen host',
		'half a sentence',
		'/me mutes wren',
	);
	assert.deepEqual(
		user
			.entries()
			.flatMap(({type, nick, reason}) =>
				type === 'left' ? [`${nick} ${reason}`] : [],
			),
		['heron shutdown', 'otter shutdown'],
		'those who were in when the host was killed',
	);
});

test('outlive: the host that left is called as it was, not as in an earlier run', async t => {
	const user = await openUser(t);
	const before = await user.host();
	before.type('/nick crane\r');
	await before.waitFor('crane ›');
	before.type('/quit\r');
	await before.waitForExit();
	const heron = await user.host();
	await heron.waitFor('heron ›');
	const otter = await user.join('otter');
	heron.signal('SIGKILL');
	await otter.waitFor('You host this room now: heron left.');
});

test('outlive: when the host quits, those who connected come back to the same log', async t => {
	const user = await openUser(t);
	const heron = await user.host();
	const otter = await user.join('otter');
	const egret = await joinScreen(t, user.port, 'egret');
	egret.type('one\r');
	await heron.waitFor(/egret +one$/m);
	heron.press('ctrl-c');
	await heron.waitFor(
		'2 others are connected; the room goes over to otter. Ctrl-C again leaves.',
	);
	heron.press('ctrl-c');
	assert.equal(await heron.waitForExit(), 0);
	await otter.waitFor('You host this room now: heron left.');
	egret.type('two\r');
	await otter.waitFor(/egret +two$/m);
	await otter.waitFor('egret came back');
	otter.type('three\r');
	await egret.waitFor(/otter +three$/m);
	assert.equal(egret.text().match(/\bone\b/g)?.length, 1);
	assert.doesNotMatch(egret.text(), /another log/);
	assertLog(user, 'one', 'two', 'three');

	otter.signal('SIGTERM');
	assert.equal(await otter.waitForExit(), 0);
	await egret.waitFor('The server has shut down. Trying again.');
});

test('outlive: a room with a token goes over with its token', async t => {
	const user = await openUser(t);
	const path = join(user.state, 'token');
	writeFileSync(path, 'correct horse battery staple', {mode: 0o600});
	const token = ['--token-file', path];
	const heron = await user.host('heron', ...token);
	const otter = await user.join('otter', ...token);
	heron.signal('SIGKILL');
	await otter.waitFor('You host this room now: heron left.');
	const stranger = startBin(t, [
		'connect',
		'--port',
		user.port,
		'-m',
		'let me in',
	]);
	assert.equal((await stranger.waitForExit()).code, 1);
	assert.match(stranger.stderr(), /token/);
	const wren = await user.join('wren', ...token);
	wren.type('inside\r');
	await otter.waitFor(/wren +inside$/m);
});

test('outlive: who has another history, or connected, waits for the server', async t => {
	const user = await openUser(t);
	const heron = await user.host();
	const egret = await joinScreen(t, user.port, 'egret');
	const other = await openScreen(t, ['--port', user.port, '--nick', 'ibis']);
	await other.waitFor('You are ibis in');
	const apart = await user.join('wren', '--no-history');
	heron.signal('SIGKILL');
	for (const member of [egret, other, apart]) {
		await member.waitFor(/waiting|retry in|connecting, attempt 3/);
		assert.doesNotMatch(member.text(), /You host this room/);
	}

	const otter = await user.host('otter');
	for (const nick of ['egret', 'ibis', 'wren']) {
		const row = new RegExp(
			`^[\\d:]+ +[a-z, ]*\\b${nick}\\b[a-z, ]* joined$`,
			'm',
		);
		await otter.waitFor(row, {deadlineMs: 20_000});
	}
});

test('outlive: a server that is started again says that a member has its room', async t => {
	const user = await openUser(t);
	const heron = startBin(
		t,
		['serve', '--json', '--port', user.port, '--nick', 'heron'],
		{env: user.env},
	);
	await heron.waitForOutput('"phase":"listening"');
	const otter = await user.join('otter');
	heron.signal('SIGKILL');
	await otter.waitFor('You host this room now: heron left.');
	const again = startBin(t, ['serve', '--port', user.port], {env: user.env});
	assert.equal((await again.waitForExit()).code, 1);
	assert.equal(
		again.stderr(),
		`127.0.0.1:${user.port} is taken by sockchat (process ${otter.pid}). Choose another port with --port, or join what is there: sockchat connect --port ${user.port}. It is this room: if its host left, a member has opened it again. To serve it yourself, let its members leave first.\n`,
	);
});

test('outlive: the room of one user stays so, and a service is left to its manager', async t => {
	const user = await openUser(t);
	const heron = await user.host('heron', '--same-user', '--room', 'ops');
	const otter = await user.join('otter');
	heron.signal('SIGKILL');
	await otter.waitFor('You host this room now: heron left.');
	const wren = await joinWire(t, loopback(user.port), 'wren');
	assert.equal(wren.welcome.sameUser, true);
	assert.equal(wren.welcome.name, 'ops');
	otter.signal('SIGTERM');
	assert.equal(await otter.waitForExit(), 0);

	const service = startBin(
		t,
		['serve', '--json', '--port', user.port, '--nick', 'heron'],
		{env: {...user.env, NOTIFY_SOCKET: '/nonexistent'}},
	);
	await service.waitForOutput('"phase":"listening"');
	const ibis = await user.join('ibis');
	service.signal('SIGKILL');
	await service.waitForExit();
	await ibis.waitFor(/connecting, attempt 3|retry in/);
	const again = startBin(
		t,
		['serve', '--json', '--port', user.port, '--nick', 'heron'],
		{env: user.env},
	);
	await again.waitForOutput('"nick":"ibis"', {deadlineMs: 20_000});
});
