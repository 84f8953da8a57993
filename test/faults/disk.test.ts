/** A disk fills up, and then has space again. */
import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import {execFileSync} from 'node:child_process';
import {readFileSync, rmSync, statSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import process from 'node:process';
import {test, type TestContext} from 'node:test';
import {joinBare, serveJson} from '../helpers/sockchat.js';
import {requireExecutable} from '../helpers/environment.js';
import {bin, startProcess} from '../helpers/process.js';
import {portOf} from '../helpers/room.js';
import {listenBare} from '../helpers/scripted.js';
import {toShellLine} from '../helpers/shell.js';
import {makeFolder} from '../helpers/faults/process.js';

type Disk = {
	readonly kind: string;
	readonly path: string;
	/** Starts the server whose disk it is. */
	readonly serve: (
		args: readonly string[],
	) => Promise<{port: string; pid: number; stdout: () => string}>;
	readonly makeSpace: (pid: number) => void;
};

/** Mounted where only the processes of one namespace see it, as any user may. */
const mountSmall = async (t: TestContext): Promise<Disk> => {
	const folder = makeFolder(t);
	const holder = startProcess(t, requireExecutable('unshare', 'util-linux'), [
		...(process.getuid?.() === 0 ? [] : ['-r']),
		'--mount',
		'sh',
		'-c',
		'mount -t tmpfs -o size=4m,mode=700 none "$0" && echo mounted && exec cat',
		folder,
	]);
	await holder.waitForOutput('mounted\n');
	const disk = `/proc/${holder.pid}/root${folder}`;
	const filler = join(disk, 'filler');
	writeFileSync(filler, Buffer.alloc(3 * 1024 * 1024));
	return {
		kind: 'a tmpfs of 4 MiB',
		path: join(disk, 'room.jsonl'),
		async serve(args) {
			const {server, port} = await serveJson(t, args);
			return {port, pid: server.pid!, stdout: server.stdout};
		},
		makeSpace() {
			rmSync(filler);
		},
	};
};

/** The kernel limits the size of the process's files. */
const limitFiles = async (t: TestContext): Promise<Disk> => {
	const prlimit = requireExecutable('prlimit', 'util-linux');
	return {
		kind: 'a limit of 1 MiB to a file',
		path: join(makeFolder(t), 'room.jsonl'),
		async serve(args) {
			const {command, args: all} = bin(
				'serve',
				'--json',
				'--port',
				'0',
				...args,
			);
			// By default the signal of the limit would kill it; a shell that ignores
			// it hands that on.
			const server = startProcess(t, 'sh', [
				'-c',
				'trap "" XFSZ; exec "$@"',
				'sh',
				prlimit,
				'--fsize=1048576:',
				command,
				...all,
			]);
			const port = await server.waitForOutput(/"listening".*"port":(\d+)/);
			return {port, pid: server.pid!, stdout: server.stdout};
		},
		makeSpace(pid) {
			execFileSync(prlimit, ['--pid', String(pid), '--fsize=unlimited:']);
		},
	};
};

for (const make of [mountSmall, limitFiles]) {
	test(`faults: a full disk (${make.name}): shows nothing that isn't stored, and recovers`, async t => {
		const disk = await make(t);
		const server = await disk.serve(['--history', disk.path]);
		const otter = await joinBare(t, server.port, 'otter');
		const heron = await joinBare(t, server.port, 'heron');
		const text = (n: number) => `${n} ${'x'.repeat(8000)}`;
		let n = 0;
		while (otter.of('error').length === 0) {
			otter.sayNext(text(++n));
			await otter.until(
				`an answer to ${n}`,
				() =>
					otter.of('message').some(message => message.n === n) ||
					otter.of('error').some(error => error.n === n),
			);
		}

		const [refused] = otter.of('error');
		assert.deepEqual([refused!.code, refused!.n], ['ERR_HISTORY_WRITE', n]);
		assert.ok(n > 50, 'there was space at first');
		// A group is refused as a whole, and each sender gets an error.
		otter.sayNext(text(n + 1), text(n + 2));
		await otter.until('both to be refused', () =>
			[n + 1, n + 2].every(each =>
				otter.of('error').some(error => error.n === each),
			),
		);
		// The room lives: a whisper and a rename's answer need no disk.
		heron.send({type: 'whisper', n: 1, to: 'otter', text: 'full?'});
		await otter.untilFrame('whispered');
		assert.match(server.stdout(), /could not be written/, 'the host knows');

		disk.makeSpace(server.pid);
		const last = `${n + 3} there is space again`;
		await otter.until('it to be kept', () => {
			// The same one again, as a client would after a while.
			otter.sayNext(last);
			return otter.said.includes(last);
		});
		await heron.untilSaid(last);
		const kept = new Set(
			readFileSync(disk.path, 'utf8')
				.split('\n')
				.filter(line => line !== '')
				.map(line => JSON.parse(line) as {type: string; text?: string})
				.flatMap(entry => (entry.type === 'message' ? [entry.text!] : [])),
		);
		for (const peer of [otter, heron]) {
			assert.ok(
				peer.said.every(each => kept.has(each)),
				'what was shown is kept',
			);
			for (const gone of [n, n + 1, n + 2]) {
				assert.ok(!peer.said.includes(text(gone)), `${gone} was shown`);
			}
		}

		t.diagnostic(
			`${disk.kind}: ${n - 1} messages of 8 kB were kept, ${otter.of('error').length} refused, then it went on`,
		);
	});
}

test('faults: a raw pipe whose stdout fills the disk exits with code 1', async t => {
	const disk = await mountSmall(t);
	const {address} = await listenBare(t, socket => {
		socket.end(Buffer.alloc(8 * 1024 * 1024, 'x'));
	});
	const {command, args} = bin(
		'connect',
		'--raw',
		'--port',
		String(portOf(address)),
	);
	const chat = startProcess(t, 'sh', [
		'-c',
		`exec ${toShellLine(command, args)} > ${toShellLine(disk.path)}`,
	]);
	assert.deepEqual(await chat.waitForExit(), {code: 1, signal: undefined});
	assert.equal(
		chat.stderr(),
		"Can't write to stdout: no space is left on the device (ENOSPC).\n",
	);
	assert.equal(statSync(disk.path).size, 1024 * 1024, 'all that had room');
});
