/**
 * The built program where Node says that it is on macOS or Windows: no /proc, no
 * ss, no tcpdump. What docs/platforms.md says of them is seen here.
 */
import assert from 'node:assert/strict';
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {test} from 'node:test';
import {bin, startProcess} from '../helpers/process.js';
import {loopback} from '../helpers/sockchat.js';
import {openTerminal} from '../helpers/terminal.js';
import {joinWire} from '../helpers/wire-peer.js';
import {platforms, pretending} from '../helpers/platforms.js';

for (const platform of platforms) {
	const env = pretending(platform);
	const start = (
		t: Parameters<typeof startProcess>[0],
		...words: readonly string[]
	) => {
		const {command, args} = bin(...words);
		return startProcess(t, command, args, {env});
	};

	test(`platforms: on ${platform} a room opens, keeps its history and takes a message`, async t => {
		const folder = mkdtempSync(join(tmpdir(), 'sockchat-platform-'));
		t.after(() => {
			rmSync(folder, {recursive: true, force: true});
		});
		const serve = [
			'serve',
			'--port',
			'0',
			'--input',
			'none',
			'--json',
			'--history',
			join(folder, 'room.jsonl'),
		];
		const server = start(t, ...serve);
		const port = await server.waitForOutput(
			/"phase":"listening".*"port":(\d+)/,
		);
		await server.waitForOutput(/"type":"history".*"state":"open"/);
		const one = start(t, 'connect', '--port', port, '--message', 'hello');
		assert.equal((await one.waitForExit()).code, 0, one.seen());
		await server.waitForOutput('"text":"hello"');
		const second = start(t, ...serve);
		assert.equal((await second.waitForExit()).code, 1, second.seen());
		await second.waitForOutput('"code":"ERR_HISTORY_TAKEN"');
		server.signal('SIGTERM');
		assert.equal((await server.waitForExit()).code, 0, server.seen());
		const again = start(t, ...serve);
		await again.waitForOutput(
			/"type":"history".*"state":"open","path".*"head":[1-9]/,
		);
	});

	test(`platforms: on ${platform} TCP states are inferred, and nothing is read`, async t => {
		const server = start(
			t,
			'serve',
			'--port',
			'0',
			'--input',
			'none',
			'--json',
			'--events',
			'state,step,peers',
		);
		const port = await server.waitForOutput(
			/"phase":"listening".*"port":(\d+)/,
		);
		const heron = await joinWire(t, loopback(port), 'heron');
		heron.isAnsweringPings = true;
		await server.waitForOutput(/"state":"ESTABLISHED","evidence":"inferred"/);
		heron.send({type: 'bye'});
		heron.end();
		await heron.untilFin();
		server.signal('SIGTERM');
		await server.waitForExit();
		assert.doesNotMatch(server.stdout(), /"evidence":"read"/);
	});

	test(`platforms: on ${platform} the screen opens, and doctor says what is missing`, async t => {
		const {command, args} = bin('serve', '--port', '0', '--nick', 'otter');
		const terminal = openTerminal(t, {
			command,
			args,
			env,
			columns: 100,
			rows: 30,
			isHungUp: true,
		});
		const port = await terminal.waitFor(/listening on 127\.0\.0\.1:(\d+)/);
		const heron = await joinWire(t, loopback(port), 'heron');
		heron.say(1, 'hello');
		await terminal.waitFor(/heron +hello/);
		terminal.type('/quit\r');
		const doctor = start(t, 'doctor', '--port', port);
		await doctor.waitForExit();
		assert.match(doctor.stdout(), /^note +\/proc: .*inferred from the calls/m);
		assert.match(doctor.stdout(), /^note +open files: the limit is unknown/m);
		assert.match(doctor.stdout(), /^note +capture: .*needs Linux/m);
	});

	test(`platforms: on ${platform} what needs Linux is refused in a sentence`, async t => {
		for (const [words, sentence] of [
			[['serve', '--port', '0', '--same-user'], /same-user|Linux/],
			[['serve', '--port', '0', '--max-per-user', '2'], /max-per-user|Linux/],
			[['watch', '--json'], /\/proc\/net\/tcp/],
			[['connect', '--socket', '@name'], /on Linux only|only ports/],
		] as const) {
			const refused = start(t, ...words);
			refused.end();
			const {code} = await refused.waitForExit();
			assert.ok(code === 1 || code === 2, refused.seen());
			assert.match(refused.stderr() + refused.stdout(), sentence);
			assert.doesNotMatch(refused.stderr(), /^ +at /m);
		}
	});
}
