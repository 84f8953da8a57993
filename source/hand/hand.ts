/**
 * Raw mode by hand: what a typed line does to the connection. The screen and the
 * plain lines share it.
 */
import type {Buffer} from 'node:buffer';
import type {RawHands} from '../commands/hands.js';
import type {HandRequest, HandSwitch} from '../commands/hand-request.js';
import type {RawChat} from '../chat/open-raw.js';
import {assertNever, type SockchatError} from '../errors.js';
import type {ChatEvent, Look} from '../event/event.js';
import type {LineEnding} from '../raw/line-ends.js';
import {readHex} from '../raw/script-steps.js';
import {systemClock} from '../socket/clock.js';
import type {Transcript} from '../store/transcript.js';
import {done, refused, type Answer} from '../tcp/socket-action.js';
import {createLooks} from './looks.js';
import {Losses} from './losses.js';
import {saveTranscript} from './save.js';
import {FileSender} from './send-file.js';
import {typedBytes} from './typed-bytes.js';

export type HandOptions = {
	readonly chat: RawChat;
	readonly emit: (event: ChatEvent) => void;
	readonly eol: LineEnding;
	readonly hasEscapes: boolean;
	readonly look: Look;
	/** Of a server: the only peer that gets what is typed; undefined for all. */
	readonly to?: string | undefined;
	/** What is shown now. */
	readonly transcript: () => Transcript;
	/** Called with what is said to whoever typed a line. */
	readonly onAnswer?:
		((tone: 'info' | 'bad', text: string) => void) | undefined;
	/** How much of a file is written at once. */
	readonly pieceBytes?: number | undefined;
	/** Called with each piece of a file before it is written. */
	readonly onPiece: (piece: Buffer) => void;
};

export type Hand = Pick<RawHands, 'say' | 'sayTo' | 'byHand'> & {
	/** Shows all of long chunks, or no longer. */
	readonly toggleOpen: () => void;
	/** Stops the file that is being sent. @returns Whether there was one. */
	readonly stop: () => boolean;
	/** Once all has ended: what was to be sent, and was not. */
	readonly lost: () => Promise<SockchatError | undefined>;
};

export const createHand = ({
	chat,
	emit,
	eol,
	hasEscapes: hadEscapes,
	look,
	to: listenerAtFirst,
	transcript,
	onAnswer,
	pieceBytes,
	onPiece,
}: HandOptions): Hand => {
	let hasEscapes = hadEscapes;
	let listener = listenerAtFirst;
	const now = () => systemClock.wallMs();
	const notice = (tone: 'info' | 'bad', text: string) => {
		emit({type: 'notice', at: now(), tone, text});
		onAnswer?.(tone, text);
	};

	const answer = ({type, sentence}: Answer) => {
		notice(type === 'refused' ? 'bad' : 'info', sentence);
	};

	const losses = new Losses(sentence => {
		notice('bad', sentence);
	});
	const sender = new FileSender({
		chat,
		losses,
		pieceBytes,
		onProgress(file) {
			emit({type: 'sending', at: now(), file});
		},
		onPiece,
	});
	const write = (bytes: Buffer, to: string | undefined) => {
		const unsent = sender.isSending
			? 'Not sent: it would be in the middle of a file. /stop stops that.'
			: chat.whyNotSent(to);
		if (unsent === undefined) {
			void chat.write(bytes, to, losses.track(bytes));
		} else {
			notice('bad', unsent);
		}
	};

	const turnLook = createLooks(look, change => {
		emit({type: 'look', at: now(), look: change});
	});
	const turn = (name: HandSwitch, wanted: boolean | undefined): string => {
		if (name === 'escapes') {
			hasEscapes = wanted ?? !hasEscapes;
			return hasEscapes
				? String.raw`\r \n \t \0 \xHH and \\ in typed lines stand for bytes.`
				: 'Typed lines are sent as they are.';
		}

		return turnLook(name, wanted);
	};

	const perform = async (request: HandRequest): Promise<Answer> => {
		switch (request.type) {
			case 'hex': {
				const bytes = readHex(request.digits);
				if (!bytes) {
					return refused(
						'Not sent: /hex needs pairs of hexadecimal digits, such as 0d 0a.',
					);
				}

				write(bytes, listener);
				return done('');
			}

			case 'send': {
				return sender.send(request.path, listener);
			}

			case 'stop': {
				return sender.stop() ? done('') : refused('No file is being sent.');
			}

			case 'save': {
				return saveTranscript(request.path, transcript());
			}

			case 'connect': {
				return chat.reconnect();
			}

			case 'switch': {
				return done(turn(request.name, request.isOn));
			}

			default: {
				return assertNever(request);
			}
		}
	};

	const sayOne = (text: string, to: string | undefined) => {
		const bytes = typedBytes(text, {eol, hasEscapes});
		if (typeof bytes === 'string') {
			notice('bad', bytes);
		} else {
			write(bytes, to);
		}
	};

	return {
		say(text) {
			sayOne(text, listener);
		},
		sayTo(peer, text) {
			if (chat.role === 'connect') {
				notice('bad', 'Only a server has peers.');
				return;
			}

			const to = peer === 'all' ? undefined : peer;
			if (text !== undefined) {
				sayOne(text, to);
				return;
			}

			listener = to;
			const whom = to === undefined ? 'to all peers' : `to ${to} alone`;
			const back = to === undefined ? '' : '; /to all undoes it';
			const isMissing = to !== undefined && chat.whyNotSent(to) !== undefined;
			const advice = isMissing
				? ' Nobody would get it now: /peers lists who is connected.'
				: '';
			notice('info', `What you type goes ${whom}${back}.${advice}`);
		},
		byHand(request) {
			void perform(request).then(answered => {
				if (answered.sentence !== '') {
					answer(answered);
				}
			});
		},
		toggleOpen() {
			turn('open', undefined);
		},
		stop: () => sender.stop(),
		async lost() {
			await sender.answer;
			return losses.settled();
		},
	};
};
