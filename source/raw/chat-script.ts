/**
 * A chat script on one connection: sends and expectations, one after the other.
 * Each send waits until the kernel has it, each expectation until what the other
 * side said matches.
 */
import type {Buffer} from 'node:buffer';
import {createReadStream} from 'node:fs';
import type {Readable} from 'node:stream';
import {clearTimeout, setTimeout} from 'node:timers';
import {assertNever} from '../errors.js';
import {readNamedPipe} from '../socket/named-pipe.js';
import {Heard} from './heard.js';
import type {ScriptStep} from './script-steps.js';

/** The step under way. */
export type Pending = {
	readonly step: ScriptStep;
	/** What was said since the last match. */
	readonly said: string;
};

/** Why a script didn't come to its end. */
export type Unmet = Pending & {
	/**
	 * `ended`: the other side did; `slow`: the expression takes too long; `left`:
	 * the connection went away, or we left; an error: a file can't be read.
	 */
	readonly why: 'ended' | 'slow' | 'left' | Error;
};

const pieceBytes = 128 * 1024;

export class ChatScript {
	/** The step under way; undefined once all are done. */
	#current: ScriptStep | undefined;
	readonly #steps: readonly ScriptStep[];
	readonly #heard: Heard;
	#patternsLeft: number;
	#hasEnded = false;
	#isOver = false;
	#look: (() => void) | undefined;
	/** The file that is being sent. */
	#file: Readable | undefined;
	#timer: NodeJS.Timeout | undefined;

	constructor(steps: readonly ScriptStep[], heard = new Heard()) {
		this.#heard = heard;
		this.#steps = steps;
		this.#current = steps[0];
		this.#patternsLeft = steps.filter(({type}) => type === 'expect').length;
	}

	/** Undefined once all steps are done. */
	get pending(): Pending | undefined {
		return this.#current && {step: this.#current, said: this.#heard.text};
	}

	/** Whether it wants to hear what the other side says. */
	get isHearing(): boolean {
		return this.#patternsLeft > 0 && !this.#isOver;
	}

	/** @returns Whether it wants to hear more. */
	hear(bytes: Buffer): boolean {
		if (this.isHearing) {
			this.#heard.push(bytes);
			this.#lookSoon();
		}

		return this.isHearing;
	}

	/** The other side says no more. */
	endHearing(): void {
		this.#heard.end();
		this.#hasEnded = true;
		this.#look?.();
	}

	/** Nothing of it matters any more. */
	abandon(): void {
		this.#isOver = true;
		this.#file?.destroy();
		this.#look?.();
	}

	/** @param say Settles with whether the kernel took all of it. */
	async run(
		say: (bytes: Buffer) => Promise<boolean>,
	): Promise<Unmet | undefined> {
		for (const step of this.#steps) {
			this.#current = step;
			// eslint-disable-next-line no-await-in-loop -- one after the other
			const why = await this.#perform(step, say);
			if (why !== undefined) {
				this.#isOver = true;
				clearTimeout(this.#timer);
				return {step, why, said: this.#heard.text};
			}
		}

		this.#current = undefined;
		return undefined;
	}

	async #perform(
		step: ScriptStep,
		say: (bytes: Buffer) => Promise<boolean>,
	): Promise<Unmet['why'] | undefined> {
		switch (step.type) {
			case 'send': {
				return (await say(step.bytes)) ? undefined : 'left';
			}

			case 'file': {
				try {
					this.#file =
						readNamedPipe(step.path) ??
						createReadStream(step.path, {highWaterMark: pieceBytes});
					for await (const piece of this.#file) {
						if (!(await say(piece as Buffer))) {
							return 'left';
						}
					}
				} catch (error) {
					return this.#isOver ? 'left' : (error as Error);
				}

				return undefined;
			}

			case 'expect': {
				const why = await this.#expect(step.pattern);
				this.#patternsLeft--;
				return why;
			}

			default: {
				return assertNever(step);
			}
		}
	}

	async #expect(pattern: RegExp): Promise<Unmet['why'] | undefined> {
		return new Promise(resolve => {
			const settle = (why?: Unmet['why']) => {
				this.#look = undefined;
				resolve(why);
			};

			this.#look = () => {
				const found = this.#isOver ? false : this.#heard.find(pattern);
				if (found === 'late') {
					settle('slow');
				} else if (found) {
					settle();
				} else if (this.#isOver) {
					settle('left');
				} else if (this.#hasEnded) {
					settle('ended');
				}
			};

			this.#look();
		});
	}

	#lookSoon(): void {
		const {waitMs} = this.#heard;
		if (waitMs === 0) {
			this.#look?.();
			return;
		}

		this.#timer ??= setTimeout(() => {
			this.#timer = undefined;
			this.#look?.();
		}, waitMs);
	}
}
