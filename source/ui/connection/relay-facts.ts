/** The relay as one more connection: its state, since when, and what waits. Pure. */
import type {Model} from '../../store/model.js';
import {formatAge, untilOlderMs} from '../text/format.js';
import type {Role} from '../theme/roles.js';

export type RelayFact = {
	readonly name: string;
	readonly role: Role;
	/** How long it has been so. */
	readonly age: string;
	/** The engine, without the scheme. */
	readonly engine: string;
	/** What waits in either direction, and how many servers are linked. */
	readonly counts: readonly string[];
};

const roles = {
	connecting: 'warn',
	'catching-up': 'warn',
	open: 'good',
	away: 'alarm',
} as const;

/** @param wallNow Milliseconds since the epoch. */
export const relayFact = (
	{relay}: Pick<Model, 'relay'>,
	wallNow: number,
): RelayFact | undefined => {
	if (!relay) {
		return undefined;
	}

	const {phase, since, lag = 0, outbox, servers, error, url} = relay;
	const isStuck = phase === 'open' && error !== undefined;
	return {
		name: isStuck ? 'open, takes nothing' : phase.replace('-', ' '),
		role: isStuck ? 'alarm' : roles[phase],
		age: formatAge(wallNow - since),
		engine: url.replaceAll(/(?:nats|tls):\/\//g, ''),
		counts: [
			...(lag > 0 ? [`lag ${lag}`] : []),
			...(outbox > 0 ? [`outbox ${outbox}`] : []),
			...(phase === 'open'
				? [`${servers} server${servers === 1 ? '' : 's'}`]
				: []),
		],
	};
};

/** When its age will read differently, in milliseconds from now. */
export const relayChangesIn = (
	{relay}: Pick<Model, 'relay'>,
	wallNow: number,
): number => (relay ? untilOlderMs(wallNow - relay.since) : Infinity);
