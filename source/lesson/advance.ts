/**
 * What happened and what was typed → how far a learner is then, and what is to
 * be done for the learner. Pure.
 */
import {assertNever} from '../errors.js';
import {effectsOf, holds, type Fact} from './condition.js';
import {isException, type Lesson, type Move} from './lesson.js';
import {isClosed, isGone, whyGone} from './over.js';
import {chooseBy, numbersOf} from './predict.js';
import {
	isAwaited,
	isHeld,
	isOfPeer,
	isReached,
	pageHintOf,
	stageOf,
	wantedOf,
	type Note,
	type Played,
	type Prediction,
	type Progress,
} from './progress.js';

export type Signal =
	| {readonly type: 'fact'; readonly fact: Fact}
	/** The move that was asked for by `play` has been made. */
	| {readonly type: 'played'; readonly line: string; readonly output: string}
	| {readonly type: 'line'; readonly line: string}
	/** The learner has not got on for a while. */
	| {readonly type: 'waited'}
	/** The other side can't be played any more. */
	| {readonly type: 'broken'; readonly sentence: string}
	| {readonly type: 'notice'; readonly isBad: boolean; readonly text: string};

export type Effect =
	| {readonly type: 'play'; readonly move: Exclude<Move, {by: 'learner'}>}
	/** A line for the learner's socket. */
	| {readonly type: 'perform'; readonly line: string}
	/** From now on the learner's time counts. */
	| {readonly type: 'wait'}
	| {readonly type: 'again'}
	| {readonly type: 'leave'};

export type Advance = {
	readonly progress: Progress;
	readonly effects: readonly Effect[];
};

const noted = (progress: Progress, tone: Note['tone'], text: string) => ({
	...progress,
	notes: [{tone, text}],
});

const keys =
	'Enter goes on, /hint helps; Alt-Up scrolls the text, back to earlier steps too, PageUp the view; Ctrl-T shows another view, Esc its end.';

const closedSentence =
	'Your socket is closed, so that line does nothing. Enter goes on.';

const hintOf = (progress: Progress): string => {
	const {phase} = progress;
	const {ask} = stageOf(progress);
	const wanted = wantedOf(progress);
	if (phase === 'right' || phase === 'done') {
		return 'Enter goes on.';
	}

	if (phase === 'asking' && ask.kind === 'predict') {
		return `Type ${numbersOf(ask.choices.length)} and Enter; what you predict is not counted.`;
	}

	if (isGone(progress)) {
		return whyGone(progress);
	}

	if (phase === 'checking' && progress.isPaused) {
		return 'Reading is paused: type /resume and Enter.';
	}

	const hint = pageHintOf(progress);
	return wanted === undefined
		? hint || 'Nothing is to be typed now; it takes a moment.'
		: `Type ${wanted} and Enter. ${hint}`.trim();
};

const verdictOn = ({ask, chosen}: Prediction): Note => {
	const said = ask.choices[chosen]!;
	const right = ask.choices[ask.right]!;
	return chosen === ask.right
		? {tone: 'good', text: `You predicted "${said}", rightly: ${ask.because}`}
		: {
				tone: 'bad',
				text: `You predicted "${said}", but it is "${right}": ${ask.because}`,
			};
};

/** After the last move: a prediction is asked, or the effect is awaited. */
const arrive = (progress: Progress): Advance => {
	const {ask} = stageOf(progress);
	if (ask.kind === 'predict') {
		return {progress: {...progress, phase: 'asking'}, effects: []};
	}

	if (ask.kind === 'check' && !isReached(progress)) {
		return {
			progress: {...progress, phase: 'checking'},
			effects: [{type: 'wait'}],
		};
	}

	const {prediction} = progress;
	const isSeen = ask.kind === 'check';
	return {
		progress: {
			...progress,
			phase: 'right',
			// A silence that began before is what the next stage may ask for, and
			// may be over once that is read.
			early: progress.states.filter(({kind}) => kind === 'connection'),
			prediction: isSeen ? undefined : prediction,
			verdict: isSeen && prediction ? verdictOn(prediction) : undefined,
			notes: [],
		},
		effects: [],
	};
};

/** The first fact not used yet that a line has as its effect; -1 if none. */
const placeOf = (line: string, progress: Progress): number => {
	const effects = effectsOf(line);
	return progress.facts.findIndex(
		(fact, index) =>
			index >= progress.used &&
			isOfPeer(fact, progress) &&
			effects.some(effect => holds(effect, [fact])),
	);
};

/** Whether a line would do what can be done once, and was: FIN is sent. */
const hasStanding = (line: string, {states}: Progress): boolean =>
	effectsOf(line).some(effect => holds(effect, states));

/** No connection counts: the next one that is accepted will. */
const noConnection = {
	states: [],
	peer: undefined,
	hasClosed: false,
	isPaused: false,
} as const;

