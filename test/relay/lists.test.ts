/**
 * Members and commands of three servers, over random sequences of what may
 * happen: in the end all servers list the same. No engine, no sockets: beats
 * are delivered here.
 */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import fc from 'fast-check';
import {publicId} from '../../source/protocol/public-id.js';
import {maxOffers} from '../../source/protocol/offered-commands.js';
import {foldNick} from '../../source/protocol/nick.js';
import {Company} from '../../source/relay/company.js';
import {beatMs, expiryMs} from '../../source/relay/presence.js';
import {Roster} from '../../source/relay/roster.js';
import type {Session} from '../../source/relay/session.js';
import type {RelaySite} from '../../source/room/relay.js';
import {Room} from '../../source/room/room.js';
import {Bots} from '../../source/server/bots/bots.js';
import {FakeClock} from '../helpers/clock.js';

const clientOf = (index: number): string =>
	`00000000-0000-4000-8000-${String(index).padStart(12, '0')}`;

/** Delivers beats to the servers that are connected, in the order sent. */
class Engine {
	isAway = false;
	readonly servers: Server[] = [];
	readonly #queue: string[] = [];

	post(text: string): void {
		this.#queue.push(text);
	}

	deliver(): void {
		for (
			let text = this.#queue.shift();
			text !== undefined;
			text = this.#queue.shift()
		) {
			for (const server of this.servers) {
				server.hear(text);
			}
		}
	}
}

class Server {
	isCut = false;
	room!: Room;
	bots!: Bots;
	/** What its bots were told that they offer no more. */
	readonly taken: string[] = [];
	readonly #engine: Engine;
	readonly #clock: FakeClock;
	readonly #server: string;
	#company!: Company;
	#runs = 0;
	#isConnected = false;

	constructor(engine: Engine, clock: FakeClock, index: number) {
		this.#engine = engine;
		this.#clock = clock;
		this.#server = String(index).padStart(16, '0');
		this.start();
	}

	/** As after a `kill -9`. */
	start(): void {
		this.#isConnected = false;
		const bots = new Bots();
		const order = {offer() {}, waitingN: () => undefined};
		const room = new Room({logId: () => 'log', order});
		this.bots = bots;
		this.room = room;
		const site: Partial<RelaySite> = {
			room,
			elsewhereChanged() {},
			giveOtherNick: id => {
				room.displace(id, this.#clock.wallMs());
			},
			replace: id => {
				this.leave(id);
			},
			offers: () => bots.offers,
			setOffersElsewhere(offers) {
				bots.setElsewhere(offers);
			},
			takeOffer: ({bot, name}) => {
				bots.withdraw(bot, name);
				this.taken.push(name);
			},
			owed: () => ({}),
			serverHeard() {},
			serverGone() {},
		};
		this.#company = new Company({
			site: site as RelaySite,
			roster: new Roster(),
			server: this.#server,
			run: String(++this.#runs).padStart(8, '0'),
			machine: `box${this.#server}`,
			clock: this.#clock,
			leaving: () => new Set<string>(),
			offerLeave() {},
			onStanding() {},
			onTwin() {},
		});
		this.connect();
	}

	/** Goes with the engine, or without it. */
	connect(): void {
		const isConnected = !this.isCut && !this.#engine.isAway;
		if (isConnected === this.#isConnected) {
			return;
		}

		this.#isConnected = isConnected;
		if (isConnected) {
			const session = {
				beat: (text: string) => {
					this.#engine.post(text);
				},
			};
			this.#company.begin(session as Session);
		} else {
			this.#company.end();
		}
	}

	hear(text: string): void {
		if (this.#isConnected) {
			this.#company.hear(text);
		}
	}

	tick(): void {
		this.#company.tick();
	}

	/** Call after anything that members do. */
	changed(): void {
		this.#company.membersChanged();
	}

