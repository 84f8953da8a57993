/** How lines and reads of stdin become messages, for a link that has them. */
import type {Buffer} from 'node:buffer';
import type {LoopbackAddress} from '../../socket/address.js';
import {maxMessageBytes, type LinkWish} from '../../socket/link/transport.js';
import {lineEnds, type LineEnding} from '../line-ends.js';
import type {Input} from '../feed.js';
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
