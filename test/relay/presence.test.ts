/** Who is on which server, by beats alone: no clock, no engine. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import fc from 'fast-check';
import {foldNick} from '../../source/protocol/nick.js';
import {
	expiryMs,
	parseBeat,
	parseGone,
	Presence,
	type Beat,
	type BeatMember,
} from '../../source/relay/presence.js';

const serverOf = (index: number): string => String(index).padStart(16, '0');

const beatOf = (
	index: number,
	members: readonly BeatMember[] = [],
	run = '00000001',
): Beat => ({server: serverOf(index), run, machine: `box${index}`, members});

const memberOf = (id: number, nick: string, since = 1): BeatMember => ({
	id: id.toString(16).padStart(16, '0'),
	nick,
	since,
});

test('presence: a server that is silent for three beats is gone, the others stay', () => {
	const presence = new Presence(serverOf(0));
	presence.hear(beatOf(1, [memberOf(1, 'otter')]), 0);
	presence.hear(beatOf(2, [memberOf(2, 'heron')]), 0);
	presence.hear(beatOf(2, [memberOf(2, 'heron')]), expiryMs);
	assert.deepEqual(presence.expire(), []);
	presence.hear(beatOf(2, [memberOf(2, 'heron')]), expiryMs + 1);
	assert.equal(presence.expire().length, 1);
	assert.deepEqual(
		presence.elsewhere([]).map(({nick, machine}) => [nick, machine]),
		[['heron', 'box2']],
	);
});

test('presence: an engine that delivers nothing makes nobody old', () => {
	const presence = new Presence(serverOf(0));
	presence.hear(beatOf(0), 0);
	presence.hear(beatOf(1, [memberOf(1, 'otter')]), 0);
	// However much later it is by our clock, no beat says so.
	assert.deepEqual(presence.expire(), []);
	assert.equal(presence.elsewhere([]).length, 1);
});

test('presence: the server with the lowest id acts for those that are gone', () => {
	const presence = new Presence(serverOf(3));
	presence.hear(beatOf(3), 0);
	presence.hear(beatOf(5), 0);
	assert.equal(presence.isFirst, true);
	presence.hear(beatOf(2), 0);
	assert.equal(presence.isFirst, false);
	presence.forget(serverOf(2));
	assert.equal(presence.isFirst, true);
});

test('presence: a new process of a server is noticed', () => {
	const presence = new Presence(serverOf(0));
	assert.equal(presence.hear(beatOf(1), 0), true);
	assert.equal(presence.hear(beatOf(1), 1), false);
	assert.equal(presence.hear(beatOf(1, [], '00000002'), 2), true);
});

test('presence: a client that moved is the one that came last', () => {
	const presence = new Presence(serverOf(0));
	presence.hear(beatOf(1, [memberOf(7, 'otter', 5)]), 0);
	const own = [memberOf(7, 'otter', 4), memberOf(8, 'wren', 1)];
	assert.deepEqual(presence.clashes(own), {losers: [], moved: [own[0]]});
	// It came here later than there.
	const later = [memberOf(7, 'otter', 6)];
	assert.deepEqual(presence.clashes(later), {losers: [], moved: []});
	assert.deepEqual(presence.elsewhere(later), []);
});

const nicks = fc.constantFrom('otter', 'OTTER', 'heron', 'wren');
const rooms = fc.array(
	fc.array(fc.tuple(fc.integer({min: 1, max: 12}), nicks, fc.nat({max: 3})), {
		maxLength: 4,
	}),
	{minLength: 2, maxLength: 4},
);

test('presence: of a nick, every server sees the same member keep it', () => {
	fc.assert(
		fc.property(rooms, plan => {
			// A server has each client and each nick once.
			const servers = plan.map(members =>
				members
					.map(([id, nick, since]) => memberOf(id, nick, since))
					.filter(
						({id, nick}, index, all) =>
							all.findIndex(other => other.id === id) === index &&
							all.findIndex(
								other => foldNick(other.nick) === foldNick(nick),
							) === index,
					),
			);
			const losers = new Set<string>();
			const all = servers.map((own, index) => {
				const presence = new Presence(serverOf(index));
				for (const [other, members] of servers.entries()) {
					presence.hear(beatOf(other, members), 0);
				}

				const {losers: ours, moved} = presence.clashes(own);
				for (const {id} of [...ours, ...moved]) {
					losers.add(`${index} ${id}`);
				}

				return presence;
			});
			// Of each nick one is left on all servers, and none of those that keep it
			// was the only one who thinks so.
			const kept = servers.flatMap((own, index) =>
				own.filter(({id}) => !losers.has(`${index} ${id}`)),
			);
			const keys = kept.map(({id, nick}) => `${foldNick(nick)} ${id}`);
			const nickKeys = new Set(keys.map(key => key.split(' ')[0]));
			assert.equal(new Set(keys).size, nickKeys.size);
			for (const [index, presence] of all.entries()) {
				const seen = presence.elsewhere(servers[index]!);
				const folded = seen.map(({nick}) => foldNick(nick));
				assert.equal(new Set(folded).size, folded.length);
			}
		}),
		{numRuns: 500},
	);
});

test('presence: what is no beat is ignored', () => {
	const whole = beatOf(1, [memberOf(1, 'otter')]);
	assert.deepEqual(parseBeat(JSON.stringify(whole)), whole);
	for (const wrong of [
		'',
		'[]',
		'null',
		'{"server":7}',
		JSON.stringify({...whole, server: 'x'}),
		JSON.stringify({...whole, members: [{id: 'x', nick: 'otter', since: 1}]}),
		JSON.stringify({...whole, members: [memberOf(1, '')]}),
		JSON.stringify({...whole, members: [memberOf(1, 'o'.repeat(100))]}),
		JSON.stringify({...whole, members: [{...memberOf(1, 'a'), since: '1'}]}),
	]) {
		assert.equal(parseBeat(wrong), undefined, wrong);
	}

	assert.equal(parseGone(JSON.stringify({server: 'a', isGone: true})), 'a');
	assert.equal(parseGone(JSON.stringify(whole)), undefined);
	assert.equal(parseGone('"isGone"'), undefined);
});
