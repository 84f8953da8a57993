/**
 * What the other end has acknowledged, from the kernel's table: of the bytes
 * that it took, those that are not in its send queue any more. That a send()
 * returned doesn't say that anything has left. Pure.
 */
import {between} from './step-time.js';
import type {Step} from './tcp.js';

/** An ACK that nobody saw, but that has come by then. */
export type AcknowledgementStep = Extract<Step, {kind: 'segment'}> & {
	readonly ack: number;
};

export const isAcknowledgement = (step: Step): step is AcknowledgementStep =>
	step.kind === 'segment' &&
	step.evidence === 'read' &&
	step.count === undefined &&
	step.ack !== undefined;

/** Follows what one end sends. */
export class Acknowledged {
	#bytes = 0;
	readonly #notBefore: number;

	/** @param notBefore When the connection was not open yet. */
	constructor(notBefore: number) {
		this.#notBefore = notBefore;
	}

	/** @param bytes So many at least, by the reading at `at`. */
	take(
		bytes: number,
		at: number,
		peer: string | undefined,
	): readonly AcknowledgementStep[] {
		if (bytes <= this.#bytes) {
			return [];
		}

		this.#bytes = bytes;
		return [
			{
				kind: 'segment',
				segment: 'ACK',
				evidence: 'read',
				direction: 'in',
				ack: bytes + 1,
				peer,
				...between(this.#notBefore, at),
			},
		];
	}
}
