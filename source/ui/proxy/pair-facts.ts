/** What is known of a proxied connection, as short texts. Pure. */
import type {
	Faults,
	PairRow,
	ProxyDirection,
	SideRow,
} from '../../event/proxy-event.js';
import {receivers, senders} from '../../proxy/watches.js';
import type {Model} from '../../store/model.js';
import {formatBytes} from '../../tcp/format-bytes.js';
import type {KernelSocket} from '../../tcp/tcp.js';
import {symbols} from '../theme/symbols.js';

export const directions = ['out', 'in'] as const;

export const arrows: Readonly<Record<ProxyDirection, string>> = {
	out: symbols.outward,
	in: symbols.inward,
};

const unknown = '–';

/** What is done to a direction, besides passing it on. */
export const faultWords = ({
	delayMs,
	rateLimit,
	sliceBytes,
	isPaused,
}: Faults): readonly string[] => [
	...(isPaused ? ['paused'] : []),
	...(delayMs > 0 ? [`delay ${delayMs} ms`] : []),
	...(rateLimit === undefined ? [] : [`limit ${formatBytes(rateLimit)}/s`]),
	...(sliceBytes === undefined ? [] : [`slice ${formatBytes(sliceBytes)}`]),
];

/** Of connections that come later: the same for both directions once. */
export const laterFaults = ({socket: {pairs}}: Model): readonly string[] => {
	if (pairs === undefined) {
		return [];
	}

	const [out, inward] = directions.map(name =>
		faultWords(pairs.faults[name]).join(', '),
	);
	if (out === inward) {
		return out === '' ? [] : [`both ways: ${out!}`];
	}

	return [
		...(out === '' ? [] : [`out: ${out!}`]),
		...(inward === '' ? [] : [`in: ${inward!}`]),
	];
};

type Waiting = {
	readonly bytes: number;
	readonly text: (size: string) => string;
};

/** Where bytes of a direction wait, from the sender to the receiver. */
const placesOf = (
	row: PairRow,
	direction: ProxyDirection,
): readonly Waiting[] => {
	const from = row[senders[direction]].kernel;
	const to = row[receivers[direction]].kernel;
	return [
		{
			bytes: from?.remote?.sendQueueBytes ?? 0,
			text: size => `${size} in ${senders[direction]}'s send-q`,
		},
		{
			bytes: from?.local?.receiveQueueBytes ?? 0,
			text: size => `${size} unread here`,
		},
		{bytes: row[direction].heldBytes, text: size => `${size} held here`},
		{
			bytes: to?.local?.sendQueueBytes ?? 0,
			text: size => `${size} in send-q`,
		},
		{
			bytes: to?.remote?.receiveQueueBytes ?? 0,
			text: size => `${size} unread by ${receivers[direction]}`,
		},
	];
};

export const waitingWords = (
	row: PairRow,
	direction: ProxyDirection,
): readonly string[] =>
	placesOf(row, direction)
		.filter(({bytes}) => bytes > 0)
		.map(({bytes, text}) => text(formatBytes(bytes)));

/** All bytes of a direction that the receiver has not read. */
export const waitingBytes = (
	row: PairRow,
	direction: ProxyDirection,
): number => {
	let sum = 0;
	for (const {bytes} of placesOf(row, direction)) {
		sum += bytes;
	}

	return sum;
};

/** @param other The other end of the same connection. */
const stateOf = (
	end: KernelSocket | undefined,
	other: KernelSocket | undefined,
	isOpen: boolean,
): string => {
	if (end) {
		return end.state;
	}

	// A row may be missed, as the table changes while it is read.
	const mayBeMissed = other === undefined || other.state === 'ESTABLISHED';
	return isOpen && mayBeMissed ? unknown : 'CLOSED';
};

export type FourStates = {
	readonly client: readonly [client: string, proxy: string];
	readonly target: readonly [proxy: string, target: string];
};

/** The states of RFC 9293, as read from the kernel's table. */
export const statesOf = ({client, target, isOpen}: PairRow): FourStates => {
	const of = ({kernel}: SideRow): [ours: string, theirs: string] =>
		kernel === undefined
			? [unknown, unknown]
			: [
					stateOf(kernel.local, kernel.remote, isOpen),
					stateOf(kernel.remote, kernel.local, isOpen),
				];
	const [ours, theirs] = of(client);
	return {client: [theirs, ours], target: of(target)};
};

/** Where each end is, as far as it is known. */
export const addressesOf = (
	{peer, client, target}: PairRow,
	model: Model,
): FourStates => ({
	client: [client.remote ?? peer, client.local ?? client.link],
	target: [
		target.local ?? target.link,
		target.remote ?? model.target ?? target.link,
	],
});

/** What carries the bytes, unless it is TCP on both sides. */
export const linkWords = ({client, target}: PairRow): string =>
	client.link === 'tcp' && target.link === 'tcp'
		? ''
		: client.link === target.link
			? client.link
			: `${client.link} ⇄ ${target.link}`;
