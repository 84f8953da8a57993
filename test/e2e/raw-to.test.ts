/** `serve --raw`: one of several peers is sent to. */
import assert from 'node:assert/strict';
import {mkdtempSync, rmSync} from 'node:fs';
import {connect, type Socket} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test, {after, type TestContext} from 'node:test';
import {findPort} from '../helpers/ports.js';
import {startBin} from '../helpers/process.js';
import {openScreen} from '../helpers/sockchat.js';
import {until} from '../helpers/until.js';

const done = {code: 0, signal: undefined};
const folder = mkdtempSync(join(tmpdir(), 'sockchat-to-'));
after(() => {
	rmSync(folder, {recursive: true});
});

type Where = {
	readonly port?: number;
	readonly path?: string;
	readonly localPort?: number;
};

const open = (t: TestContext, where: Where) => {
	const socket: Socket = connect({host: '127.0.0.1', ...where} as {
		port: number;
	});
	let got = '';
	socket.setEncoding('utf8').on('data', (text: string) => {
		got += text;
	});
	socket.on('error', () => undefined);
	t.after(() => {
		socket.destroy();
	});
	return {
		socket,
		got: () => got,
		async connected() {
			await until(() => socket.readyState === 'open', {what: 'a connection'});
			return `127.0.0.1:${socket.localPort}`;
		},
		untilGot: async (wanted: string) =>
			until(() => got === wanted, {
				what: JSON.stringify(wanted),
				seen: () => JSON.stringify(got),
			}),
	};
};

for (const output of [[], ['--json']]) {
	const as = output.length > 0 ? 'as JSON' : 'as bytes';

	test(`e2e: --to says which peer gets stdin, ${as}`, async t => {
		const localPort = Number(await findPort());
		const server = startBin(t, [
			'serve',
			'--raw',
			'0',
			'--to',
			String(localPort),
			...output,
		]);
		server.write('for one');
		server.end();
		const port = Number(
			await server.waitForOutput(
				output.length > 0
					? /"phase":"listening".*?"port":(\d+)/
					: /listening on \S+:(\d+)\n/,
				{stream: output.length > 0 ? 'stdout' : 'stderr'},
			),
		);
		const other = open(t, {port});
		await other.connected();
		other.socket.write('I am first');
		await server.waitForOutput('I am first');
		const meant = open(t, {port, localPort});
		await meant.untilGot('for one');
		// Its end is FIN to all.
		await until(() => other.socket.readableEnded, {what: 'FIN'});
		assert.equal(other.got(), '');
		meant.socket.destroy();
		other.socket.destroy();
		server.signal('SIGTERM');
		assert.deepEqual(await server.waitForExit(), done, server.seen());
	});

	test(`e2e: --to counts the peers of a Unix domain socket, ${as}`, async t => {
		const path = join(folder, `socket-${output.length}`);
		const server = startBin(t, [
			'serve',
			'--raw',
			path,
			'--to',
			'2',
			...output,
		]);
		server.write('for the second');
		await server.waitForOutput(/listening/, {
			stream: output.length > 0 ? 'stdout' : 'stderr',
		});
		const first = open(t, {path});
		await server.waitForOutput(/unix:1/, {
			stream: output.length > 0 ? 'stdout' : 'stderr',
		});
		const second = open(t, {path});
		await second.untilGot('for the second');
		assert.equal(first.got(), '');
	});
}

test('e2e: --to excludes what answers all, and --once', async t => {
	for (const [line, sentence] of [
		['serve --to 1', /^--to needs --raw\.\n$/],
		['serve --raw --to 1 --once', /--to names a peer/],
		['serve --raw --to 1 --echo', /--to says who gets stdin/],
	] as const) {
		const server = startBin(t, line.split(' '));
		assert.deepEqual(await server.waitForExit(), {code: 2, signal: undefined});
		assert.match(server.stderr(), sentence);
	}
});

test('e2e: on the screen /to sends to one peer, once or from now on', async t => {
	const screen = await openScreen(t, ['serve', '--raw', '0']);
	const port = Number(await screen.waitFor(/listening on 127\.0\.0\.1:(\d+)/));
	const [one, two] = [open(t, {port}), open(t, {port})];
	const name = await one.connected();
	await two.connected();
	one.socket.write('hello');
	await screen.waitFor('hello');
	// Tab finds it by who spoke last.
	screen.type('/to ');
	screen.press('tab');
	await screen.waitFor(`/to ${name}`);
	screen.type('just you\r');
	await one.untilGot('just you\n');
	screen.type(`/to ${name.split(':')[1]}\r`);
	await screen.waitFor(/What you type goes to \d+ alone; \/to all undoes it/);
	screen.type('and again\r');
	await one.untilGot('just you\nand again\n');
	screen.type('/to all\r');
	await screen.waitFor('What you type goes to all peers');
	screen.type('everybody\r');
	await two.untilGot('everybody\n');
	await one.untilGot('just you\nand again\neverybody\n');
	screen.type('/to 1 nobody\r');
	await screen.waitFor('No peer is called "1": not sent');
	screen.type('/to 1\r');
	await screen.waitFor('Nobody would');
});

test('e2e: while the table of peers is shown, what a line is answered stands below it', async t => {
	const terminal = await openScreen(t, ['serve', '--raw', '--port', '0'], {
		columns: 40,
		rows: 12,
	});
	await terminal.waitFor('listening');
	terminal.type('/peers\r');
	await terminal.waitFor('Nobody is connected.');
	// The socket's answer comes later than the line's end.
	for (const [line, answer] of [
		['/close', /Nobody is connected\..*Nobody is connected\./s],
		['/hex zz', 'Not sent: /hex needs pairs'],
		['/help peers', '/peers'],
	] as const) {
		terminal.type(`${line}\r`);
		await terminal.waitFor(answer);
		assert.match(terminal.text(), /Nobody is connected\./);
	}

	terminal.press('ctrl-c');
	assert.equal(await terminal.waitForExit(), 0);
});
