/** How a server ends a connection, in words. */
import assert from 'node:assert/strict';
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test, {after} from 'node:test';
import {askStatus} from '../../source/client/status.js';
import {requireLoopback} from '../../source/socket/address.js';
import {openClient} from '../helpers/client.js';
import {openScripted, welcomeFrame} from '../helpers/scripted.js';

const folder = mkdtempSync(join(tmpdir(), 'sockchat-endings-'));
after(() => {
	rmSync(folder, {recursive: true});
});

const early =
	'before a welcome came. The server may be shutting down; if it is not a sockchat server, use --raw.';

for (const [what, place, end, earlyEnd] of [
	[
		'TCP, which has a FIN',
		0,
		'The server closed the connection (FIN).',
		`The connection was closed (FIN) ${early}`,
	],
	[
		'a Unix domain socket, which has none',
		join(folder, 'room'),
		'The server closed the connection.',
		`The connection was closed ${early}`,
	],
] as const) {
	test(`endings: a server closes ${what}`, async t => {
		const {address} = await openScripted(
			t,
			(peer, count) => {
				if (count === 1) {
					peer.send(welcomeFrame());
				}

				peer.end();
			},
			place,
		);
		const open = async () =>
			openClient(t, address, 'otter', {isRetrying: false}).client.closed;
		assert.equal((await open())?.message, end);
		assert.equal((await open())?.message, earlyEnd);
		const status = await askStatus({
			address: requireLoopback(address),
			token: undefined,
			timeoutMs: 10_000,
		});
		assert.equal('error' in status && status.error?.message, earlyEnd);
	});
}
