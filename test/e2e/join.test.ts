import assert from 'node:assert/strict';
import {mkdtempSync, rmSync} from 'node:fs';
import {createServer} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test from 'node:test';
import {findPort} from '../helpers/ports.js';
import {startBin} from '../helpers/process.js';
import {until} from '../helpers/until.js';
import {openScreen, serveJson, serveScreen} from '../helpers/sockchat.js';

test('e2e: sockchat alone joins the room that is there', async t => {
	const {terminal: otter, port} = await serveScreen(t, 'otter');
	const heron = await openScreen(t, ['--port', port, '--nick', 'heron']);
	await otter.waitFor('heron joined');
	await heron.waitFor('You are heron in');
	heron.type('ahoy\r');
	await otter.waitFor(/heron +ahoy$/m);
	heron.type('/quit\r');
	assert.equal(await heron.waitForExit(), 0);
});

test('e2e: sockchat alone opens the room where nobody listens', async t => {
	const port = await findPort();
	const otter = await openScreen(t, ['--port', port, '--nick', 'otter']);
	await otter.waitFor(`listening on 127.0.0.1:${port}`);
	await otter.waitFor(
		new RegExp(
			String.raw`come in with\n +┆ +sockchat ${port}\n +┆ +nc 127\.0\.0\.1 ${port}$`,
			'm',
		),
	);
	const heron = await openScreen(t, ['--port', port, '--nick', 'heron']);
	await otter.waitFor('heron joined');
	otter.type('welcome\r');
	await heron.waitFor(/otter +welcome$/m);
	await otter.waitForNot('come in with');
});

test('e2e: who asks for a room by name reads what the one that is there is called', async t => {
	for (const [named, words] of [
		[['--room', 'kitchen'], 'and is called kitchen, not attic'],
		[[], "and has no name: it isn't called attic"],
	] as const) {
		const {port} = await serveJson(t, named);
		const args = ['--port', port, '--room', 'attic'];
		const screen = await openScreen(t, args, {columns: 120});
		await screen.waitFor(words);
		const lines = startBin(t, [...args, '--plain', '--input', 'none']);
		await lines.waitForOutput(
			`This room was open already, ${words}. Another port opens another room.\n`,
			{stream: 'stderr'},
		);
	}

	const {port} = await serveJson(t, ['--room', 'attic']);
	const same = startBin(t, ['--port', port, '--room', 'attic', '--plain']);
	await same.waitForOutput(/^You are \S+ in attic /, {stream: 'stderr'});
	same.end();
	assert.equal((await same.waitForExit()).code, 0);
	assert.doesNotMatch(same.stderr(), /open already/);
});

// Several that start and open a room, on a machine that has more to do.
const patient = {deadlineMs: 30_000};

for (const count of [2, 3]) {
	test(`e2e: ${count} started at once end in one room`, async t => {
		const port = await findPort();
		// Of one user, so that they keep the room in the same file as well.
		const state = mkdtempSync(join(tmpdir(), 'sockchat-join-'));
		t.after(() => {
			rmSync(state, {recursive: true, force: true, maxRetries: 20});
		});
		const chats = Array.from({length: count}, (_, index) =>
			startBin(
				t,
				// The first may have spoken before the last came.
				['--json', '--last', '9', '--port', port, '--nick', `member-${index}`],
				{env: {XDG_STATE_HOME: state}},
			),
		);
		await Promise.all(
			chats.map(async (chat, index) => {
				await chat.waitForOutput('"type":"welcome"', patient);
				chat.writeLine(`from ${index}`);
			}),
		);
		// Everybody sees what everybody said, so it is one room.
		await Promise.all(
			chats.flatMap(chat =>
				chats.map(async (_, index) =>
					chat.waitForOutput(`"text":"from ${index}"`, patient),
				),
			),
		);
		const hosts = chats.filter(chat =>
			chat.stdout().includes('"phase":"listening"'),
		);
		assert.equal(hosts.length, 1);

		// A member that came as one leaves at the end of its input; the host stays.
		for (const chat of chats) {
			chat.end();
		}

		const [host] = hosts;
		await Promise.all(
			chats
				.filter(chat => chat !== host)
				.map(async chat => {
					assert.deepEqual(await chat.waitForExit(), {
						code: 0,
						signal: undefined,
					});
				}),
		);
		await until(
			() => host!.stdout().match(/"type":"left"/g)?.length === count - 1,
			{what: 'all members to leave', seen: host!.seen},
		);
		host!.signal('SIGTERM');
		assert.deepEqual(await host!.waitForExit(), {code: 0, signal: undefined});
	});
}

test('e2e: sockchat alone keeps away from what is not a room', async t => {
	const server = createServer(socket => {
		socket.end('220 mail.example ESMTP\r\n');
	});
	await new Promise<void>(resolve => {
		server.listen(0, '127.0.0.1', resolve);
	});
	t.after(() => {
		server.close();
	});
	const {port} = server.address() as {port: number};
	const chat = startBin(t, ['--plain', '--port', String(port)]);
	assert.equal((await chat.waitForExit()).code, 1);
	assert.match(
		chat.stderr(),
		/^This is not a sockchat server: .*220 mail\.example.*\n$/,
	);
});
