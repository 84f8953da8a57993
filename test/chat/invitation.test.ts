import assert from 'node:assert/strict';
import {resolve} from 'node:path';
import {test} from 'node:test';
import {invitationOf} from '../../source/chat/invitation.js';
import {requireLoopback, type Address} from '../../source/socket/address.js';

const tcp = (host: string, port: number): Address => ({
	kind: 'tcp',
	host,
	port,
});

const invitation = (address: Address, given = {}): readonly string[] =>
	invitationOf({
		address: requireLoopback(address),
		hasToken: false,
		isSameUser: false,
		...given,
	}).split('\n');

test('invitation: it has the words to type, for each address', () => {
	const path = resolve('my room.sock');
	for (const [address, ...ways] of [
		[tcp('127.0.0.1', 5001), '  sockchat', '  nc 127.0.0.1 5001'],
		[tcp('127.0.0.1', 6000), '  sockchat 6000', '  nc 127.0.0.1 6000'],
		[tcp('127.0.0.2', 80), '  sockchat 127.0.0.2:80', '  nc 127.0.0.2 80'],
		[tcp('::1', 5001), '  sockchat --host ::1 --port 5001', '  nc ::1 5001'],
		[{kind: 'unix', path: '/tmp/a'}, '  sockchat /tmp/a', '  nc -U /tmp/a'],
		[
			{kind: 'unix', path: 'my room.sock'},
			`  sockchat '${path}'`,
			`  nc -U '${path}'`,
		],
	] as Array<[Address, ...string[]]>) {
		assert.deepEqual(invitation(address), [
			'Others on this machine come in with',
			...ways,
		]);
	}
});

test('invitation: nc has no token, and another user no way in', () => {
	assert.deepEqual(
		invitation(tcp('127.0.0.1', 5001), {hasToken: true}).slice(1),
		['  sockchat --token-file FILE'],
	);
	assert.match(
		invitation(tcp('127.0.0.1', 5001), {isSameUser: true})[0]!,
		/^You come in from another terminal with$/,
	);
});
