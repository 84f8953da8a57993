/**
 * A TCP proxy with the faults of networks and processes: it delays, splits, stalls
 * and cuts a connection, at any time or at a given byte.
 */
import type {Buffer} from 'node:buffer';
import {createConnection, createServer, type Socket} from 'node:net';
import {requireLoopback, type Address} from '../../source/socket/address.js';
import {resetSocket} from '../../source/socket/stream/reset.js';
import type {Owner} from './environment.js';
import {until} from './until.js';

/** How a link is cut: FIN to both, RST to both, or one each. */
export type Cut = 'fin' | 'reset' | 'reset-client' | 'reset-server';

export type Way = 'up' | 'down';

export type Manner = {
	/** The delay of each chunk; the order is kept. */
	delayMs: number;
	/** Chunks are forwarded in pieces of this size. */
	pieceBytes: number;
	/** Reading stops, so the sender's kernel fills up. */
	isStalled: boolean;
};

export class Link {
	readonly client: Socket;
	readonly server: Socket;
	readonly manner: Manner;
	isOpen = true;
	/** Called before a chunk is forwarded: true cuts the link instead. */
	cutBefore: ((chunk: Buffer, way: Way) => boolean) | undefined;

	constructor(client: Socket, server: Socket, manner: Manner) {
		this.client = client;
		this.server = server;
		this.manner = manner;
		void this.#carry(client, server, 'up');
		void this.#carry(server, client, 'down');
		for (const socket of [client, server]) {
			socket.on('error', () => {
				this.cut('reset');
			});
			socket.on('close', () => {
				this.isOpen = false;
			});
		}
	}

	cut(how: Cut): void {
		if (!this.isOpen) {
			return;
		}

		this.isOpen = false;
		for (const [name, socket] of [
			['client', this.client],
			['server', this.server],
		] as const) {
			if (how === 'reset' || how === `reset-${name}`) {
				resetSocket(socket);
			} else {
				socket.destroy();
			}
		}
	}

	async #carry(from: Socket, to: Socket, way: Way): Promise<void> {
		try {
			for await (const chunk of from as AsyncIterable<Buffer>) {
				if (this.cutBefore?.(chunk, way)) {
					this.cut('reset');
					return;
				}

				await this.#hand(chunk, to);
			}

			to.end();
		} catch {
			// It was cut.
		}
	}

	async #hand(chunk: Buffer, to: Socket): Promise<void> {
		const {manner} = this;
		await until(() => !manner.isStalled || !this.isOpen, {
			what: 'the stall to end',
			deadlineMs: 120_000,
		});
		const due = performance.now() + manner.delayMs;
		await until(() => performance.now() >= due, {
			what: `${manner.delayMs} ms of delay`,
		});

		for (let at = 0; at < chunk.length && this.isOpen;) {
			const end = Math.min(chunk.length, at + manner.pieceBytes);
			if (!to.write(chunk.subarray(at, end))) {
				await new Promise<void>(resolve => {
					to.once('drain', resolve);
					to.once('close', resolve);
				});
			}

			at = end;
		}
	}
}

/** Listens on a port of its own in front of an address. */
export const openFaultProxy = async (owner: Owner, target: Address) => {
	const links: Link[] = [];
	const manner: Manner = {delayMs: 0, pieceBytes: Infinity, isStalled: false};
	const proxy = createServer({allowHalfOpen: true, noDelay: true}, client => {
		const common = {allowHalfOpen: true, noDelay: true};
		const server =
			target.kind === 'unix'
				? createConnection({path: target.path, ...common})
				: createConnection({host: target.host, port: target.port, ...common});
		links.push(new Link(client, server, manner));
	});
	await new Promise<void>(resolve => {
		proxy.listen(0, '127.0.0.1', resolve);
	});
	owner.after(async () => {
		proxy.close();
		for (const link of links) {
			link.cut('reset');
		}
	});
	const {port} = proxy.address() as {port: number};
	return {
		address: requireLoopback({kind: 'tcp', host: '127.0.0.1', port}),
		/** For all links, also future ones. */
		manner,
		/** All so far, in the order in which they were accepted. */
		links,
		open: () => links.filter(({isOpen}) => isOpen),
	};
};
