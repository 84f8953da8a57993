/**
 * Which connection captured segments belong to. A port has the connections of
 * others too: a client takes its own alone, which it knows once connect() has
 * chosen a port; the SYN is captured before that, and waits here.
 */
import type {Segment} from '../tcp/segment.js';
import type {Step} from '../tcp/tcp.js';

export type Owner = {
	/** Its two addresses, ours first, with a space between them. */
	readonly attempted: string | undefined;
	readonly named: (step: Step) => Step;
};

// On a busy port those of others come at the same rate.
const maxWaiting = 1000;

/** Connections whose late segments are still known. */
const maxOwners = 100;

const stepOf = (
	{from: _from, to: _to, ...segment}: Segment,
	direction: 'in' | 'out',
	peer: string | undefined,
): Step => ({
	kind: 'segment',
	...segment,
	evidence: 'captured',
	direction,
	peer,
});

/** A server's segments: its peer is the end without its port. */
export const ofServer = (segment: Segment, port: number): Step => {
	const isIn = segment.to.endsWith(`:${port}`);
	return isIn
		? stepOf(segment, 'in', segment.from)
		: stepOf(segment, 'out', segment.to);
};

export class SegmentOwners {
	readonly #owners = new Map<string, Owner>();
	#waiting: readonly Segment[] = [];

	/** A client's own connection; its addresses may be the same again. */
	own(owner: Owner): void {
		const {attempted} = owner;
		if (attempted === undefined || this.#owners.get(attempted) === owner) {
			return;
		}

		this.#owners.delete(attempted);
		this.#owners.set(attempted, owner);
		if (this.#owners.size > maxOwners) {
			const [oldest] = this.#owners.keys();
			this.#owners.delete(oldest!);
		}
	}

	/** @returns The steps of segments whose connection is known by now. */
	take(segments: readonly Segment[]): readonly Step[] {
		const steps: Step[] = [];
		const waiting: Segment[] = [];
		for (const segment of [...this.#waiting, ...segments]) {
			const {from, to} = segment;
			const sender = this.#owners.get(`${from} ${to}`);
			const receiver = this.#owners.get(`${to} ${from}`);
			if (sender) {
				steps.push(sender.named(stepOf(segment, 'out', undefined)));
			} else if (receiver) {
				steps.push(receiver.named(stepOf(segment, 'in', undefined)));
			} else {
				waiting.push(segment);
			}
		}

		this.#waiting = waiting.slice(-maxWaiting);
		return steps;
	}
}
