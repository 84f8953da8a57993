/** Events → stdout and stderr, as lines or as JSON. */
import type {Buffer} from 'node:buffer';
import type {Readable, Writable} from 'node:stream';
import type {Step} from '../tcp/tcp.js';
import type {SockchatError} from '../errors.js';
import type {FrontOptions} from '../options/options.js';
import {toDisplay} from '../protocol/display.js';
import type {ChatEvent} from '../event/event.js';
import {jsonError, jsonLine} from './json.js';
import {linesOf} from './lines.js';
import type {Output} from './output.js';

export type Streams = {
	readonly stdin: Readable & {readonly isTTY?: boolean};
	readonly stdout: Output;
	readonly stderr: Writable;
};

export class Printer {
	/** The member's own public id, once it is known. */
	id = '';
	/** The last state printed for each end, while it is only inferred. */
	readonly #inferred = new Map<string, string>();
	readonly #options: FrontOptions;
	readonly #streams: Streams;

	constructor(options: FrontOptions, streams: Streams) {
		this.#options = options;
		this.#streams = streams;
	}

	/** @returns Whether to print more now; if not, wait for `drained()`. */
	print(event: ChatEvent): boolean {
		const {output, isQuiet} = this.#options;
		const {stdout, stderr} = this.#streams;
		if (output === 'json') {
			const line = jsonLine(event);
			return line === undefined || stdout.write(line);
		}

		if (event.type === 'chunk') {
			return this.#printChunk(event.direction, event.bytes as Buffer);
		}

		const {out, err} = linesOf(event, {
			isQuiet,
			isExplained: this.#options.isExplained,
			id: this.id,
			isOwnHidden: !isQuiet && this.#streams.stdin.isTTY === true,
			isConfirmed: event.type === 'step' && this.#isConfirmed(event.step),
		});
		if (err !== undefined) {
			stderr.write(err);
		}

		return out === undefined || stdout.write(out);
	}

	printError(error: SockchatError): void {
		const {stdout, stderr} = this.#streams;
		if (this.#options.output === 'json') {
			stdout.write(jsonError(error));
		} else {
			stderr.write(`${toDisplay(error.message)}\n`);
		}
	}

	#isConfirmed(step: Step): boolean {
		if (step.kind !== 'state') {
			return false;
		}

		const {end, peer = '', state, evidence} = step;
		const key = `${end} ${peer}`;
		const isPrinted = this.#inferred.get(key) === state;
		if (evidence === 'inferred') {
			this.#inferred.set(key, state);
		} else {
			this.#inferred.delete(key);
		}

		return isPrinted && evidence === 'read';
	}

	/** Exact bytes, but made safe on a terminal. */
	#printChunk(direction: 'in' | 'out', bytes: Buffer): boolean {
		if (direction === 'out' || this.#options.isQuiet) {
			return true;
		}

		const {stdout} = this.#streams;
		return stdout.write(
			stdout.isTerminal ? toDisplay(bytes.toString(), {lines: 'keep'}) : bytes,
		);
	}
}
