/** A lesson's stage as rows: what is to be read, and below it what is asked. */
import {socketsOf, type Lesson} from '../../lesson/lesson.js';
import {isGone, whyGone} from '../../lesson/over.js';
import {
	stageOf,
	wantedOf,
	type Note,
	type PastStage,
	type Progress,
} from '../../lesson/progress.js';
import {display, toDisplay, type DisplayText} from '../../protocol/display.js';
import {createRow, type Row} from '../text/row.js';
import {wrapText} from '../text/wrap.js';
import type {Role} from '../theme/roles.js';
import {symbols} from '../theme/symbols.js';

// Of what a program prints, more than this hides the lesson.
const maxOutputRows = 4;

const wrapped = (text: DisplayText, width: number, role?: Role): Row[] =>
	wrapText(text, Math.max(2, width)).map(part =>
		createRow([role ? {text: part, role} : {text: part}]),
	);

const linesOf = (output: string): string[] => output.trimEnd().split('\n');

const howTo = (lesson: Lesson): DisplayText => {
	switch (socketsOf(lesson)) {
		case 'own': {
			return display`What you type goes to your own socket; Python plays the other side.`;
		}

		case 'room': {
			return display`What you type is said in the room, by your own socket.`;
		}

		case 'others':
		case 'none': {
			return display`Python plays both sides, and you say what will happen.`;
		}
	}
};

const tones = {good: 'good', bad: 'alarm', info: 'warn'} as const;

const marks = {good: '\u2713 ', bad: '\u2717 ', info: ''} as const;

const noteRows = ({tone, text}: Note, width: number): Row[] =>
	wrapped(toDisplay(marks[tone] + text), width, tones[tone]);

type Done = Pick<PastStage, 'played' | 'verdict'>;

/** What the other side did, and what came of a prediction. */
const doneRows = ({played, verdict}: Done, width: number): readonly Row[] => [
	...played.flatMap(({line, output}) => [
		...wrapped(toDisplay(line), width, 'arrow-in'),
		...(output === '' ? [] : linesOf(output))
			.slice(0, maxOutputRows)
			.flatMap(each => wrapped(toDisplay(each), width, 'faint')),
	]),
	...(verdict ? noteRows(verdict, width) : []),
];

const paragraphs = (texts: readonly string[], width: number): readonly Row[] =>
	texts.flatMap(text => wrapped(toDisplay(text), width));

/** What is to be read, and what has been done. */
const textRows = (progress: Progress, width: number): readonly Row[] => [
	...paragraphs(stageOf(progress).texts, width),
	...(progress.index === 0
		? wrapped(howTo(progress.lesson), width, 'faint')
		: []),
	...doneRows(progress, width),
];

/** The stages before, each step with its number. */
const pastRows = (
	{past, lesson: {steps}}: Progress,
	width: number,
): readonly Row[] =>
	past.flatMap((stage, index) => [
		...(stage.step > (past[index - 1]?.step ?? 0)
			? wrapped(toDisplay(`Step ${stage.step} of ${steps}`), width, 'faint')
			: []),
		...paragraphs(stage.texts, width),
		...doneRows(stage, width),
	]);

const gap = ' '.repeat(3);

const choicesOf = (choices: readonly string[], width: number): Row[] => {
	const numbered = choices.map((choice, index) => `${index + 1} ${choice}`);
	const whole = toDisplay(numbered.join(gap));
	const rows = wrapText(whole, Math.max(2, width));
	return rows.length === 1
		? [createRow([{text: whole}])]
		: numbered.flatMap(choice => wrapped(toDisplay(choice), width));
};

/** @param isMore Whether there is more to be read first. */
const askRows = (progress: Progress, width: number, isMore: boolean): Row[] => {
	const goOn = toDisplay(isMore ? 'Enter: more' : 'Enter: next');
	const {ask} = stageOf(progress);
	if (isGone(progress)) {
		return wrapped(toDisplay(marks.bad + whyGone(progress)), width, 'alarm');
	}

	switch (progress.phase) {
		case 'asking': {
			return ask.kind === 'predict'
				? [
						...wrapped(toDisplay(ask.question), width, 'question'),
						...choicesOf(ask.choices, width),
					]
				: [];
		}

		case 'moving': {
			const wanted = wantedOf(progress);
			if (wanted !== undefined) {
				const typed = display`${symbols.prompt} Type: ${toDisplay(wanted)}`;
				return wrapped(typed, width, 'prompt');
			}

			// It may take seconds, or wait for the learner.
			const move = stageOf(progress).moves[progress.at];
			return move?.by === 'python'
				? wrapped(display`>>> ${toDisplay(move.line)} …`, width, 'arrow-in')
				: wrapped(display`…`, width, 'faint');
		}

		case 'checking': {
			return wrapped(display`… not seen on the socket yet`, width, 'faint');
		}

		case 'right': {
			if (ask.kind !== 'check') {
				return wrapped(goOn, width, 'faint');
			}

			const where = ask.conditions.every(({kind}) => kind === 'printed')
				? display`✓ Seen.`
				: display`✓ Seen on the socket.`;
			return wrapped(display`${where} ${goOn}`, width, 'good');
		}

		case 'done': {
			return wrapped(
				display`The lesson is over. Enter leaves; /again starts it again.`,
				width,
				'good',
			);
		}
	}
};

/** What is asked, after what was said about the last try. */
const taskRows = (
	progress: Progress,
	width: number,
	isMore: boolean,
): readonly Row[] => [
	// Nothing else matters then.
	...(isGone(progress) ? [] : progress.notes).flatMap(note =>
		noteRows(note, width),
	),
	...askRows(progress, width, isMore),
];

export const titleOf = (
	{title, steps}: Lesson,
	{step}: {readonly step: number},
): DisplayText =>
	// The step comes first: a narrow pane cuts the end.
	toDisplay(step === 0 ? title : `${step} of ${steps} · ${title}`);

/** What the pane shows of a stage. */
export type LessonWindow = {
	readonly rows: readonly Row[];
	/** The first row of the text in view; below 0 in an earlier stage. */
	readonly top: number;
	/** How far back it can be scrolled; 0, or below. */
	readonly first: number;
	/** How far the text can be scrolled. */
	readonly last: number;
	/** By how many rows Enter goes on. */
	readonly page: number;
};

/**
 * @param top The row to begin with; past the end of the text, its end.
 * @param height What is asked keeps its rows, the text gets the others.
 */
export const lessonWindow = (
	progress: Progress,
	top: number,
	{width, height}: {readonly width: number; readonly height: number},
): LessonWindow => {
	const past = pastRows(progress, width);
	const text = textRows(progress, width);
	// Whether there is more changes words, not rows.
	const taskHeight = taskRows(progress, width, false).length;
	const room = Math.max(1, height - taskHeight);
	const last = Math.max(0, text.length - room);
	const first = 0 - past.length;
	const from = Math.max(first, Math.min(top, last));
	const start = from - first;
	// A note answers what was just typed, so it may take the room of the text. The
	// last rows of a task say what to do.
	const leastText = progress.notes.length > 0 ? 0 : 1;
	const task = taskRows(progress, width, from < last).slice(
		-Math.max(1, height - leastText),
	);
	return {
		rows: [
			...[...past, ...text].slice(start, start + height - task.length),
			...task,
		],
		top: from,
		first,
		last,
		page: room,
	};
};
