/** The real tcpdump and dumpcap on loopback, which need the rights to capture. */
import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import {
	mkdtempSync,
	readFileSync,
	rmSync,
	statSync,
	writeFileSync,
} from 'node:fs';
import {createConnection, createServer, type AddressInfo} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import process from 'node:process';
import {test} from 'node:test';
import {fileURLToPath} from 'node:url';
import {beginCapture} from '../../source/chat/capture.js';
import type {ChatEvent} from '../../source/event/event.js';
import {requireLoopback} from '../../source/socket/address.js';
import {SocketWatch} from '../../source/watch/socket-watch.js';
import type {Segment} from '../../source/tcp/segment.js';
import {systemClock} from '../../source/socket/clock.js';
import {
	capturePrograms,
	startCapture,
	tryCapture,
	type CaptureOptions,
} from '../../source/watch/capture.js';
import {requireExecutable, type Owner} from '../helpers/environment.js';
import {findPort} from '../helpers/ports.js';
import {until} from '../helpers/until.js';

const host = '127.0.0.1';

const freePort = async () => Number(await findPort());

const capture = async (
	owner: Owner,
	options: Partial<CaptureOptions> & {readonly port: number},
) => {
	const segments: Segment[] = [];
	const failures: string[] = [];
	const started = startCapture({
		host,
		clock: systemClock,
		onSegments(added) {
			segments.push(...added);
		},
		onFailure(sentence) {
			failures.push(sentence);
		},
		...options,
	});
	owner.after(async () => {
		await started.stop();
	});
	await started.begun;
	return {...started, segments, failures};
};

/** A conversation at a port: hello, an answer, and FIN both ways. */
const converse = async (port: number): Promise<number> =>
	new Promise((resolve, reject) => {
		const server = createServer(socket => {
			socket.once('data', () => {
				socket.end('hi\n');
			});
		}).listen(port, host, () => {
			const client = createConnection(port, host);
			const ours = () => (client.address() as AddressInfo).port;
			let own = 0;
			client.once('connect', () => {
				own = ours();
				client.write('hello\n');
			});
			client.resume().once('error', reject);
			client.once('close', () => {
				server.close(() => {
					resolve(own);
				});
			});
		});
	});

const tcpdump = requireExecutable('tcpdump', 'tcpdump');
requireExecutable('dumpcap', 'wireshark-common');

for (const name of ['tcpdump', 'dumpcap'] as const) {
	const programs = capturePrograms.filter(([each]) => each === name);
	test(`capture: the segments of a conversation, as ${name} sees them`, async t => {
		const port = await freePort();
		const {segments, failures, program} = await capture(t, {port, programs});
		assert.equal(program(), name);
		assert.deepEqual(failures, []);
		const before = Date.now();
		const own = await converse(port);
		const isOver = () =>
			segments.some(({segment, ack}) => segment === 'ACK' && ack === 8);
		await until(isOver, {
			what: 'the ACK of the last FIN',
			seen: () => JSON.stringify(segments),
		});
		const client = `${host}:${own}`;
		const whose = ({from}: Segment) => (from === client ? 'client' : 'server');
		const shown = segments
			.filter(({segment}) => segment !== 'ACK')
			.map(each => `${whose(each)} ${each.segment} ${each.seq} ${each.text}`);
		assert.deepEqual(shown, [
			'client SYN 0 ',
			'server SYN+ACK 0 ',
			'client PSH 1 hello\n',
			...(shown.includes('server PSH 1 hi\n')
				? ['server PSH 1 hi\n', 'server FIN 4 ']
				: ['server FIN 1 hi\n']),
			'client FIN 7 ',
		]);
		for (const {at, window} of segments) {
			assert.ok(at >= before - 1 && at <= Date.now() + 1, String(at));
			assert.ok(window !== undefined && window > 1000);
		}
	});
}

