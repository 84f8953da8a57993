/** A socket that was passed to us; test/e2e/systemd.test.ts passes real ones. */
import assert from 'node:assert/strict';
import {closeSync, openSync} from 'node:fs';
import {test} from 'node:test';
import {startServer} from '../../source/index.js';

test('inherited: the library refuses a descriptor that is no socket', async () => {
	const descriptor = openSync('/dev/null', 'r');
	const address = {kind: 'tcp', host: '127.0.0.1', port: 0} as const;
	await assert.rejects(startServer({address, descriptor}), {
		code: 'ERR_ADDRESS_UNAVAILABLE',
	});
	closeSync(descriptor);
});
