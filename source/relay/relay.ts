/**
 * A room's relay.
 *
 * With each connection to the engine, it first reads all that the stream has.
 * Then the log is whole, and what was offered goes out. While the engine is
 * away, the room goes on: what is said waits in the outbox, and members see it
 * as pending.
 */
import {SockchatError} from '../errors.js';
import type {RelayPhase, ServerEvent} from '../event/event.js';
import {historyOfAnotherLog} from '../history/failures.js';
import {isStreamLog} from '../history/log-id.js';
import type {FsyncMode} from '../history/syncing.js';
import {findAbsent} from '../room/absent.js';
import type {Offer} from '../room/order.js';
import type {Errand, RelayedLog, RelaySite, RoomRelay} from '../room/relay.js';
import type {RestoredLog} from '../room/appender.js';
import {maxAnnouncedMembers} from '../room/comings.js';
import type {Clock} from '../socket/clock.js';
import {trace} from '../trace.js';
import {Company} from './company.js';
import {Connecting} from './connecting.js';
import {openSession, type EngineOptions} from './engine.js';
import {errandIn, wrapErrand} from './errand.js';
import {
	notDelivered,
	outboxFull,
	renameLater,
	serverTwice,
	streamLostItsEnd,
	streamOfOtherLog,
} from './failures.js';
import {GivingUp} from './giving-up.js';
import {joinedStart, Keeping} from './keeping.js';
import {Merging} from './merging.js';
import {freshServerId, loggedAmong, openOutbox, type Outbox} from './outbox.js';
import {Outgoing} from './outgoing.js';
import {Publishing} from './publishing.js';
import {Reading} from './reading.js';
import {Reporting} from './reporting.js';
import type {Session} from './session.js';

export type RelayOptions = EngineOptions & {
	/** Whether the room opens although the engine can't be used. */
	readonly isOptional: boolean;
	/** As people call this machine. */
	readonly machine: string;
	/** Undefined if the log is in memory only. */
	readonly historyPath: string | undefined;
	readonly fsync: FsyncMode;
	readonly clock: Clock;
	readonly onEvent: (event: ServerEvent) => void;
	readonly openSession?: typeof openSession | undefined;
};

// What a process before this one left may have come back: its last entries are
// read again.
const lookBack = 1024;

// An entry that is not back by then waits: members are shown it as pending.
const lateMs = 500;

const tickMs = 250;

// The end of a server waits this long for the engine.
const drainMs = 2000;

// Servers answer a newcomer at once: its first member then gets the whole list.
const greetingMs = 300;
const pollMs = 10;

const maxWaitingBytes = 64 * 1024 * 1024;

/** What a relay consists of once it knows its room. */
type Parts = {
	/** The id of this server. */
	readonly server: string;
	readonly site: RelaySite;
	readonly merging: Merging;
	readonly keeping: Keeping;
	readonly reading: Reading;
	readonly publishing: Publishing;
	readonly company: Company;
};

export class Relay implements RoomRelay {
	readonly #options: RelayOptions;
	readonly #outgoing: Outgoing;
	readonly #reporting: Reporting;
	/** Undefined before the start. */
	#parts: Parts | undefined;
	readonly #connecting: Connecting;
	#isFirstSession = true;
	#draining: Promise<void> | undefined;
	#isTurnDue = false;
	/** The log is whole for the first time, or the engine is away. */
	#onLooked: () => void = () => undefined;
	#cancelTick: (() => void) | undefined;

