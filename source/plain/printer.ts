/** Events → stdout and stderr, as lines or as JSON. */
import type {Buffer} from 'node:buffer';
import type {Readable, Writable} from 'node:stream';
import type {Step} from '../tcp/tcp.js';
import type {SockchatError} from '../errors.js';
import type {Options} from '../options/options.js';
import {toDisplay} from '../protocol/display.js';
import type {ChatEvent} from '../event/event.js';
import {jsonError, jsonLine} from './json.js';
import {linesOf} from './lines.js';

export type Streams = {
	readonly stdin: Readable & {readonly isTTY?: boolean};
	readonly stdout: Writable & {readonly isTTY?: boolean};
	readonly stderr: Writable;
};

export class Printer {
	/** One's own public id, once it is known. */
	id = '';
	/** The last state that was told of each end, while it is but inferred. */
	readonly #inferred = new Map<string, string>();
	readonly #options: Options;
	readonly #streams: Streams;

	constructor(options: Options, streams: Streams) {
		this.#options = options;
		this.#streams = streams;
	}

	print(event: ChatEvent): void {
		const {output, isQuiet} = this.#options;
		if (output === 'json') {
			const line = jsonLine(event);
			if (line !== undefined) {
				this.#streams.stdout.write(line);
			}

			return;
		}

		if (event.type === 'chunk') {
			this.#printChunk(event.direction, event.bytes as Buffer);
			return;
		}

		const {stdin, stdout, stderr} = this.#streams;
		const {out, err} = linesOf(event, {
			isQuiet,
			isExplained: this.#options.isExplained,
			id: this.id,
			isOwnHidden: stdin.isTTY === true,
			isConfirmed: event.type === 'step' && this.#isConfirmed(event.step),
		});
		if (out !== undefined) {
			stdout.write(out);
		}

		if (err !== undefined) {
			stderr.write(err);
		}
	}

	printError(error: SockchatError): void {
		const {stdout, stderr} = this.#streams;
		if (this.#options.output === 'json') {
			stdout.write(jsonError(error));
		} else {
			stderr.write(`${toDisplay(error.message)}\n`);
		}
	}

	/** Settles once stdout has taken all. */
	async flush(): Promise<void> {
		const {stdout} = this.#streams;
		await new Promise<void>(resolve => {
			stdout.write('', () => {
				resolve();
			});
		});
	}

	#isConfirmed(step: Step): boolean {
		if (step.kind !== 'state') {
			return false;
		}

		const {end, peer = '', state, evidence} = step;
		const key = `${end} ${peer}`;
		const isTold = this.#inferred.get(key) === state;
		if (evidence === 'inferred') {
			this.#inferred.set(key, state);
		} else {
			this.#inferred.delete(key);
		}

		return isTold && evidence === 'read';
	}

	/** Exact bytes into a pipe; on a terminal they could drive it. */
	#printChunk(direction: 'in' | 'out', bytes: Buffer): void {
		if (direction === 'out' || this.#options.isQuiet) {
			return;
		}

		const {stdout} = this.#streams;
		stdout.write(
			stdout.isTTY ? toDisplay(bytes.toString(), {lines: 'keep'}) : bytes,
		);
	}
}
