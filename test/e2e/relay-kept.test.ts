/** What scripts and members read of a room whose relay is away. */
import assert from 'node:assert/strict';
import {test, type TestContext} from 'node:test';
import {startNats} from '../helpers/nats.js';
import {startBin} from '../helpers/process.js';
import {serveJson} from '../helpers/sockchat.js';

const serveAway = async (t: TestContext) => {
	const nats = await startNats(t);
	const {server, port} = await serveJson(t, [
		'--room=lab',
		`--relay=${nats.url}`,
		'--input=none',
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
	const late = startBin(t, [...args, 'late', '--timeout', '8']);
	assert.equal((await late.waitForExit({deadlineMs: 30_000})).code, 3);
	assert.equal(
		late.stderr(),
		`The message was not confirmed as stored within 8 s. ${kept}\n`,
	);

	const stopped = startBin(t, [...args, 'stopped', '--json']);
	await stopped.waitForOutput(/"type":"pending".*"text":"stopped"/);
	stopped.signal('SIGTERM');
	assert.equal((await stopped.waitForExit()).code, 143);
	assert.match(
		stopped.stdout(),
		new RegExp(`"message":"The message was not confirmed as stored. ${kept}"`),
	);

	await nats.start();
	await server.waitForOutput(/"type":"message".*"text":"late"/);
	await server.waitForOutput(/"type":"message".*"text":"stopped"/);
});

test('e2e: a member reads once that the relay is away', async t => {
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
			.match(/relay is away.*\n/g)
			?.join(''),
		'relay is away: what is said is kept, and shared once it is back.\n',
	);
});
