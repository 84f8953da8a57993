/** Holds what sockchat said of queues and timers against a fast poll. Pure. */
import {Buffer} from 'node:buffer';
import type {KernelSocket} from '../../../source/tcp/tcp.js';

export type QueueClaim = {
	/** When its reading began, and when it was reported. */
	readonly from: number;
	readonly at: number;
	readonly socket: KernelSocket;
};

type Reading = {
	readonly end: string;
	readonly sent: number;
	readonly unread: number;
	readonly timer: string;
	/** When it can't have been so yet, and when it was. */
	readonly from: number;
	readonly to: number;
};

/** Clocks that count whole milliseconds. */
const slackMs = 2;

const timers: Readonly<Record<string, string>> = {
	'01': 'retransmit',
	'04': 'persist',
};

const addressOf = (hex: string): string => {
	const [host = '', port = ''] = hex.split(':');
	const bytes = Buffer.from(host, 'hex').reverse();
	return `${bytes.length === 4 ? bytes.join('.') : '[::1]'}:${Number.parseInt(port, 16)}`;
};

export const parseReadings = (text: string): readonly Reading[] =>
	text
		.split('\n')
		.map(line => line.split(' '))
		.filter(words => words.length === 7)
		.map(([local = '', remote = '', sent = '', unread = '', ...rest]) => ({
			end: `${addressOf(local)} ${addressOf(remote)}`,
			sent: Number.parseInt(sent, 16),
			unread: Number.parseInt(unread, 16),
			timer: timers[rest[0]!] ?? 'other',
			from: Number(rest[1]),
			to: Number(rest[2]),
		}));

/** When the poll read nothing. */
export type Hole = {readonly from: number; readonly to: number};

export const parseHoles = (text: string): readonly Hole[] =>
	Array.from(text.matchAll(/^hole (\d+) (\d+)$/gm), ([, from, to]) => ({
		from: Number(from),
		to: Number(to),
	}));

/** In a hole, a queue may have held anything. */
export const canJudge = (
	{from, at}: QueueClaim,
	holes: readonly Hole[],
): boolean =>
	holes.every(hole => hole.from > at + slackMs || hole.to < from - slackMs);

/** The readings of an end that a claim may be about: one, while nothing changes. */
const around = (
	{from: begunAt, at, socket: {local, remote}}: QueueClaim,
	readings: readonly Reading[],
): readonly Reading[] => {
	const end = `${local} ${remote}`;
	// It began with empty queues.
	const own = [
		{end, sent: 0, unread: 0, timer: 'other', from: 0, to: 0},
		...readings.filter(each => each.end === end),
	];
	return own.filter(
		({from}, index) =>
			from <= at + slackMs &&
			(own[index + 1]?.to ?? Infinity) >= begunAt - slackMs,
	);
};

const isWithin = (value: number, values: readonly number[]): boolean =>
	value >= Math.min(...values) && value <= Math.max(...values);

/** Whether the queues of both ends of a connection were read as empty last. */
export const isEmptied = (
	ends: readonly string[],
	readings: readonly Reading[],
): boolean =>
	ends.every(end => {
		const last = readings.findLast(each => each.end === end);
		return last?.sent === 0 && last.unread === 0;
	});

/**
 * While a queue changes, a claim lies between what was read around it. Between
 * two readings a send queue may also have held what the other end has by the
 * second.
 */
export const isRight = (
	claim: QueueClaim,
	readings: readonly Reading[],
): boolean => {
	const {sendQueueBytes, receiveQueueBytes, timer, local, remote} =
		claim.socket;
	const seen = around(claim, readings);
	const arrived = around(
		{...claim, socket: {...claim.socket, local: remote, remote: local}},
		readings,
	);
	const sent = seen.map(each => each.sent);
	const moved =
		seen.length > 1 ? Math.max(0, ...arrived.map(({unread}) => unread)) : 0;
	return (
		seen.length > 0 &&
		isWithin(sendQueueBytes, [...sent, Math.max(...sent) + moved]) &&
		isWithin(
			receiveQueueBytes,
			seen.map(({unread}) => unread),
		) &&
		(timer?.name !== 'persist' || seen.some(each => each.timer === 'persist'))
	);
};

/** Whether a timer that ran all the time wasn't named. */
export const isUnsaid = (
	claim: QueueClaim,
	readings: readonly Reading[],
): boolean => {
	const seen = around(claim, readings);
	return (
		seen.length > 0 &&
		seen.every(({timer}) => timer === 'persist') &&
		claim.socket.timer?.name !== 'persist'
	);
};
