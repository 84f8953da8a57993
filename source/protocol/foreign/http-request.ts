/**
 * Detects HTTP requests, which any web page can make a browser send to a
 * loopback port (RFC 9110 and 9112).
 *
 * A page chooses the method (any token, RFC 9110, 5.6.2), its case and the path,
 * but not the end of the request line or the header lines after it. So the
 * detection relies on those.
 */
import {Buffer} from 'node:buffer';
import {maxFrameBytes} from '../frame.js';
import {LineSplitter} from '../lines.js';

const verbs = 'GET|HEAD|POST|PUT|DELETE|CONNECT|OPTIONS|TRACE|PATCH|PRI';
const token = String.raw`[\w!#$%&'*+\-.^\u0060|~]+`;

// 'GET /', 'OPTIONS *', 'GET http://…': recognised without the version.
const knownStart = new RegExp(String.raw`^(?:${verbs}) (?:/|\*|https?:)`);
const anyStart = new RegExp(String.raw`^${token}[ \t]`);
// As much of the first line's start and end as the patterns look at.
const startBytes = 32;
const endBytes = 32;

const versionEnd = /\shttp\/\d+(?:\.\d+)?$/i;
const hostField = /^\s*host[ \t]*:/i;
const hostLine = /^[ \t]*host[ \t]*:/im;
const field = new RegExp(String.raw`^\s*${token}[ \t]*:`);
/** Header names that browsers send and that nobody writes in a room. */
const telltaleField =
	/^\s*(?:host|user-agent|referer|(?:accept|cache|content|if|proxy|sec|transfer|upgrade|x-forwarded)-[\w-]+)[ \t]*:/i;

// The four forms of a request target (RFC 9112, 3.2).
const wholeRequest = new RegExp(
	String.raw`^${token}\s+(?:/|\*|[^\s:]*:)\S*\s+http/\d+(?:\.\d+)?$`,
	'i',
);

/**
 * Whether a later line of a peer is an HTTP request. People do write 'I prefer
 * HTTP/1.1', so the whole line has to be a request.
 */
export const isRequestLine = (line: string): boolean =>
	hostField.test(line) ||
	knownStart.test(line) ||
	wholeRequest.test(line.trim());

/** `plain` is final; with `open`, more bytes may still make it `HTTP`. */
export type RequestVerdict = 'open' | 'HTTP' | 'plain';

// Each Buffer costs some 400 bytes besides its own.
const maxPieces = 64;

export class RequestWatch {
	readonly #lines = new LineSplitter(maxFrameBytes);
	#verdict: RequestVerdict = 'open';
	#held: Buffer[] = [];
	#heldBytes = 0;
	/** The start of the first line, and the end of its released part. */
	#start = '';
	#released = '';
	#hasLine = false;
	#hasNewline = false;

	get verdict(): RequestVerdict {
		return this.#verdict;
	}

	/** Whether any line has ended yet, even an empty one. */
	get hasNewline(): boolean {
		return this.#hasNewline;
	}

	get isHolding(): boolean {
		return this.#heldBytes > 0;
	}

	/** Scans each byte once, wherever chunks end, and buffers it until `release`. */
	push(chunk: Buffer): void {
		this.#hold(chunk);
		this.#noteStart(chunk);
		const tooLong = this.#lines.push(chunk, line => {
			this.#hasNewline = true;
			this.#look(line.toString('latin1').trimEnd());
		});
		if (tooLong) {
			// Longer than a frame: decide by the start alone.
			this.#decide(anyStart.test(this.#start) ? 'HTTP' : 'plain');
		}

		if (!this.#hasLine && knownStart.test(this.#start)) {
			this.#decide('HTTP');
		} else if (this.#heldBytes > maxFrameBytes) {
			this.#decide('plain');
		}
	}

	/** Call when the peer pauses or has ended. */
	pause(): void {
		if (!this.#hasNewline) {
			const rest = this.#lines.takeRest().toString('latin1');
			this.#released = (this.#released + rest).slice(-endBytes);
			if (versionEnd.test(this.#released.trimEnd())) {
				this.#decide('HTTP');
			}
		}

		if (this.#holdsHost()) {
			this.#decide('HTTP');
		}
	}

	/** Returns the buffered bytes. */
	release(): Buffer {
		const bytes = Buffer.concat(this.#held);
		this.#held = [];
		this.#heldBytes = 0;
		return bytes;
	}

	#hold(chunk: Buffer): void {
		if (this.#held.length === maxPieces) {
			this.#held = [Buffer.concat(this.#held)];
		}

		this.#held.push(chunk);
		this.#heldBytes += chunk.length;
	}

	#noteStart(chunk: Buffer): void {
		if (!this.#hasLine && this.#start.length < startBytes) {
			const more = this.#start + chunk.toString('latin1', 0, maxFrameBytes);
			this.#start = more.trimStart().slice(0, startBytes);
		}
	}

	#look(line: string): void {
		if (!this.#hasLine) {
			const first = this.#released + line;
			if (first.trim() === '') {
				return;
			}

			this.#hasLine = true;
			if (versionEnd.test(first.slice(-endBytes)) || hostField.test(first)) {
				this.#decide('HTTP');
			}
		} else if (telltaleField.test(line)) {
			this.#decide('HTTP');
		} else if (!field.test(line)) {
			this.#decide('plain');
		}
	}

	#decide(verdict: 'HTTP' | 'plain'): void {
		if (this.#verdict === 'open') {
			// Check the buffered bytes for a Host line before any become messages.
			const isPlain = verdict === 'plain' && !this.#holdsHost();
			this.#verdict = isPlain ? 'plain' : 'HTTP';
		}
	}

	#holdsHost(): boolean {
		const head = Buffer.concat(this.#held).subarray(0, maxFrameBytes);
		return hostLine.test(head.toString('latin1'));
	}
}
