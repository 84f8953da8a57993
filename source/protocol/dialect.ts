/**
 * Who is there, from the first bytes.
 *
 * The server never speaks first, so the first bytes decide: `{"type":"hello"`
 * or `"challenge"` is a sockchat client; HTTP, TLS and SSH are turned away before a byte of
 * theirs reaches the room, because any web page can make a browser post to a
 * loopback port; everything else is a person or a script with a bare socket.
 */
import type {Buffer} from 'node:buffer';

export type ForeignProtocol = 'HTTP' | 'TLS' | 'SSH';

export type Dialect =
	| {readonly kind: 'framed'}
	| {readonly kind: 'plain'}
	| {readonly kind: 'foreign'; readonly protocol: ForeignProtocol};

export type Sniffed =
	| Dialect
	/**
	 * More bytes are needed. A possible hello may take until the hello's
	 * time-out; anything else is plain once it stays idle, as the tutorial's
	 * client sends single letters with no newline.
	 */
	| {readonly kind: 'undecided'; readonly isHelloPossible: boolean};

// Enough for any request line that matters, and cheap to look at again.
const sniffedBytes = 2048;

const firstFrames = ['"hello"', '"challenge"'].map(type => [
	'{',
	'"type"',
	':',
	type,
]);

const verbs = [
	'GET',
	'HEAD',
	'POST',
	'PUT',
	'DELETE',
	'CONNECT',
	'OPTIONS',
	'TRACE',
	'PATCH',
	'PRI',
];
// 'GET /', 'OPTIONS *', 'GET http://…', or any verb with a version behind it.
const requestLine = new RegExp(
	`^(?:${verbs.join('|')}) (?:/|\\*|https?:)|^[A-Z]{3,20} \\S+ HTTP/\\d`,
);
const hostHeader = /^host:/im;
// What can still become one of these.
const foreignStarts = [
	...verbs.flatMap(verb => [`${verb} http:`, `${verb} https:`]),
	'SSH-',
];

/** How the bytes match some tokens, white space allowed between them. */
const matchTokens = (
	text: string,
	tokens: readonly string[],
): 'whole' | 'part' | 'none' => {
	let rest = text;
	for (const token of tokens) {
		rest = rest.trimStart();
		if (rest.length < token.length) {
			return token.startsWith(rest) ? 'part' : 'none';
		}

		if (!rest.startsWith(token)) {
			return 'none';
		}

		rest = rest.slice(token.length);
	}

	return 'whole';
};

/**
 * Says which foreign protocol a line of a plain peer belongs to, if any: what
 * an HTTP client sends may arrive in any cut.
 */
export const foreignLine = (line: string): ForeignProtocol | undefined =>
	requestLine.test(line) || hostHeader.test(line) ? 'HTTP' : undefined;

/** @param bytes All bytes of the peer so far, at least one. */
export const sniff = (bytes: Buffer): Sniffed => {
	const text = bytes.toString('latin1', 0, sniffedBytes);
	if (text.startsWith('\u0016')) {
		if (text.length === 1) {
			return {kind: 'undecided', isHelloPossible: false};
		}

		if (text[1] === '\u0003') {
			return {kind: 'foreign', protocol: 'TLS'};
		}
	}

	if (text.startsWith('SSH-')) {
		return {kind: 'foreign', protocol: 'SSH'};
	}

	if (foreignLine(text)) {
		return {kind: 'foreign', protocol: 'HTTP'};
	}

	const matches = new Set(firstFrames.map(tokens => matchTokens(text, tokens)));
	if (matches.has('whole')) {
		return {kind: 'framed'};
	}

	if (matches.has('part') && bytes.length < sniffedBytes) {
		return {kind: 'undecided', isHelloPossible: true};
	}

	const isForeignPossible = foreignStarts.some(start => start.startsWith(text));
	return isForeignPossible
		? {kind: 'undecided', isHelloPossible: false}
		: {kind: 'plain'};
};
