/**
 * Whether a step can't be done any more: who or what it needs is gone, before
 * the lesson was over. Pure.
 */
import {canReach} from '../tcp/tcp-end.js';
import type {TcpState} from '../tcp/tcp.js';
import {effectsOf, holds} from './condition.js';
import {socketsOf} from './lesson.js';
import {
	conditionsOf,
	factsOf,
	isAwaited,
	pageHintOf,
	wantedOf,
	type Progress,
} from './progress.js';

const againSentence = '/again starts it again.';

const overSentence =
	'This connection is over, before the lesson was. /again starts it again.';

/** So of a line that was sent out of turn, and that the other side never read. */
const resetSentence =
	'The other side sent RST, as close() does while bytes are unread: this connection is over, before the lesson was. /again starts it again.';

const pastSentence =
	'The connection has left the state that this step is about. /again starts it again.';

const otherwiseSentence =
	'The other side printed something else than this step expects.';

/**
 * Whether all has been run that could print what the step is about, and none
 * has: a line that was sent too much is read in its place. A room prints later.
 */
const isOtherwise = (progress: Progress): boolean =>
	progress.phase === 'checking' &&
	socketsOf(progress.lesson) !== 'room' &&
	conditionsOf(progress).some(
		condition =>
			condition.kind === 'printed' && !holds(condition, factsOf(progress)),
	);

const overStates = new Set<TcpState>(['TIME-WAIT', 'CLOSED']);

/**
 * Whether an end has left a state for good that the step asks for. One that is
 * over may be followed by another connection.
 */
const isPastState = (progress: Progress): boolean =>
	progress.phase === 'checking' &&
	conditionsOf(progress).some(
		condition =>
			condition.kind === 'state' &&
			!holds(condition, factsOf(progress)) &&
			progress.states.some(
				fact =>
					fact.kind === 'state' &&
					fact.end === condition.end &&
					!overStates.has(fact.state) &&
					!canReach(fact.state, condition.state),
			),
	);

/** Of a step that is gone. */
export const whyGone = (progress: Progress): string => {
	if (progress.broken !== undefined) {
		return `${progress.broken} ${againSentence}`;
	}

	if (isOtherwise(progress)) {
		return [otherwiseSentence, pageHintOf(progress), againSentence]
			.filter(sentence => sentence !== '')
			.join(' ');
	}

	if (isPastState(progress)) {
		return pastSentence;
	}

	const isReset = holds({kind: 'segment', segment: 'RST'}, factsOf(progress));
	return isReset ? resetSentence : overSentence;
};

/**
 * Whether a member's connection was given up before the step was done that needs
 * it. Another one comes, but with nobody who welcomes it it can't fall silent.
 */
const isGivenUp = (progress: Progress): boolean =>
	conditionsOf(progress).some(
		condition =>
			condition.kind === 'unread' ||
			(condition.kind === 'connection' && condition.phase === 'silent'),
	) && holds({kind: 'connection', phase: 'handshaking'}, progress.states);

/** Whether the learner has closed the socket that counts, by close(2). */
export const isClosed = ({lesson, hasClosed}: Progress): boolean =>
	socketsOf(lesson) === 'own' && hasClosed;

/**
 * Whether the step needs a socket that the learner has closed: its kernel may
 * be in any state still, but takes no call and gives no byte.
 */
const isPastClose = (progress: Progress): boolean => {
	if (!isClosed(progress)) {
		return false;
	}

	const wanted = wantedOf(progress);
	const needsCall =
		wanted !== undefined &&
		effectsOf(wanted).every(({kind}) => kind !== 'view');
	return (
		needsCall ||
		conditionsOf(progress).some(
			condition =>
				condition.kind !== 'state' &&
				condition.kind !== 'view' &&
				condition.kind !== 'printed' &&
				!holds(condition, factsOf(progress)),
		)
	);
};

/**
 * Whether the step can't be done any more, as this end of the connection that
 * counts is gone, or who is at the other end.
 */
export const isGone = (progress: Progress): boolean => {
	const {phase, lesson, states, broken} = progress;
	const isBroken =
		broken !== undefined && (phase === 'moving' || phase === 'checking');
	if (isBroken || isOtherwise(progress)) {
		return true;
	}

	if (!isAwaited(progress)) {
		return false;
	}

	return socketsOf(lesson) === 'room'
		? isGivenUp(progress)
		: isPastClose(progress) ||
				isPastState(progress) ||
				holds({kind: 'state', end: 'local', state: 'CLOSED'}, states);
};
