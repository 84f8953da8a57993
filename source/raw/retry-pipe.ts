/**
 * `connect --raw --retry`: one connection after another as one pipe, each with
 * the chat script first.
 *
 * It is over when the input has ended and was sent and the other side has ended
 * too; when somebody leaves; or when a file or a text broke off, as its rest on
 * another connection would be half of it. Of an input that goes on, the other
 * side's FIN is answered by ours: nobody is there to read what would follow.
 */
import {setTimeout as wait} from 'node:timers/promises';
import {systemClock} from '../socket/clock.js';
import type {OuterLink} from '../socket/link.js';
import type {Pending, Unmet} from './chat-script.js';
import {SharedFeed, type Input} from './feed.js';
import {startPipe, type Pipe, type PipeEnd, type PipeOptions} from './pipe.js';
import {reach} from './reach.js';
import {Redial} from './redial.js';

export type RetryPipeOptions = {
	readonly dial: () => OuterLink;
	/** Whether to dial quickly until somebody listens for the first time. */
	readonly isWaiting: boolean;
	readonly connectTimeoutMs: number | undefined;
	/** Whether another attempt would fail too. */
	readonly isFinal: (cause: Error) => boolean;
	/** @param isAgain Whether it is not the first. */
	readonly onConnected: (isAgain: boolean) => void;
	/**
	 * It is dialled again, for the first time since a connection.
	 *
	 * @param cause Undefined: the other side's FIN.
	 * @param unsentBytes How much was read of the input and not sent.
	 * @param unmet Why its script didn't come to its end, if it didn't.
	 */
	readonly onLost: (
		cause: Error | undefined,
		unsentBytes: number,
		unmet: Unmet | undefined,
	) => void;
	readonly input: Input | undefined;
	/** From 0 up to, but not including, 1. */
	readonly random?: (() => number) | undefined;
} & Pick<PipeOptions, 'output' | 'limits' | 'script' | 'recorder' | 'isTelnet'>;

class RetryPipe {
	readonly ended: Promise<PipeEnd>;
	readonly #options: RetryPipeOptions;
	readonly #feed: SharedFeed | undefined;
	readonly #leaving = new AbortController();
	readonly #redial: Redial;
	#pipe: Pipe | undefined;
	#hasConnected = false;
	/** Whether the loss of the last connection was reported. */
	#isLossSaid = false;
	/** Why the script of the last connection didn't come to its end. */
	#unmet: Unmet | undefined;
	#bytesTaken = 0;
	#unreachedBytes = 0;
	#missingReplies: number;

	constructor(options: RetryPipeOptions) {
		this.#options = options;
		const {input, limits, random} = options;
		this.#feed = input && new SharedFeed(input);
		this.#redial = new Redial(random);
		this.#missingReplies = limits.replies ?? 0;
		this.ended = this.#run();
	}

	/** Between two connections, the one that the last of them didn't get past. */
	get pending(): Pending | undefined {
		return this.#pipe ? this.#pipe.pending : this.#unmet;
	}

	leave(): void {
		this.#leaving.abort();
		this.#pipe?.leave();
	}

	destroy(): void {
		this.#leaving.abort();
		this.#pipe?.destroy();
	}

	async #run(): Promise<PipeEnd> {
		const {signal} = this.#leaving;
		/* eslint-disable no-await-in-loop -- one connection after the other */
		for (;;) {
			const outcome = await this.#connect();
			if ('bytesTaken' in outcome) {
				return outcome;
			}

			const {cause, openMs, unsentBytes} = outcome;
			if (unsentBytes > 0 || !this.#isLossSaid) {
				this.#options.onLost(cause, unsentBytes, this.#unmet);
				this.#isLossSaid = true;
			}

			await wait(this.#redial.nextMs(openMs), undefined, {signal}).catch(
				() => undefined,
			);
			if (signal.aborted) {
				return this.#left();
			}
		}
		/* eslint-enable no-await-in-loop */
	}

	/** @returns How all of it ended, or why to dial again. */
	async #connect(): Promise<
		| PipeEnd
		| {
				readonly cause: Error | undefined;
				readonly openMs: number;
				readonly unsentBytes: number;
		  }
	> {
		const {dial, connectTimeoutMs, isWaiting, isFinal} = this.#options;
		let link: OuterLink | undefined;
		try {
			link = await reach({
				dial,
				isWaiting: isWaiting && !this.#hasConnected,
				connectTimeoutMs,
				signal: this.#leaving.signal,
			});
		} catch (error) {
			const cause = error as Error;
			return isFinal(cause)
				? this.#endOf({linkError: cause})
				: {cause, openMs: 0, unsentBytes: 0};
		}

		if (!link) {
			return this.#left();
		}

		const startedAt = systemClock.monotonicMs();
		const end = await this.#pass(link);
		const {linkError: cause, bytesRead, bytesTaken} = end;
		return this.#isOver(end)
			? this.#endOf(end)
			: {
					cause,
					openMs: systemClock.monotonicMs() - startedAt,
					unsentBytes: bytesRead - bytesTaken,
				};
	}

	/** One connection, to its end. */
	async #pass(link: OuterLink): Promise<PipeEnd> {
		const {output, limits, script, recorder, isTelnet, input, onConnected} =
			this.#options;
		onConnected(this.#hasConnected);
		this.#hasConnected = true;
		this.#isLossSaid = false;
		this.#pipe = startPipe({
			link,
			input: this.#feed,
			isEndedByPeer: input?.isFinite !== true,
			output,
			limits: {
				...limits,
				...(limits.replies !== undefined && {replies: this.#missingReplies}),
			},
			script,
			recorder,
			isTelnet,
		});
		const end = await this.#pipe.ended;
		this.#pipe = undefined;
		this.#unmet = end.unmet;
		this.#bytesTaken += end.bytesTaken;
		this.#unreachedBytes += end.unreachedBytes;
		this.#missingReplies = end.missingReplies;
		return end;
	}

	#isOver({isEnough, unmet, linkError}: PipeEnd): boolean {
		if (isEnough || this.#leaving.signal.aborted) {
			return true;
		}

		if (unmet) {
			return unmet.why !== 'ended' && unmet.why !== 'left';
		}

		const feed = this.#feed;
		if (!feed) {
			return false;
		}

		const isBegun = feed.bytesRead > 0 || feed.hasEnded;
		return (
			feed.error !== undefined ||
			(feed.input.isFinite ? isBegun : feed.hasEnded && !linkError)
		);
	}

	/** It was left while there was no connection. */
	#left(): PipeEnd {
		return this.#endOf({
			isCutOff: !this.#hasConnected,
			unmet: this.#unmet && {...this.#unmet, why: 'left'},
		});
	}

	#endOf(last: Partial<PipeEnd>): PipeEnd {
		const feed = this.#feed;
		feed?.input.stream.destroy();
		return {
			linkError: undefined,
			isCutOff: false,
			unmet: undefined,
			...last,
			isEnough: true,
			bytesRead: feed?.bytesRead ?? 0,
			bytesTaken: this.#bytesTaken,
			unreachedBytes: this.#unreachedBytes,
			hasInputEnded: feed?.hasEnded ?? false,
			inputError: feed?.error,
			missingReplies: this.#missingReplies,
		};
	}
}

export const startRetryPipe = (options: RetryPipeOptions): Pipe =>
	new RetryPipe(options);
