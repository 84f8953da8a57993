/**
 * TCP's own words: the states of RFC 9293, 3.3.2, and one end of a connection
 * as the kernel tells it.
 */

export type TcpState =
	| 'LISTEN'
	| 'SYN-SENT'
	| 'SYN-RECEIVED'
	| 'ESTABLISHED'
	| 'FIN-WAIT-1'
	| 'FIN-WAIT-2'
	| 'CLOSE-WAIT'
	| 'CLOSING'
	| 'LAST-ACK'
	| 'TIME-WAIT'
	| 'CLOSED';

/** One row of the kernel's table of TCP sockets. */
export type KernelSocket = {
	/** As people write it: 127.0.0.1:5001, [::1]:5001. */
	readonly local: string;
	readonly remote: string;
	readonly state: TcpState;
	/** Bytes written that the other end has not acknowledged. */
	readonly sendQueueBytes: number;
	/**
	 * Bytes that came and were not read yet; of a listening socket, connections
	 * that wait for accept().
	 */
	readonly receiveQueueBytes: number;
	/** Who owns it; in TIME-WAIT, when no process does, 0. */
	readonly uid: number;
};

/** Both ends of one connection, as far as the kernel's table has them. */
export type KernelPair = {
	readonly local: KernelSocket | undefined;
	/** The other end, which on loopback is in the same table. */
	readonly remote: KernelSocket | undefined;
};

/**
 * One thing that happened to a connection: a call that was made here, a segment
 * that came, or a state that one end reached.
 */
export type Step =
	| {
			readonly kind: 'call';
			readonly at: number;
			readonly call: Call;
			/** The server's peer that it is about; undefined on a client. */
			readonly peer: string | undefined;
	  }
	| {
			readonly kind: 'segment';
			readonly at: number;
			/** A segment that the other end sent. */
			readonly segment: 'FIN' | 'RST';
			readonly peer: string | undefined;
	  }
	| {
			readonly kind: 'state';
			readonly at: number;
			/** Whose end reached it. */
			readonly end: 'local' | 'remote';
			readonly state: TcpState;
			/**
			 * read: the kernel said so. inferred: it follows from what was called or
			 * came, and can't be read, or was not read yet.
			 */
			readonly evidence: 'read' | 'inferred';
			readonly peer: string | undefined;
	  };

/** The calls that a timeline shows, in the names of the sockets API. */
export type Call =
	| 'bind()'
	| 'listen()'
	| 'accept()'
	| 'connect()'
	| 'end()'
	| 'reset()'
	| 'close()'
	| 'pause()'
	| 'resume()';
