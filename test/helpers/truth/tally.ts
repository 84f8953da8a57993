/** What scenes showed of calls, of the order of rows, and of captured segments. */
import assert from 'node:assert/strict';
import type {Found} from './rounds.js';

export class Tally {
	#calls = 0;
	#falseCalls = 0;
	#lateCalls = 0;
	#unsaidCalls = 0;
	#pairs = 0;
	#reversed = 0;
	#segments = 0;
	#otherSegments = 0;

	/** @throws {Error} If a call, an order or a captured segment is wrong. */
	take({scene, findings}: Found): void {
		const {calls, unsaidCalls, pairs, reversed, rows, captured} = findings;
		const wrong = calls.filter(({verdict}) => verdict !== 'right');
		const falseCalls = wrong.filter(({verdict}) => verdict === 'false').length;
		const others = Math.max(
			captured.claimed.filter(line => !captured.seen.includes(line)).length,
			captured.seen.filter(line => !captured.claimed.includes(line)).length,
		);
		this.#calls += calls.length;
		this.#falseCalls += falseCalls;
		this.#lateCalls += wrong.length - falseCalls;
		this.#unsaidCalls += unsaidCalls.length;
		this.#pairs += pairs;
		this.#reversed += reversed.length;
		this.#segments += captured.claimed.length;
		this.#otherSegments += others;
		assert.deepEqual(wrong, [], scene.story());
		assert.deepEqual(unsaidCalls, [], scene.story());
		assert.deepEqual(reversed, [], `${rows}\n${scene.story()}`);
		assert.deepEqual(
			captured.claimed,
			captured.seen,
			`${rows}\n${scene.story()}`,
		);
	}

	toString(): string {
		return [
			`${this.#calls} calls, ${this.#falseCalls} false, ${this.#lateCalls} late, ${this.#unsaidCalls} unsaid`,
			`${this.#pairs} pairs of rows, ${this.#reversed} in the wrong order`,
			`${this.#segments} captured segments, ${this.#otherSegments} not as in tcpdump`,
		].join('; ');
	}
}