	/** @param session The first, if the engine has been reached. */
	constructor(options: RelayOptions, session: Session | undefined) {
		this.#options = options;
		this.#outgoing = new Outgoing(options.run);
		const {url, room, clock, onEvent} = options;
		this.#connecting = new Connecting(
			{
				url,
				clock,
				open: async () => this.#open(),
				work: async each => this.#work(each),
				wasOpen: () => this.#phase === 'open',
				onEnded: () => {
					this.#end();
				},
				onAway: error => {
					this.#reporting.changed('away', error);
					this.#turnSoon();
					this.#onLooked();
				},
			},
			session,
		);
		this.#reporting = new Reporting({
			url,
			room,
			clock,
			onEvent,
			measure: () => this.#measure(),
		});
	}

	get isAway(): boolean {
		return this.#phase === 'away';
	}

	get log(): RelayedLog | undefined {
		const session = this.#session;
		return session && {id: session.logId, head: session.firstSeq - 1};
	}

	/**
	 * Settles once the log is whole and those whom it knows are heard, or the
	 * engine is away.
	 *
	 * @param past What the history holds.
	 * @throws {SockchatError} `ERR_HISTORY` if it is no stream's; `ERR_RELAY` if
	 * the outbox can't be used.
	 */
	async start(site: RelaySite, past?: RestoredLog): Promise<void> {
		const {historyPath} = this.#options;
		const {logId, log} = site.room;
		if (historyPath !== undefined && log.head > 0 && !isStreamLog(logId)) {
			// Its entries can't get a place in the stream, now or later.
			throw historyOfAnotherLog(historyPath);
		}

		const outbox = await this.#openOutbox();
		const parts = this.#assemble(site, outbox);
		this.#parts = parts;
		let left = outbox?.left ?? [];
		if (past && past.tail.length > 0) {
			const logged = loggedAmong(left, past.tail);
			outbox?.done(Array.from(logged, ({key}) => key));
			left = left.filter(waiting => !logged.has(waiting));
			const absent = findAbsent(past.tail, maxAnnouncedMembers);
			parts.merging.roster.restore(absent.members, absent.left);
		}

		this.#outgoing.restore(left, true);
		this.#tick();
		await new Promise<void>(resolve => {
			this.#onLooked = resolve;
			void this.#connecting.run().then(resolve);
		});
		const until = this.#now + greetingMs;
		while (
			this.#phase === 'open' &&
			parts.company.hasUnheard() &&
			this.#now < until
		) {
			// eslint-disable-next-line no-await-in-loop -- until they are heard
			await this.#pause(pollMs);
		}
	}

	refusal(): SockchatError | undefined {
		return this.#outgoing.bytes > maxWaitingBytes
			? outboxFull(maxWaitingBytes)
			: undefined;
	}

	waitingN(id: string): number | undefined {
		return this.#outgoing.waitingN(id);
	}

	wasHere(id: string, since: number): boolean {
		return this.#parts?.merging.roster.wasHere(id, since) === true;
	}

	renameRefusal(nick: string): SockchatError | undefined {
		return this.#phase === 'open' && !this.#isLate
			? undefined
			: renameLater(nick, this.isAway);
	}

	offer(offers: readonly Offer[]): void {
		for (const {id, text} of offers) {
			if (text.startsWith(joinedStart)) {
				this.#parts?.company.beforeJoin(id);
			}
		}

		this.#outgoing.offer(offers, this.#now);
		this.#turnSoon();
	}

	membersChanged(): void {
		this.#parts?.company.membersChanged();
	}

	takenBack(): void {
		this.#parts?.reading.takenBack();
	}

	pendingLines(): readonly string[] {
		return this.#parts?.keeping.lines() ?? [];
	}

	waitingBesides(id: string, count: number): number {
		return this.#outgoing.messagesBesides(id, count);
	}

	async ask(
		server: string,
		errand: Errand,
	): Promise<SockchatError | undefined> {
		const session = this.#session;
		if (!session || this.isAway) {
			return notDelivered(
				'The relay is away, so nobody on another machine can be reached. Try again once it is back.',
			);
		}

		try {
			const why = await session.ask(
				server,
				wrapErrand(this.#parts!.server, errand),
			);
			return why === '' ? undefined : notDelivered(why);
		} catch (error) {
			trace('relay: %o', error);
			if (error instanceof SockchatError) {
				return error;
			}

			return notDelivered(
				'The other machine did not answer, so it is unknown whether this arrived.',
			);
		}
	}

	tell(errand: Errand): void {
		this.#session?.tell(wrapErrand(this.#parts!.server, errand));
	}

	async drain(): Promise<void> {
		this.#draining ??= this.#drain();
		return this.#draining;
	}

	async #drain(): Promise<void> {
		this.#connecting.last();
		const parts = this.#parts;
		const until = this.#now + drainMs;
		while (
			this.#phase === 'open' &&
			this.#outgoing.size > 0 &&
			this.#now < until
		) {
			// eslint-disable-next-line no-await-in-loop -- until what waits is out
			await this.#pause(pollMs);
		}

		this.#cancelTick?.();
		parts?.company.sayGone();
		const session = this.#session;
		this.#connecting.end();
		await session?.drain();
		await parts?.keeping.close();
	}

	/** Only now: the lock of the history guards it, too. */
	async #openOutbox(): Promise<Outbox | undefined> {
		const {historyPath, fsync, clock} = this.#options;
		return historyPath === undefined
			? undefined
			: openOutbox({
					path: `${historyPath}.outbox`,
					fsync,
					setTimer: clock.setTimer,
				});
	}

	#assemble(site: RelaySite, outbox: Outbox | undefined): Parts {
		const server = outbox?.server ?? freshServerId();
		const {room, posted, stored, standing} = site;
		const {clock, machine} = this.#options;
		const outgoing = this.#outgoing;
		const merging = new Merging(
			{
				head: () => room.log.head,
				isLogged: (id, n) => room.isLogged(id, n),
			},
			outgoing,
		);
		const keeping = new Keeping(outgoing, outbox, site);
		const publishing = new Publishing({
			url: this.#options.url,
			outgoing,
			merging,
			givingUp: new GivingUp({
				site,
				outgoing,
				keeping,
				onLost: error => {
					this.#reporting.lost(error);
				},
			}),
			now: () => this.#now,
			onTrouble: trouble => {
				this.#reporting.changed(this.#phase, trouble);
			},
		});
		const reading = new Reading({
			site: {...site, posted, stored},
			merging,
			keeping,
			clock,
			onRead: () => {
				this.#look();
				publishing.post();
			},
			onFailed: error => {
				this.#session?.fail(error);
			},
		});
		const company = new Company({
			site,
			roster: merging.roster,
			server,
			run: this.#options.run,
			machine,
			clock,
			leaving: () => outgoing.leaving(),
			offerLeave: leave => {
				outgoing.restore([leave], false);
				this.#turnSoon();
			},
			onStanding: () => {
				for (const errand of standing()) {
					this.tell(errand);
				}
			},
			onTwin: other => {
				const {historyPath = ''} = this.#options;
				const error = serverTwice(other, `${historyPath}.outbox`);
				this.#reporting.lost(error);
			},
		});
		return {server, site, merging, keeping, reading, publishing, company};
	}

	get #session(): Session | undefined {
		return this.#connecting.session;
	}

	get #phase(): RelayPhase {
		return this.#reporting.phase;
	}

	/** Whether the engine takes long to give something back. */
	get #isLate(): boolean {
		const {oldest} = this.#outgoing;
		return oldest !== undefined && this.#now - oldest.since > lateMs;
	}

	get #now(): number {
		return this.#options.clock.monotonicMs();
	}

	async #pause(ms: number): Promise<void> {
		return new Promise(resolve => {
			this.#options.clock.setTimer(resolve, ms);
		});
	}

	async #open(): Promise<Session> {
		const {openSession: open = openSession} = this.#options;
		const isKnown = this.#parts!.site.room.log.head > 0;
		return open({...this.#options, isKnown});
	}

	async #work(session: Session): Promise<void> {
		const {server, site, merging, reading, company} = this.#parts!;
		const {room} = site;
		const {head} = room.log;
		const {logId, firstSeq, lastSeq, stream} = session;
		if (logId !== room.logId && head > 0) {
			throw streamOfOtherLog(stream);
		}

		if (logId === room.logId && lastSeq < head) {
			throw streamLostItsEnd(stream, lastSeq, head);
		}

		await reading.begin(session);
		this.#reporting.changed('catching-up', this.#reporting.trouble);
		session.listen(server, {
			onDelivered: async deliveries => reading.take(session, deliveries),
			onMessage(text) {
				const envelope = errandIn(text);
				return envelope && envelope.server !== server
					? site.perform(envelope.errand, envelope.server)
					: undefined;
			},
			onBeat(text) {
				company.hear(text);
			},
		});
		const back = this.#isFirstSession ? lookBack : 0;
		this.#isFirstSession = false;
		session.readFrom(Math.max(firstSeq, merging.next - back));
		this.#look();
	}

	/** Whether all that the stream had when we came is in the log. */
	#look(): void {
		const session = this.#session;
		if (
			this.#phase !== 'catching-up' ||
			!session ||
			this.#parts!.merging.next <= session.lastSeq
		) {
			return;
		}

		const {publishing, company} = this.#parts!;
		this.#reporting.changed('open', undefined);
		this.#onLooked();
		company.begin(session);
		publishing.begin(session);
	}

	/** The session is over. */
	#end(): void {
		this.#parts?.publishing.end();
		this.#parts?.company.end();
		this.#parts?.reading.end();
	}

	/** All offers of a turn are one burst. */
	#turnSoon(): void {
		if (this.#isTurnDue) {
			return;
		}

		this.#isTurnDue = true;
		setImmediate(() => {
			this.#isTurnDue = false;
			if (this.#phase === 'open') {
				this.#parts?.publishing.post();
			} else if (this.#phase === 'away') {
				void this.#parts?.keeping.keep();
			}
		});
	}

	#tick(): void {
		this.#cancelTick = this.#options.clock.setTimer(() => {
			this.#tick();
			if (this.#isLate) {
				void this.#parts?.keeping.keep();
			}

			this.#parts?.publishing.post();
			this.#parts?.company.tick();
			this.#reporting.report();
		}, tickMs);
	}

	/** How much waits, and where. */
	#measure() {
		const session = this.#session;
		const next = this.#parts?.merging.next ?? 1;
		return {
			lag: session && Math.max(0, session.lastSeq + 1 - next),
			outbox: this.#outgoing.size,
			servers: this.#parts?.company.count ?? 0,
		};
	}
}
