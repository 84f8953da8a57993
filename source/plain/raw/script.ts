/** The step of raw mode without a screen: sends exact bytes. */
import type {RawChat} from '../../chat/open-raw.js';
import {bytesOf, bytesWere, SockchatError} from '../../errors.js';
import type {RawModeOptions} from '../../options/options.js';
import {cutInput, messagesOf, spokenMessage} from '../../raw/messages/input.js';
import {readRaw} from '../input.js';
import type {Printer, Streams} from '../printer.js';
import type {Progress} from '../progress.js';
import type {Step} from '../script.js';

/** How much of stdin was read; line ends count as they are sent. */
export type Sending = {
	bytesRead: number;
	/** What was read, too, and waits for its turn, or for the rest of its line. */
	heldBytes: () => number;
	/** Whether stdin has ended. */
	hasEnded: boolean;
	/** Whether nothing more will be sent. */
	isOver: boolean;
};

/** @param hasEnded False if the connection ended, and stdin had not. */
export const notSent = (
	{bytesRead, hasEnded}: Pick<Sending, 'bytesRead' | 'hasEnded'>,
	taken: number,
) => {
	const figures = `${bytesWere(bytesRead)} read, and the kernel took ${taken} of them`;
	if (!hasEnded) {
		return new SockchatError(
			'ERR_NOT_SENT',
			`The connection ended before stdin did: ${figures}.`,
		);
	}

	// Then what is missing is what was not read.
	return new SockchatError(
		'ERR_NOT_SENT',
		taken >= bytesRead
			? `Stdin had not ended: the kernel took all that was read, ${bytesOf(bytesRead)}, and what follows was not sent.`
			: `Not all of stdin was sent: ${figures}.`,
	);
};

export const notSentWithoutReader = (bytesRead: number, taken: number) =>
	new SockchatError(
		'ERR_NOT_SENT',
		`Not all of stdin was sent, as nobody reads stdout any more: ${bytesWere(bytesRead)} read, and the kernel took ${taken} of them.`,
	);

/** @param isOwnEnd Whether a signal or `--idle` ended it, not the other side. */
export const tooFewReplies = (
	missing: number,
	wanted: number,
	isOwnEnd: boolean,
) =>
	new SockchatError(
		'ERR_LOST',
		`${isOwnEnd ? 'Ended' : 'The other side ended'} after ${wanted - missing} of ${wanted} replies.`,
	);

type RawSession = {
	readonly chat: RawChat;
	readonly options: RawModeOptions;
	readonly printer: Pick<Printer, 'refuse'>;
	readonly progress: Progress;
	readonly streams: Streams;
	readonly sending: Sending;
};

export const sendRaw = ({
	chat,
	options,
	printer,
	progress,
	streams,
	sending,
}: RawSession): Step => ({
	async run() {
		const {message, isInputRead} = options;
		const spoken = spokenMessage(options);
		const {lineEnding, createCutter} = spoken ?? messagesOf(options);
		const isRetrying = options.command === 'connect' && options.isRetrying;
		if (!isInputRead && message === undefined) {
			if (!isRetrying) {
				chat.finish(false);
			}

			return;
		}

		if (options.command === 'connect' && options.isWaiting) {
			await progress.until(() => progress.hasOpened);
		}

		const to = options.command === 'serve' ? options.to : undefined;
		const hasReader = (): boolean =>
			to !== undefined || isRetrying
				? chat.whyNotSent(to) === undefined
				: options.command === 'connect' || progress.peers > 0;

		const isPiped = !streams.isTyped;
		const input = readRaw(spoken ? [spoken.bytes] : streams.stdin, lineEnding);
		const cutter = createCutter?.();
		const messages = cutter ? cutInput(input, cutter) : input;
		// A line that is too long is said to be that.
		sending.heldBytes = () =>
			cutter && !cutter.errored
				? cutter.madeBytes + cutter.heldBytes - sending.bytesRead
				: 0;
		for await (const bytes of messages) {
			if (bytes === 'quit') {
				chat.leave();
				return;
			}

			if (isPiped) {
				// Without a peer the bytes would be lost.
				await progress.until(
					() => sending.isOver || chat.isInputCut() || hasReader(),
				);
			}

			if (chat.isInputCut()) {
				chat.finish();
				return;
			}

			const unsent = isPiped ? undefined : chat.whyNotSent(to);
			if (unsent !== undefined && !sending.isOver) {
				printer.refuse(unsent);
				continue;
			}

			if (sending.isOver) {
				// Nothing of it was begun if this is the first.
				const isRest = options.command === 'serve' && sending.bytesRead > 0;
				sending.bytesRead += isRest ? bytes.length : 0;
				return;
			}

			sending.bytesRead += bytes.length;
			await chat.write(bytes, to);
			if (options.output === 'json') {
				// Each sent chunk is also a line on stdout.
				await streams.stdout.drained();
			}
		}

		sending.hasEnded = true;
		chat.finish();
	},
	missing: () =>
		!chat.isInputCut() &&
		sending.bytesRead > chat.bytesTaken() + chat.bytesLost()
			? 'Not everything was sent'
			: undefined,
});
