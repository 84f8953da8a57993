/** What is known of a link besides its addresses, as `--json` prints it. */

export type Certificate = {
	readonly subject: string;
	readonly issuer: string;
	/** As OpenSSL writes dates. */
	readonly validTo: string;
	/** SHA-256, in hexadecimal with colons. */
	readonly fingerprint: string;
};

export type TlsFacts = {
	readonly kind: 'tls';
	/** TLSv1.2 or TLSv1.3. */
	readonly version: string;
	/** By its name of IANA's list. */
	readonly cipher: string;
	/** The protocol that was agreed on by ALPN (RFC 7301), if one was. */
	readonly protocol?: string | undefined;
	/** Whether the other side's chain was verified; undefined if it sent none. */
	readonly isTrusted: boolean | undefined;
	/** Why it is not trusted, as OpenSSL names it. */
	readonly untrusted?: string | undefined;
	/** Of the other side, its own certificate first. */
	readonly chain: readonly Certificate[];
};

export type WebSocketFacts = {
	readonly kind: 'ws';
	readonly path: string;
	readonly tls?: TlsFacts | undefined;
};

/** A UDP socket has an address to send to, and no connection. */
export type UdpFacts = {readonly kind: 'udp'};

export type LinkFacts = TlsFacts | WebSocketFacts | UdpFacts;

/** How a WebSocket message was sent. */
export type MessageKind = 'text' | 'binary';

/** A WebSocket frame that carries no message (RFC 6455, 5.5). */
export type ControlFrame =
	| {readonly frame: 'ping' | 'pong'; readonly bytes: Uint8Array}
	| {
			readonly frame: 'close';
			/** Undefined if the frame has none. */
			readonly code: number | undefined;
			readonly reason: string;
	  };
