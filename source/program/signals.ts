/** What signals do: the first leaves in good order, the second at once. */
import process from 'node:process';
import {unfinished, type Running} from '../chat/ending.js';
import {exitCodes} from '../options/exit-codes.js';
import type {Output} from '../plain/output.js';
import {endedBy, leavingSignals, type LeavingSignal} from './exit-code.js';
import {report, reportOutputFailure} from './report.js';

// The limit on a drain, whatever the peers do.
const drainMs = 5000;

/**
 * The first signal drains, the second exits at once. A signal that comes before
 * the front end runs takes effect as soon as it does.
 */
export class SignalWatch {
	/** Those that came, in order. */
	readonly seen: LeavingSignal[] = [];
	readonly #output: Output;
	#running: Running | undefined;
	#hasLeft = false;

	constructor(output: Output) {
		this.#output = output;
		for (const name of leavingSignals) {
			process.on(name, () => {
				if (name === 'SIGINT' && this.#running?.mayInterrupt?.() === false) {
					return;
				}

				this.seen.push(name);
				this.#leave();
			});
		}

		// Nobody reads the output from now on.
		output.onFailure(() => {
			this.#leave();
		});
	}

	onStarted(running: Running): void {
		this.#running = running;
		if (this.#hasLeft) {
			running.leave();
		}
	}

	#leave(): void {
		if (this.#hasLeft && !this.#running) {
			this.#exit();
		}

		this.#running?.leave();
		if (!this.#hasLeft) {
			this.#hasLeft = true;
			setTimeout(() => {
				this.#exit();
			}, drainMs).unref();
		}
	}

	#exit(): void {
		const signal = this.seen.at(-1);
		const code = signal === undefined ? exitCodes.done : endedBy(signal);
		process.exit(reportOutputFailure(this.#output) ? exitCodes.failed : code);
	}
}

/** For a command that has nothing to leave in good order. */
export const exitAtSignals = (output: Output, isJson: boolean): void => {
	for (const signal of leavingSignals) {
		process.once(signal, () => {
			report(unfinished('No answer came'), output, isJson);
			process.exit(endedBy(signal));
		});
	}
};
