/**
 * A learner who does at once what a lesson asks for: types what it says, predicts
 * rightly, and goes on as soon as the step is done. No screen, so that no step
 * gets more time than it needs.
 */
import process from 'node:process';
import {fileURLToPath} from 'node:url';
import {isGone, whyGone} from '../../../source/lesson/over.js';
import {
	stageOf,
	wantedOf,
	type Progress,
} from '../../../source/lesson/progress.js';
import {Tutor, type TutorOptions} from '../../../source/lesson/tutor.js';
import {systemClock} from '../../../source/socket/clock.js';
import type {Owner} from '../environment.js';
import {withTypeScript} from '../process.js';
import {until} from '../until.js';

/** What is to be typed now; undefined while something is awaited. */
const answerTo = (progress: Progress): string | undefined => {
	const {ask} = stageOf(progress);
	switch (progress.phase) {
		case 'asking': {
			return ask.kind === 'predict' ? String(ask.right + 1) : undefined;
		}

		case 'moving': {
			return wantedOf(progress);
		}

		case 'right': {
			return '';
		}

		case 'checking':
		case 'done': {
			return undefined;
		}
	}
};

/** From its source, which needs no build. */
const program = [
	process.execPath,
	withTypeScript,
	fileURLToPath(new URL('../../../source/cli.tsx', import.meta.url)),
];

export type Course = {
	/** Each line that was typed, with the notes that stood there then. */
	readonly typed: readonly string[];
	readonly verdicts: readonly string[];
};

/** A tutor without a learner. */
export const startTutor = async (
	owner: Owner,
	markdown: string,
	options: Partial<TutorOptions> = {},
): Promise<Tutor> => {
	const tutor = await Tutor.prepare({
		markdown,
		program,
		clock: systemClock,
		hintAfterMs: 60_000,
		isCaptured: false,
		onEvent() {},
		onProgress() {},
		onAgain() {},
		onLeave() {},
		onFailed() {},
		...options,
	});
	owner.after(async () => {
		tutor.stop();
	});
	tutor.start();
	return tutor;
};

/**
 * @param options Of the tutor, such as whether segments are captured.
 * @param deadlineMs Of the whole lesson.
 * @throws {Error} With the step that isn't left, or that is said to be over.
 */
export const learn = async (
	owner: Owner,
	markdown: string,
	options: Pick<Partial<TutorOptions>, 'isCaptured' | 'onEvent'> = {},
	deadlineMs = 60_000,
): Promise<Course> => {
	let failure: Error | undefined;
	let isOver = false;
	const typed: string[] = [];
	const verdicts = new Set<string>();
	const tutor = await startTutor(owner, markdown, {
		...options,
		// No hint is needed.
		hintAfterMs: 2 * deadlineMs,
		onProgress(progress) {
			if (isGone(progress)) {
				failure ??= new Error(
					`"${whyGone(progress)}", after "${typed.join('", "')}".`,
				);
			}

			if (progress.verdict) {
				verdicts.add(progress.verdict.text);
			}
		},
		onLeave() {
			isOver = true;
		},
		onFailed(error) {
			failure = error;
		},
	});
	let place = '';
	const whereIs = ({index, phase, at}: Progress) => `${index} ${phase} ${at}`;
	await until(
		() => {
			if (failure) {
				throw failure;
			}

			const {progress} = tutor;
			const answer = answerTo(progress);
			// Once for each move: its effect may take a while.
			if (answer !== undefined && whereIs(progress) !== place) {
				place = whereIs(progress);
				typed.push(answer);
				tutor.submit(answer, {view() {}});
			}

			return isOver || progress.phase === 'done';
		},
		{
			what: 'the end of the lesson',
			deadlineMs,
			seen() {
				const {progress} = tutor;
				const {step, ask, moves} = stageOf(progress);
				return [
					`Step ${step}, ${whereIs(progress)}, after "${typed.join('", "')}":`,
					JSON.stringify({ask, moves}),
					...progress.notes.map(({text}) => text),
					...progress.facts.map(fact => JSON.stringify(fact)),
				].join('\n');
			},
		},
	);
	return {typed, verdicts: [...verdicts]};
};
