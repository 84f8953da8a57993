/** How lines and reads of stdin become messages, for a link that has them. */
import {Buffer} from 'node:buffer';
import type {LoopbackAddress} from '../../socket/address.js';
import {maxMessageBytes, type LinkWish} from '../../socket/link/transport.js';
import {lineEnds, type LineEnding} from '../line-ends.js';
import type {Input} from '../feed.js';
import {asLine} from '../script-steps.js';
import {LineCutter, ReadCutter, type Cutter} from './cut.js';

// As nc reads: a file that is larger goes as several datagrams.
export const datagramBytes = 16 * 1024;

export const messagesOf = ({
	address,
	link,
	eol: lineEnding,
}: {
	readonly address: LoopbackAddress;
	readonly link?: LinkWish | undefined;
	readonly eol?: LineEnding | undefined;
}): Pick<Input, 'lineEnding' | 'createCutter'> => {
	if (address.kind === 'udp') {
		return {
			lineEnding,
			createCutter: () => new ReadCutter(datagramBytes),
		};
	}

	if (!link?.ws) {
		return {lineEnding};
	}

	return link.ws.isBinary
		? {lineEnding, createCutter: () => new ReadCutter(maxMessageBytes)}
		: {
				lineEnding: undefined,
				createCutter: () =>
					new LineCutter(lineEnds[lineEnding ?? 'none'], maxMessageBytes),
			};
};

/**
 * `--message` and its line end, and how that becomes messages. A datagram is
 * given whole, as the cut of a stream of reads would divide it. Undefined if no
 * text was given.
 */
export const spokenMessage = (
	options: Parameters<typeof messagesOf>[0] & {
		/** A text, or `-` for stdin. */
		readonly message?: string | undefined;
	},
): (ReturnType<typeof messagesOf> & {readonly bytes: Buffer}) | undefined => {
	const {message} = options;
	if (message === undefined || message === '-') {
		return undefined;
	}

	const bytes = Buffer.from(`${message}\n`);
	const {address, eol} = options;
	return address.kind === 'udp'
		? {
				bytes: eol === undefined ? bytes : asLine(bytes, eol),
				lineEnding: undefined,
			}
		: {bytes, ...messagesOf(options)};
};

/** What a cutter makes of an input, message by message. */
export async function* cutInput(
	input: AsyncIterable<Buffer | 'quit'>,
	cutter: Cutter,
): AsyncGenerator<Buffer | 'quit'> {
	// Known at once, and emitted later, when no more may come.
	cutter.on('error', () => undefined);
	const cut = function* (): Generator<Buffer> {
		for (
			let message = cutter.read() as Buffer | null;
			message !== null;
			message = cutter.read() as Buffer | null
		) {
			yield message;
		}
	};

	for await (const bytes of input) {
		if (bytes === 'quit') {
			yield bytes;
			return;
		}

		cutter.write(bytes);
		yield* cut();
		if (cutter.errored) {
			throw cutter.errored;
		}
	}

	cutter.end();
	yield* cut();
}
