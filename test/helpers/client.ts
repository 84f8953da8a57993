/** Our own client under test. */
import type {Duplex} from 'node:stream';
import {requireLoopback, type Address} from '../../source/socket/address.js';
import {Client, type ClientOptions} from '../../source/client/client.js';
import {connectionFailed, dial} from '../../source/socket/dial.js';
import {parseNick, type Nick} from '../../source/protocol/nick.js';
import type {ClientEvent} from '../../source/event/event.js';
import type {Owner} from './environment.js';
import {collectEvents} from './events.js';
import {until} from './until.js';

export const nickOf = (text: string): Nick => {
	const parsed = parseNick(text);
	if (!parsed.ok) {
		throw parsed.error;
	}

	return parsed.nick;
};

export type ClientTestOptions = Partial<Omit<ClientOptions, 'nick'>> & {
	readonly localPort?: number;
};

export type TestClient = ReturnType<typeof openClient>;

/** Our own client, by default one that reconnects. */
export const openClient = (
	owner: Owner,
	address: Address,
	nick: string,
	{localPort, onEvent: tell, ...options}: ClientTestOptions = {},
) => {
	const collected = collectEvents<ClientEvent>();
	const {events, onEvent} = collected;
	const dialled: Duplex[] = [];
	const client = new Client({
		dial() {
			const link = dial(requireLoopback(address), localPort);
			dialled.push(link.stream);
			return link;
		},
		describe: cause => connectionFailed(address, localPort, cause),
		nick: nickOf(nick),
		isNickFlexible: false,
		isRetrying: true,
		// Without jitter, a retry happens at once.
		random: () => 0,
		...options,
		onEvent(event) {
			onEvent(event);
			tell?.(event);
		},
	});
	owner.after(async () => {
		client.leave();
		client.leave();
		await client.closed;
	});
	const phases = () =>
		events.flatMap(event =>
			event.type === 'connection' ? [event.connection.phase] : [],
		);
	const frames = () =>
		events.flatMap(event => (event.type === 'frame' ? [event.frame] : []));
	const wait = async (what: string, isThere: () => boolean) =>
		until(isThere, {
			what,
			seen: () => events.map(event => JSON.stringify(event)).join('\n'),
		});
	return {
		...collected,
		client,
		dialled,
		/** The current phase. */
		phase: () => client.connection.phase,
		/** All phases so far. */
		phases,
		frames,
		/** The texts that it received, in order. */
		said: () =>
			frames().flatMap(frame => (frame.type === 'message' ? [frame.text] : [])),
		until: wait,
		/** Waits until it enters a phase for the given time. */
		untilPhase: async (phase: string, times = 1) =>
			wait(
				`phase '${phase}' ×${times}`,
				() => phases().filter(entered => entered === phase).length >= times,
			),
		/** With a relay, its join has a place in the log some time after the welcome. */
		untilJoined: async () =>
			wait('its own join', () =>
				frames().some(
					frame => frame.type === 'joined' && frame.nick === client.nick,
				),
			),
		untilStored: async () =>
			wait('all to be stored', () => client.unstored === 0),
	};
};
