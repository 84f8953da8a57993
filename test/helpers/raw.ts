/** Raw mode under test: what went over the wire, byte by byte. */
import {Buffer} from 'node:buffer';
import {requireLoopback, type Address} from '../../source/socket/address.js';
import {connectionFailed, dial} from '../../source/socket/dial.js';
import {RawClient, type RawClientOptions} from '../../source/raw/client.js';
import {
	startRawServer,
	type RawServerOptions,
} from '../../source/raw/server.js';
import type {
	ClientEvent,
	ControlEvent,
	NoticeEvent,
	RawEvent,
	ServerEvent,
} from '../../source/event/event.js';
import type {Owner} from './environment.js';
import {collectEvents} from './events.js';
import {anyPort} from './room.js';
import {until} from './until.js';
import type {WirePeer} from './wire-peer.js';

/** Every byte value, invalid UTF-8, odd line ends and control codes. */
export const hostile = Buffer.concat([
	Buffer.from(Array.from({length: 256}, (_, byte) => byte)),
	Buffer.from('\r\n\n\r\0\u{1B}[2J', 'latin1'),
	Buffer.from([0xc3, 0x28, 0xed, 0xa0, 0x80, 0xff]),
]);

export const untilBytes = async (peer: WirePeer, wanted: Buffer) =>
	peer.until('the bytes', () => peer.bytes.equals(wanted));

/** All bytes of one direction, from the events. */
const join = (chunks: readonly RawEvent[], direction: 'in' | 'out') =>
	Buffer.concat(
		chunks.filter(chunk => chunk.direction === direction).map(c => c.bytes),
	);

export const openRawServer = async (
	owner: Owner,
	options: Partial<Omit<RawServerOptions, 'onEvent'>> = {},
) => {
	const collected = collectEvents<
		ServerEvent | RawEvent | ControlEvent | NoticeEvent
	>();
	const {onEvent, of} = collected;
	const server = await startRawServer({address: anyPort, ...options, onEvent});
	owner.after(async () => {
		const drained = server.drain();
		server.destroy();
		await drained;
	});
	const bytes = (direction: 'in' | 'out', peer?: string) =>
		join(
			of('chunk').filter(chunk => peer === undefined || chunk.peer === peer),
			direction,
		);
	return {
		...server,
		...collected,
		bytes,
		untilBytes: async (wanted: Uint8Array, peer?: string) =>
			until(() => bytes('in', peer).equals(wanted), {
				what: `${wanted.length} bytes`,
				seen: () => bytes('in', peer).toString('hex').slice(0, 500),
			}),
	};
};

export const openRawClient = (
	owner: Owner,
	address: Address,
	options: Partial<Omit<RawClientOptions, 'onEvent'>> = {},
) => {
	const collected = collectEvents<ClientEvent | RawEvent | ControlEvent>();
	const {onEvent, of} = collected;
	const client = new RawClient({
		dial: () => dial(requireLoopback(address)),
		describe: cause => connectionFailed(address, undefined, cause),
		...options,
		onEvent,
	});
	owner.after(async () => {
		client.leave();
		client.leave();
		await client.closed;
	});
	const bytes = (direction: 'in' | 'out') => join(of('chunk'), direction);
	return {
		...collected,
		client,
		bytes,
		phase: () => client.connection.phase,
		untilBytes: async (wanted: Uint8Array) =>
			until(() => bytes('in').equals(wanted), {
				what: `${wanted.length} bytes`,
				seen: () => bytes('in').toString('hex').slice(0, 500),
			}),
		untilPhase: async (phase: string) =>
			until(() => client.connection.phase === phase, {
				what: `phase '${phase}'`,
				seen: () => client.connection.phase,
			}),
	};
};
