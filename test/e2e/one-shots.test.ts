import assert from 'node:assert/strict';
import {test} from 'node:test';
import {startBin} from '../helpers/process.js';
import {
	joinScreen,
	loopback,
	serveJson,
	serveScreen,
} from '../helpers/sockchat.js';
import {joinWire} from '../helpers/wire-peer.js';

const total = 50;
const atOnce = 5;

test(`e2e: of ${total} one-shots only the messages are seen, by host, member and newcomer`, async t => {
	const {terminal: otter, port} = await serveScreen(t, 'otter', {rows: 70});
	const heron = await joinScreen(t, port, 'heron', {rows: 70});
	await otter.waitFor('heron joined');
	const report = async (number: number) => {
		const nick = `ci${number % atOnce}`;
		const args = ['--port', port, '--nick', nick, '-m', `build ${number}`];
		const {code} = await startBin(t, ['connect', ...args]).waitForExit();
		assert.equal(code, 0);
	};

	for (let first = 1; first <= total; first += atOnce) {
		const numbers = Array.from({length: atOnce}, (_, index) => first + index);
		await Promise.all(numbers.map(async number => report(number)));
	}

	for (const screen of [otter, heron]) {
		for (let number = 1; number <= total; number++) {
			await screen.waitFor(new RegExp(String.raw`ci\d +build ${number}$`, 'm'));
		}

		assert.doesNotMatch(
			screen.text(),
			/ci\d (joined|left|is now)|⇄|connection/,
		);
	}

	const wren = await joinWire(t, loopback(port), 'wren');
	await wren.untilFrame('joined', ({nick}) => nick === 'wren');
	assert.equal(wren.said.length, total);
	// The log has all of it; the first of them came before the first message.
	const logged = wren.of('joined').filter(({oneShot}) => oneShot).length;
	assert.ok(logged >= total - atOnce, String(logged));
});

test('e2e: --json prints the comings and goings of a one-shot, plain lines do not', async t => {
	const {server, port} = await serveJson(t);
	const plain = startBin(t, ['connect', '--port', port, '--nick', 'heron']);
	await server.waitForOutput('"heron"');
	const args = ['--port', port, '--nick', 'ci', '-m', 'build 1'];
	const once = startBin(t, ['connect', ...args]);
	assert.equal((await once.waitForExit()).code, 0);
	await server.waitForOutput(
		/"type":"left","seq":\d+,"at":\d+,"nick":"ci","id":"\w+","reason":"quit","oneShot":true\}/,
	);
	const wren = await joinWire(t, loopback(port), 'wren');
	await plain.waitForOutput('-- wren joined');
	assert.equal(wren.said.length, 1);
	assert.match(plain.stdout(), /^ci: build 1$/m);
	assert.doesNotMatch(plain.stdout(), /-- ci/);
});
