/**
 * What people hear of a relay: its phase, what is wrong, and how much waits.
 *
 * News at once; how much waits, once a second.
 */
import type {SockchatError} from '../errors.js';
import type {RelayPhase, ServerEvent} from '../event/event.js';
import type {Clock} from '../socket/clock.js';

type RelayEvent = Extract<ServerEvent, {type: 'relay'}>;

export type ReportingOptions = {
	readonly url: string;
	readonly room: string;
	readonly clock: Clock;
	readonly onEvent: (event: RelayEvent) => void;
	readonly measure: () => Pick<RelayEvent, 'lag' | 'outbox' | 'servers'>;
};

const reportMs = 1000;

export class Reporting {
	readonly #options: ReportingOptions;
	#phase: RelayPhase = 'connecting';
	#since: number;
	#trouble: SockchatError | undefined;
	#reported = {words: '', news: '', phase: '', at: 0};
	/** The last news. */
	#told: string | undefined;

	constructor(options: ReportingOptions) {
		this.#options = options;
		this.#since = options.clock.wallMs();
	}

	get phase(): RelayPhase {
		return this.#phase;
	}

	/** What is wrong. */
	get trouble(): SockchatError | undefined {
		return this.#trouble;
	}

	/** Call when the phase, or what is wrong, may have changed. */
	changed(phase: RelayPhase, trouble: SockchatError | undefined): void {
		if (phase !== this.#phase) {
			this.#since = this.#options.clock.wallMs();
		}

		this.#phase = phase;
		this.#trouble = trouble;
		this.report();
	}

	/** Something is lost, and all goes on. */
	lost(error: SockchatError): void {
		this.#tell(this.#state(), error, true);
		// The next report has no error.
		this.#reported = {...this.#reported, words: ''};
	}

	/** Call several times a second: how much waits may have changed. */
	report(): void {
		const {clock} = this.#options;
		const news = `${this.#phase} ${this.#trouble?.message ?? ''}`;
		const isNews = this.#isNews(news);
		const now = clock.monotonicMs();
		if (!isNews && now - this.#reported.at < reportMs) {
			return;
		}

		const state = this.#state();
		const words = JSON.stringify({...state, news});
		if (words !== this.#reported.words) {
			this.#reported = {words, news, phase: this.#phase, at: now};
			this.#told = isNews ? news : this.#told;
			this.#tell(state, this.#trouble, isNews);
		}
	}

	#state() {
		const {url, room, measure} = this.#options;
		return {phase: this.#phase, url, room, since: this.#since, ...measure()};
	}

	#tell(
		state: Omit<RelayEvent, 'type' | 'at' | 'error' | 'isNews'>,
		error: SockchatError | undefined,
		isNews: boolean,
	): void {
		const {clock, onEvent} = this.#options;
		const at = clock.wallMs();
		onEvent({type: 'relay', at, ...state, error, isNews});
	}

	#isNews(news: string): boolean {
		return this.#phase === 'away' && this.#reported.phase === 'away'
			? // That it can't be reached is known; what somebody has to mend is not.
				this.#trouble?.code !== 'ERR_RELAY_AWAY' && news !== this.#told
			: news !== this.#reported.news;
	}
}
