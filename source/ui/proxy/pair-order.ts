/** In what order the connections of a proxy are listed. Pure. */
import type {PairRow} from '../../event/proxy-event.js';
import {directions, waitingBytes} from './pair-facts.js';

type Order = {
	readonly name: string;
	/** The highest first; of equal ones the newest, as beside the transcript. */
	readonly key: (row: PairRow) => number;
};

const orders: readonly Order[] = [
	{name: 'time', key: () => 0},
	{
		name: 'bytes waiting',
		key: row => waitingBytes(row, 'out') + waitingBytes(row, 'in'),
	},
	{name: 'bytes passed', key: row => row.out.bytes + row.in.bytes},
	{
		name: 'faults',
		key: row =>
			directions.filter(each => Object.values(row[each].faults).some(Boolean))
				.length,
	},
];

const orderAt = (sortedBy: number): Order => orders[sortedBy % orders.length]!;

export const nextPairOrder = (sortedBy: number): number =>
	(sortedBy + 1) % orders.length;

export const pairOrderName = (sortedBy: number): string =>
	orderAt(sortedBy).name;

/** @param sortedBy Any whole number from 0 on. */
export const sortPairs = (
	pairs: readonly PairRow[],
	sortedBy: number,
): readonly PairRow[] => {
	const {key} = orderAt(sortedBy);
	return pairs
		.toReversed()
		.map(row => ({row, value: key(row)}))
		.toSorted((a, b) => b.value - a.value)
		.map(({row}) => row);
};
