/**
 * A peer over a bare socket, without any code of our own client: it sends text
 * unchanged, and keeps what it receives.
 */
import {Buffer} from 'node:buffer';
import {randomUUID} from 'node:crypto';
import {createConnection, type Socket, type TcpNetConnectOpts} from 'node:net';
import type {Duplex} from 'node:stream';
import type {Address} from '../../source/socket/address.js';
import type {ServerFrame} from '../../source/protocol/frame.js';
import {resetSocket} from '../../source/socket/stream/reset.js';
import type {Owner} from './environment.js';
import {until, type Falsy} from './until.js';

export type FrameOf<Type extends ServerFrame['type']> = Extract<
	ServerFrame,
	{readonly type: Type}
>;

export class WirePeer {
	readonly duplex: Duplex;
	/** All lines received so far, parsed as JSON; all must be JSON. */
	readonly frames: ServerFrame[] = [];
	isFramed = true;
	/** Whether it answers pings: on a slow machine, a test may need it. */
	isAnsweringPings = false;
	/** As the server names it. */
	name = '';
	hasFin = false;
	isClosed = false;
	/** The code of its last error, such as ECONNRESET. */
	errorCode: string | undefined;
	#chunks: Buffer[] = [];
	#rest: Buffer = Buffer.alloc(0);

	constructor(duplex: Duplex) {
		this.duplex = duplex;
		duplex.on('data', (chunk: Buffer) => {
			this.#read(chunk);
		});
		duplex.on('end', () => {
			this.hasFin = true;
		});
		duplex.on('error', (error: NodeJS.ErrnoException) => {
			this.errorCode = error.code;
		});
		duplex.on('close', () => {
			this.isClosed = true;
		});
	}

	get socket(): Socket {
		return this.duplex as Socket;
	}

	/** All bytes received. */
	get bytes(): Buffer {
		return Buffer.concat(this.#chunks);
	}

	get text(): string {
		return this.bytes.toString();
	}

	of<Type extends ServerFrame['type']>(type: Type): Array<FrameOf<Type>> {
		return this.frames.filter(
			(frame): frame is FrameOf<Type> => frame.type === type,
		);
	}

	/** The texts of the messages so far. */
	get said(): string[] {
		return this.of('message').map(({text}) => text);
	}

	write(bytes: string | Uint8Array): void {
		this.duplex.write(bytes);
	}

	/** All in one write. */
	send(...frames: readonly object[]): void {
		this.write(frames.map(frame => `${JSON.stringify(frame)}\n`).join(''));
	}

	say(n: number, text: string): void {
		this.send({type: 'say', n, text});
	}

	/** FIN. */
	end(): void {
		this.duplex.end();
	}

	/** RST. */
	reset(): void {
		resetSocket(this.socket);
	}

	/** Forgets what came, so that a test can look at what comes next. */
	forget(): void {
		this.frames.length = 0;
		this.#chunks = [];
	}

	async until<T>(what: string, look: () => T | Falsy): Promise<T> {
		return until(look, {what, seen: () => this.seen()});
	}

	/** The first frame of a type, once it is there. */
	async untilFrame<Type extends ServerFrame['type']>(
		type: Type,
		isWanted: (frame: FrameOf<Type>) => boolean = () => true,
	): Promise<FrameOf<Type>> {
		return this.until(`a ${type}`, () => this.of(type).find(isWanted));
	}

	async untilSaid(text: string): Promise<FrameOf<'message'>> {
		return this.untilFrame('message', frame => frame.text === text);
	}

	async untilText(text: string): Promise<void> {
		await this.until(JSON.stringify(text), () => this.text.includes(text));
	}

	async untilFin(): Promise<void> {
		await this.until('its FIN', () => this.hasFin);
	}

	async untilClosed(): Promise<void> {
		await this.until('its close', () => this.isClosed);
	}

	/** All that came, for a failure's message. */
	seen(): string {
		const end = `fin ${this.hasFin}, closed ${this.isClosed}, error ${this.errorCode}`;
		return `${this.text.slice(-2000)}\n(${end})`;
	}

	#read(chunk: Buffer): void {
		this.#chunks.push(chunk);
		if (!this.isFramed) {
			return;
		}

		const bytes = Buffer.concat([this.#rest, chunk]);
		let start = 0;
		let end = bytes.indexOf('\n');
		while (end !== -1) {
			const line = bytes.toString('utf8', start, end);
			const frame = JSON.parse(line) as ServerFrame;
			this.frames.push(frame);
			if (this.isAnsweringPings && frame.type === 'ping') {
				this.send({type: 'pong', id: frame.id});
			}

			start = end + 1;
			end = bytes.indexOf('\n', start);
		}

		this.#rest = bytes.subarray(start);
	}
}

/** Connects; cut off when the test ends. Its FIN is its own to send. */
export const openWire = async (
	owner: Owner,
	address: Address,
	options: Partial<TcpNetConnectOpts> = {},
): Promise<WirePeer> => {
	const common = {allowHalfOpen: true, noDelay: true};
	const socket =
		address.kind === 'unix'
			? createConnection({path: address.path, ...common})
			: createConnection({...address, ...common, ...options});
	const peer = new WirePeer(socket);
	owner.after(async () => {
		socket.destroy();
	});
	await peer.until('the connection', () => {
		if (peer.errorCode !== undefined) {
			throw new Error(`connect() failed: ${peer.errorCode}`);
		}

		return socket.readyState === 'open';
	});
	peer.name = `${socket.localAddress}:${socket.localPort}`;
	return peer;
};

/** As `nc` would be: what comes is text. */
export const openPlain = async (
	owner: Owner,
	address: Address,
	options?: Partial<TcpNetConnectOpts>,
): Promise<WirePeer> => {
	const peer = await openWire(owner, address, options);
	peer.isFramed = false;
	return peer;
};

export type HelloOptions = {
	readonly client?: string;
	readonly since?: number;
	readonly log?: string;
	readonly last?: number;
	readonly oneShot?: true;
	readonly agent?: true;
};

export const helloFrame = (nick: string, options: HelloOptions = {}) => ({
	type: 'hello',
	v: 1,
	client: randomUUID(),
	nick,
	...options,
});

export type MemberPeer = WirePeer & {readonly welcome: FrameOf<'welcome'>};

/** Says hello and waits for the welcome. */
export const greet = async (
	peer: WirePeer,
	nick: string,
	options?: HelloOptions,
): Promise<MemberPeer> => {
	peer.send(helloFrame(nick, options));
	const welcome = await peer.untilFrame('welcome');
	return Object.assign(peer, {welcome});
};

/** Connects and joins. */
export const joinWire = async (
	owner: Owner,
	address: Address,
	nick: string,
	options?: HelloOptions,
): Promise<MemberPeer> => greet(await openWire(owner, address), nick, options);

/** The texts of messages and whispers so far, in the order they came. */
export const heardIn = ({frames}: WirePeer): string[] =>
	frames.flatMap(frame =>
		frame.type === 'message' || frame.type === 'whispered' ? [frame.text] : [],
	);