	leave(id: string): void {
		const member = [...this.room.members()].find(each => each.id === id);
		if (member) {
			this.bots.leave(id);
			this.room.leave(member, 'quit', this.#clock.wallMs());
		}
	}

	names(): string {
		const {count, names} = this.room.memberList();
		return [count, ...names.toSorted()].join(' ');
	}

	commands(): string {
		const own = this.bots.offers.map(({name, bot}) => `${name} ${bot}`);
		const others = Array.from(
			this.bots.offersElsewhere,
			({name, bot}) => `${name} ${bot}`,
		);
		return [...own, ...others].toSorted().join(', ');
	}
}

const server = fc.nat({max: 2});
const who = fc.nat({max: 5});
const nick = fc.constantFrom<string>('otter', 'OTTER', 'heron', 'wren');
const name = fc.constantFrom('deploy', 'halt', 'tell');
const withMember = <T extends string>(type: T) =>
	fc.record({type: fc.constant(type), server, who});
const action = fc.oneof(
	fc.record({type: fc.constant('join' as const), server, who, nick}),
	withMember('leave'),
	fc.record({type: fc.constant('nick' as const), server, who, nick}),
	{
		weight: 4,
		arbitrary: fc.record({
			type: fc.constant('offer' as const),
			server,
			who,
			name,
		}),
	},
	// More than all servers together may have.
	{weight: 4, arbitrary: withMember('offer many')},
	fc.record({type: fc.constant('withdraw' as const), server, who, name}),
	fc.record({type: fc.constant('cut' as const), server}),
	fc.record({type: fc.constant('mend' as const), server}),
	fc.record({type: fc.constant('kill' as const), server}),
	fc.record({type: fc.constant('engine away' as const)}),
	fc.record({type: fc.constant('engine back' as const)}),
	fc.record({
		type: fc.constant('wait' as const),
		ms: fc.constantFrom(1, 100, beatMs, expiryMs + beatMs),
	}),
);

/** At first each server has two members, who know of nobody else. */
const beginning: readonly Action[] = [
	{type: 'engine away'},
	...[0, 1, 2, 3, 4, 5].map(
		client =>
			({
				type: 'join',
				server: client % 3,
				who: client,
				nick: `bot${client}`,
			}) as const,
	),
];

type Action = typeof action extends fc.Arbitrary<infer T> ? T : never;

const perform = (
	step: Action,
	engine: Engine,
	clock: FakeClock,
	next: () => number,
): void => {
	const {servers} = engine;
	const at = clock.wallMs();
	const here = 'server' in step ? servers[step.server]! : undefined;
	const member =
		'who' in step
			? [...here!.room.members()].find(
					({id}) => id === publicId(clientOf(step.who)),
				)
			: undefined;
	switch (step.type) {
		case 'join': {
			here!.room.join(clientOf(step.who), step.nick, at);
			break;
		}

		case 'leave': {
			here!.leave(member?.id ?? '');
			break;
		}

		case 'nick': {
			if (member) {
				here!.room.rename(member, step.nick, at);
			}

			break;
		}

		case 'offer': {
			if (member) {
				const offer = {name: step.name, usage: '', help: ''};
				here!.bots.offer(member.id, offer, at);
			}

			break;
		}

		case 'offer many': {
			const names = Array.from({length: 15}, () => `c${next()}`);
			for (const each of member ? names : []) {
				here!.bots.offer(member!.id, {name: each, usage: '', help: ''}, at);
			}

			break;
		}

		case 'withdraw': {
			here!.bots.withdraw(member?.id ?? '', step.name);
			break;
		}

		case 'cut':
		case 'mend': {
			here!.isCut = step.type === 'cut';
			here!.connect();
			break;
		}

		case 'kill': {
			here!.start();
			break;
		}

		case 'engine away':
		case 'engine back': {
			engine.isAway = step.type === 'engine away';
			for (const each of servers) {
				each.connect();
			}

			break;
		}

		case 'wait': {
			clock.advance(step.ms);
			break;
		}
	}

	here?.changed();
};

/** Beats of a turn go out in the next one. */
const turn = async (engine: Engine): Promise<void> => {
	await new Promise(resolve => {
		setImmediate(resolve);
	});
	engine.deliver();
};

const assertSame = (servers: readonly Server[]): void => {
	const [first, ...others] = servers as [Server, ...Server[]];
	for (const other of others) {
		assert.equal(other.names(), first.names());
		assert.equal(other.commands(), first.commands());
	}

	const {count, names} = first.room.memberList();
	assert.equal(new Set(names.map(each => foldNick(each))).size, count);
	const ids = servers.flatMap(({room}) =>
		Array.from(room.members(), ({id}) => id),
	);
	assert.equal(new Set(ids).size, count, 'each client is on one server');
	const offers = servers.flatMap(({bots}) => bots.offers);
	assert.ok(offers.length <= maxOffers);
	assert.equal(new Set(offers.map(offer => offer.name)).size, offers.length);
	for (const {bot} of offers) {
		assert.ok(ids.includes(bot), 'each command has its bot');
	}
};

test('relay: whatever happened, three servers list the same in the end', async () => {
	await fc.assert(
		fc.asyncProperty(
			fc.array(action, {maxLength: 60, size: 'max'}),
			async steps => {
				const clock = new FakeClock();
				const engine = new Engine();
				for (const index of [0, 1, 2]) {
					engine.servers.push(new Server(engine, clock, index));
				}

				let names = 0;
				const next = () => ++names;
				for (const step of [...beginning, ...steps]) {
					perform(step, engine, clock, next);
					for (const each of engine.servers) {
						each.tick();
					}

					await turn(engine);
				}

				engine.isAway = false;
				for (const each of engine.servers) {
					each.isCut = false;
					each.connect();
				}

				// A nick that is given up may be another clash, at most a few times.
				for (let beats = 0; beats < 10; beats++) {
					clock.advance(beatMs);
					for (const each of engine.servers) {
						each.tick();
					}

					await turn(engine);
					for (const each of engine.servers) {
						each.changed();
					}

					await turn(engine);
				}

				assertSame(engine.servers);
			},
		),
		{numRuns: 300},
	);
});
