/**
 * Who is there, from the first bytes.
 *
 * The server never speaks first, so the first bytes decide: `{"type":"hello"`
 * or `"challenge"` is a sockchat client; TLS and SSH are turned away by their
 * first bytes, HTTP by its first lines (http-request.ts), before a byte of
 * theirs reaches the room; everything else is a person or a script with a bare
 * socket.
 */
import type {Buffer} from 'node:buffer';

export type ForeignProtocol = 'HTTP' | 'TLS' | 'SSH';

export type Sniffed =
	| {readonly kind: 'framed'}
	| {readonly kind: 'foreign'; readonly protocol: 'TLS' | 'SSH'}
	/** Lines of text: a plain peer's, or HTTP. */
	| {readonly kind: 'lines'}
	/** More bytes are needed. A possible hello may take until its time-out. */
	| {readonly kind: 'undecided'; readonly isHelloPossible: boolean};

// Enough for any hello, and cheap to look at again.
const sniffedBytes = 2048;

const firstFrames = ['"hello"', '"challenge"'].map(type => [
	'{',
	'"type"',
	':',
	type,
]);

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
