/**
 * What an agent asks of the room → promises.
 *
 * A request that a lost connection left without its answer is sent again after
 * the next welcome. The room answers one query of its log at a time, so they
 * wait for each other here.
 */
import {SockchatError} from '../errors.js';
import type {Found, PastPage, Present, ServerFrame} from '../protocol/frame.js';
import {checkSearch} from '../protocol/text.js';
import type {Clock} from '../socket/clock.js';
import type {AgentRoom} from './room.js';

type Answer = Found | PastPage | Present;

type Pending = {
	readonly send: (room: AgentRoom) => number;
	readonly resolve: (answer: Answer) => void;
	readonly reject: (error: SockchatError) => void;
	/** What its answer will have; undefined while it can't be sent. */
	id: number | undefined;
};

// Of errors that name no message, those that answer a query.
const queryErrors = new Set(['ERR_HISTORY', 'ERR_TEXT_TOO_LONG', 'ERR_BUSY']);

// Reading much of a disk takes a second; a busy machine, a few.
const answerMs = 20_000;

// An older server knows nothing of the question.
const rollMs = 2000;

const unanswered = () =>
	new SockchatError(
		'ERR_TIMEOUT',
		'The room did not answer in time; try again.',
	);

export class Requests {
	readonly #clock: Clock;
	#room: AgentRoom | undefined;
	#query: Pending | undefined;
	#queries: Promise<unknown> = Promise.resolve();
	readonly #rolls = new Set<Pending>();

	constructor(clock: Clock) {
		this.#clock = clock;
	}

	async past(before: number): Promise<PastPage> {
		return this.#ask(room => room.readPast(before)) as Promise<PastPage>;
	}

	async find(text: string, before: number | undefined): Promise<Found> {
		const error = checkSearch(text);
		if (error) {
			// One longer than a frame would end the connection, again and again.
			throw error;
		}

		return this.#ask(room => room.find(text, before)) as Promise<Found>;
	}

	/** @returns Undefined if the room doesn't say. */
	async roll(): Promise<Present | undefined> {
		return new Promise(resolve => {
			const pending: Pending = {
				send: room => room.callRoll(),
				resolve(answer) {
					settle(answer as Present);
				},
				reject() {
					settle(undefined);
				},
				id: undefined,
			};
			const settle = (answer: Present | undefined) => {
				cancel();
				this.#rolls.delete(pending);
				resolve(answer);
			};

			const cancel = this.#clock.setTimer(() => {
				settle(undefined);
			}, rollMs);
			this.#rolls.add(pending);
			this.#send(pending);
		});
	}

	/** The room said welcome: what has no answer yet is asked again. */
	begin(room: AgentRoom): void {
		this.#room = room;
		for (const pending of this.#pending) {
			this.#send(pending);
		}
	}

	/** There is no connection now. */
	interrupt(): void {
		this.#room = undefined;
	}

	take(frame: ServerFrame): void {
		if (
			frame.type === 'past' ||
			frame.type === 'found' ||
			frame.type === 'present'
		) {
			const isMine = ({id}: Pending) => id === frame.id;
			this.#pending.find(isMine)?.resolve(frame);
		} else if (
			frame.type === 'error' &&
			frame.n === undefined &&
			queryErrors.has(frame.code)
		) {
			this.#query?.reject(new SockchatError(frame.code, frame.message));
		}
	}

	end(error: SockchatError): void {
		this.#room = undefined;
		for (const {reject} of this.#pending) {
			reject(error);
		}
	}

	get #pending(): Pending[] {
		return [...(this.#query ? [this.#query] : []), ...this.#rolls];
	}

	#send(pending: Pending): void {
		if (this.#room) {
			pending.id = pending.send(this.#room);
		}
	}

	async #ask(send: Pending['send']): Promise<Answer> {
		const answer = this.#queries.then(async () => this.#askAlone(send));
		this.#queries = answer.catch(() => undefined);
		return answer;
	}

	async #askAlone(send: Pending['send']): Promise<Answer> {
		let cancel = () => {};
		try {
			return await new Promise<Answer>((resolve, reject) => {
				const pending: Pending = {send, resolve, reject, id: undefined};
				cancel = this.#clock.setTimer(() => {
					reject(unanswered());
				}, answerMs);
				this.#query = pending;
				this.#send(pending);
			});
		} finally {
			cancel();
			this.#query = undefined;
		}
	}
}
