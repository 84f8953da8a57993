/** The ladder on a real terminal, beside the tutorial's client. */
import assert from 'node:assert/strict';
import {readdirSync, readFileSync} from 'node:fs';
import {connect as dial} from 'node:net';
import {once} from 'node:events';
import test from 'node:test';
import {startPython} from '../helpers/peers.js';
import {findPort} from '../helpers/ports.js';
import {startBin} from '../helpers/process.js';
import {joinScreen, openScreen, serveScreen} from '../helpers/sockchat.js';
import {until} from '../helpers/until.js';

/** What the tutorial's conversation looks like, row by row. */
const converse = async (
	t: Parameters<typeof serveScreen>[0],
	columns: number,
	args: readonly string[],
) => {
	const {terminal, port} = await serveScreen(t, 'otter', {
		args: ['--raw', '--eol', 'none', ...args],
		columns,
		rows: 30,
	});
	const client = startPython(t, 'client', [port]);
	client.writeLine('hello');
	await terminal.waitFor(/← 5 +127\.0\.0\.1:\d+ hello/);
	terminal.type('hi\r');
	await client.waitForOutput('Received from server: hi');
	client.writeLine('quit');
	await client.waitForExit();
	terminal.type('/lifecycle\r');
	await terminal.waitFor(/lifecycle 127/);
	return {terminal, port};
};

for (const columns of [80, 110]) {
	test(`e2e: at ${columns} columns the ladder has what tcpdump captured`, async t => {
		const {terminal} = await converse(t, columns, ['--capture']);
		for (const row of [
			/client +server \(here\)/,
			/│ listen\(4096\)/,
			/\d\d:\d\d\.\d{3} +│─+ SYN seq=0 win=\d+ ─+▸│/,
			/[●○] ESTABLISHED +│◂─+ SYN\+ACK seq=0 ack=1 [^│]*│/,
			/│─+ ACK ack=1 win=\d+ ─+▸│ [●○] ESTABLISHED/,
			/│ accept\(\) → :\d+/,
			/│─+ PSH seq=1 len=5 "hello" [^│]*▸│ recv\(65536\) = 5/,
			/│◂─+ ACK ack=6 [^│]*│/,
			/│◂─+ PSH seq=1 len=2 "hi" [^│]*│ send\(2\) = 2/,
			/│─+ FIN seq=6 ack=3 .*▸│ [●○] CLOSE-WAIT/,
			/shutdown\(SHUT_WR\)/,
			/│◂─+ FIN seq=3 ack=7 [^│]*│ [●○] LAST-ACK/,
			/│─+ ACK ack=4 .*▸│ ● CLOSED/,
			/─▸ captured · ┄▸ read · ·▸ inferred/,
		]) {
			await terminal.waitFor(row);
		}

		const rows = terminal.text().split('\n');
		assert.equal(rows.filter(row => row.includes(' FIN seq')).length, 2);
		assert.doesNotMatch(terminal.text(), /[·┄]▸?│/, 'nothing is inferred');
	});

	test(`e2e: at ${columns} columns the ladder has what follows from the states`, async t => {
		const {terminal} = await converse(t, columns, []);
		for (const row of [
			/│[·┄]+ SYN [·┄]+▸│/,
			/[●○] ESTABLISHED +│◂[·┄]+ SYN\+ACK [·┄]+│/,
			/│[·┄]+ ACK [·┄]+▸│ [●○] ESTABLISHED/,
			// Counted, if ss was quick enough.
			/│[·┄]+ seq=1 len=5 "hello" [·┄]+▸│ recv\(65536\) = 5/,
			/│◂[·┄]+ seq=1 len=2 "hi" [·┄]+│ send\(2\) = 2/,
			/│[·┄]+ FIN [·┄]+▸│ [●○] CLOSE-WAIT/,
			/│◂[·┄]+ FIN [·┄]+│ [●○] LAST-ACK/,
			/│┄+ ACK ┄+▸│ ● CLOSED/,
		]) {
			await terminal.waitFor(row);
		}
	});
}