test('capture: what comes to another port is not seen', async t => {
	const [port, other] = [await freePort(), await freePort()];
	const {segments} = await capture(t, {port});
	await converse(other);
	await converse(port);
	await until(() => segments.length > 6, {
		what: 'the segments of the right port',
		seen: () => String(segments.length),
	});
	assert.ok(
		segments.every(({from, to}) => [from, to].includes(`${host}:${port}`)),
	);
});

for (const name of ['tcpdump', 'dumpcap'] as const) {
	test(`capture: ${name} takes only the first bytes, and counts all`, async t => {
		const port = await freePort();
		const programs = capturePrograms.filter(([each]) => each === name);
		const {segments} = await capture(t, {port, programs});
		const server = createServer(socket => {
			socket.resume();
		}).listen(port, host);
		const client = createConnection(port, host);
		client.end('x'.repeat(5000));
		t.after(() => {
			server.close();
		});
		await until(() => segments.some(({segment}) => segment === 'FIN'), {
			what: 'the end',
			seen: () => JSON.stringify(segments),
		});
		assert.equal(
			Math.max(...segments.map(({length}) => length)),
			5000,
			'in one segment, as loopback has it',
		);
	});

	test(`capture: ${name} without the rights says so in one sentence`, async t => {
		const folder = mkdtempSync(join(tmpdir(), 'sockchat-capture-'));
		t.after(() => {
			rmSync(folder, {recursive: true});
		});
		// As the user nobody, who may capture nothing.
		const asNobody = join(folder, name);
		writeFileSync(
			asNobody,
			`#!/bin/sh\nexec setpriv --reuid=65534 --regid=65534 --clear-groups ${name} "$@"\n`,
			{mode: 0o755},
		);
		const [, ...args] = capturePrograms.find(([each]) => each === name)!;
		assert.deepEqual(await tryCapture(systemClock, [[asNobody, ...args]]), {
			program: undefined,
			advice: `Nothing is captured, as ${asNobody} may not or can't (socket: Operation not permitted): run sockchat as root, or allow it once with sudo setcap cap_net_raw+ep "$(command -v ${asNobody})"; all else works.`,
		});
	});
}

test('capture: says which program it would take', async () => {
	assert.deepEqual(await tryCapture(systemClock), {
		program: 'tcpdump',
		advice: undefined,
	});
});

test('capture: writes a file that tcpdump reads, for its owner alone', async t => {
	const folder = mkdtempSync(join(tmpdir(), 'capture-'));
	t.after(() => {
		rmSync(folder, {recursive: true});
	});
	const file = join(folder, 'own.pcapng');
	const port = await freePort();
	const {segments, stop} = await capture(t, {port, file});
	await converse(port);
	await until(() => segments.some(({ack}) => ack === 5), {
		what: 'the end',
		seen: () => JSON.stringify(segments),
	});
	await stop();
	assert.equal(statSync(file).mode % 0o1000, 0o600);
	const lines = execFileSync(tcpdump, ['-nr', file], {
		encoding: 'utf8',
		stdio: ['ignore', 'pipe', 'ignore'],
	})
		.trim()
		.split('\n');
	assert.equal(lines.length, segments.length);
	assert.match(lines[0]!, /Flags \[S\]/);
	assert.match(lines.join('\n'), /Flags \[P\.\].*length 6/);
});

test('capture: whose file reaches its limit, it says so at its end too', async t => {
	const port = await freePort();
	const {segments, failures, stop} = await capture(t, {
		port,
		file: '/dev/full',
	});
	await converse(port);
	await until(() => segments.some(({ack}) => ack === 5), {
		what: 'the end',
		seen: () => JSON.stringify(segments),
	});
	const lost = await stop();
	assert.equal(lost?.code, 'ERR_CAPTURE_FILE');
	assert.deepEqual(failures, [lost.message]);
});

