/** What a member reads that a lock keeps out when it comes back. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {frameLine} from '../../source/protocol/codec.js';
import {roomLocked} from '../../source/protocol/room-refusals.js';
import {startBin} from '../helpers/process.js';
import {listenBare, welcomeFrame} from '../helpers/scripted.js';
import {openScreen} from '../helpers/sockchat.js';
import {until} from '../helpers/until.js';

const text =
	'The host has locked this room, so you are not let back in. Trying again.';

/** Welcomes the first connection, and ends it; the room is locked for others. */
const listenLocked = async (t: Parameters<typeof listenBare>[0]) => {
	let count = 0;
	const {address} = await listenBare(t, socket => {
		count++;
		const {code, message} = roomLocked();
		const answer =
			count === 1
				? frameLine(welcomeFrame())
				: frameLine({type: 'error', code, message});
		socket.once('data', () => {
			socket.end(answer);
		});
	});
	assert.equal(address.kind, 'tcp');
	return {port: String(address.port), count: () => count};
};

const times = (seen: string) => seen.split('locked this room').length - 1;

test('e2e: a member that a lock keeps out reads so once', async t => {
	const {port, count} = await listenLocked(t);
	const member = startBin(t, ['connect', '--plain', '--port', port]);
	await member.waitForOutput(text, {stream: 'stderr'});
	await until(() => count() > 3, {what: 'two more attempts'});
	assert.equal(times(member.stderr()), 1);
});

test('e2e: a screen says once that a lock keeps it out', async t => {
	const {port, count} = await listenLocked(t);
	const terminal = await openScreen(t, ['connect', '--port', port]);
	await terminal.waitFor('The host has locked this room');
	await until(() => count() > 3, {what: 'two more attempts'});
	assert.equal(times(terminal.text()), 1, terminal.framed());
});
