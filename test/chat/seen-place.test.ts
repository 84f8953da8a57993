import assert from 'node:assert/strict';
import {
	mkdtempSync,
	readdirSync,
	rmSync,
	statSync,
	writeFileSync,
} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {test} from 'node:test';
import {openSeenPlace} from '../../source/chat/seen-place.js';
import {requireLoopback} from '../../source/socket/address.js';

const address = requireLoopback({kind: 'tcp', host: '127.0.0.1', port: 5001});
const seen = {log: 'log', seq: 7, at: 1000};

test('seen: is read again, private, and nothing else is left', t => {
	const home = mkdtempSync(join(tmpdir(), 'sockchat-seen-'));
	t.after(() => {
		rmSync(home, {recursive: true, force: true});
	});
	const env = {XDG_STATE_HOME: home};
	const place = openSeenPlace(address, 'Otter', env)!;
	assert.equal(place.read(), undefined);
	place.write(seen);
	const folder = join(home, 'sockchat', 'seen');
	const [name, ...others] = readdirSync(folder);
	assert.deepEqual(others, []);
	assert.equal(statSync(folder).mode & 0o777, 0o700);
	assert.equal(statSync(join(folder, name!)).mode & 0o777, 0o600);
	assert.deepEqual(openSeenPlace(address, 'otter', env)?.read(), seen);
	assert.equal(openSeenPlace(address, 'heron', env)?.read(), undefined);

	for (const text of ['', '{', '[]', '{"log":1}', '{"log":"a","seq":1.5}']) {
		writeFileSync(join(folder, name!), text);
		assert.equal(place.read(), undefined, text);
	}

	place.write({...seen, seq: 8});
	assert.equal(place.read()?.seq, 8);
});

test('seen: without a home, or where nothing can be written, nothing is kept', () => {
	assert.equal(openSeenPlace(address, 'otter', {}), undefined);
	const place = openSeenPlace(address, 'otter', {
		XDG_STATE_HOME: '/dev/null/x',
	})!;
	place.write(seen);
	assert.equal(place.read(), undefined);
});
