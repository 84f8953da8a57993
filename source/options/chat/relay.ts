/** The relay that links a room with those on other machines. */
import type {RelayWish} from '../../chat/relay.js';
import {quoted, type SockchatError} from '../../errors.js';
import {writtenFlag} from '../flags.js';
import {wrongUsage, type Reader} from '../reader.js';

const defaultPort = 4222;
const mostReplicas = 5;

const wrongUrl = (seen: string) =>
	wrongUsage(
		`--relay needs nats://HOST:PORT or tls://HOST:PORT, or several of a cluster with commas between; got ${quoted(seen)}.`,
	);

/** As it is shown: with its ports, and never with credentials. */
const parseUrl = (text: string): string | SockchatError => {
	const places: string[] = [];
	const schemes = new Set<string>();
	for (const each of text.split(',')) {
		if (/^\w+:\/\/[^/]*@/.test(each)) {
			// Not quoted: it may be a password.
			return wrongUsage(
				'--relay takes no credentials, which every user could see in the list of processes; give them in a file, --relay-credentials FILE, or in SOCKCHAT_RELAY_CREDENTIALS.',
			);
		}

		const {scheme, host, port} =
			/^(?<scheme>nats|tls):\/\/(?<host>\[[\da-f:.]+\]|[\w.-]+)(?::(?<port>\d{1,5}))?\/?$/i.exec(
				each,
			)?.groups ?? {};
		if (scheme === undefined || Number(port ?? 1) > 65_535 || port === '0') {
			return wrongUrl(each);
		}

		schemes.add(scheme.toLowerCase());
		places.push(`${scheme.toLowerCase()}://${host!}:${port ?? defaultPort}`);
	}

	return schemes.size === 1 ? places.join(',') : wrongUrl(text);
};

const needRelay = [
	'relayCredentials',
	'relayOptional',
	'relayReplicas',
] as const;

const readReplicas = (reader: Reader): number => {
	const replicas = reader.count('relayReplicas') ?? 1;
	return replicas <= mostReplicas
		? replicas
		: reader.take(
				wrongUsage(
					`--relay-replicas needs from 1 to ${mostReplicas}; got ${replicas}.`,
				),
				1,
				'relayReplicas',
			);
};

export const readRelay = (reader: Reader): RelayWish | undefined => {
	const asked = reader.text('relay');
	const flag = needRelay.find(name => reader.isTyped(name));
	if (asked === undefined) {
		if (flag) {
			reader.take<unknown>(
				wrongUsage(`${writtenFlag(flag)} needs --relay URL.`),
				undefined,
				flag,
			);
		}

		return undefined;
	}

	const url = reader.take(parseUrl(asked), '', 'relay');
	if (!reader.has('room')) {
		reader.take<unknown>(
			wrongUsage('--relay needs --room NAME: the room that is shared.'),
			undefined,
			'relay',
		);
	}

	return {
		url,
		isOptional: reader.has('relayOptional'),
		replicas: readReplicas(reader),
		credentialsFile: reader.text('relayCredentials'),
	};
};
