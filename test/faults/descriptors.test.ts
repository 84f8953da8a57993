/** More connections than the process has descriptors. */
import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import process from 'node:process';
import {test, type TestContext} from 'node:test';
import {peersFor} from '../../source/socket/descriptors.js';
import {joinBare, loopback} from '../helpers/sockchat.js';
import {requireExecutable} from '../helpers/environment.js';
import {bin, startProcess, type RunningProcess} from '../helpers/process.js';
import {openClient} from '../helpers/client.js';
import {joinWire, openPlain} from '../helpers/wire-peer.js';
import {deadlineMs, sized} from '../helpers/faults/size.js';
import {until} from '../helpers/until.js';

const files = 64;
const comers = 100;

const startWithFiles = (
	t: TestContext,
	limit: number,
	...args: readonly string[]
) => {
	const prlimit = requireExecutable('prlimit', 'util-linux');
	const {command, args: all} = bin(...args);
	return startProcess(t, prlimit, [
		`--nofile=${limit}:${limit}`,
		command,
		...all,
	]);
};

const serveWithFewFiles = async (t: TestContext) => {
	const server = startWithFiles(t, files, 'serve', '--json', '--port', '0');
	const port = await server.waitForOutput(/"listening".*"port":(\d+)/);
	return {server, port};
};

test(
	'faults: with 64 descriptors and 100 clients, the rest are told that the room is full',
	{timeout: deadlineMs},
	async t => {
		const {server, port} = await serveWithFewFiles(t);
		const otter = await joinBare(t, port, 'otter');
		const heron = await joinBare(t, port, 'heron');
		// All at once, so that they wait for accept() together.
		const all = Array.from({length: comers}, (_, index) =>
			openClient(t, loopback(port), `comer-${index}`),
		);
		const answered = new AbortController();
		const talk = async () => {
			for (let n = 1; !answered.signal.aborted; n++) {
				otter.sayNext(`line ${n}`);
				await heron.untilSaid(`line ${n}`);
			}

			return otter.said.length;
		};

		const talking = talk();
		for (const each of all) {
			await each.until('an answer', () =>
				['open', 'closed'].includes(each.phase()),
			);
		}

		answered.abort();
		const said = await talking;
		const inside = all.filter(each => each.phase() === 'open');
		const refused = all.filter(each => each.phase() === 'closed');
		for (const {client} of refused) {
			const cause = await client.closed;
			assert.equal(cause?.code, 'ERR_ROOM_FULL', cause?.message);
			assert.match(cause.message, /its limit is \d+ members.*ulimit -n/);
		}

		assert.ok(inside.length >= 10, `${inside.length} came in`);
		assert.ok(refused.length >= 50, `${refused.length} were refused`);
		t.diagnostic(
			`${inside.length} of ${comers} came in, ${refused.length} were told that the room is full, ${said} lines were said meanwhile`,
		);
		assert.ok(!server.stdout().includes('"ERR_HISTORY'), server.seen());

		// nc gets the same sentence.
		const guest = await openPlain(t, loopback(port));
		guest.write('anybody?\n');
		await guest.untilText('The room is full');

		// A freed place is taken again, and the room continues.
		inside[0]!.client.leave();
		await heron.untilFrame('left', ({nick}) => nick.startsWith('comer-'));
		const late = openClient(t, loopback(port), 'late');
		await late.untilPhase('open');
		late.client.say('in at last');
		await heron.untilSaid('in at last');
		const unique = new Set(heron.said);
		assert.equal(unique.size, heron.said.length, 'none came twice');
	},
);

/** With fewer, Node itself fails before our program runs. */
const isNodeAble = async (t: TestContext, limit: number) => {
	const {exit} = startWithFiles(t, limit, '--version');
	const {code} = await exit;
	return code === 0;
};

type Kind = {
	readonly name: string;
	readonly flags: readonly string[];
	/** Until somebody was really taken in. */
	readonly comeIn: (
		t: TestContext,
		port: string,
		server: RunningProcess,
	) => Promise<void>;
};

const kinds: readonly Kind[] = [
	{
		name: 'a server',
		flags: [],
		async comeIn(t, port) {
			const otter = await joinWire(t, loopback(port), 'otter');
			await otter.untilFrame('joined', ({nick}) => nick === 'otter');
		},
	},
	{
		name: 'a raw server',
		flags: ['--raw'],
		async comeIn(t, port, server) {
			const peer = await openPlain(t, loopback(port));
			peer.write('hello');
			await server.waitForOutput('"text":"hello"');
		},
	},
];

for (const {name, flags, comeIn} of kinds) {
	test(
		`faults: with however few descriptors, ${name} accepts somebody or doesn't start`,
		{timeout: deadlineMs},
		async t => {
			const outcomes: string[] = [];
			for (let limit = 20; limit <= 80; limit += sized(1, 4)) {
				if (!(await isNodeAble(t, limit))) {
					continue;
				}

				const server = startWithFiles(
					t,
					limit,
					'serve',
					'--json',
					'--port',
					'0',
					...flags,
				);
				const outcome = await until(
					() =>
						/"listening".*"port":(\d+)/.exec(server.stdout())?.[1] ??
						/"code":"\w+","message":".*"\}\n/.exec(server.stdout())?.[0],
					{what: 'an outcome', seen: server.seen},
				);
				const isTaken = /^\d+$/.test(outcome);
				outcomes.push(isTaken ? 'taken' : 'refused');
				if (isTaken) {
					await comeIn(t, outcome, server);
					server.signal('SIGKILL');
				} else {
					assert.match(
						outcome,
						/"ERR_TOO_FEW_FILES","message":"This process .*ulimit -n 1024"/,
					);
					assert.equal(server.stderr(), '');
				}

				const {code} = await server.waitForExit();
				assert.equal(code, isTaken ? undefined : 1, `${limit}`);
			}

			// Both come about, and from some limit on all are taken.
			assert.match(outcomes.join(' '), /^(?:refused )+(?:taken ?)+$/);
		},
	);
}

test('faults: reserves open files for the history and /proc', () => {
	const limits = (value: string) =>
		`Limit                     Soft Limit           Hard Limit           Units     \nMax open files            ${value}                   ${value}                   files     \n`;
	const listed = Array.from({length: 21}, (_, fd) => String(fd));
	assert.deepEqual(peersFor(limits('64'), listed), {peers: 28, members: 20});
	assert.deepEqual(peersFor(limits('50'), listed), {peers: 14, members: 6});
	// Descriptors inherited above the limit don't count.
	assert.deepEqual(peersFor(limits('50'), [...listed, '63']), {
		peers: 14,
		members: 6,
	});
	assert.throws(() => peersFor(limits('49'), listed), {
		code: 'ERR_TOO_FEW_FILES',
		message:
			'This process may have 49 open files and has 20 already. A server needs 16 for its own work, 8 for peers it refuses and 6 for members: 50 in all. Raise the limit first, such as: ulimit -n 1024',
	});
	assert.equal(peersFor(limits('unlimited'), listed), undefined);
	assert.equal(peersFor('', listed), undefined);
	const own = execFileSync('cat', [`/proc/${process.pid}/limits`]).toString();
	assert.notEqual(peersFor(own, listed), undefined);
});
