/** What scripts and members read of a room whose relay is away. */
import assert from 'node:assert/strict';
import {join} from 'node:path';
import {test, type TestContext} from 'node:test';
import {makeScratch, startNats} from '../helpers/nats.js';
import {findPort} from '../helpers/ports.js';
import {bin, startBin} from '../helpers/process.js';
import {joinScreen, openScreen, serveJson} from '../helpers/sockchat.js';
import {openTerminal, type Terminal} from '../helpers/terminal.js';

const serveAway = async (t: TestContext, ...args: readonly string[]) => {
	const nats = await startNats(t);
	const {server, port} = await serveJson(t, [
		'--room=lab',
		`--relay=${nats.url}`,
		...(args.length > 0 ? args : ['--input=none']),
	]);
	await server.waitForOutput(/"type":"relay".*"phase":"open"/);
	await nats.kill();
	await server.waitForOutput(/"type":"relay".*"phase":"away"/);
	return {nats, server, port};
};

const kept =
	"The room keeps what was said, and shares it once its relay is back: don't send it again.";

test('e2e: a --message that is kept for the relay is not to be sent again', async t => {
	const {nats, server, port} = await serveAway(t);
	const args = ['connect', '--port', port, '--message'];
	const late = startBin(t, [...args, 'late', '--timeout', '5']);
	const stopped = startBin(t, [...args, 'stopped', '--json']);
	await stopped.waitForOutput(/"type":"pending".*"text":"stopped"/);
	stopped.signal('SIGTERM');
	assert.equal((await stopped.waitForExit()).code, 143);
	assert.match(
		stopped.stdout(),
		new RegExp(`"message":"The message was not confirmed as stored. ${kept}"`),
	);

	assert.equal((await late.waitForExit({deadlineMs: 30_000})).code, 3);
	assert.equal(
		late.stderr(),
		`The message was not confirmed as stored within 5 s. ${kept}\n`,
	);
	await nats.start();
	await server.waitForOutput(/"type":"message".*"text":"late"/);
	await server.waitForOutput(/"type":"message".*"text":"stopped"/);
});

/** It is printed in a row as wide as the terminal. */
const inRows = (sentence: string) =>
	new RegExp(sentence.replaceAll(' ', String.raw`\s+`));

/** It leaves without a question, and says what becomes of the line. */
const leavesWith = async (terminal: Terminal, sentence: string, code = 1) => {
	assert.equal(await terminal.waitForExit(), code);
	assert.match(terminal.output(), inRows(sentence));
	assert.doesNotMatch(terminal.output(), /not stored yet/);
};

// At a prompt, Ctrl-C ends as SIGINT does.
for (const [how, leaving, code] of [
	['Ctrl-C', '\u{3}', 130],
	['/quit', '/quit\r', 1],
] as const) {
	test(`e2e: a member whose line is kept for the relay leaves at once by ${how}`, async t => {
		const {nats, server, port} = await serveAway(t);
		const screen = await joinScreen(t, port, 'otter');
		screen.type('from a screen\r');
		await screen.waitFor(/from a screen *◌/);
		screen.type(leaving);
		await leavesWith(screen, `1 line was not confirmed as stored. ${kept}`);

		const plain = openTerminal(
			t,
			bin('connect', '--port', port, '--plain', '--nick', 'heron'),
		);
		await plain.waitFor('You are heron');
		plain.type('one\r');
		await server.waitForOutput(/"type":"pending".*"text":"one"/);
		plain.type('two\r');
		await server.waitForOutput(/"type":"pending".*"text":"two"/);
		// What is kept after its own lines comes after word of them.
		const wren = startBin(t, ['connect', '--port', port, '--nick', 'wren']);
		wren.write('three\n');
		await plain.waitFor('wren (not yet shared): three');
		plain.type(leaving);
		const ofTwo = `2 lines were not confirmed as stored. ${kept}`;
		await leavesWith(plain, ofTwo, code);

		await nats.start();
		for (const text of ['from a screen', 'one', 'two']) {
			await server.waitForOutput(
				new RegExp(`"type":"message".*"text":"${text}"`),
			);
		}
	});
}

const serveOnScreen = async (
	t: TestContext,
	url: string,
	...history: readonly string[]
) =>
	openScreen(t, [
		'serve',
		'--port=0',
		'--nick=otter',
		'--room=lab',
		`--relay=${url}`,
		'--relay-optional',
		...history,
	]);

test('e2e: a host whose line is kept on its disk leaves at once, and shares it later', async t => {
	const nats = await startNats(t);
	const history = `--history=${join(makeScratch(t), 'lab.jsonl')}`;
	const host = await serveOnScreen(t, nats.url, history);
	await host.waitFor('You are otter');
	await nats.kill();
	await host.waitFor('relay away');
	host.type('for later\r');
	await host.waitFor(/for later *◌/);
	host.type('/quit\r');
	await leavesWith(
		host,
		"1 line was not confirmed as stored. The room keeps what was said, and shares it once it is open here again and its relay is back: don't send it again.",
	);
	// What an earlier run left waits, too.
	const between = await serveOnScreen(t, nats.url, history);
	await between.waitFor(/for later *◌/);
	between.type('and this\r');
	await between.waitFor(/and this *◌/);
	between.type('/quit\r');
	await leavesWith(
		between,
		"2 lines were not confirmed as stored. The room keeps what was said, and shares it once it is open here again and its relay is back: don't send it again.",
	);
	await nats.start();
	const again = await serveOnScreen(t, nats.url, history);
	await again.waitFor(/otter +✓? ?for later/);
	await again.waitFor(/and this/);
});

