/** More come than the process has descriptors for. */
import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import process from 'node:process';
import {test, type TestContext} from 'node:test';
import {peersFor} from '../../source/socket/descriptors.js';
import {joinBare, loopback} from '../helpers/sockchat.js';
import {requireExecutable} from '../helpers/environment.js';
import {bin, startProcess} from '../helpers/process.js';
import {openClient} from '../helpers/client.js';
import {openPlain} from '../helpers/wire-peer.js';
import {deadlineMs} from '../helpers/faults/size.js';

const files = 64;
const comers = 100;

const serveWithFewFiles = async (t: TestContext) => {
	const prlimit = requireExecutable('prlimit', 'util-linux');
	const {command, args} = bin('serve', '--json', '--port', '0');
	const server = startProcess(t, prlimit, [
		`--nofile=${files}:${files}`,
		command,
		...args,
	]);
	const port = await server.waitForOutput(/"listening".*"port":(\d+)/);
	return {server, port};
};

test(
	'faults: 64 descriptors, 100 clients: who is too many is told so',
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
			assert.match(cause.message, /it takes \d+ members.*ulimit -n/);
		}

		assert.ok(inside.length >= 10, `${inside.length} came in`);
		assert.ok(refused.length >= 50, `${refused.length} were refused`);
		t.diagnostic(
			`${inside.length} of ${comers} came in, ${refused.length} were told that the room is full, ${said} lines were said meanwhile`,
		);
		assert.ok(!server.stdout().includes('"ERR_HISTORY'), server.seen());

		// A person at nc reads the same sentence.
		const guest = await openPlain(t, loopback(port));
		guest.write('anybody?\n');
		await guest.untilText('The room is full');

		// Whose place gets free is taken again, and the room talks on.
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

test('faults: of the open files, some are kept for the history and /proc', () => {
	const limits = (value: string) =>
		`Limit                     Soft Limit           Hard Limit           Units     \nMax open files            ${value}                   ${value}                   files     \n`;
	assert.deepEqual(peersFor(limits('64'), 20), {peers: 28, members: 20});
	assert.deepEqual(peersFor(limits('8'), 20), {peers: 2, members: 1});
	assert.equal(peersFor(limits('unlimited'), 20), undefined);
	assert.equal(peersFor('', 20), undefined);
	const own = execFileSync('cat', [`/proc/${process.pid}/limits`]).toString();
	assert.notEqual(peersFor(own, 20), undefined);
});