/**
 * Whether the other side connects to the learner's server. From then on the
 * connection before it says nothing about the step: its end is CLOSED, and
 * accept() may return a moment after Python's connect().
 */
const isNextConnection = (move: Move, {stages}: Lesson): boolean =>
	move.by === 'python' &&
	/\b(?:create_connection|connect)\(/.test(move.line) &&
	stages.some(({moves}) =>
		moves.some(made => made.by === 'sockchat' && made.command === 'serve'),
	);

/** Makes moves until one is the learner's or takes time. */
const go = (before: Progress): Advance => {
	let progress = before;
	for (;;) {
		const move = stageOf(progress).moves[progress.at];
		if (!move) {
			return arrive(progress);
		}

		if (isHeld(progress)) {
			return {progress, effects: [{type: 'wait'}]};
		}

		if (move.by !== 'learner') {
			return {
				progress: isNextConnection(move, progress.lesson)
					? {...progress, ...noConnection}
					: progress,
				effects: [{type: 'play', move}],
			};
		}

		const place = placeOf(move.line, progress);
		const isLeft = place === -1 && !hasStanding(move.line, progress);
		if (isLeft && !isReached(progress)) {
			return {progress, effects: [{type: 'wait'}]};
		}

		progress = {
			...progress,
			at: progress.at + 1,
			used: Math.max(progress.used, place + 1),
			notes: [],
		};
	}
};

/**
 * What has happened that the next stage may ask for. A stage that asks for
 * nothing of the sockets passes on what came while it was read, and before.
 */
const carriedFrom = (progress: Progress): readonly Fact[] =>
	stageOf(progress).ask.kind === 'check'
		? progress.early
		: progress.facts
				.slice(progress.used)
				.filter(({kind}) => kind !== 'printed');

const enter = (progress: Progress, index: number): Advance =>
	go({
		...progress,
		index,
		phase: 'moving',
		at: 0,
		facts: carriedFrom(progress),
		early: [],
		used: 0,
		played: [],
		verdict: undefined,
		notes: [],
	});

const goOn = (progress: Progress): Advance => {
	const {step, texts} = stageOf(progress);
	const {index, past, played, verdict} = progress;
	const stage = {step, texts, played, verdict};
	return enter({...progress, past: [...past, stage]}, index + 1);
};

export const startProgress = (lesson: Lesson): Advance =>
	enter(
		{
			lesson,
			index: 0,
			phase: 'moving',
			at: 0,
			facts: [],
			early: [],
			used: 0,
			...noConnection,
			broken: undefined,
			played: [],
			past: [],
			prediction: undefined,
			verdict: undefined,
			notes: [],
		},
		0,
	);

const remember = (progress: Progress, fact: Fact): Progress => {
	const isDone = progress.phase === 'right' || progress.phase === 'asking';
	return {
		...progress,
		facts: [...progress.facts, fact],
		early: isDone ? [...progress.early, fact] : [],
	};
};

const isPausedBy = (fact: Fact, progress: Progress): boolean => {
	const facts = isOfPeer(fact, progress) ? [fact] : [];
	return (
		holds({kind: 'call', call: 'pause()'}, facts) ||
		(progress.isPaused && !holds({kind: 'call', call: 'resume()'}, facts))
	);
};

/** A connection that wasn't there before is the one that counts from now on. */
const take = (progress: Progress, fact: Fact): Progress => {
	if (fact.kind === 'connection') {
		const others = progress.states.filter(({kind}) => kind !== 'connection');
		return {...remember(progress, fact), states: [...others, fact]};
	}

	if (holds({kind: 'call', call: 'close()'}, [fact])) {
		const {peer, hasClosed} = progress;
		const isOfIt = peer !== undefined && fact.peer === peer;
		return {...remember(progress, fact), hasClosed: hasClosed || isOfIt};
	}

	if (fact.kind !== 'state') {
		const isEnd =
			holds({kind: 'call', call: 'shutdown()'}, [fact]) &&
			isOfPeer(fact, progress);
		return {
			...remember(progress, fact),
			isPaused: isPausedBy(fact, progress),
			states: isEnd ? [...progress.states, fact] : progress.states,
		};
	}

	const isNew = fact.state === 'ESTABLISHED' && fact.peer !== progress.peer;
	if (!isNew && fact.peer !== progress.peer) {
		return progress;
	}

	const others = progress.states.filter(state =>
		state.kind === 'state'
			? !isNew && state.end !== fact.end
			: state.kind === 'connection' || !isNew,
	);
	return {
		...remember(progress, fact),
		peer: fact.peer,
		isPaused: progress.isPaused && !isNew,
		// A client may come again from the same port.
		hasClosed: progress.hasClosed && fact.state !== 'ESTABLISHED',
		states: [...others, fact],
	};
};

const seeFact = (before: Progress, fact: Fact): Advance => {
	const progress = take(before, fact);
	if (progress.phase === 'checking') {
		return {...arrive(progress), effects: []};
	}

	const isWaiting = wantedOf(progress) !== undefined || isHeld(before);
	if (!isWaiting) {
		return {progress, effects: []};
	}

	const advance = go(progress);
	const hasMoved =
		advance.progress.at !== progress.at ||
		(isHeld(before) && !isHeld(progress));
	return hasMoved ? advance : {...advance, effects: []};
};

/** What wasn't to fail stands for the steps after it, which need it. */
const seePlayed = (progress: Progress, {line, output}: Played): Advance => {
	const move = stageOf(progress).moves[progress.at];
	const last = output.trimEnd().split('\n').at(-1)!;
	const played = [...progress.played, {line, output}];
	if (move?.by === 'python' && !move.mayFail && isException(last)) {
		const broken = `The other side failed: ${last}.`;
		return {progress: {...progress, played, broken}, effects: []};
	}

	const fact = {kind: 'printed', peer: undefined, text: output} as const;
	return go({
		...progress,
		played,
		facts: [...progress.facts, fact],
		at: progress.at + 1,
	});
};

const predict = (progress: Progress, line: string): Advance => {
	const {ask} = stageOf(progress);
	if (ask.kind !== 'predict') {
		return {progress, effects: []};
	}

	const chosen = chooseBy(line, ask.choices);
	return typeof chosen === 'string'
		? {progress: noted(progress, 'bad', chosen), effects: []}
		: goOn({...progress, prediction: {ask, chosen}});
};

const next = (progress: Progress): Advance => {
	const {lesson, index, phase} = progress;
	switch (phase) {
		case 'right': {
			return index + 1 < lesson.stages.length
				? goOn(progress)
				: {progress: {...progress, phase: 'done', notes: []}, effects: []};
		}

		case 'done': {
			return {progress, effects: [{type: 'leave'}]};
		}

		case 'asking': {
			return predict(progress, '');
		}

		case 'moving':
		case 'checking': {
			return {
				progress: noted(progress, 'info', `Not yet. ${hintOf(progress)}`),
				effects: [],
			};
		}

		default: {
			return assertNever(phase);
		}
	}
};

/** @param typed The line as it is sent. */
const perform = (progress: Progress, line: string, typed: string): Advance => {
	const wanted = wantedOf(progress);
	if (/^\d$/.test(line) && line !== wanted) {
		return {
			progress: noted(
				progress,
				'bad',
				`No prediction is asked for now, so ${line} was not sent. ${hintOf(progress)}`,
			),
			effects: [],
		};
	}

	const effects = [{type: 'perform', line: typed}] as const;
	if (wanted !== undefined && line !== wanted) {
		return {
			progress: noted(progress, 'bad', `Not ${line}. ${hintOf(progress)}`),
			effects,
		};
	}

	return {
		progress:
			wanted === undefined && !line.startsWith('/')
				? noted(
						progress,
						'info',
						`The lesson has no use for that line. ${hintOf(progress)}`,
					)
				: {...progress, notes: isGone(progress) ? progress.notes : []},
		effects,
	};
};

const seeLine = (progress: Progress, typed: string): Advance => {
	const line = typed.trim();
	switch (line) {
		case '':
		case 'next': {
			return next(progress);
		}

		case '/hint': {
			return {
				progress: noted(progress, 'info', hintOf(progress)),
				effects: [],
			};
		}

		case '/help': {
			return {progress: noted(progress, 'info', keys), effects: []};
		}

		case '/again': {
			return {progress, effects: [{type: 'again'}]};
		}

		case 'quit':
		case '/quit': {
			return {progress, effects: [{type: 'leave'}]};
		}

		default: {
			if (progress.phase === 'asking') {
				return predict(progress, line);
			}

			return perform(progress, line, typed);
		}
	}
};

export const advance = (progress: Progress, signal: Signal): Advance => {
	switch (signal.type) {
		case 'fact': {
			return seeFact(progress, signal.fact);
		}

		case 'played': {
			return seePlayed(progress, signal);
		}

		case 'line': {
			return seeLine(progress, signal.line);
		}

		case 'waited': {
			return {
				progress: isAwaited(progress)
					? noted(progress, 'info', `Hint: ${hintOf(progress)}`)
					: progress,
				effects: [],
			};
		}

		case 'broken': {
			return {
				progress: {...progress, broken: signal.sentence},
				effects: [],
			};
		}

		case 'notice': {
			const {isBad, text} = signal;
			const {phase} = progress;
			const isDone = phase === 'right' || phase === 'done';
			return {
				progress: isBad
					? isDone && isClosed(progress)
						? noted(progress, 'info', closedSentence)
						: noted(progress, 'bad', text)
					: progress,
				effects: [],
			};
		}

		default: {
			return assertNever(signal);
		}
	}
};
