/** Where the engine of a relay is: `nats://HOST:PORT`, and the like. */
import {parsePort} from '../socket/address.js';

const defaultPort = '4222';

/** The most nodes of a cluster that keep one stream. */
export const mostReplicas = 5;

export type RelayUrl =
	/** As it is shown: with its ports, and never with credentials. */
	| {readonly kind: 'url'; readonly url: string}
	/** It has credentials in it; they must not be quoted. */
	| {readonly kind: 'credentials'}
	| {readonly kind: 'wrong'; readonly part: string};

export const parseRelayUrl = (text: string): RelayUrl => {
	const places: string[] = [];
	const schemes = new Set<string>();
	for (const part of text.split(',')) {
		if (/^\w+:\/\/[^/]*@/.test(part)) {
			return {kind: 'credentials'};
		}

		const {
			scheme,
			host,
			port = defaultPort,
		} = /^(?<scheme>nats|tls):\/\/(?<host>\[[\da-f:.]+\]|[\w.-]+)(?::(?<port>\d{1,5}))?\/?$/i.exec(
			part,
		)?.groups ?? {};
		const number = parsePort(port, 1);
		if (scheme === undefined || typeof number !== 'number') {
			return {kind: 'wrong', part};
		}

		schemes.add(scheme.toLowerCase());
		places.push(`${scheme.toLowerCase()}://${host!}:${number}`);
	}

	return schemes.size === 1
		? {kind: 'url', url: places.join(',')}
		: {kind: 'wrong', part: text};
};
