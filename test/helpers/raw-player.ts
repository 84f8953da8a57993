/** Peers of raw mode that do one thing after another, over each kind of link. */
import {Buffer} from 'node:buffer';
import {fork, type ChildProcess} from 'node:child_process';
import {once} from 'node:events';
import {createServer as createHttpServer} from 'node:http';
import {createConnection, createServer, type Socket} from 'node:net';
import {Duplex} from 'node:stream';
import {connect as connectTls, TLSSocket, type SecureContext} from 'node:tls';
import {fileURLToPath} from 'node:url';
import {WebSocket, WebSocketServer} from 'ws';
import {resetSocket} from '../../source/socket/stream/reset.js';
import type {Owner} from './environment.js';
import {withTypeScript} from './process.js';

export const playedLinks = ['tcp', 'unix', 'tls', 'ws', 'wss'] as const;

export type PlayedLink = (typeof playedLinks)[number];

/** One side of a link, which counts what it says and keeps what it hears. */
export abstract class Player {
	heard = '';
	/** All that it said, as a pipe writes it. */
	said = '';
	/** Whether it has sent its end. */
	hasEnded = false;
	/** Whether the end of the other side has come, and all before it. */
	hasHeardEnd = false;
	/** Whether it broke off by itself: what it does then has no order. */
	hasBroken = false;
	isClosed = false;
	error: Error | undefined;

	hear(bytes: Uint8Array): void {
		this.heard += Buffer.from(bytes).toString('latin1');
	}

	say(text: string): void {
		if (!this.hasEnded && !this.isClosed) {
			this.write(text);
		}
	}

	end(): void {
		if (!this.hasEnded && !this.isClosed) {
			this.hasEnded = true;
			this.sendEnd();
		}
	}

	/** Closes at once, as kill -9 does. */
	close(): void {
		this.hasBroken = true;
		this.destroy();
	}

	/** Whether the kernel has all that was said. */
	abstract get isFlushed(): boolean;
	abstract setReading(isReading: boolean): void;
	/** Sends RST if it can. */
	abstract reset(): void;
	abstract destroy(): void;
	protected abstract write(text: string): void;
	protected abstract sendEnd(): void;
}

/** TLS below which a socket can be reset, and closed without a close_notify. */
const wireOf = (socket: Socket): Duplex => {
	const wire = new Duplex({
		autoDestroy: false,
		read() {
			socket.resume();
		},
		write(chunk: Buffer, _encoding, done) {
			socket.write(chunk, done);
		},
		final(done) {
			socket.end(done);
		},
	});
	socket.on('data', chunk => {
		if (!wire.push(chunk)) {
			socket.pause();
		}
	});
	const end = () => wire.push(null);
	socket.once('end', end);
	socket.once('close', end);
	return wire;
};

class StreamPlayer extends Player {
	readonly #stream: Duplex;
	readonly #socket: Socket;
	readonly #isTcp: boolean;

	constructor(socket: Socket, stream: Duplex, isTcp: boolean) {
		super();
		this.#stream = stream;
		this.#socket = socket;
		this.#isTcp = isTcp;
		stream.on('data', (chunk: Buffer) => {
			this.hear(chunk);
		});
		stream.on('end', () => {
			this.hasHeardEnd = true;
		});
		stream.on('error', error => {
			this.error ??= error;
		});
		socket.on('error', error => {
			this.error ??= error;
		});
		socket.on('close', () => {
			this.isClosed = true;
		});
	}

	get isFlushed(): boolean {
		return this.#stream.writableLength + this.#socket.writableLength === 0;
	}

	setReading(isReading: boolean): void {
		if (isReading) {
			this.#stream.resume();
		} else {
			this.#stream.pause();
		}
	}

	reset(): void {
		this.hasBroken = true;
		if (this.#isTcp) {
			resetSocket(this.#socket);
		} else {
			this.#socket.destroy();
		}
	}

	destroy(): void {
		this.#socket.destroy();
	}

	protected write(text: string): void {
		this.said += text;
		this.#stream.write(text);
	}

	protected sendEnd(): void {
		this.#stream.end();
	}
}

/** What one message holds at most. */
const messageBytes = 50_000;

const messagesOf = (text: string, isBinary: boolean): readonly string[] =>
	Array.from({length: Math.ceil(text.length / messageBytes)}, (_, index) => {
		const from = index * messageBytes;
		const message = text.slice(from, from + messageBytes);
		return isBinary ? message : message.replaceAll('\n', ' ');
	});

/** With text, each message is a line, which has its end on stdout. */
const shownAs = (message: string, isBinary: boolean): string =>
	isBinary ? message : `${message}\n`;

class WebSocketPlayer extends Player {
	readonly #socket: WebSocket;
	readonly #below: Socket;
	readonly #isBinary: boolean;
	readonly #isTcp: boolean;

