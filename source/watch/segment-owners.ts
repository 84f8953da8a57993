/**
 * Which connection captured segments belong to. A port has the connections of
 * others too: a client takes its own alone, which it knows once connect() has
 * chosen a port; the SYN is captured before that, and waits here. Addresses are
 * used again, maybe by another program: segments belong to the connection that
 * the last SYN between them began.
 */
import type {Segment} from '../tcp/segment.js';
import type {Step} from '../tcp/tcp.js';

export type Owner = {
	/** Its two addresses, ours first, with a space between them. */
	readonly attempted: string | undefined;
	/** When connect() was not called yet, in milliseconds since the epoch. */
	readonly notBefore: number;
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

/** Its addresses in both orders, as `attempted` has them. */
const endsOf = ({from, to}: Segment) =>
	({out: `${from} ${to}`, in: `${to} ${from}`}) as const;

type Direction = 'in' | 'out';

/**
 * Whether a connection was there by then, so that the next SYN begins another
 * one. In TIME-WAIT the other end may first answer a SYN with a bare ACK, and
 * that is answered with RST: the same SYN is sent again then.
 */
const isAnswered = ({segment}: Segment, direction: Direction): boolean =>
	segment === 'SYN+ACK' ||
	segment === 'PSH' ||
	segment === 'FIN' ||
	(segment === 'RST' && direction === 'in');

/** The connections between two addresses, one after the other. */
type Line = {
	/** Whose segments come now; undefined before it, and if it is another's. */
	owner: Owner | undefined;
	/** Whether the next SYN begins another connection. */
	isAnswered: boolean;
	/** Those whose SYN hasn't come yet. */
	readonly dialled: Owner[];
};

/** Whether a segment begins a connection of ours; it may end one, too. */
const hasBegun = (line: Line, {segment, at}: Segment): boolean => {
	const isRepeated = line.owner !== undefined && !line.isAnswered;
	if (segment !== 'SYN' || isRepeated) {
		return false;
	}

	const [next] = line.dialled;
	const isOurs = next !== undefined && at >= next.notBefore;
	line.owner = isOurs ? line.dialled.shift() : undefined;
	line.isAnswered = false;
	return isOurs;
};

export class SegmentOwners {
	readonly #lines = new Map<string, Line>();
	readonly #known = new WeakSet<Owner>();
	#waiting: readonly Segment[] = [];

	/** A client's own connection; its addresses may be the same again. */
	own(owner: Owner): void {
		const {attempted} = owner;
		if (attempted === undefined || this.#known.has(owner)) {
			return;
		}

		this.#known.add(owner);
		const line = this.#lines.get(attempted) ?? {
			owner: undefined,
			isAnswered: false,
			dialled: [],
		};
		line.dialled.push(owner);
		this.#lines.delete(attempted);
		this.#lines.set(attempted, line);
		if (this.#lines.size > maxOwners) {
			const [oldest] = this.#lines.keys();
			this.#lines.delete(oldest!);
		}
	}

	/** @returns The steps of segments whose connection is known by now. */
	take(segments: readonly Segment[]): readonly Step[] {
		const steps: Step[] = [];
		let waiting: Segment[] = [];
		for (const segment of [...this.#waiting, ...segments]) {
			const ends = endsOf(segment);
			const direction = this.#lines.has(ends.out) ? 'out' : 'in';
			const line = this.#lines.get(ends[direction]);
			if (line && hasBegun(line, segment)) {
				// What waits between the same addresses is of others before it.
				waiting = waiting.filter(
					earlier => !Object.values(endsOf(earlier)).includes(ends.out),
				);
			}

			if (line?.owner) {
				line.isAnswered ||= isAnswered(segment, direction);
				steps.push(line.owner.named(stepOf(segment, direction, undefined)));
			} else {
				waiting.push(segment);
			}
		}

		this.#waiting = waiting.slice(-maxWaiting);
		return steps;
	}
}
