/**
 * How far a learner is in a lesson, and what is asked now. Pure.
 *
 * Whether something was done is seen from the sockets alone: a line that was
 * typed right and had no effect doesn't count, and another one with the same
 * effect does.
 */
import {holds, type Condition, type Fact} from './condition.js';
import type {Ask, Lesson, Stage} from './lesson.js';

/** A move that was made for the learner, with what it printed. */
export type Played = {readonly line: string; readonly output: string};

export type Note = {
	readonly tone: 'good' | 'bad' | 'info';
	readonly text: string;
};

export type Prediction = {
	readonly ask: Extract<Ask, {kind: 'predict'}>;
	readonly chosen: number;
};

/** A stage that was gone through: what there was to be read. */
export type PastStage = Pick<Stage, 'step' | 'texts'> & {
	readonly played: readonly Played[];
	readonly verdict: Note | undefined;
};

export type Progress = {
	readonly lesson: Lesson;
	/** The index of the stage. */
	readonly index: number;
	/**
	 * moving: the move `at` is being made, by the learner or for them. asking: for
	 * a prediction. checking: all is done, and its effect is awaited. right: it has
	 * been seen, or read. done: the lesson is over.
	 */
	readonly phase: 'moving' | 'asking' | 'checking' | 'right' | 'done';
	readonly at: number;
	/** What happened in this stage. */
	readonly facts: readonly Fact[];
	/** What happened since the stage was done: it may be what the next asks for. */
	readonly early: readonly Fact[];
	/** Facts that earlier moves of the learner have used up. */
	readonly used: number;
	/**
	 * The states that both ends of the newest connection are in, its phase, and
	 * that this end has ended its direction, once it has.
	 */
	readonly states: readonly Fact[];
	/** The newest connection. */
	readonly peer: string | undefined;
	/** Whether this process has closed that connection's socket. */
	readonly hasClosed: boolean;
	/** Whether this process reads nothing from it, by pause(). */
	readonly isPaused: boolean;
	readonly played: readonly Played[];
	/** The stages before this one. */
	readonly past: readonly PastStage[];
	/** Why the other side can't be played any more, as a sentence. */
	readonly broken: string | undefined;
	readonly prediction: Prediction | undefined;
	/** Whether it has come true, once that was seen. */
	readonly verdict: Note | undefined;
	readonly notes: readonly Note[];
};

export const stageOf = ({lesson, index}: Progress): Stage =>
	lesson.stages[index]!;

/** What the learner is to type now, if anything. */
export const wantedOf = (progress: Progress): string | undefined => {
	const move = stageOf(progress).moves[progress.at];
	return progress.phase === 'moving' && move?.by === 'learner'
		? move.line
		: undefined;
};

export const conditionsOf = (progress: Progress): readonly Condition[] => {
	const {ask} = stageOf(progress);
	return ask.kind === 'check' ? ask.conditions : [];
};

/** What the page says to who doesn't get on, as a sentence; '' if nothing. */
export const pageHintOf = (progress: Progress): string => {
	const {ask} = stageOf(progress);
	const hint = ask.kind === 'check' ? ask.hint : '';
	return hint.slice(0, 1).toUpperCase() + hint.slice(1);
};

/** Of the connection that counts; a view or what listens is nobody's. */
export const isOfPeer = (fact: Fact, {peer}: Progress): boolean =>
	fact.peer === undefined || fact.peer === peer;

/** What has happened in the step, and is so. */
export const factsOf = (progress: Progress): readonly Fact[] =>
	[...progress.facts, ...progress.states].filter(fact =>
		isOfPeer(fact, progress),
	);

export const isReached = (progress: Progress): boolean => {
	const conditions = conditionsOf(progress);
	const facts = factsOf(progress);
	return (
		conditions.length > 0 &&
		conditions.every(condition => holds(condition, facts))
	);
};

/** Whether what comes next is a look at something that isn't there yet. */
export const isHeld = (progress: Progress): boolean =>
	progress.phase === 'moving' &&
	stageOf(progress).moves[progress.at]?.by === 'shell' &&
	stageOf(progress).ask.kind === 'check' &&
	!isReached(progress);

/** Whether something has to happen in the step, by the learner or by itself. */
export const isAwaited = (progress: Progress): boolean =>
	progress.phase === 'checking' ||
	wantedOf(progress) !== undefined ||
	isHeld(progress);
