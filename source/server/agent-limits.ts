/**
 * What an agent may send: so many messages in any minute, and no text a third
 * time in a row. Two agents that answer each other then end in a refusal, not
 * in a night of it.
 *
 * Only a client that says it is an agent is held to it. It is a brake for
 * programs that mean well; what any client may send is bounded elsewhere.
 */
import {SockchatError} from '../errors.js';

/** An agent's message, as far as the limits look at it. */
export type AgentMessage = {readonly n: number; readonly text: string};

export type Refused = {readonly n: number; readonly error: SockchatError};

type Record = {
	/** When it sent the messages of the last minute, oldest first. */
	times: number[];
	lastText: string;
	/** How often it has sent `lastText` in a row. */
	repeats: number;
};

const minuteMs = 60_000;

const mostEqual = 2;

// Beyond these, one that was silent for the longest time starts anew.
const maxRememberedAgents = 1000;

const tooFast = (perMinute: number, waitMs: number) =>
	new SockchatError(
		'ERR_AGENT_RATE',
		`An agent may send ${perMinute} messages a minute here. Send this again in ${Math.ceil(waitMs / 1000)} s, or say more in one message.`,
	);

const repeated = () =>
	new SockchatError(
		'ERR_REPEATED',
		`You have sent this same text ${mostEqual} times in a row; a third time is refused. Wait for an answer, or say something else.`,
	);

export class AgentLimits {
	readonly perMinute: number;
	readonly #agents = new Map<string, Record>();

	constructor(perMinute: number) {
		this.perMinute = perMinute;
	}

	/**
	 * Counts a message.
	 *
	 * @param id The agent's public id.
	 * @param at Milliseconds, always of the same clock.
	 * @returns Why it is refused; then it doesn't count.
	 */
	refusal(id: string, text: string, at: number): SockchatError | undefined {
		const record = this.#agents.get(id) ?? {
			times: [],
			lastText: '',
			repeats: 0,
		};
		// The one that spoke last is at the end.
		this.#agents.delete(id);
		this.#agents.set(id, record);
		if (this.#agents.size > maxRememberedAgents) {
			this.#agents.delete(this.#agents.keys().next().value!);
		}

		const isEqual = text === record.lastText;
		if (isEqual && record.repeats >= mostEqual) {
			return repeated();
		}

		record.times = record.times.filter(time => at - time < minuteMs);
		if (record.times.length >= this.perMinute) {
			return tooFast(this.perMinute, record.times[0]! + minuteMs - at);
		}

		record.times.push(at);
		record.repeats = isEqual ? record.repeats + 1 : 1;
		record.lastText = text;
		return undefined;
	}

	/** Parts what an agent sent, in order. */
	sift<M extends AgentMessage>(
		id: string,
		sent: readonly M[],
		at: number,
	): {readonly passed: readonly M[]; readonly refused: readonly Refused[]} {
		const passed: M[] = [];
		const refused: Refused[] = [];
		for (const each of sent) {
			const error = this.refusal(id, each.text, at);
			if (error) {
				refused.push({n: each.n, error});
			} else {
				passed.push(each);
			}
		}

		return {passed, refused};
	}
}
