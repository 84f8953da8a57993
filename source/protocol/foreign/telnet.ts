/**
 * Telnet's commands inside a stream: their names, and our answers (RFC 854, 855
 * and 1143).
 *
 * We are the plainest of terminals: all that is asked for or offered is refused,
 * except that neither side sends GO AHEAD (RFC 858), which we never do. Only a
 * request is answered, and an answer asks for nothing, so two of us can't answer
 * each other for ever.
 */
import {Buffer} from 'node:buffer';
import {textOfBytes} from '../byte-text.js';

const iac = 0xff;
const endOfSub = 0xf0;
const sub = 0xfa;
const will = 0xfb;
const wont = 0xfc;
const asksTo = 0xfd;
const asksNotTo = 0xfe;
const suppressGoAhead = 3;

/** From 0xf0 on. */
const commandNames = [
	'SE',
	'NOP',
	'DM',
	'BRK',
	'IP',
	'AO',
	'AYT',
	'EC',
	'EL',
	'GA',
	'SB',
	'WILL',
	'WONT',
	'DO',
	'DONT',
] as const;

/** As IANA lists them, and what MUDs use. */
const optionNames: Readonly<Record<number, string>> = {
	0: 'BINARY',
	1: 'ECHO',
	3: 'SUPPRESS-GO-AHEAD',
	5: 'STATUS',
	6: 'TIMING-MARK',
	18: 'LOGOUT',
	23: 'SEND-LOCATION',
	24: 'TERMINAL-TYPE',
	25: 'END-OF-RECORD',
	31: 'NAWS',
	32: 'TERMINAL-SPEED',
	33: 'REMOTE-FLOW-CONTROL',
	34: 'LINEMODE',
	35: 'X-DISPLAY-LOCATION',
	36: 'ENVIRON',
	37: 'AUTHENTICATION',
	38: 'ENCRYPT',
	39: 'NEW-ENVIRON',
	40: 'TN3270E',
	42: 'CHARSET',
	44: 'COM-PORT-OPTION',
	69: 'MSDP',
	70: 'MSSP',
	85: 'COMPRESS',
	86: 'COMPRESS2',
	90: 'MSP',
	91: 'MXP',
	201: 'GMCP',
	255: 'EXTENDED-OPTIONS-LIST',
};

const nameOfOption = (option: number): string =>
	optionNames[option] ?? String(option);

/** A command in a stream, and how long it is. */
type Found = {readonly name: string; readonly length: number};

const endOfSubAt = (bytes: Buffer, from: number): number => {
	for (
		let at = bytes.indexOf(iac, from);
		at !== -1;
		at = bytes.indexOf(iac, at + 2)
	) {
		if (bytes[at + 1] === endOfSub) {
			return at;
		}
	}

	return -1;
};

/**
 * @param at Of an IAC.
 * @returns Undefined if it isn't a command, or hasn't ended yet. IAC IAC is a
 * byte of data, and common outside of telnet.
 */
const commandAt = (bytes: Buffer, at: number): Found | undefined => {
	const command = bytes[at + 1];
	const option = bytes[at + 2];
	if (command === undefined || command < endOfSub || command === iac) {
		return undefined;
	}

	const name = `IAC ${commandNames[command - endOfSub]!}`;
	if (command < sub) {
		return {name, length: 2};
	}

	if (option === undefined) {
		return undefined;
	}

	const named = `${name} ${nameOfOption(option)}`;
	if (command !== sub) {
		return {name: named, length: 3};
	}

	const end = endOfSubAt(bytes, at + 3);
	if (end === -1) {
		return undefined;
	}

	const hex = bytes.toString('hex', at + 3, end).replaceAll(/../g, ' $&');
	return {name: `${named}${hex} IAC SE`, length: end + 2 - at};
};

/** As `textOfBytes`, and telnet's commands by name: ‹IAC DO ECHO›. */
export const textWithCommands = (bytes: Uint8Array): string => {
	const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
	const parts: string[] = [];
	let start = 0;
	// Once no end of a subnegotiation was found, later ones are not searched.
	let isSubOpen = false;
	let at = buffer.indexOf(iac);
	while (at !== -1) {
		const isSub = buffer[at + 1] === sub;
		const found: Found | undefined =
			isSub && isSubOpen ? undefined : commandAt(buffer, at);
		isSubOpen ||= isSub && found === undefined;
		if (found) {
			parts.push(textOfBytes(buffer.subarray(start, at)), `‹${found.name}›`);
			start = at + found.length;
		}

		at = buffer.indexOf(iac, found ? start : at + 1);
	}

	parts.push(textOfBytes(buffer.subarray(start)));
	return parts.join('');
};

/** One connection's answers. */
export class TelnetAnswers {
	/** What of a command has come: empty between commands. */
	#begun: 'none' | 'iac' | 'sub' | 'sub-iac' | number = 'none';
	/** Whether GO AHEAD is suppressed, by them and by us. */
	#isTheirs = false;
	#isOurs = false;

	/** @returns What to answer; often nothing. */
	push(bytes: Uint8Array): Buffer {
		const answers: number[] = [];
		for (const byte of bytes) {
			this.#take(byte, answers);
		}

		return Buffer.from(answers);
	}

	#take(byte: number, answers: number[]): void {
		const begun = this.#begun;
		if (typeof begun === 'number') {
			this.#begun = 'none';
			const answer = this.#answerTo(begun, byte);
			if (answer !== undefined) {
				answers.push(iac, answer, byte);
			}

			return;
		}

		switch (begun) {
			case 'none': {
				this.#begun = byte === iac ? 'iac' : 'none';
				break;
			}

			case 'iac': {
				const hasOption = byte >= will && byte <= asksNotTo;
				this.#begun = byte === sub ? 'sub' : hasOption ? byte : 'none';
				break;
			}

			case 'sub': {
				this.#begun = byte === iac ? 'sub-iac' : 'sub';
				break;
			}

			case 'sub-iac': {
				this.#begun = byte === endOfSub ? 'none' : 'sub';
				break;
			}
		}
	}

	/** Of a mode that is on already, nothing is said (RFC 854). */
	#answerTo(verb: number, option: number): number | undefined {
		if (option !== suppressGoAhead) {
			return verb === will ? asksNotTo : verb === asksTo ? wont : undefined;
		}

		if (verb === will || verb === wont) {
			const was = this.#isTheirs;
			this.#isTheirs = verb === will;
			return was === this.#isTheirs
				? undefined
				: this.#isTheirs
					? asksTo
					: asksNotTo;
		}

		const was = this.#isOurs;
		this.#isOurs = verb === asksTo;
		return was === this.#isOurs ? undefined : this.#isOurs ? will : wont;
	}
}
