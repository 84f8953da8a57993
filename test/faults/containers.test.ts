/** Two servers in two containers that share a volume, and so a history. */
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {test} from 'node:test';
import {openClient} from '../helpers/client.js';
import {makeFolder} from '../helpers/faults/process.js';
import {deadlineMs} from '../helpers/faults/size.js';
import {inContainer} from '../helpers/history/taker.js';
import {findPort} from '../helpers/ports.js';
import {bin, startProcess} from '../helpers/process.js';
import {loopback} from '../helpers/sockchat.js';
import {until} from '../helpers/until.js';

const perServer = 40;

/** Node 24 with node:sqlite, and as an older Node is: without. */
const nodes = {sqlite: [], flock: ['--no-experimental-sqlite']};

for (const [kind, flags] of Object.entries(nodes)) {
	test(
		`faults: locked by ${kind}, one of two containers gets the history; after its kill the other gets all of it`,
		{timeout: deadlineMs},
		async t => {
			const path = join(makeFolder(t), 'room.jsonl');
			const start = (port: string) => {
				const {command, args} = bin(
					'serve',
					'--json',
					'--port',
					port,
					'--history',
					path,
				);
				const [unshare, ...rest] = inContainer();
				return startProcess(t, unshare!, [...rest, command, ...flags, ...args]);
			};

			const sayAll = async (port: string, nick: string) => {
				const {client, untilPhase} = openClient(t, loopback(port), nick);
				await untilPhase('open');
				for (let n = 1; n <= perServer; n++) {
					client.say(`${nick} ${n}`);
				}

				await until(() => client.unstored === 0, {what: 'all to be stored'});
			};

			const [firstPort, secondPort] = [await findPort(), await findPort()];
			const first = start(firstPort);
			await first.waitForOutput('"phase":"listening"');
			const refused = start(secondPort);
			assert.equal((await refused.waitForExit()).code, 1, refused.seen());
			assert.match(
				refused.stdout(),
				/"ERR_HISTORY_TAKEN".*belongs to a running server, in another container /,
			);
			await sayAll(firstPort, 'otter');
			first.signal('SIGKILL');
			await first.waitForExit();

			let second = start(secondPort);
			await until(
				async () => {
					if (second.stdout().includes('"phase":"listening"')) {
						return true;
					}

					// A child that held the lock may end a moment after its server.
					if (second.stdout().includes('ERR_HISTORY_TAKEN')) {
						await second.waitForExit();
						second = start(secondPort);
					}

					return false;
				},
				{what: 'the second to listen', seen: () => second.seen()},
			);
			await sayAll(secondPort, 'heron');
			second.signal('SIGKILL');
			await second.waitForExit();

			const texts = [
				...readFileSync(path, 'utf8').matchAll(/"text":"(.*)"\}/g),
			];
			assert.deepEqual(
				texts.map(([, text]) => text),
				['otter', 'heron'].flatMap(nick =>
					Array.from({length: perServer}, (_, n) => `${nick} ${n + 1}`),
				),
			);
			assert.equal(first.stderr() + second.stderr(), '');
		},
	);
}
