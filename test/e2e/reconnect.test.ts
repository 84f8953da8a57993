import assert from 'node:assert/strict';
import test from 'node:test';
import {startBin} from '../helpers/process.js';
import {joinScreen, serveJson, serveScreen} from '../helpers/sockchat.js';

/** How many messages of a text a JSON server has told. */
const countOf = (stdout: string, text: string): number =>
	stdout
		.split('\n')
		.filter(
			line =>
				line.startsWith('{"type":"message"') &&
				line.includes(`"text":${JSON.stringify(text)}`),
		).length;

test('e2e: after its host quits, a client waits, comes back, and says once what it owes', async t => {
	const {terminal: otter, port} = await serveScreen(t, 'otter');
	const heron = await joinScreen(t, port, 'heron');
	otter.type('/quit\r');
	await otter.waitFor('Ctrl-C again leaves.');
	otter.press('ctrl-c');
	assert.equal(await otter.waitForExit(), 0);

	await heron.waitFor('The server has shut down. Trying again.');
	const seconds = Number(
		await heron.waitFor(/retry in ([2-9]) s/, {deadlineMs: 30_000}),
	);
	await heron.waitFor(`retry in ${seconds - 1} s`);
	heron.type('said while nobody was there\r');
	await heron.waitFor(/said while nobody was there *·$/m);
	heron.type('and a draft');

	const server = startBin(t, ['serve', '--json', '--port', port]);
	await heron.waitFor(/said while nobody was there *✓$/m, {deadlineMs: 30_000});
	await heron.waitFor('● open');
	await heron.waitFor('› and a draft');

	heron.type(' sent later\r');
	await heron.waitFor(/and a draft sent later *✓$/m);
	await server.waitForOutput('"and a draft sent later"');
	assert.equal(countOf(server.stdout(), 'said while nobody was there'), 1);
	assert.equal(
		heron.text().match(/said while nobody was there/g)?.length,
		1,
		heron.framed(),
	);
});

test('e2e: a stopped server is silent until it goes on, and nothing is lost', async t => {
	const {server, port} = await serveJson(t);
	const heron = await joinScreen(t, port, 'heron');
	server.signal('SIGSTOP');
	heron.type('are you there?\r');
	await heron.waitFor(/are you there\? *↑$/m);
	await heron.waitFor('● silent');
	await heron.waitFor('The server is silent; it may be stopped');
	server.signal('SIGCONT');
	await heron.waitFor(/are you there\? *✓$/m);
	await heron.waitFor('● open');
	heron.type('good\r');
	await server.waitForOutput('"text":"good"');
	assert.equal(countOf(server.stdout(), 'are you there?'), 1);
	assert.doesNotMatch(server.stdout(), /"type":"left"/);
});
