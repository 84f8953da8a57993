/** Answers telnet's requests on a connection, and counts what that costs. */
import type {Buffer} from 'node:buffer';
import type {Duplex} from 'node:stream';
import {TelnetAnswers} from '../protocol/foreign/telnet.js';

// A peer that asks and doesn't read gets no more answers until it does.
const maxWaitingBytes = 4096;

/**
 * @param onAnswer Called with each answer before it is written.
 * @returns What to call with all that is read.
 */
export const answerTelnet = (
	stream: Duplex,
	onAnswer: (answer: Buffer) => void,
): ((chunk: Buffer) => void) => {
	const answers = new TelnetAnswers();
	let waitingBytes = 0;
	return chunk => {
		const answer = answers.push(chunk);
		const {length} = answer;
		if (length === 0 || !stream.writable || waitingBytes > maxWaitingBytes) {
			return;
		}

		waitingBytes += length;
		onAnswer(answer);
		stream.write(answer, () => {
			waitingBytes -= length;
		});
	};
};
