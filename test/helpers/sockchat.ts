/** The built bin as people and scripts open it: on a screen, or as JSON. */
import type {Address} from '../../source/socket/address.js';
import type {Owner} from './environment.js';
import {bin, startBin, type ProcessOptions} from './process.js';
import {openTerminal, type Terminal, type TerminalOptions} from './terminal.js';
import {joinWire, type MemberPeer} from './wire-peer.js';

export type ScreenOptions = Omit<TerminalOptions, 'command' | 'args'>;

/** Resolves when the screen is listening to keys. */
export const openScreen = async (
	owner: Owner,
	args: readonly string[],
	options: ScreenOptions = {},
): Promise<Terminal> => {
	const terminal = openTerminal(owner, {
		...bin(...args),
		// Frees its nick.
		isHungUp: true,
		...options,
	});
	await terminal.waitForModes({isBracketedPaste: true});
	return terminal;
};

/** A host's screen, on a free port. */
export const serveScreen = async (
	owner: Owner,
	nick: string,
	{args = [], ...options}: ScreenOptions & {args?: readonly string[]} = {},
) => {
	const terminal = await openScreen(
		owner,
		['serve', '--port', '0', '--nick', nick, ...args],
		options,
	);
	const port = await terminal.waitFor(/listening on 127\.0\.0\.1:(\d+)/);
	return {terminal, port};
};

/** A member's screen, once it is in the room. */
export const joinScreen = async (
	owner: Owner,
	port: string,
	nick: string,
	options: ScreenOptions = {},
): Promise<Terminal> => {
	const terminal = await openScreen(
		owner,
		['connect', '--port', port, '--nick', nick],
		options,
	);
	await terminal.waitFor(`You are ${nick} in `);
	return terminal;
};

export const loopback = (port: string): Address => ({
	kind: 'tcp',
	host: '127.0.0.1',
	port: Number(port),
});

/** A bare socket that stays in the room: it answers the heartbeat. */
export const joinBare = async (
	owner: Owner,
	port: string,
	nick: string,
): Promise<MemberPeer & {sayNext: (...texts: readonly string[]) => void}> => {
	const peer = await joinWire(owner, loopback(port), nick);
	let answered = 0;
	peer.duplex.on('data', () => {
		for (const {id} of peer.of('ping').slice(answered)) {
			answered++;
			peer.send({type: 'pong', id});
		}
	});
	let n = 0;
	return Object.assign(peer, {
		/** In one write. */
		sayNext(...texts: readonly string[]) {
			peer.send(...texts.map(text => ({type: 'say', n: ++n, text})));
		},
	});
};

/** A host without a screen. */
export const serveJson = async (
	owner: Owner,
	args: readonly string[] = [],
	options?: ProcessOptions,
) => {
	const server = startBin(
		owner,
		['serve', '--json', '--port', '0', ...args],
		options,
	);
	const port = await server.waitForOutput(
		/"phase":"listening","host":"127\.0\.0\.1","port":(\d+)/,
	);
	return {server, port};
};