test('e2e: in a room, a ladder that is opened late begins with the first bytes', async t => {
	const screen = {columns: 110, rows: 40};
	const {terminal: host, port} = await serveScreen(t, 'otter', screen);
	const member = await joinScreen(t, port, 'heron', screen);
	await host.waitFor('heron joined');
	member.type('hello\r');
	await host.waitFor(/heron +hello/);
	for (const terminal of [host, member]) {
		terminal.type('/lifecycle\r');
	}

	// The hello is longer than a heartbeat, and the welcome longer than that.
	await host.waitFor(/recv\(65536\) = [5-9]\d\b/);
	await host.waitFor(/send\((\d{3})\) = \1/);
	await member.waitFor(/send\(([5-9]\d)\) = \1/);
	await member.waitFor(/recv\(65536\) = \d{3}\b/);
	for (const terminal of [host, member]) {
		// Inferred from the calls, or counted: then between them.
		await terminal.waitFor(/│[·┄]+ (?:\d+ segments? )?seq=1 len=\d.*▸│/);
		await terminal.waitFor(/│◂[·┄]+ (?:\d+ segments? )?seq=1 len=\d/);
	}

	assert.doesNotMatch(host.text() + member.text(), /Not kept/);
});

test('e2e: the ladder can be scrolled to its first call and follows again', async t => {
	const {terminal} = await converse(t, 80, ['--capture']);
	await terminal.waitFor(/● CLOSED/);
	terminal.resize(80, 12);
	await until(
		() => {
			const lines = terminal.text().split('\n');
			return lines[0]!.startsWith('●') && lines[11]?.startsWith('›');
		},
		{what: 'the screen of 12 rows', seen: terminal.framed},
	);
	assert.ok(!terminal.text().includes('socket()'));
	// Ctrl-Home.
	terminal.type('\u001B[1;5H');
	await terminal.waitFor(/│ socket\(\)/);
	terminal.type('\u001B[1;5F');
	await terminal.waitFor(/● CLOSED/);
});

/** Programs that capture at a port, by their command lines. */
const capturing = (port: string): readonly string[] =>
	readdirSync('/proc')
		.filter(name => /^\d+$/.test(name))
		.filter(pid => {
			try {
				const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
				return words.includes(`tcp port ${port} and host 127.0.0.1`);
			} catch {
				return false;
			}
		});

test('e2e: a server that is killed leaves no tcpdump behind', async t => {
	const port = await findPort();
	const server = startBin(t, [
		'serve',
		'--raw',
		'--capture',
		'--json',
		'--port',
		port,
	]);
	await server.waitForOutput('"phase":"listening"');
	assert.ok(capturing(port).length > 0);
	server.signal('SIGKILL');
	await until(() => capturing(port).length === 0, {
		what: 'the end of tcpdump',
		seen: () => capturing(port).join(' '),
	});
});

type StepLine = {
	readonly type: string;
	readonly kind?: string;
	readonly evidence?: string;
	readonly segment?: string;
	readonly direction?: string;
	readonly call?: string;
	readonly text?: string;
};

test("e2e: a client's steps have its own segments alone", async t => {
	const port = await findPort();
	const server = startBin(t, ['serve', '--raw', '--json', '--port', port]);
	await server.waitForOutput('"phase":"listening"');
	const client = startBin(t, [
		'connect',
		'--raw',
		'--capture',
		'--json',
		'--events',
		'step',
		'--port',
		port,
	]);
	await client.waitForOutput('"state":"ESTABLISHED"');
	const other = dial(Number(port), '127.0.0.1');
	await once(other, 'connect');
	other.end('of another');
	await once(other.resume(), 'close');
	client.writeLine('mine');
	await client.waitForOutput('"segment":"PSH"');
	client.end();
	assert.deepEqual(await client.waitForExit(), {code: 0, signal: undefined});
	const steps = client
		.stdout()
		.trim()
		.split('\n')
		.map(line => JSON.parse(line) as StepLine);
	const segments = steps
		.filter(({evidence}) => evidence === 'captured')
		.map(({segment, direction}) => `${direction!} ${segment!}`);
	assert.deepEqual(segments.slice(0, 4), [
		'out SYN',
		'in SYN+ACK',
		'out ACK',
		'out PSH',
	]);
	assert.equal(segments.filter(each => each === 'out SYN').length, 1);
	assert.ok(segments.includes('out FIN'));
	assert.ok(!client.stdout().includes('of another'));
	assert.ok(
		steps.some(({call, text}) => call === 'send(5)' && text === 'mine\n'),
	);
});

