/** Takes what the stream delivers into the log. */
import type {RelaySite} from '../room/relay.js';
import type {Clock} from '../socket/clock.js';
import type {Session} from './session.js';
import type {Keeping} from './keeping.js';
import type {Delivery, Merging} from './merging.js';

export type ReadingOptions = {
	readonly site: RelaySite;
	readonly merging: Merging;
	readonly keeping: Keeping;
	readonly clock: Clock;
	/** The log has grown. */
	readonly onRead: () => void;
	/** The log can't go on with this session. */
	readonly onFailed: (error: unknown) => void;
};

// After a failure of the history, entries are read again.
const retryMs = 1000;

export class Reading {
	readonly #options: ReadingOptions;
	#session: Session | undefined;
	/** What is delivered is dropped: it is read again. */
	#isBlocked = false;
	/** The seq at which the stream seemed to have a hole. */
	#holeAt: number | undefined;

	constructor(options: ReadingOptions) {
		this.#options = options;
	}

	/** Moves the log on if the stream has dropped what comes next in it. */
	async begin(session: Session): Promise<void> {
		const {site, merging} = this.#options;
		this.#session = session;
		this.#holeAt = undefined;
		this.#isBlocked = false;
		const {logId, firstSeq} = session;
		if (logId !== site.room.logId || firstSeq > merging.next) {
			await this.#moveTo(session, firstSeq - 1);
		}
	}

	end(): void {
		this.#session = undefined;
	}

	/** The history couldn't be written, so the log took entries back. */
	takenBack(): void {
		const {merging, clock} = this.#options;
		this.#isBlocked = true;
		merging.goOn();
		const session = this.#session;
		clock.setTimer(() => {
			if (session === this.#session) {
				this.#isBlocked = false;
				session?.readFrom(merging.next);
			}
		}, retryMs);
	}

	async take(session: Session, deliveries: readonly Delivery[]): Promise<void> {
		const {site, merging, onRead} = this.#options;
		if (session !== this.#session || this.#isBlocked) {
			return;
		}

		this.#append(deliveries);
		const {next} = merging;
		const beyond = deliveries.find(({seq}) => seq > next);
		if (beyond) {
			await this.#fill(session, beyond.seq);
			return;
		}

		onRead();
		if (site.room.log.unshownBytes > 0) {
			// A slow disk slows the reading down.
			await site.stored();
		}
	}

	#append(deliveries: readonly Delivery[]): void {
		const {site, merging, keeping, clock} = this.#options;
		const {room, posted} = site;
		const merged = merging.takeAll(deliveries);
		if (keeping.isWaiting) {
			const {next} = merging;
			const read = deliveries.filter(({seq}) => seq < next);
			keeping.settle(read.flatMap(({key}) => (key === undefined ? [] : [key])));
		}

		if (merged.length === 0) {
			return;
		}

		this.#holeAt = undefined;
		room.deliver(merged.map(({ordered}) => ordered));
		posted();
		for (const {entry, own} of merged) {
			if (entry?.type === 'left' && !own && room.has(entry.id)) {
				// Another server took this one for gone.
				room.announce(entry.id, clock.wallMs());
			}
		}
	}

	/** Entries are missing before a seq: reads them again, or goes on without. */
	async #fill(session: Session, seq: number): Promise<void> {
		const {merging} = this.#options;
		const isGone = this.#holeAt === merging.next;
		this.#holeAt = merging.next;
		try {
			if (isGone) {
				await this.#moveTo(session, seq - 1);
			}
		} catch (error) {
			this.#options.onFailed(error);
			return;
		}

		session.readFrom(merging.next);
	}

	async #moveTo(session: Session, head: number): Promise<void> {
		const {site, merging} = this.#options;
		this.#isBlocked = true;
		try {
			await site.stored();
			await site.moveTo({id: session.logId, head});
			merging.goOn();
		} finally {
			this.#isBlocked = false;
		}
	}
}
