/** Runs a lesson on a screen until its learner leaves. */
import {useSyncExternalStore} from 'react';
import type {Ending} from '../../chat/ending.js';
import type {SockchatError} from '../../errors.js';
import {socketsOf} from '../../lesson/lesson.js';
import {Tutor} from '../../lesson/tutor.js';
import type {LessonOptions} from '../../options/lesson.js';
import {formatAddress} from '../../socket/address.js';
import {systemClock} from '../../socket/clock.js';
import {createModel} from '../../store/model.js';
import {Store} from '../../store/store.js';
import type {Terminal, TerminalProps} from '../draw.js';
import {drawScreen} from '../screen.js';
import {LessonApp, type LessonRun} from './lesson-app.js';

export type RunningLesson = {
	/** With the error to report now that the screen is gone. */
	readonly ended: Promise<Ending & {readonly error: SockchatError | undefined}>;
	readonly leave: () => void;
};

type Run = LessonRun & {readonly number: number; readonly stop: () => void};

/** How long a learner may look for a solution before a hint comes. */
const hintAfterMs = 30_000;

/**
 * @param markdown A page of docs/lessons.
 * @param program How this program is run, for a lesson that needs another one.
 */
export const runLesson = async (
	markdown: string,
	program: readonly string[],
	{theme, isExplained, isCaptured}: LessonOptions,
	terminal: Terminal,
): Promise<RunningLesson> => {
	let end = (_error: SockchatError | undefined) => {};
	const left = new Promise<SockchatError | undefined>(resolve => {
		end = resolve;
	});
	const leave = () => {
		end(undefined);
	};

	const runListeners = new Set<() => void>();
	const begin = async (number: number): Promise<Run> => {
		const listeners = new Set<() => void>();
		const tutor = await Tutor.prepare({
			markdown,
			program,
			clock: systemClock,
			hintAfterMs,
			isCaptured,
			onEvent(event) {
				store.dispatch(event);
			},
			onProgress() {
				for (const listener of listeners) {
					listener();
				}
			},
			onAgain() {
				void again();
			},
			onLeave: leave,
			onFailed: end,
		});
		const where = formatAddress(tutor.where);
		const sockets = socketsOf(tutor.progress.lesson);
		const store = new Store(
			createModel(
				sockets === 'room'
					? {mode: 'room', where, id: tutor.identity.id, nick: ''}
					: {mode: 'raw', where, isOfOthers: sockets === 'others'},
			),
			systemClock,
		);
		tutor.start();
		return {
			number,
			store,
			getProgress: () => tutor.progress,
			subscribe(listener) {
				listeners.add(listener);
				return () => {
					listeners.delete(listener);
				};
			},
			submit(line, hands) {
				tutor.submit(line, hands);
			},
			stop() {
				tutor.stop();
			},
		};
	};

	let hasEnded = false;
	let run = await begin(0);
	const again = async () => {
		run.stop();
		run = await begin(run.number + 1);
		if (hasEnded) {
			run.stop();
		}

		for (const listener of runListeners) {
			listener();
		}
	};

	const subscribe = (listener: () => void) => {
		runListeners.add(listener);
		return () => {
			runListeners.delete(listener);
		};
	};

	const getRun = () => run;

	function Lesson(props: TerminalProps) {
		const {number, ...shown} = useSyncExternalStore(subscribe, getRun);
		return (
			<LessonApp
				key={number}
				{...props}
				run={shown}
				isExplained={isExplained}
				monotonicMs={systemClock.monotonicMs}
				wallMs={systemClock.wallMs}
				setTimer={systemClock.setTimer}
				onLeave={leave}
			/>
		);
	}

	const instance = drawScreen(
		{
			themeName: theme,
			store: run.store,
			bell: {isOn: false, notification: 'none'},
			hasMouse: false,
			monotonicMs: systemClock.monotonicMs,
		},
		terminal,
		props => <Lesson {...props} />,
	);
	const ending = async () => {
		const error = await Promise.race([
			left,
			instance.waitUntilExit().then(() => undefined),
		]);
		hasEnded = true;
		run.stop();
		await instance.close();
		return {
			error,
			hasFailed: error !== undefined,
			isLate: false,
			isUnfinished: false,
		};
	};

	return {ended: ending(), leave};
};