test('e2e: each attempt that is refused has its SYN and its RST', async t => {
	const port = await findPort();
	const client = startBin(t, [
		'connect',
		'--wait',
		'--capture',
		'--json',
		'--events',
		'step',
		'--port',
		port,
	]);
	const refused = () =>
		[...client.stdout().matchAll(/"segment":"(?<name>SYN|RST)"[^\n]*captured/g)]
			.map(({groups}) => groups?.['name'])
			.slice(0, 4);
	await until(() => refused().length === 4, {
		what: 'two attempts',
		seen: client.seen,
	});
	assert.deepEqual(refused(), ['SYN', 'RST', 'SYN', 'RST']);
});

test('e2e: --capture on a Unix domain socket is wrong usage', async t => {
	const client = startBin(t, ['connect', '--capture', './none.sock']);
	const exit = await client.waitForExit();
	assert.deepEqual(exit, {code: 2, signal: undefined});
	assert.match(client.stderr(), /^[^\n]*has none[^\n]*\n$/);
});

test("e2e: the ladder of a raw server has what the tutorial's client called", async t => {
	const {terminal, port} = await serveScreen(t, 'otter', {
		args: ['--raw', '--eol', 'none'],
		columns: 110,
		rows: 30,
	});
	terminal.type('/lifecycle\r');
	const client = startPython(t, 'client', [port]);
	// Who holds its socket is looked for once that is read.
	await terminal.waitFor(/● ESTABLISHED +│◂┄+ SYN/);
	client.writeLine('hello');
	await terminal.waitFor('"hello"');
	terminal.type('hi\r');
	await client.waitForOutput('Received from server: hi');
	client.writeLine('quit');
	for (const row of [
		/○ connect\(\) +│ +│/,
		/│[·┄]+ SYN [·┄]+▸│/,
		/│[·┄]+ seq=1 len=5 "hello" [·┄]+▸│ recv\(65536\) = 5/,
		/│◂[·┄]+ seq=1 len=2 "hi" [·┄]+│ send\(2\) = 2/,
		// Its process may have ended by the time that its FIN was read.
		/○ close\(\)(?: or exit)? +│ +│/,
		/│[·┄]+ FIN [·┄]+▸│ [●○] CLOSE-WAIT/,
	]) {
		await terminal.waitFor(row);
	}

	const rows = terminal.text().split('\n');
	const placeOf = (row: RegExp) => rows.findIndex(each => row.test(each));
	assert.ok(placeOf(/connect\(\)/) < placeOf(/ SYN /));
	assert.ok(placeOf(/"hello"/) < placeOf(/close\(\)/));
	assert.ok(placeOf(/○ close\(\)/) < placeOf(/ FIN [·┄]+▸/));
});

test("e2e: the ladder of a raw client has what the tutorial's server called", async t => {
	const server = startPython(t, 'server', ['0']);
	const port = await server.waitForOutput(/'127\.0\.0\.1', (\d+)\)/);
	const terminal = await openScreen(
		t,
		['connect', '--raw', '--eol', 'none', port],
		{columns: 110, rows: 30},
	);
	await server.waitForOutput('connection from');
	terminal.type('/lifecycle\r');
	await terminal.waitFor(/│ ?○ accept\(\) → :\d+/);
	terminal.type('hello\r');
	await server.waitForOutput('from connected user: hello');
	server.writeLine('hi');
	await terminal.waitFor(/recv\(65536\) = 2 +│◂[·┄]+ seq=1 len=2 "hi"/);
	terminal.type('/end\r');
	for (const row of [
		/connect\(:\d+\) +│/,
		/│[·┄]+ SYN [·┄]+▸│/,
		/send\(5\) = 5 +│[·┄]+ seq=1 len=5 "hello" [·┄]+▸│/,
		/│[·┄]+ FIN [·┄]+▸│ [●○] CLOSE-WAIT/,
		/│ +│ ○ close\(\)/,
		/│◂[·┄]+ FIN [·┄]+│ [●○] LAST-ACK/,
	]) {
		await terminal.waitFor(row);
	}

	const rows = terminal.text().split('\n');
	const placeOf = (row: RegExp) => rows.findIndex(each => row.test(each));
	assert.ok(placeOf(/accept\(\)/) < placeOf(/"hello"/));
	assert.ok(placeOf(/CLOSE-WAIT/) < placeOf(/○ close\(\)/));
	assert.ok(placeOf(/○ close\(\)/) < placeOf(/│◂[·┄]+ FIN /));
});
