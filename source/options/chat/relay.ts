/** The relay that links a room with those on other machines. */
import type {RelayWish} from '../../chat/relay.js';
import {mostReplicas, parseRelayUrl} from '../../chat/relay-url.js';
import {quoted, type SockchatError} from '../../errors.js';
import {writtenFlag} from '../flags.js';
import {wrongUsage, type Reader} from '../reader.js';

const wrongUrl = (seen: string) =>
	wrongUsage(
		`--relay needs nats://HOST:PORT or tls://HOST:PORT, or several of a cluster with commas between; got ${quoted(seen)}.`,
	);

const parseUrl = (text: string): string | SockchatError => {
	const parsed = parseRelayUrl(text);
	switch (parsed.kind) {
		case 'url': {
			return parsed.url;
		}

		case 'credentials': {
			return wrongUsage(
				'--relay takes no credentials, which every user could see in the list of processes; give them in a file, --relay-credentials FILE, or in SOCKCHAT_RELAY_CREDENTIALS.',
			);
		}

		case 'wrong': {
			return wrongUrl(parsed.part);
		}
	}
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
