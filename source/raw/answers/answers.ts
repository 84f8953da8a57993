/**
 * What a raw server says by itself: answers by rule, an echo, or to each peer
 * what the others say.
 *
 * A peer is not read while its answer is on the way to the kernel. So one that
 * asks without reading fills its own connection, and not our memory.
 */
import type {Buffer} from 'node:buffer';
import {setTimeout as wait} from 'node:timers/promises';
import {assertNever, SockchatError} from '../../errors.js';
import type {Heard} from '../heard.js';
import type {Answerer, Speaker} from './answerer.js';
import {Broker} from './broker.js';
import type {ReplyRule} from './reply-rules.js';

export type Answering =
	| {readonly type: 'reply'; readonly rules: readonly ReplyRule[]}
	| {readonly type: 'echo'}
	| {readonly type: 'broker'};

const tooSlow = (characters: number, peer: string) =>
	new SockchatError(
		'ERR_PATTERN',
		`--reply took more than a second on ${characters} characters of ${peer}, which is disconnected; write its expressions so that they backtrack less.`,
	);

class Replier implements Answerer {
	readonly #rules: readonly ReplyRule[];
	readonly #patterns: readonly RegExp[];
	readonly #speaker: Speaker;
	readonly #heard: Heard;
	readonly #onFailure: (error: SockchatError) => void;
	#isOver = false;

	constructor(
		rules: readonly ReplyRule[],
		speaker: Speaker,
		heard: Heard,
		onFailure: (error: SockchatError) => void,
	) {
		this.#rules = rules;
		this.#patterns = rules.map(({pattern}) => pattern);
		this.#speaker = speaker;
		this.#heard = heard;
		this.#onFailure = onFailure;
		void this.#answerAll();
	}

	async hear(chunk: Buffer): Promise<void> {
		this.#heard.push(chunk);
		await this.#answerAll();
	}

	async endHearing(): Promise<void> {
		this.#heard.end();
		await this.#answerAll();
	}

	leave(): void {
		this.#isOver = true;
	}

	async #answerAll(): Promise<void> {
		/* eslint-disable no-await-in-loop -- one after the other */
		for (let found = await this.#find(); found; found = await this.#find()) {
			this.#isOver ||= !(await this.#speaker.write(found.bytes));
		}
		/* eslint-enable no-await-in-loop */
	}

	async #find(): Promise<ReplyRule | undefined> {
		for (
			let {waitMs} = this.#heard;
			waitMs > 0 && !this.#isOver;
			{waitMs} = this.#heard
		) {
			// eslint-disable-next-line no-await-in-loop -- another may search first
			await wait(waitMs);
		}

		if (this.#isOver) {
			return undefined;
		}

		const found = this.#heard.findFirst(this.#patterns);
		if (found !== 'late') {
			return found === undefined ? undefined : this.#rules[found];
		}

		this.#isOver = true;
		const {name, disconnect} = this.#speaker;
		this.#onFailure(tooSlow(this.#heard.text.length, name));
		disconnect();
		return undefined;
	}
}

const echoTo = ({write}: Speaker): Answerer => ({
	async hear(chunk) {
		await write(chunk);
	},
	async endHearing() {},
	leave() {},
});

/**
 * Begins to answer a peer.
 *
 * @param heard What a chat script has left of what the peer said.
 */
export type Answers = (speaker: Speaker, heard: Heard) => Answerer;

/** @param onFailure Called if a peer can't be served any longer. */
export const createAnswers = (
	answering: Answering,
	onFailure: (error: SockchatError) => void,
): Answers => {
	switch (answering.type) {
		case 'reply': {
			const {rules} = answering;
			return (speaker, heard) => new Replier(rules, speaker, heard, onFailure);
		}

		case 'echo': {
			return echoTo;
		}

		case 'broker': {
			const broker = new Broker(onFailure);
			return speaker => broker.join(speaker);
		}

		default: {
			return assertNever(answering);
		}
	}
};
