/** What a person can do to a socket by hand, to see how the other end takes it. */
export type SocketAction =
	/** Stop reading: the kernel's receive queue fills, then the other's. */
	| {readonly type: 'pause'}
	| {readonly type: 'resume'}
	/** FIN, and go on reading: half-closed. */
	| {readonly type: 'end'}
	/** RST. */
	| {readonly type: 'reset'}
	/** A bye where the protocol has one, then FIN. */
	| {readonly type: 'close'}
	/** TCP_NODELAY: off lets the kernel hold small writes back (Nagle). */
	| {readonly type: 'nodelay'; readonly isOn: boolean}
	/** SO_KEEPALIVE. */
	| {readonly type: 'keepalive'; readonly isOn: boolean}
	/** Ask the kernel for rtt, cwnd and retransmits. */
	| {readonly type: 'tcp'};
