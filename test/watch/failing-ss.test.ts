/**
 * An ss that fails, on the PATH: it has counted nothing, so nothing is said to
 * have been counted.
 */
import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import {
	chmodSync,
	existsSync,
	mkdtempSync,
	rmSync,
	writeFileSync,
} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {env} from 'node:process';
import {test, type TestContext} from 'node:test';
import type {PortEvent} from '../../source/event/port-event.js';
import {
	requireLoopback,
	type LoopbackAddress,
} from '../../source/socket/address.js';
import {systemClock} from '../../source/socket/clock.js';
import {readPortFigures} from '../../source/socket/ss.js';
import {isCounted} from '../../source/tcp/segment-counts.js';
import {PortWatch} from '../../source/watch/port/port-watch.js';
import {requireExecutable} from '../helpers/environment.js';
import {findPort} from '../helpers/ports.js';
import {openRawClient, openRawServer} from '../helpers/raw.js';
import {startPython} from '../helpers/truth/scene.js';
import {until} from '../helpers/until.js';
import {openWatch} from '../helpers/watch.js';

const ss = requireExecutable('ss', 'iproute2');

/** As scripts; undefined: there is none. */
const failing: Readonly<Record<string, string | undefined>> = {
	'exits with 1': 'exit 1',
	'fails after it has printed a part': `${ss} "$@"; exit 1`,
	'prints nothing': 'exit 0',
	'prints what is no list': 'echo "Cannot open netlink socket: 3 of 5"',
	'hangs, and ignores SIGTERM':
		"trap '' TERM; while :; do /bin/sleep 0.1; done",
	'is missing': undefined,
};

/** Until the test ends, the PATH has this ss and nothing else. */
const putOnPath = (t: TestContext, script: string | undefined): string => {
	const folder = mkdtempSync(join(tmpdir(), 'sockchat-test-'));
	const before = env['PATH'];
	if (script !== undefined) {
		const path = join(folder, 'ss');
		writeFileSync(path, `#!/bin/sh\n${script}\n`);
		chmodSync(path, 0o755);
	}

	env['PATH'] = folder;
	t.after(() => {
		env['PATH'] = before;
		rmSync(folder, {recursive: true});
	});
	return folder;
};

/** A connection of two other programs carries 5 bytes, and ends a while later. */
const watchPair = async (t: TestContext, script: string | undefined) => {
	const port = await findPort();
	const other = await startPython(t);
	await other.do(
		`l = socket.create_server(('127.0.0.1', ${port})); c = socket.create_connection(('127.0.0.1', ${port})); s, a = l.accept()`,
	);
	putOnPath(t, script);
	const address = requireLoopback({
		kind: 'tcp',
		host: '127.0.0.1',
		port: Number(port),
	}) as Extract<LoopbackAddress, {kind: 'tcp'}>;
	const events: PortEvent[] = [];
	const watch = new PortWatch({
		address,
		clock: systemClock,
		async onEvents(some) {
			events.push(...some);
		},
	});
	t.after(async () => {
		watch.stop();
		await running;
	});
	const running = watch.run();
	const untilSeen = async (
		what: string,
		which: (event: PortEvent) => boolean,
	) =>
		until(() => events.some(event => which(event)), {
			what,
			seen: () => events.map(event => JSON.stringify(event)).join('\n'),
			deadlineMs: 60_000,
		});
	await untilSeen('the list', ({type}) => type === 'sockets');
	await other.do("c.send(b'hello'); s.recv(5)");
	return {other, events, untilSeen};
};

const isClosed = (event: PortEvent): boolean =>
	event.type === 'step' &&
	event.step.kind === 'state' &&
	event.step.state === 'TIME-WAIT';

for (const [name, script] of Object.entries(failing)) {
	test(`ss: one that ${name} has counted nothing`, async t => {
		const {other, events, untilSeen} = await watchPair(t, script);
		const sentAt = Date.now();
		await until(() => Date.now() > sentAt + 1500, {what: 'some time to pass'});
		await other.do('c.close(); s.close()');
		await untilSeen('the end', isClosed);
		await untilSeen('what is not known', ({type}) => type === 'uncounted');
		assert.ok(events.every(({type}) => type !== 'data'));
	});
}

test('ss: one that works has counted all', async t => {
	const {other, events, untilSeen} = await watchPair(t, `exec ${ss} "$@"`);
	await untilSeen('the bytes', event => event.type === 'data');
	const sentAt = Date.now();
	await until(() => Date.now() > sentAt + 1500, {what: 'some time to pass'});
	await other.do('c.close(); s.close()');
	await untilSeen('the end', isClosed);
	assert.deepEqual(
		events.flatMap(event => (event.type === 'data' ? event.bytes : [])),
		[5],
	);
	assert.ok(events.every(({type}) => type !== 'uncounted'));
});

test('ss: what is no list of sockets gives no figures', async t => {
	putOnPath(t, failing['prints what is no list']);
	assert.equal(await readPortFigures(5001), undefined);
});

test('ss: what it failed to count is counted once it works', async t => {
	const port = await findPort();
	const folder = putOnPath(
		t,
		`[ -e "$0.works" ] && exec ${ss} "$@"; : > "$0.failed"; exit 1`,
	);
	const address = requireLoopback({
		kind: 'tcp',
		host: '127.0.0.1',
		port: Number(port),
	});
	const {watch, of} = openWatch(t, {server: address});
	watch.tap.hasCalls = true;
	await openRawServer(t, {address});
	const {client, untilPhase} = openRawClient(t, address, {watch});
	watch.sampleClient(() => client.endpoints);
	await untilPhase('open');
	await client.write(Buffer.from('hello'));
	const path = join(folder, 'ss');
	// Nothing is sent from then on.
	await until(() => existsSync(`${path}.failed`), {what: 'a failed run'});
	rmSync(`${path}.failed`);
	await until(() => existsSync(`${path}.failed`), {what: 'another one'});
	assert.ok(of('step').every(({step}) => !isCounted(step)));
	writeFileSync(`${path}.works`, '');
	await until(() => of('step').some(({step}) => isCounted(step)), {
		what: 'the segment, counted',
	});
});
