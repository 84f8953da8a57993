/** What a proxy does. `out` goes from the client to the target. */
import type {KernelPair, KernelSocket, TcpState} from '../tcp/tcp.js';
import type {
	NoticeEvent,
	RawEvent,
	ServerEvent,
	SocketEvent,
	WireEvent,
} from './event.js';
import type {LinkFacts} from './link-facts.js';

export type ProxyDirection = RawEvent['direction'];

/** Whose connection: the client's, or that to the target. */
export type ProxySide = 'client' | 'target';

/** The states of both ends of a connection, as far as the kernel has them. */
export type EndStates = {
	/** Ours. */
	readonly local: TcpState | undefined;
	readonly remote: TcpState | undefined;
};

export type ProxyEvent =
	| Exclude<ServerEvent, {type: 'history' | 'foreign'}>
	| RawEvent
	| NoticeEvent
	/** The connection to the target is made. */
	| {
			readonly type: 'target';
			readonly at: number;
			/** The client. */
			readonly peer: string;
			readonly local: string | undefined;
			readonly remote: string | undefined;
			readonly link?: LinkFacts | undefined;
	  }
	/** A direction has ended, and that was passed on. */
	| {
			readonly type: 'fin';
			readonly at: number;
			readonly direction: ProxyDirection;
			readonly peer: string;
			/** How it goes to who gets it, unless by TCP: then there is no FIN. */
			readonly transport?: 'unix' | 'udp' | undefined;
	  }
	/** The four ends of a pair of connections; only of TCP. */
	| {
			readonly type: 'ends';
			readonly at: number;
			readonly peer: string;
			readonly client: EndStates | undefined;
			readonly target: EndStates | undefined;
	  };

/** What is done to one direction of a connection, besides passing it on. */
export type Faults = {
	/** Each chunk waits this long. */
	readonly delayMs: number;
	/** Bytes per second; undefined for no limit. */
	readonly rateLimit: number | undefined;
	/** The most bytes of one write; undefined for no limit. */
	readonly sliceBytes: number | undefined;
	/** Whether nothing is read, so that the sender's window fills. */
	readonly isPaused: boolean;
};

/** One of the two connections of a pair. */
export type SideRow = {
	/** What carries the bytes: tcp, unix, udp, tls, ws. */
	readonly link: string;
	/** Our address, and the other program's; a Unix domain socket has none. */
	readonly local: string | undefined;
	readonly remote: string | undefined;
	/** `local` is our end; undefined unless the kernel's table has them. */
	readonly kernel: KernelPair | undefined;
};

export type DirectionRow = {
	/** That the receiver's kernel took. */
	readonly bytes: number;
	/** That were read here and not passed on yet. */
	readonly heldBytes: number;
	readonly faults: Faults;
};

/** A client, and its connection to the target, at one moment. */
export type PairRow = Readonly<Record<ProxyDirection, DirectionRow>> & {
	readonly peer: string;
	/** When it was accepted, in monotonic milliseconds. */
	readonly since: number;
	/** False once both connections are closed; the kernel may still know them. */
	readonly isOpen: boolean;
	readonly client: SideRow;
	readonly target: SideRow;
};

/** All connections; only for a screen. */
export type PairsEvent = {
	readonly type: 'pairs';
	readonly at: number;
	readonly rows: readonly PairRow[];
	readonly listening: KernelSocket | undefined;
	/** What has passed, on connections that have ended, too. */
	readonly bytes: Readonly<Record<ProxyDirection, number>>;
	/** Of connections that come later. */
	readonly faults: Readonly<Record<ProxyDirection, Faults>>;
};

/** What happens on connections to the target; those of clients are our peers. */
export type BeyondEvent = {
	readonly type: 'beyond';
	readonly event: SocketEvent | WireEvent;
};
