/**
 * What we say to one peer by ourselves: first a chat script, then answers.
 *
 * While the script waits for words, it gets what the peer says; what comes
 * later waits for its end, and is then answered.
 */
import type {Buffer} from 'node:buffer';
import type {Answerer} from './answers/answerer.js';
import type {Answers} from './answers/answers.js';
import {ChatScript, type Pending, type Unmet} from './chat-script.js';
import {Heard, type SearchPace} from './heard.js';
import type {ScriptStep} from './script-steps.js';
import type {Sink} from './sink.js';

export type ConversationOptions = {
	/** The peer's name, if it has one. */
	readonly name: string;
	readonly sink: Sink;
	/** Closes the connection at once. */
	readonly disconnect: () => void;
	readonly script: readonly ScriptStep[] | undefined;
	readonly answers: Answers | undefined;
	readonly pace?: SearchPace | undefined;
};

export class Conversation {
	/** Bytes of the script and the answers; the input isn't counted. */
	bytesToSay = 0;
	/** How many of them the kernel took. */
	bytesSaid = 0;
	readonly #options: ConversationOptions;
	readonly #heard: Heard;
	readonly #script: ChatScript | undefined;
	#answerer: Answerer | undefined;
	#settleScript!: () => void;
	readonly #scriptEnded: Promise<void>;
	#isOver = false;

	constructor(options: ConversationOptions) {
		const {script = [], pace} = options;
		this.#options = options;
		this.#scriptEnded = new Promise(resolve => {
			this.#settleScript = resolve;
		});
		this.#heard = new Heard(pace);
		this.#script =
			script.length > 0 ? new ChatScript(script, this.#heard) : undefined;
	}

	/** The step of the script under way; undefined once all are done. */
	get pending(): Pending | undefined {
		return this.#script?.pending;
	}

	/** Whether there is anything to say. */
	get isEmpty(): boolean {
		return !this.#script && !this.isAnswering;
	}

	/** Whether what the peer says is answered. */
	get isAnswering(): boolean {
		return this.#options.answers !== undefined;
	}

	/** Runs the script, and begins to answer. */
	async begin(): Promise<Unmet | undefined> {
		const say = async (bytes: Buffer): Promise<boolean> => {
			this.bytesToSay += bytes.length;
			const isTaken = await this.#options.sink.write(bytes);
			this.bytesSaid += isTaken ? bytes.length : 0;
			return isTaken;
		};

		const unmet = await this.#script?.run(say);
		const {name, disconnect, answers} = this.#options;
		if (!unmet && !this.#isOver) {
			this.#answerer = answers?.({name, write: say, disconnect}, this.#heard);
		}

		this.#settleScript();
		return unmet;
	}

	/**
	 * A chunk that the peer said; the next one is to be read when it has settled.
	 *
	 * @returns Whether it wants to hear more.
	 */
	async hear(chunk: Buffer): Promise<boolean> {
		if (this.#script?.isHearing) {
			const isHearing = this.#script.hear(chunk);
			return isHearing || this.isAnswering;
		}

		if (this.isAnswering) {
			await this.#scriptEnded;
			await this.#answerer?.hear(chunk);
		}

		return this.isAnswering;
	}

	/** The peer says no more. Settles once the last answer is on its way. */
	async endHearing(): Promise<void> {
		this.#script?.endHearing();
		if (this.isAnswering) {
			await this.#scriptEnded;
			await this.#answerer?.endHearing();
		}
	}

	/** The connection is gone. */
	abandon(): void {
		this.#isOver = true;
		this.#script?.abandon();
		this.#answerer?.leave();
		this.#settleScript();
	}
}
