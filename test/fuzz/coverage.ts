/**
 * Which characters of one file have run, from V8's own precise coverage: no
 * instrumentation, and the code under test is what users run.
 */
import {Session, type Profiler} from 'node:inspector';

export class Coverage {
	/** How many characters of the file were found to run. */
	covered = 0;
	readonly #session = new Session();
	readonly #url: string;
	readonly #known: Uint8Array;

	/**
	 * @param url Of the file.
	 * @param length Of its text.
	 */
	constructor(url: string, length: number) {
		this.#url = url;
		this.#known = new Uint8Array(length);
		this.#session.connect();
		this.#session.post('Profiler.enable');
		this.#session.post('Profiler.startPreciseCoverage', {
			callCount: true,
			detailed: true,
		});
	}

	/** What ran since it was last asked: 1 for each character that did. */
	take(): Uint8Array {
		const ran = new Uint8Array(this.#known.length);
		// In the same thread the answer comes before post() returns.
		this.#session.post('Profiler.takePreciseCoverage', (_error, {result}) => {
			const ranges = result
				.filter(({url}) => url === this.#url)
				.flatMap(({functions}) => functions)
				.flatMap((part: Profiler.FunctionCoverage) => part.ranges);
			// From the outside in: an inner range says more than the one around it.
			ranges.sort(
				(a, b) => a.startOffset - b.startOffset || b.endOffset - a.endOffset,
			);
			for (const {startOffset, endOffset, count} of ranges) {
				ran.fill(count > 0 ? 1 : 0, startOffset, endOffset);
			}
		});
		return ran;
	}

	/** Whether something ran that never had. */
	isNews(ran: Uint8Array): boolean {
		return ran.some((hasRun, index) => hasRun > this.#known[index]!);
	}

	/** @returns Whether something ran that never had. */
	add(ran: Uint8Array): boolean {
		const before = this.covered;
		for (const [index, hasRun] of ran.entries()) {
			this.covered += Math.max(0, hasRun - this.#known[index]!);
			this.#known[index]! |= hasRun;
		}

		return this.covered > before;
	}
}
