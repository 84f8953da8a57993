/**
 * Traffic in bursts, with a room between them in which nothing is left to do:
 * nothing to read, to keep, to sync or to show.
 */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {systemClock, type Clock} from '../../source/socket/clock.js';
import {openClient} from '../helpers/client.js';
import {textsIn} from '../helpers/faults/quiet-room.js';
import {createRandom, deadlineMs, sized} from '../helpers/faults/size.js';
import {makePath} from '../helpers/history/kept.js';
import {openServer} from '../helpers/room.js';
import {until} from '../helpers/until.js';
import {openPlain} from '../helpers/wire-peer.js';

const memberCount = 6;
const plainCount = 2;
const mostSaidAtOnce = 12;

/** The system's clock, with a list of the timers that are set. */
const createListedClock = (): {
	readonly clock: Clock;
	readonly delays: () => readonly number[];
} => {
	const timers = new Map<symbol, number>();
	return {
		delays: () => [...timers.values()],
		clock: {
			...systemClock,
			setTimer(callback, delayMs) {
				const key = Symbol('timer');
				timers.set(key, delayMs);
				const cancel = systemClock.setTimer(() => {
					timers.delete(key);
					callback();
				}, delayMs);
				return () => {
					timers.delete(key);
					cancel();
				};
			},
		},
	};
};

for (const {fsync, bursts} of [
	{fsync: 'interval', bursts: sized(30, 3)},
	{fsync: 'always', bursts: sized(600, 20)},
] as const) {
	test(
		`faults: ${bursts} bursts with silence between them, --fsync ${fsync}: every member and the disk have all of it`,
		{timeout: deadlineMs},
		async t => {
			const path = makePath(t);
			const {clock, delays} = createListedClock();
			const server = await openServer(t, {
				clock,
				history: {path, fsync},
				rate: 'off',
			});
			const {room} = server;
			const random = createRandom(bursts);
			const upTo = (most: number) => Math.floor(random() * (most + 1));
			const members = Array.from({length: memberCount}, (_, index) => {
				const texts: string[] = [];
				const nick = `otter-${index}`;
				const member = openClient(t, server.address, nick, {
					onEvent(event) {
						if (event.type === 'frame' && event.frame.type === 'message') {
							texts.push(event.frame.text);
						}
					},
				});
				return {...member, nick, texts};
			});
			const plains = await Promise.all(
				Array.from({length: plainCount}, async () => {
					const peer = await openPlain(t, server.address);
					// The server doesn't know that it is plain before its first line.
					peer.write('/who\n');
					await peer.untilText('here: ');
					peer.forget();
					return {peer, said: 0, heard: 0};
				}),
			);
			for (const member of members) {
				await member.untilPhase('open');
			}

			let said = 0;
			let drops = 0;
			const kept: string[] = [];
			const isQuiet = () =>
				members.every(
					({client, texts}) =>
						client.unstored === 0 &&
						client.connection.phase === 'open' &&
						texts.length === said,
				) &&
				plains.every(
					({peer, heard, said: own}) =>
						heard + peer.text.split('\n').length - 1 === said - own,
				) &&
				room.log.unshownBytes === 0 &&
				// One timer looks at the deadlines of peers for ever; whatever else
				// waits, such as a sync, is a part of the burst.
				delays().length === 1;
			const untilQuiet = async (what: string) =>
				until(isQuiet, {
					what: `silence after ${what}`,
					seen: () =>
						[
							`${said} said, ${room.log.shownHead} of ${room.log.head} entries shown, timers ${delays().join(' ')}`,
							...members.map(
								({client, texts}) =>
									`${client.nick}: ${texts.length}, ${client.unstored} not stored, ${client.connection.phase}`,
							),
							...plains.map(({peer}) => JSON.stringify(peer.text.slice(-200))),
						].join('\n'),
				});
			for (let burst = 0; burst < bursts; burst++) {
				for (const {client} of members) {
					for (let count = upTo(mostSaidAtOnce); count > 0; count--) {
						client.say(`${said++} ${'é🦦'.repeat(upTo(20))}`);
					}
				}

				// Within the burst: what it has said and not heard of is said again.
				const dropped = members[upTo(2 * memberCount)];
				if (dropped) {
					drops++;
					dropped.dialled.at(-1)!.destroy();
				}

				for (const plain of plains) {
					const count = upTo(3);
					const lines = Array.from({length: count}, () => `${said++}\n`);
					plain.said += count;
					plain.peer.write(lines.join(''));
				}

				await untilQuiet(`burst ${burst}`);
				kept.push(...textsIn(path).slice(kept.length));
				assert.equal(kept.length, said, 'each is in the file once');
				for (const plain of plains) {
					plain.heard += plain.peer.text.split('\n').length - 1;
					plain.peer.forget();
				}

				// What leaves nothing in the log, alone in a silent room. The answers
				// behind it tell that it was read, and that the turn was over.
				const {
					client,
					nick,
					of,
					until: untilSeen,
				} = members[burst % memberCount]!;
				client.rename(nick);
				client.requests.search('nobody says this');
				const searches = Math.floor(burst / memberCount) + 1;
				const isFound = () =>
					of('frame').filter(({frame}) => frame.type === 'found').length ===
					searches;
				await untilSeen('the answer', isFound);
				const {peer} = plains[burst % plainCount]!;
				peer.write('\n/who\n');
				await peer.untilText('here: ');
				peer.forget();
			}

			for (const {texts, of} of members) {
				assert.deepEqual(texts, kept);
				assert.deepEqual(of('failed'), []);
			}

			assert.equal(new Set(kept).size, said);
			t.diagnostic(
				`${said} messages in ${bursts} bursts, ${drops} connections dropped within them: each is in the file once, and was shown to all ${memberCount + plainCount}`,
			);
		},
	);
}
