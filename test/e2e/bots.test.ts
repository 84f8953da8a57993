/** Commands of bots, as scripts and people have them. */
import assert from 'node:assert/strict';
import {test, type TestContext} from 'node:test';
import {startBin} from '../helpers/process.js';
import {joinScreen, loopback, serveJson} from '../helpers/sockchat.js';
import {joinWire} from '../helpers/wire-peer.js';

const connectArgs = (port: string, ...rest: readonly string[]) => [
	'connect',
	'--port',
	port,
	...rest,
];

/** A bot of two lines of JSON: `deploy`, which the test answers. */
const startBot = async (t: TestContext, port: string) => {
	const bot = startBin(
		t,
		connectArgs(port, '--nick', 'deployer', '--input', 'json', '--json'),
		{},
	);
	bot.writeLine(
		'{"type":"offer","name":"deploy","usage":"web|api","help":"deploy a stage"}',
	);
	await bot.waitForOutput('{"type":"offered","name":"deploy"}');
	return bot;
};

/** A member who has called /deploy of a bot, on a screen. */
const callDeploy = async (t: TestContext) => {
	const {port} = await serveJson(t);
	const bot = await startBot(t, port);
	const otter = await joinScreen(t, port, 'otter', {columns: 80, rows: 24});
	otter.type('/dep');
	await otter.waitFor('deploy a stage (deployer)');
	otter.type('loy web\r');
	const request = Number(
		await bot.waitForOutput(/"type":"command","request":(\d+)/),
	);
	return {port, bot, otter, request};
};

test('bots: a script offers a command by JSON, and answers it on the screen of who asked', async t => {
	const {port} = await serveJson(t);
	const bot = await startBot(t, port);
	const otter = await joinScreen(t, port, 'otter', {columns: 80, rows: 24});
	otter.type('/dep');
	await otter.waitFor('/deploy web|api  deploy a stage (deployer)');
	otter.press('tab');
	otter.type('we\t\r');
	const request = await bot.waitForOutput(
		/"type":"command","request":(\d+),.*"from":"otter",.*"text":"web"/,
	);
	await otter.waitFor(/you → deployer: \/deploy web$/m);
	bot.writeLine(
		`{"type":"answer","request":${request},"text":"web is out\\n\\u001b[31mred"}`,
	);
	await otter.waitFor(/deployer → you: web is out$/m);
	await otter.waitFor('␛[31mred');
	otter.type('/help\r');
	await otter.waitFor(/\/deploy web\|api +deploy a stage \(deployer\)/);
	otter.type('/help deploy\r');
	await otter.waitFor(/\/deploy web\|api {2}deploy a stage/);
	bot.writeLine(`{"type":"answer","request":${request}}`);
	await bot.waitForOutput('"code":"ERR_COMMAND_GONE"');
});

test('bots: an answer that is too long is refused, and a shorter one may follow', async t => {
	const {bot, otter, request} = await callDeploy(t);
	const answer = (text: string) => {
		bot.writeLine(JSON.stringify({type: 'answer', request, text}));
	};

	answer('x'.repeat(1_000_000));
	await bot.waitForOutput('"code":"ERR_TEXT_TOO_LONG"');
	answer('web is out');
	await otter.waitFor(/deployer → you: web is out$/m);
});

test('bots: after kill -9 of the bot its command is gone, and who waits hears so', async t => {
	const {port, bot, otter} = await callDeploy(t);
	bot.signal('SIGKILL');
	await otter.waitFor('The bot of /deploy left before it answered.');
	const heron = await joinWire(t, loopback(port), 'heron');
	heron.send({type: 'commands'});
	assert.deepEqual((await heron.untilFrame('commands')).offered, []);
	otter.type('/deploy web\r');
	await otter.waitFor(/No bot offers \/deploy|Unknown command \/deploy/);
});

test('bots: a script asks a bot, and its exit code says whether it was done', async t => {
	const {port} = await serveJson(t);
	const bot = await startBot(t, port);
	for (const [text, failed, code] of [
		['web is out', false, 0],
		['no such stage', true, 1],
	] as const) {
		const asker = startBin(
			t,
			connectArgs(port, '--nick', 'ci', '--input', 'commands'),
			{},
		);
		asker.writeLine('/deploy web');
		asker.end();
		const request = await bot.waitForOutput(
			new RegExp(
				String.raw`"type":"command","request":(${code + 1}),.*"from":"ci"`,
			),
		);
		bot.writeLine(
			JSON.stringify({type: 'answer', request: Number(request), text, failed}),
		);
		const exit = await asker.waitForExit();
		assert.equal(exit.code, code, asker.seen());
		const printed = failed ? asker.stderr() : asker.stdout();
		assert.match(printed, new RegExp(`^deployer → /deploy: ${text}$`, 'm'));
	}
});

test('bots: by JSON one asks, and gets the answer as an event', async t => {
	const {port} = await serveJson(t);
	const bot = await startBot(t, port);
	const asker = startBin(
		t,
		connectArgs(
			port,
			'--input',
			'json',
			'--json',
			'--events',
			'answered,commands',
		),
		{},
	);
	await asker.waitForOutput(/"type":"commands","offered":\[\{"name":"deploy"/);
	asker.writeLine('{"type":"command","name":"deploy","text":"api"}');
	asker.writeLine('{"type":"command","name":"none"}');
	asker.writeLine('{"type":"withdraw","name":"deploy"}');
	asker.end();
	await asker.waitForOutput('"code":"ERR_NO_SUCH_COMMAND"');
	await bot.waitForOutput(/"type":"command".*"text":"api"/);
	bot.writeLine('{"type":"answer","request":1,"text":"api is out"}');
	await asker.waitForOutput(
		/"type":"answered","request":1,.*"from":"deployer","text":"api is out"/,
	);
	// Two of its lines were refused.
	assert.equal((await asker.waitForExit()).code, 1);
	assert.match(asker.stdout(), /"code":"ERR_BAD_INPUT".*"line":3/);
});