test('capture: a file that is gone once the port is known is said and lost', async t => {
	const folder = mkdtempSync(join(tmpdir(), 'capture-'));
	const address = requireLoopback({kind: 'tcp', host, port: 0});
	const events: ChatEvent[] = [];
	const watch = new SocketWatch(systemClock, () => undefined, address);
	t.after(() => {
		watch.stop();
	});
	const file = join(folder, 'own.pcapng');
	const emit = await beginCapture(
		{address, command: 'serve', capture: {file}},
		watch,
		event => {
			events.push(event);
		},
	);
	rmSync(folder, {recursive: true});
	emit({
		type: 'listening',
		at: 0,
		state: {phase: 'listening', since: 0},
		place: {host, port: await freePort()},
	});
	await until(() => events.length === 2, {what: 'its notice'});
	const lost = await watch.endCapture();
	assert.match(lost?.message ?? '', /own\.pcapng: there is no such folder/);
	const [, notice] = events;
	assert.ok(notice?.type === 'notice' && notice.tone === 'bad');
	assert.equal(notice.text, lost?.message);
});

test('capture: a file that holds something is left as it is', async t => {
	const folder = mkdtempSync(join(tmpdir(), 'capture-'));
	t.after(() => {
		rmSync(folder, {recursive: true});
	});
	const file = join(folder, 'own.pcapng');
	writeFileSync(file, 'mine');
	await assert.rejects(async () => capture(t, {port: 1, file}), {
		code: 'ERR_CAPTURE_FILE',
		message: `The packets can't be written to ${file}: the file is there already, and not empty.`,
	});
	assert.equal(readFileSync(file, 'utf8'), 'mine');
});

test("capture: a file that can't be written is one sentence", async t => {
	await assert.rejects(
		async () =>
			capture(t, {
				port: 1,
				file: join(fileURLToPath(import.meta.url), 'own.pcapng'),
			}),
		{code: 'ERR_CAPTURE_FILE', message: /own\.pcapng: ENOTDIR/},
	);
});

test('capture: without a program, or the rights, one sentence says what to do', async t => {
	const missing = await capture(t, {
		port: 1,
		programs: [['no-such-dump'], ['nor-this']],
	});
	assert.deepEqual(missing.failures, [
		'Nothing is captured, as tcpdump is missing: install it (on Debian: sudo apt-get install tcpdump); all else works.',
	]);
	const refused = await capture(t, {
		port: 1,
		programs: [
			['sh', '-c', 'echo "lo: no permission" >&2; exit 1'],
			['no-such-dump'],
		],
	});
	assert.equal(refused.failures.length, 1);
	assert.match(
		refused.failures[0]!,
		/\(lo: no permission\): run sockchat as root, or/,
	);
});

test('capture: the next program is tried', async t => {
	const port = await freePort();
	const {segments, failures} = await capture(t, {
		port,
		programs: [
			['no-such-dump'],
			[tcpdump, '-i', 'lo', '--immediate-mode', '-U', '-w', '-'],
		],
	});
	await converse(port);
	await until(() => segments.length > 6, {
		what: 'its segments',
		seen: () => String(segments.length),
	});
	assert.deepEqual(failures, []);
});

test('capture: what makes no sense ends it, and that is said', async t => {
	const {failures} = await capture(t, {
		port: 1,
		programs: [['sh', '-c', 'head -c 100 /dev/zero; sleep 60']],
	});
	assert.match(failures[0]!, /^Nothing is captured/);
});

test('capture: a program that is a wrapper is ended with its own child', async t => {
	const folder = mkdtempSync(join(tmpdir(), 'sockchat-capture-'));
	t.after(() => {
		rmSync(folder, {recursive: true, force: true});
	});
	const file = join(folder, 'pid');
	const {failures} = await capture(t, {
		port: 1,
		programs: [
			['sh', '-c', `sleep 60 & echo $! > ${file}; head -c 100 /dev/zero; wait`],
		],
	});
	assert.equal(failures.length, 1);
	const pid = Number(readFileSync(file, 'utf8'));
	const isThere = () => {
		try {
			process.kill(pid, 0);
			return true;
		} catch {
			return false;
		}
	};

	await until(() => !isThere(), {what: 'the end of the child'});
});
