/** Which bot has a command, if several servers have heard of several. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import fc from 'fast-check';
import {maxOffers} from '../../source/protocol/offered-commands.js';
import {offerIn, settleOffers} from '../../source/relay/commands.js';
import type {OwnOffer} from '../../source/room/relay.js';

const offerOf = (bot: number, name: number, since: number): OwnOffer => ({
	name: `c${name}`,
	usage: '',
	help: '',
	bot: String(bot).padStart(16, '0'),
	since,
});

const offers = fc.uniqueArray(
	fc.tuple(fc.nat({max: 8}), fc.nat({max: 99}), fc.nat({max: 3})),
	{maxLength: 200, size: 'max', selector: ([bot, name]) => `${bot} ${name}`},
);

test('commands: each server keeps and gives up the same', () => {
	fc.assert(
		fc.property(offers, all => {
			// A bot is on one server, and has each name once.
			const servers = [0, 1, 2].map(server =>
				all
					.filter(([bot]) => bot % 3 === server)
					.map(([bot, name, since]) => offerOf(bot, name, since)),
			);
			const lists = servers.map((own, server) => {
				const others = servers.flatMap((theirs, other) =>
					other === server
						? []
						: theirs.map(offer => ({
								...offer,
								from: offer.bot,
								server: `${other}`,
								machine: '',
							})),
				);
				const {elsewhere, lost} = settleOffers(own, others);
				for (const {offer, why} of lost) {
					if (elsewhere.some(({name}) => name === offer.name)) {
						assert.equal(why.code, 'ERR_COMMAND_TAKEN');
					}
				}

				const kept = own.filter(each =>
					lost.every(({offer}) => offer !== each),
				);
				return [...kept, ...elsewhere]
					.map(({name, bot}) => `${name} ${bot}`)
					.toSorted();
			});
			const [first, ...others] = lists as [string[], ...string[][]];
			for (const list of others) {
				assert.deepEqual(list, first);
			}

			const names = new Set(all.map(([, name]) => name));
			assert.equal(first.length, Math.min(maxOffers, names.size));
		}),
		{numRuns: 300},
	);
});

test('commands: what is no offer is ignored', () => {
	const whole = offerOf(1, 1, 5);
	assert.deepEqual(offerIn({...whole, more: 1}), whole);
	for (const wrong of [
		undefined,
		'deploy',
		{...whole, name: 'DEPLOY'},
		{...whole, usage: '\u001B[2J'},
		{...whole, help: 'two\nlines'},
		{...whole, help: 'x'.repeat(101)},
		{...whole, bot: 'otter'},
		{...whole, since: 1.5},
	]) {
		assert.equal(offerIn(wrong), undefined);
	}
});