	constructor(
		below: Socket,
		socket: WebSocket,
		isBinary: boolean,
		isTcp: boolean,
	) {
		super();
		this.#socket = socket;
		this.#below = below;
		this.#isBinary = isBinary;
		this.#isTcp = isTcp;
		socket.on('message', (message: Buffer, isBinaryMessage) => {
			this.hear(message);
			this.heard += isBinaryMessage ? '' : '\n';
		});
		socket.on('error', error => {
			this.error ??= error;
		});
		below.on('error', error => {
			this.error ??= error;
		});
		socket.on('close', code => {
			this.isClosed = true;
			this.hasHeardEnd = code !== 1006;
		});
		below.on('close', () => {
			this.isClosed ||= this.hasBroken;
		});
	}

	get isFlushed(): boolean {
		return this.#socket.bufferedAmount + this.#below.writableLength === 0;
	}

	setReading(isReading: boolean): void {
		if (isReading) {
			this.#socket.resume();
		} else {
			this.#socket.pause();
		}
	}

	reset(): void {
		this.hasBroken = true;
		if (this.#isTcp) {
			resetSocket(this.#below);
		} else {
			this.#below.destroy();
		}
	}

	destroy(): void {
		this.#below.destroy();
	}

	protected write(text: string): void {
		for (const message of messagesOf(text, this.#isBinary)) {
			this.#socket.send(this.#isBinary ? Buffer.from(message) : message);
			this.said += shownAs(message, this.#isBinary);
		}
	}

	protected sendEnd(): void {
		this.#socket.close(1000);
	}
}

type Layers = {
	readonly link: PlayedLink;
	/** Whether messages of a WebSocket are binary. */
	readonly isBinary: boolean;
};

const isTls = (link: PlayedLink) => link === 'tls' || link === 'wss';
const isWebSocket = (link: PlayedLink) => link === 'ws' || link === 'wss';

/** Whether the other side has what it said, or it has heard so much. */
export const hasDone = (
	player: Player,
	what: 'flush' | 'hear',
	bytes: number,
): boolean =>
	what === 'flush' ? player.isFlushed : player.heard.length >= bytes;

/** Calls back for each connection once it can talk. */
export const listenAsPlayer = async (
	owner: Owner,
	{
		link,
		isBinary,
		path,
		context,
	}: Layers & {
		/** Of a Unix domain socket. */
		readonly path: string;
		readonly context: SecureContext;
	},
	onPlayer: (player: Player) => void,
) => {
	const isTcp = link !== 'unix';
	const http = createHttpServer();
	const webSockets = new WebSocketServer({server: http});
	const belows = new WeakMap<Duplex, Socket>();
	webSockets.on('connection', (socket, request) => {
		const below = belows.get(request.socket)!;
		onPlayer(new WebSocketPlayer(below, socket, isBinary, isTcp));
	});
	const open = (below: Socket, stream: Duplex) => {
		if (isWebSocket(link)) {
			belows.set(stream, below);
			http.emit('connection', stream);
		} else {
			onPlayer(new StreamPlayer(below, stream, isTcp));
		}
	};

	const server = createServer({allowHalfOpen: true}, below => {
		below.on('error', () => undefined);
		owner.after(async () => {
			below.destroy();
		});
		if (!isTls(link)) {
			open(below, below);
			return;
		}

		const tls = new TLSSocket(wireOf(below), {
			isServer: true,
			secureContext: context,
		});
		tls.on('error', () => undefined);
		tls.once('secure', () => {
			open(below, tls);
		});
	});
	owner.after(async () => {
		server.close();
		webSockets.close();
	});
	server.listen(isTcp ? {host: '127.0.0.1', port: 0} : {path});
	await once(server, 'listening');
	const address = server.address();
	return typeof address === 'string' ? address : String(address!.port);
};

export type Goal = Layers & {
	/** A port, or a path. */
	readonly place: string;
};

/** Connects, and settles once it can talk. */
export const connectAsPlayer = async (
	owner: Owner,
	{link, isBinary, place}: Goal,
): Promise<Player> => {
	const isTcp = link !== 'unix';
	const below = createConnection({
		...(isTcp ? {host: '127.0.0.1', port: Number(place)} : {path: place}),
		allowHalfOpen: true,
	});
	below.on('error', () => undefined);
	owner.after(async () => {
		below.destroy();
	});
	await once(below, 'connect');
	let stream: Duplex = below;
	if (isTls(link)) {
		stream = connectTls({socket: wireOf(below), rejectUnauthorized: false});
		stream.on('error', () => undefined);
		await once(stream, 'secureConnect');
	}

	if (!isWebSocket(link)) {
		return new StreamPlayer(below, stream, isTcp);
	}

	const socket = new WebSocket('ws://127.0.0.1/', {
		createConnection: () => stream as Socket,
	});
	const player = new WebSocketPlayer(below, socket, isBinary, isTcp);
	await once(socket, 'open');
	return player;
};

/** What a process that plays does; sent to it. */
export type Order =
	| {readonly type: 'say'; readonly text: string}
	| {readonly type: 'read'; readonly isReading: boolean}
	| {readonly type: 'end' | 'reset'};

/** What has become of it; sent by it. */
export type PlayedState = Pick<
	Player,
	'heard' | 'hasHeardEnd' | 'isClosed' | 'isFlushed'
> & {
	/** How many orders it has had. */
	readonly orders: number;
};

/** A process of its own, so that it can be killed. */
class ProcessPlayer extends Player {
	readonly #process: ChildProcess;
	readonly #goal: Goal;
	#orders = 0;
	#state: PlayedState | undefined;

	constructor(process: ChildProcess, goal: Goal) {
		super();
		this.#process = process;
		this.#goal = goal;
		process.on('message', (state: PlayedState) => {
			this.#state = state;
			this.heard += state.heard;
			this.hasHeardEnd = state.hasHeardEnd;
			this.isClosed = state.isClosed;
		});
		process.once('exit', () => {
			this.isClosed = true;
		});
	}

	get isFlushed(): boolean {
		return this.#state?.orders === this.#orders && this.#state.isFlushed;
	}

	setReading(isReading: boolean): void {
		this.#order({type: 'read', isReading});
	}

	reset(): void {
		this.hasBroken = true;
		this.#order({type: 'reset'});
	}

	/** As by kill -9. */
	destroy(): void {
		this.#process.kill('SIGKILL');
	}

	protected write(text: string): void {
		const {link, isBinary} = this.#goal;
		const isText = isWebSocket(link) && !isBinary;
		this.#order({type: 'say', text});
		this.said += messagesOf(text, !isText)
			.map(message => shownAs(message, !isText))
			.join('');
	}

	protected sendEnd(): void {
		this.#order({type: 'end'});
	}

	#order(order: Order): void {
		if (this.#process.connected) {
			this.#orders++;
			this.#process.send(order);
		}
	}
}

/** As `connectAsPlayer`, in another process. */
export const connectAsProcess = async (
	owner: Owner,
	goal: Goal,
): Promise<Player> => {
	const process = fork(
		fileURLToPath(new URL('raw-player-process.ts', import.meta.url)),
		[JSON.stringify(goal)],
		{execArgv: [withTypeScript], serialization: 'advanced', silent: true},
	);
	const exited = new Promise<void>(resolve => {
		process.once('exit', () => {
			resolve();
		});
	});
	owner.after(async () => {
		process.kill('SIGKILL');
		await exited;
	});
	// An order to one that was killed fails with EPIPE.
	process.on('error', () => undefined);
	const player = new ProcessPlayer(process, goal);
	await Promise.race([once(process, 'message'), exited]);
	if (player.isClosed) {
		throw new Error(`It did not connect to ${goal.place}.`);
	}

	return player;
};

const text = (letter: string) => {
	const lines = Array.from(
		{length: 90_000},
		(_, index) => `${letter}${String(index).padStart(98, '.')}\n`,
	);
	return lines.join('');
};

const texts = new Map<string, string>();

/** Lines of 100 bytes, each another, so that a gap or a repetition shows. */
export const linesOf = (letter: string, bytes: number): string => {
	const all = texts.get(letter) ?? text(letter);
	texts.set(letter, all);
	return all.slice(0, bytes);
};
