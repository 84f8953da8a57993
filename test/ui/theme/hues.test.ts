/** The colour of a nick: the nick's own, and as even as chance. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import fc from 'fast-check';
import {foldNick} from '../../../source/protocol/nick.js';
import {hueOf} from '../../../source/ui/theme/roles.js';

// As many as the themes have.
const counts = [3, 6, 10, 16, 18];

const people =
	'otter heron crane avocet ci bot root admin deploy build test alice bob carol dave eve mallory trent peggy victor anna ben chris daniel emma felix george hannah ivan julia karl laura max nina oscar paul quentin rosa sam tina ursula vera will xenia yuri zoe lee kim jo al me x y z a b c zed mia noah liam olivia ava sophia lucas leo ella luna jack jan jana maria peter pavel piotr 李雷 韩梅梅 まこと Ольга Дмитрий Юлия Zoë Jürgen Åsa Łukasz'.split(
		' ',
	);

const numbered = (name: string, first: number) =>
	Array.from({length: 90}, (_nick, index) => `${name}${first + index}`);

const sets: Readonly<Record<string, readonly string[]>> = {
	people,
	'one after the other': numbered('otter-', 2),
	guests: numbered('guest-', 50_001),
	workers: numbered('worker', 0),
	'one letter': [...'abcdefghijklmnopqrstuvwxyz'],
};

test('hues: common nicks share a colour no more often than chance', () => {
	for (const [name, nicks] of Object.entries(sets)) {
		// Nicks that count as the same can't be in one room.
		const distinct = [
			...new Map(nicks.map(nick => [foldNick(nick), nick])).values(),
		];
		const pairs = (distinct.length * (distinct.length - 1)) / 2;
		for (const count of counts) {
			const rooms = Array.from({length: count}, () => 0);
			for (const nick of distinct) {
				rooms[hueOf(nick) % count]!++;
			}

			let shared = 0;
			for (const members of rooms) {
				shared += (members * (members - 1)) / 2;
			}

			// Pairs are independent two by two, so this is the variance.
			const chance = pairs / count;
			const deviation = Math.sqrt(chance * (1 - 1 / count));
			assert.ok(
				shared <= chance + 3 * deviation,
				`${name}, ${count} colours: ${shared} pairs share one, by chance ${chance.toFixed(0)}.`,
			);
			assert.ok(
				distinct.length < 60 || rooms.every(members => members > 0),
				`${name}: a colour of ${count} is never used.`,
			);
		}
	}
});

test('hues: nicks that count as the same have the same hue', () => {
	assert.equal(hueOf('Otter'), hueOf('otter'));
	assert.equal(hueOf('раypal'), hueOf('paypal'));
	fc.assert(
		fc.property(fc.string({unit: 'grapheme'}), nick => {
			assert.equal(hueOf(nick), hueOf(foldNick(nick)));
			assert.ok(Number.isSafeInteger(hueOf(nick)) && hueOf(nick) >= 0);
		}),
	);
});
