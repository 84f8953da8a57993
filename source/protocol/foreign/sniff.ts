/**
 * Detects what a peer speaks from its first bytes.
 *
 * The server never speaks first, so the first bytes decide: `{"type":"hello"`
 * or `"challenge"` is a sockchat client. TLS and SSH are refused by their first
 * bytes and HTTP by its first lines (http-request.ts), before any of their bytes
 * reach the room. Anything else is a person or script on a bare socket.
 */
import type {Buffer} from 'node:buffer';

export type ForeignProtocol = 'HTTP' | 'TLS' | 'SSH';

export type Sniffed =
	| {readonly kind: 'framed'}
	| {readonly kind: 'foreign'; readonly protocol: 'TLS' | 'SSH'}
	/** Lines of text: a plain peer, or HTTP. */
	| {readonly kind: 'lines'}
	/** More bytes are needed; a possible hello has until its timeout. */
	| {readonly kind: 'undecided'; readonly isHelloPossible: boolean};

// Enough for any hello, and cheap to scan again.
const sniffedBytes = 2048;

const firstFrames = ['"hello"', '"challenge"'].map(type => [
	'{',
	'"type"',
	':',
	type,
]);

/** How much of `tokens` the text starts with, ignoring white space between them. */
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

/** @param bytes All bytes received from the peer so far, at least one. */
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

	const matches = new Set(firstFrames.map(tokens => matchTokens(text, tokens)));
	if (matches.has('whole')) {
		return {kind: 'framed'};
	}

	if (matches.has('part') && bytes.length < sniffedBytes) {
		return {kind: 'undecided', isHelloPossible: true};
	}

	return 'SSH-'.startsWith(text)
		? {kind: 'undecided', isHelloPossible: false}
		: {kind: 'lines'};
};