/** A host in memory alone, with a line of a member that has gone since. */
const leftInMemory = async (t: TestContext) => {
	const {server, port} = await serveAway(t, '--no-history', '--input=commands');
	const otto = startBin(t, [
		'connect',
		'--port',
		port,
		'--nick=otto',
		'--message=otto 1',
		'--json',
	]);
	await otto.waitForOutput(/"type":"pending".*"text":"otto 1"/);
	otto.signal('SIGTERM');
	await otto.waitForExit();
	return {server, otto};
};

test('e2e: a member reads that its room has only memory to keep what waits', async t => {
	const {otto} = await leftInMemory(t);
	assert.match(otto.stdout(), /"type":"welcome".*"inMemory":true/);
	assert.match(
		otto.stdout(),
		/"message":"The message was not confirmed as stored. The room keeps what was said in memory alone, and shares it once its relay is back, unless its server ends first: don't send it again\."/,
	);
});

test('e2e: a host whose line is kept in memory alone is asked before it is lost', async t => {
	const nats = await startNats(t);
	const host = await serveOnScreen(t, nats.url, '--no-history');
	await host.waitFor('You are otter');
	await nats.kill();
	await host.waitFor('relay away');
	host.type('for nobody\r');
	await host.waitFor(/for nobody *◌/);
	host.type('/quit\r');
	await host.waitFor(
		'1 line is not stored yet. Ctrl-C again leaves without it.',
	);
	host.press('ctrl-c');
	assert.equal(await host.waitForExit(), 1);
	assert.match(host.output(), /1 line was not confirmed as stored\.\r\n/);
});

const lost =
	'1 line was not confirmed as stored. What the room kept for its relay was in memory alone, and is lost.';

test('e2e: a host in memory alone is asked before lines of its members are lost', async t => {
	for (const how of ['screen', 'plain'] as const) {
		const nats = await startNats(t);
		const port = await findPort();
		const host = openTerminal(
			t,
			bin(
				'serve',
				'--port',
				port,
				'--nick=heron',
				'--room=lab',
				`--relay=${nats.url}`,
				'--no-history',
				...(how === 'plain' ? ['--plain'] : []),
			),
		);
		await host.waitFor('You are heron');
		// Until then it is listed as not yet shared itself.
		await host.waitFor('heron joined');
		await nats.kill();
		const otto = startBin(t, [
			'connect',
			'--port',
			port,
			'--nick=otto',
			'--message=otto 1',
		]);
		await host.waitFor('otto 1');
		otto.signal('SIGTERM');
		await otto.waitForExit();
		// The screen shows who is here, the plain terminal who went.
		await host.waitFor(how === 'plain' ? /ended \(quit\)/ : /1 here · heron/);
		host.type('/quit\r');
		await host.waitFor(
			'1 line is not stored yet. Ctrl-C again leaves without it.',
		);
		host.type('/quit\r');
		assert.equal(await host.waitForExit(), 1);
		assert.match(host.output(), inRows(lost));
	}
});

test('e2e: a host in memory alone says which lines of its members are lost', async t => {
	const {server: quitting} = await leftInMemory(t);
	quitting.write('/quit\n');
	assert.equal((await quitting.waitForExit()).code, 1);
	assert.match(quitting.stdout(), new RegExp(`"message":"${lost}"`));

	const {server: stopped} = await leftInMemory(t);
	stopped.signal('SIGTERM');
	assert.equal((await stopped.waitForExit()).code, 143);
	assert.match(stopped.stdout(), new RegExp(`"message":"${lost}"`));
});

test('e2e: a member of a host in memory alone reads that nothing is on a disk', async t => {
	const {port} = await serveAway(t, '--no-history', '--input=none');
	const writer = startBin(t, ['connect', '--port', port, '--nick', 'writer']);
	writer.write('one\n');
	await writer.waitForOutput(
		'what is said is kept in memory only, and shared once it does.',
		{stream: 'stderr'},
	);
});

test('e2e: a member reads once that the relay takes nothing', async t => {
	const {nats, server, port} = await serveAway(t);
	const reader = startBin(t, [
		'connect',
		'--port',
		port,
		'--plain',
		'--nick=reader',
		'--input=none',
	]);
	await reader.waitForOutput('You are reader', {stream: 'stderr'});
	const writer = startBin(t, ['connect', '--port', port, '--nick', 'writer']);
	writer.write('one\ntwo\n');
	await reader.waitForOutput('writer (not yet shared): two');
	await nats.start();
	await server.waitForOutput(/"type":"message".*"text":"two"/);
	await reader.waitForOutput('writer: two');
	assert.equal(
		reader
			.stderr()
			.match(/relay takes nothing.*\n/g)
			?.join(''),
		'relay takes nothing now: what is said is kept, and shared once it does.\n',
	);
});
