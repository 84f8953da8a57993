/** What a proxy does. `out` goes from the client to the target. */
import type {TcpState} from '../tcp/tcp.js';
import type {NoticeEvent, RawEvent, ServerEvent} from './event.js';
import type {LinkFacts} from './link-facts.js';

export type ProxyDirection = RawEvent['direction'];

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
	  }
	/** The four ends of a pair of connections; only of TCP. */
	| {
			readonly type: 'ends';
			readonly at: number;
			readonly peer: string;
			readonly client: EndStates | undefined;
			readonly target: EndStates | undefined;
	  };
