/** Those whom the log has and no server names: by beats and a clock alone. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {Company} from '../../source/relay/company.js';
import type {Waiting} from '../../source/relay/outgoing.js';
import {beatMs, expiryMs, type Beat} from '../../source/relay/presence.js';
import {Roster} from '../../source/relay/roster.js';
import type {Session} from '../../source/relay/session.js';
import type {RelaySite} from '../../source/room/relay.js';
import {FakeClock} from '../helpers/clock.js';

const self = '0'.repeat(16);
const dying = 'f'.repeat(16);
const heron = {id: '1'.repeat(16), nick: 'heron', seq: 5};

const beat = JSON.stringify({
	server: dying,
	run: '00000002',
	machine: 'there',
	members: [{id: heron.id, nick: heron.nick, since: 1}],
} satisfies Beat);

const startCompany = () => {
	const clock = new FakeClock();
	const leaves: Waiting[] = [];
	const roster = new Roster();
	let elsewhere: ReadonlyArray<{readonly id: string}> = [];
	const room = {
		has: () => false,
		isElsewhere: (id: string) => elsewhere.some(member => member.id === id),
		isHost: () => false,
		isListing: true,
		log: {head: 5},
		members: () => [],
		setElsewhere(members: typeof elsewhere) {
			elsewhere = members;
		},
	};
	const nothing = () => undefined;
	const site = {
		room,
		elsewhereChanged: nothing,
		offers: () => [],
		owed: () => ({}),
		serverGone: nothing,
		serverHeard: nothing,
	} as unknown as RelaySite;
	const company = new Company({
		site,
		roster,
		server: self,
		run: '00000001',
		machine: 'here',
		clock,
		leaving: () => new Set(leaves.map(({id}) => id)),
		offerLeave(leave) {
			leaves.push(leave);
		},
		onStanding: nothing,
		onTwin: nothing,
	});
	// An engine gives our own beats back.
	const session = {
		beat(text: string) {
			company.hear(text);
		},
	} as unknown as Session;
	const advance = (ms: number) => {
		for (let passed = 0; passed < ms; passed += 250) {
			clock.advance(250);
			company.tick();
		}
	};

	return {advance, roster, company, session, leaves};
};

test('company: the members of a silent server leave once it is gone, not later', () => {
	for (let phase = 0; phase < beatMs; phase += 250) {
		const {advance, roster, company, session, leaves} = startCompany();
		company.begin(session);
		roster.restore([heron]);
		for (let count = 0; count < 5; count++) {
			company.hear(beat);
			advance(beatMs);
		}

		advance(phase);
		company.hear(beat);
		advance(expiryMs - beatMs);
		assert.equal(leaves.length, 0);
		advance(2 * beatMs + 250);
		assert.deepEqual(
			leaves.map(({key}) => key),
			['gone:5'],
			`${phase} ms`,
		);
	}
});

test('company: who joins again after its server was killed has left before, once', () => {
	const {roster, company, session, leaves} = startCompany();
	roster.restore([heron, {...heron, id: '2'.repeat(16), seq: 9}]);
	company.begin(session);
	company.beforeJoin(heron.id);
	company.beforeJoin(heron.id);
	// It has joined in this run: whoever ends its stay logs that.
	company.beforeJoin('2'.repeat(16));
	company.beforeJoin('3'.repeat(16));
	assert.deepEqual(
		leaves.map(({key, text}) => [key, text.includes('"reason":"timeout"')]),
		[['gone:5', true]],
	);
});

test('company: whom the log has and nobody has named yet is waited for', () => {
	const {advance, roster, company, session, leaves} = startCompany();
	company.begin(session);
	roster.restore([heron]);
	advance(expiryMs - beatMs);

	assert.equal(leaves.length, 0);
	advance(4 * beatMs);
	assert.equal(leaves.length, 1);
});

test('company: whoever died in an outage has left soon after it, however long it was', () => {
	for (const outageMs of [500, 2 * expiryMs]) {
		const {advance, roster, company, session, leaves} = startCompany();
		company.begin(session);
		roster.restore([heron]);
		for (let count = 0; count < 5; count++) {
			company.hear(beat);
			advance(beatMs);
		}

		company.end();
		advance(outageMs);
		company.begin(session);
		advance(expiryMs - 250);
		assert.equal(leaves.length, 0, `${outageMs} ms`);
		advance(500);
		assert.equal(leaves.length, 1, `${outageMs} ms`);
	}
});
