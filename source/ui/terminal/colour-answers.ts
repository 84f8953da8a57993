/**
 * Asks the terminal for the colour of its ground (OSC 11), and keeps the answer
 * out of what is typed.
 *
 * The answer comes through stdin, at any time, in chunks that are cut anywhere,
 * or never. Ink doesn't know it and would take it for text.
 */
import {systemClock} from '../../socket/clock.js';
import {withMethods} from '../../keyboard/with-methods.js';

const introducer = '\u001B]11;';

/** Ended by ST, and so is the answer: as BEL it might ring. */
const question = `${introducer}?\u001B\\`;

// An answer has 24 characters, and 30 with alpha; more of them are typed.
const maxAnswerLength = 64;

/** BEL, ST (also as one character) end an answer; other controls cut it off. */
const control = /[\u0000-\u001F\u007F\u009C]/;

/** Where an answer may begin: its introducer, or at the end a part of it. */
const findStart = (text: string): number => {
	const whole = text.indexOf(introducer);
	if (whole !== -1) {
		return whole;
	}

	const last = text.lastIndexOf('\u001B');
	return last !== -1 && introducer.startsWith(text.slice(last))
		? last
		: text.length;
};

/**
 * How an answer goes on.
 *
 * @param text Beginning with the introducer.
 * @returns What it says if it has ended well, and how many characters are its;
 * undefined if there is more to come.
 */
const readAnswer = (
	text: string,
): {answer?: string; length: number} | undefined => {
	const bounded = text.slice(0, maxAnswerLength);
	const body = bounded.slice(introducer.length);
	const end = control.exec(body);
	if (end === null) {
		return text.length < maxAnswerLength
			? undefined
			: {length: maxAnswerLength};
	}

	const answer = body.slice(0, end.index);
	const length = introducer.length + end.index;
	switch (end[0]) {
		case '\u0007':
		case '\u009C': {
			return {answer, length: length + 1};
		}

		case '\u001B': {
			const next = text[length + 1];
			if (next === undefined) {
				return undefined;
			}

			return next === '\\' ? {answer, length: length + 2} : {length};
		}

		default: {
			// Ctrl-C, or Enter: typed, after an answer that has no end.
			return {length};
		}
	}
};

/** Takes answers out of input. Pure, but for what it holds back. */
export const createAnswerFilter = () => {
	let held = '';
	return {
		/**
		 * @returns The input that was typed, and the answers in it. What may
		 * become an answer is held back.
		 */
		push(chunk: string): {typed: string; answers: readonly string[]} {
			let rest = held + chunk;
			let typed = '';
			const answers: string[] = [];
			held = '';
			while (rest !== '') {
				const start = findStart(rest);
				typed += rest.slice(0, start);
				rest = rest.slice(start);
				const read = rest.startsWith(introducer) ? readAnswer(rest) : undefined;
				if (!read) {
					held = rest;
					break;
				}

				if (read.answer !== undefined) {
					answers.push(read.answer);
				}

				rest = rest.slice(read.length);
			}

			return {typed, answers};
		},
		/** A key such as Escape may be held, or an answer without its end. */
		get holds(): 'nothing' | 'key' | 'answer' {
			if (held === '') {
				return 'nothing';
			}

			return held.startsWith(introducer) ? 'answer' : 'key';
		},
		/** Nothing more came. @returns What was typed after all. */
		release(): string {
			const typed = this.holds === 'key' ? held : '';
			held = '';
			return typed;
		},
	};
};

// A key waits for less than anybody notices; Ink itself waits 20 ms for the rest
// of a sequence. A terminal sends an answer whole: what lies between two halves
// is the network.
const keyMs = 25;
const answerMs = 1000;

// If the program ends sooner, the answer may appear on the shell's command
// line.
const expectedMs = 250;

/** A terminal's stdin without the answers, and who asks for them. */
export const watchColourAnswers = (
	stdin: NodeJS.ReadStream,
	clock = systemClock,
) => {
	const filter = createAnswerFilter();
	let onAnswer: ((colour: string) => void) | undefined;
	let isAnswered = false;
	let onSettled: Array<() => void> = [];
	let expectedUntil = 0;
	let ready = '';
	let cancel = () => {};

	const settle = () => {
		expectedUntil = 0;
		for (const each of onSettled) {
			each();
		}

		onSettled = [];
	};

	/** After what has come already: Node runs timers before it reads. */
	const releaseSoon = () => {
		const immediate = setImmediate(() => {
			ready += filter.release();
			stdin.emit('readable');
		});
		cancel = () => {
			clearImmediate(immediate);
		};
	};

	/** @returns What was typed; empty if nothing was. */
	const take = (chunk: string): string => {
		cancel();
		const {typed, answers} = filter.push(chunk);
		for (const answer of answers) {
			isAnswered = true;
			settle();
			onAnswer?.(answer);
		}

		const {holds} = filter;
		if (holds === 'key' && isAnswered) {
			return typed + filter.release();
		}

		if (holds !== 'nothing') {
			cancel = clock.setTimer(releaseSoon, holds === 'key' ? keyMs : answerMs);
		}

		return typed;
	};

	const takeReady = (): string => {
		const taken = ready;
		ready = '';
		return taken;
	};

	const read = (size?: number): unknown => {
		const chunk: unknown = stdin.read(size);
		// Nothing is held back, and nothing is searched, before it was asked.
		if (onAnswer && typeof chunk === 'string') {
			const typed = takeReady() + take(chunk);
			return typed === '' ? read(size) : typed;
		}

		return ready === '' ? chunk : takeReady();
	};

	return {
		stdin: withMethods(stdin, {read}),
		/**
		 * Asks once. The terminal must be in raw mode, or it echoes the answer.
		 *
		 * @param listener Called for each answer, if there is any.
		 */
		ask(stdout: NodeJS.WriteStream, listener: (colour: string) => void) {
			onAnswer = listener;
			expectedUntil = clock.monotonicMs() + expectedMs;
			stdout.write(question);
		},
		/** Settles when no answer is expected any more. */
		async settled(): Promise<void> {
			const leftMs = expectedUntil - clock.monotonicMs();
			if (leftMs > 0) {
				await new Promise<void>(resolve => {
					const cancelWaiting = clock.setTimer(resolve, leftMs);
					onSettled.push(() => {
						cancelWaiting();
						resolve();
					});
				});
			}
		},
		stop() {
			cancel();
			onAnswer = undefined;
		},
	};
};
