/** A server that is started anew while all its clients want to come back. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {loopback} from '../helpers/sockchat.js';
import {openClient} from '../helpers/client.js';
import {findPort} from '../helpers/ports.js';
import {until} from '../helpers/until.js';
import {serveOn} from '../helpers/faults/process.js';
import {
	createRandom,
	deadlineMs,
	isFull,
	sized,
} from '../helpers/faults/size.js';

const clientCount = sized(200, 40);
const windowMs = 100;

/** The most that fall into any window of 100 ms. */
const densest = (times: readonly number[]): number => {
	const sorted = times.toSorted((a, b) => a - b);
	let start = 0;
	let most = 0;
	for (const [end, time] of sorted.entries()) {
		while (time - sorted[start]! >= windowMs) {
			start++;
		}

		most = Math.max(most, end - start + 1);
	}

	return most;
};

for (const downMs of [0, 3000]) {
	test(
		`faults: a restart with ${clientCount} clients, down for ${downMs} ms and its start: all return, spread over time`,
		{timeout: deadlineMs},
		async t => {
			const port = await findPort();
			const {server} = await serveOn(t, port);
			const random = createRandom(clientCount);
			let isDown = false;
			const attempts: number[] = [];
			const all = Array.from({length: clientCount}, (_, index) =>
				openClient(t, loopback(port), `otter-${index}`, {
					random,
					onEvent(event) {
						if (
							isDown &&
							event.type === 'connection' &&
							event.connection.phase === 'waiting'
						) {
							// When it is due: a machine that is busy bunches what is not.
							attempts.push(event.connection.retryAt);
						}
					},
				}),
			);
			for (const each of all) {
				await each.untilPhase('open');
			}

			isDown = true;
			const killedAt = performance.now();
			server.signal('SIGKILL');
			await server.waitForExit();
			await until(() => performance.now() - killedAt >= downMs, {
				what: 'the time that it is down',
			});
			await serveOn(t, port);
			const listeningAt = performance.now();
			await until(() => all.every(each => each.phase() === 'open'), {
				what: 'all to be back',
				seen: () => all.map(each => each.phase()).join(' '),
				deadlineMs,
			});
			const backMs = Math.round(performance.now() - listeningAt);
			const most = densest(attempts);
			const share = (most / attempts.length) * 100;
			t.diagnostic(
				`${clientCount} clients, ${Math.round(listeningAt - killedAt)} ms without a server: all back ${backMs} ms after it listened, ${attempts.length} attempts, ${most} (${share.toFixed(1)} %) within the densest ${windowMs} ms`,
			);
			for (const {of, client} of all) {
				assert.equal(client.unstored, 0);
				assert.deepEqual(of('failed'), []);
			}

			// The jitter is given by a seed, so this holds or doesn't.
			assert.ok(most * 4 < attempts.length, `${most} of ${attempts.length}`);
			if (isFull) {
				assert.ok(backMs < 15_000, `${backMs} ms`);
			}
		},
	);
}
