import assert from 'node:assert/strict';
import {test} from 'node:test';
import {startBin} from '../helpers/process.js';
import {joinBare, joinScreen, serveJson} from '../helpers/sockchat.js';

test('e2e: /ignore hides somebody on one screen alone, /quiet comings and goings (ssh-chat#173)', async t => {
	const {port} = await serveJson(t);
	const otter = await joinScreen(t, port, 'otter');
	const ci = await joinBare(t, port, 'ci');
	const heron = await joinBare(t, port, 'heron');
	ci.sayNext('build 1');
	await otter.waitFor('build 1');
	otter.type('/ignore ci\r');
	await otter.waitForNot('build 1');
	await otter.waitFor('ci is ignored on this screen; /ignore ci ends it.');
	ci.sayNext('build 2');
	heron.sayNext('green?');
	await otter.waitFor('green?');
	await heron.untilSaid('build 2');
	assert.doesNotMatch(otter.text(), /build/);
	otter.type('/ignore\r');
	await otter.waitFor('Ignored: ci (1 hidden).');
	otter.type('/quiet\r');
	await otter.waitFor('Comings and goings are hidden');
	await otter.waitForNot('heron joined');
	await joinBare(t, port, 'wren');
	heron.sayNext('hello wren');
	await otter.waitFor('hello wren');
	assert.doesNotMatch(otter.text(), /wren joined/);
	otter.type('/ignore ci\r');
	await otter.waitFor('ci is no longer ignored');
	await otter.waitFor(/build 1\n(?:.*\n)*.*build 2\n.*green\?/);
	ci.sayNext('build 3');
	await otter.waitFor('build 3');
});

test('e2e: plain lines leave out what is ignored, if commands are obeyed', async t => {
	const {port} = await serveJson(t);
	const otter = startBin(t, [
		'connect',
		'--port',
		port,
		'--nick',
		'otter',
		'--input',
		'commands',
	]);
	await otter.waitForOutput('You are otter', {stream: 'stderr'});
	const ci = await joinBare(t, port, 'ci');
	ci.sayNext('build 1');
	await otter.waitForOutput('ci: build 1');
	otter.writeLine('/ignore ci');
	await otter.waitForOutput('-- ci is ignored');
	ci.sayNext('build 2');
	await ci.untilSaid('build 2');
	otter.writeLine('/ignore ci');
	await otter.waitForOutput('-- ci is no longer ignored');
	ci.sayNext('build 3');
	await otter.waitForOutput('ci: build 3');
	assert.doesNotMatch(otter.stdout(), /build 2/);
});
