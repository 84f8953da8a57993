/** What a user can do to a socket by hand, to see how the other end reacts. */
export type SocketAction =
	/** Stop reading: our receive queue fills, then the other end's send queue. */
	| {readonly type: 'pause'}
	| {readonly type: 'resume'}
	/** shutdown(SHUT_WR): send FIN and keep reading, half-closed. */
	| {readonly type: 'end'}
	/** SO_LINGER 0 and close(2): send RST. */
	| {readonly type: 'reset'}
	/** Send bye if the protocol has one, then close(2), whatever is unread. */
	| {readonly type: 'close'}
	/** TCP_NODELAY: off lets the kernel delay small writes (Nagle). */
	| {readonly type: 'nodelay'; readonly isOn: boolean}
	/** SO_KEEPALIVE. */
	| {readonly type: 'keepalive'; readonly isOn: boolean}
	/** Ask the kernel for rtt, cwnd and retransmits. */
	| {readonly type: 'tcp'};

/** What an action did, or why it could not, in one sentence. */
export type Answer = {
	readonly type: 'done' | 'refused';
	readonly sentence: string;
};

export const done = (sentence: string): Answer => ({type: 'done', sentence});

export const refused = (sentence: string): Answer => ({
	type: 'refused',
	sentence,
});
