import assert from 'node:assert/strict';
import test from 'node:test';
import {statesBySs} from '../helpers/kernel.js';
import {openFull} from '../helpers/peers.js';
import {bin, startBin} from '../helpers/process.js';
import {openTerminal} from '../helpers/terminal.js';
import {until} from '../helpers/until.js';
import {joinBare, serveJson} from '../helpers/sockchat.js';

const done = {code: 0, signal: undefined};
/** By a second signal, SIGTERM. */
const cutOff = {code: 128 + 15, signal: undefined};

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
	test(`e2e: ${signal} drains a server: all are told, and it ends well`, async t => {
		const {server, port} = await serveJson(t);
		const chat = startBin(t, ['connect', '--port', port, '--no-retry']);
		await chat.waitForOutput('joined');
		server.signal(signal);
		assert.deepEqual(await server.waitForExit(), done);
		assert.equal((await chat.waitForExit()).code, 1);
		assert.match(chat.stderr(), /\nThe server has shut down\.\n$/);
		assert.match(server.stdout(), /"phase":"draining".*"phase":"closed"/s);
	});
}

test('e2e: a server that drains tells the end of each connection', async t => {
	const {server, port} = await serveJson(t);
	const chat = startBin(t, ['connect', '--port', port, '--no-retry']);
	await chat.waitForOutput('joined');
	server.signal('SIGTERM');
	await server.waitForExit();
	assert.match(
		server.stdout(),
		/"type":"ended","at":\d+,"peer":"127.*"reason":"shutdown".*"phase":"closed"/s,
	);
});

test('e2e: a second signal cuts off who holds up the drain', async t => {
	const {server, port} = await serveJson(t);
	const peer = await joinBare(t, port, 'slow');
	server.signal('SIGTERM');
	await server.waitForOutput('"phase":"draining"');
	await peer.untilFin();
	// It never sends its own FIN, so the server still waits for it.
	assert.doesNotMatch(server.stdout(), /"phase":"closed"/);
	server.signal('SIGTERM');
	// Sooner than after the 3 seconds when the drain itself cuts off.
	assert.deepEqual(await server.waitForExit({deadlineMs: 2500}), cutOff);
});

test('e2e: a signal ends a client that waits for its server to come back', async t => {
	const {server, port} = await serveJson(t);
	const chat = startBin(t, ['connect', '--port', port]);
	await chat.waitForOutput('joined');
	server.signal('SIGKILL');
	await chat.waitForOutput('Trying again.', {stream: 'stderr'});
	chat.signal('SIGTERM');
	assert.deepEqual(await chat.waitForExit(), done);
});

test('e2e: --plain on a terminal talks in lines, and asks for pastes alone', async t => {
	const otter = openTerminal(t, bin('serve', '--plain', '--port', '0'));
	const port = await otter.waitFor(/listening on 127\.0\.0\.1:(\d+)/);
	const heron = openTerminal(
		t,
		bin('connect', '--plain', '--port', port, '--nick', 'heron'),
	);
	await otter.waitFor('-- heron joined');
	await heron.waitFor('You are heron');
	heron.type('typed here\r');
	await otter.waitFor('heron: typed here');
	otter.type('and there\r');
	await heron.waitFor(/^\S+: and there$/m);
	// The terminal shows what one types; it is not printed once more.
	assert.equal(heron.text().match(/typed here/g)?.length, 1);
	assert.deepEqual(heron.modes, {
		isAlternateScreen: false,
		isCursorHidden: false,
		isBracketedPaste: true,
		isMouseTracked: false,
		isApplicationCursor: false,
		isFocusReported: false,
	});

	// Its line is cleared and drawn again, pastes are asked for, and nothing else.
	assert.doesNotMatch(
		heron.output(),
		/\u{1B}(?!\[\d*[AGJ]|\[\?2004(?:[hl]|\$p)|\[>q)/u,
	);

	heron.press('ctrl-d');
	assert.equal(await heron.waitForExit(), 0);
	assert.equal(heron.modes.isBracketedPaste, false);
	await otter.waitFor('-- heron left (quit)');
	const late = startBin(t, ['connect', '--port', port, '--message', 'hm?']);
	assert.deepEqual(await late.waitForExit(), done);
	await otter.waitFor(/: hm\?$/m);
	otter.press('ctrl-d');
	assert.equal(await otter.waitForExit(), 0);
});

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
	test(`e2e: ${signal} as soon as a server listens drains it too`, async t => {
		const server = startBin(t, ['serve', '--json', '--port', '0']);
		server.onFirstOutput(() => {
			server.signal(signal);
		});
		assert.deepEqual(await server.waitForExit(), done);
		assert.match(server.stdout(), /"phase":"listening"/);
		assert.match(server.stdout(), /"phase":"draining".*"phase":"closed"/s);
	});
}

test('e2e: a second signal ends what has not opened anything yet', async t => {
	const port = await openFull(t);
	const chat = startBin(t, ['--port', String(port)]);
	const connecting = async () =>
		[...(await statesBySs(port)).values()].includes('SYN-SENT');
	await until(connecting, {what: 'SYN-SENT'});
	chat.signal('SIGINT');
	chat.signal('SIGTERM');
	const {code, signal} = await chat.waitForExit({deadlineMs: 5000});
	assert.equal(signal, undefined);
	// Which of the two comes second is the kernel's to say.
	assert.ok(code === 130 || code === 143, String(code));
});
