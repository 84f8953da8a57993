/**
 * A learner at a terminal, who does what the screen says, and knows nothing but
 * the right answers.
 */
import type {Lesson} from '../../../source/lesson/lesson.js';
import type {Terminal} from '../terminal.js';
import {until} from '../until.js';

/** The rows of the lesson's pane, without its frame. */
export const paneOf = (terminal: Terminal): readonly string[] => {
	const rows = terminal.screen().slice(1, -1);
	const isBeside = rows[0]?.startsWith('╭') ?? false;
	const end = rows.findIndex(
		(row, index) => index > 0 && row.startsWith(isBeside ? '╰' : '─'),
	);
	const inside = rows.slice(0, end === -1 ? undefined : end);
	return isBeside
		? inside.map((row, index) =>
				index === 0 ? row : row.slice(1, row.indexOf('││')).trim(),
			)
		: inside;
};

/** Its text, however it is wrapped. */
export const textOf = (terminal: Terminal): string =>
	paneOf(terminal).join(' ').replaceAll(/\s+/g, ' ').trim();

/** However it is wrapped, and whatever the ports are. */
const essenceOf = (text: string) =>
	text.replaceAll(/\s/g, '').replaceAll(/\d{4,5}/g, '#');

/** What the screen asks for; undefined while something is awaited. */
const answerTo = (text: string, {stages}: Lesson): string | undefined => {
	const typed = /› Type: (.*?)(?: … .*)?$/.exec(text)?.[1];
	if (typed !== undefined) {
		return typed.trim();
	}

	if (/Enter: (?:more|next)|The lesson is over/.test(text)) {
		return '';
	}

	const asked = stages
		.map(({ask}) => ask)
		.find(
			ask =>
				ask.kind === 'predict' &&
				essenceOf(text).includes(essenceOf(ask.question)),
		);
	return asked?.kind === 'predict' ? String(asked.right + 1) : undefined;
};

/** A frame is drawn in less time than so many looks take. */
const wholeAfterLooks = 8;

/**
 * Goes through a lesson to its end.
 *
 * @param look Called with what is on the screen at each step.
 */
export const readToTheEnd = async (
	terminal: Terminal,
	lesson: Lesson,
	look: (text: string) => void = () => {},
): Promise<void> => {
	for (;;) {
		let last = '';
		let looks = 0;
		const text = await until(
			() => {
				const shown = textOf(terminal);
				looks = shown === last ? looks + 1 : 0;
				last = shown;
				// Half a frame has rows of the one before, such as 'Enter: next'.
				return looks < wholeAfterLooks || answerTo(shown, lesson) === undefined
					? undefined
					: shown;
			},
			{
				what: 'the lesson to ask for something',
				seen: terminal.framed,
				deadlineMs: 20_000,
			},
		);
		look(text);
		const answer = answerTo(text, lesson)!;
		if (answer !== '') {
			terminal.type(answer);
			await terminal.waitFor(`› ${answer}`);
		}

		terminal.press('enter');
		if (text.includes('The lesson is over')) {
			return;
		}

		// What the other side prints is no answer to what was typed.
		await until(
			() =>
				answer === ''
					? textOf(terminal) !== text
					: answerTo(textOf(terminal), lesson) !== answer,
			{what: `something after "${answer}"`, seen: terminal.framed},
		);
	}
};
