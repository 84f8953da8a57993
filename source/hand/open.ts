/** Opens raw mode for whoever types, or prints what happens. */
import {openRaw, type RawChat, type RawOptions} from '../chat/open-raw.js';
import type {ChatEvent, Look} from '../event/event.js';
import type {RawModeOptions} from '../options/options.js';
import {datagramBytes} from '../raw/messages/input.js';
import {systemClock} from '../socket/clock.js';
import type {Transcript} from '../store/transcript.js';
import {createHand, type Hand, type HandOptions} from './hand.js';
import {LineLog} from './log.js';
import {checkOutputs} from './outputs.js';

export type OpenOptions = {
	readonly options: RawModeOptions;
	/** What the front end adds to them. */
	readonly raw: Pick<
		RawOptions,
		'isPipe' | 'isRestful' | 'isInputFinite' | 'isHeld' | 'onSilent'
	>;
	readonly emit: (event: ChatEvent) => void;
	/** What is shown now. */
	readonly transcript: () => Transcript;
	readonly onAnswer?: HandOptions['onAnswer'];
};

export type Opened = {
	readonly chat: RawChat;
	readonly hand: Hand;
	/** For events of the front end itself, which belong to the log too. */
	readonly emit: (event: ChatEvent) => void;
};

/** A chat that has failed if its log has. */
const withLog = (chat: RawChat, log: LineLog): RawChat => ({
	...chat,
	get closed() {
		return chat.closed.then(cause => cause ?? log.failure);
	},
});

/** @throws {SockchatError} If it can't be opened, or its log can't. */
export const openByHand = async ({
	options,
	raw,
	emit,
	transcript,
	onAnswer,
}: OpenOptions): Promise<Opened> => {
	checkOutputs(options);
	const {log: path, hasEscapes, isPretty, isTimed, eol = 'lf'} = options;
	const log =
		path === undefined
			? undefined
			: new LineLog(path, error => {
					const at = systemClock.wallMs();
					emit({type: 'notice', at, tone: 'bad', text: error.message});
				});
	const pieces = new WeakSet<Uint8Array>();
	const told = (event: ChatEvent) => {
		// A file has a bar, and one line that says what became of it.
		if (event.type === 'chunk' && pieces.has(event.bytes)) {
			return;
		}

		log?.see(event);
		emit(event);
	};

	const opened = await openRaw({...options, ...raw}, told);
	const chat = log ? withLog(opened, log) : opened;
	const look: Look = {isPretty, isTimed, isOpen: false};
	const hand = createHand({
		chat,
		emit: told,
		eol,
		hasEscapes,
		look,
		to: options.command === 'serve' ? options.to : undefined,
		transcript,
		onAnswer,
		pieceBytes: options.address.kind === 'udp' ? datagramBytes : undefined,
		onPiece(piece) {
			pieces.add(piece);
		},
	});
	told({type: 'look', at: systemClock.wallMs(), look});
	return {chat, hand, emit: told};
};
