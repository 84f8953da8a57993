/** How far a learner is: what was typed and what happened → what comes next. */
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {env} from 'node:process';
import {test} from 'node:test';
import fc from 'fast-check';
import {
	advance,
	startProgress,
	type Advance,
	type Effect,
	type Signal,
} from '../../source/lesson/advance.js';
import type {Fact} from '../../source/lesson/condition.js';
import {parseLesson} from '../../source/lesson/lesson.js';
import {isGone} from '../../source/lesson/over.js';
import {
	stageOf,
	wantedOf,
	type Progress,
} from '../../source/lesson/progress.js';

const runs = Number(env['FAST_CHECK_RUNS'] ?? 300);

const lesson = parseLesson(
	readFileSync(
		new URL('../../docs/lessons/half-close.md', import.meta.url),
		'utf8',
	),
);

const line = (text: string): Signal => ({type: 'line', line: text});
const state = (end: 'local' | 'remote', name: string): Signal => ({
	type: 'fact',
	fact: {kind: 'state', peer: 'p', end, state: name} as Fact,
});
const shutdown: Signal = {
	type: 'fact',
	fact: {kind: 'call', peer: 'p', call: 'shutdown(SHUT_WR)'},
};

/** A learner whose other side answers at once. */
const start = (page = lesson) => {
	const effects: Effect[] = [];
	let progress: Progress;
	const take = (next: Advance) => {
		({progress} = next);
		for (const effect of next.effects) {
			effects.push(effect);
			if (effect.type !== 'play') {
				continue;
			}

			const played = {line: 'played', output: ''};
			take(advance(progress, {type: 'played', ...played}));
		}
	};

	take(startProgress(page));
	return {
		effects,
		do(...signals: readonly Signal[]) {
			for (const signal of signals) {
				take(advance(progress, signal));
			}
		},
		get progress() {
			return progress;
		},
		get notes() {
			return progress.notes.map(({text}) => text);
		},
		get verdict() {
			return progress.verdict?.text ?? '';
		},
	};
};

const open = [state('local', 'ESTABLISHED'), state('remote', 'ESTABLISHED')];

/** To where /end is asked for, by a prediction. */
const startAtEnd = (prediction: string) => {
	const learner = start();
	// The goal, the connection, what the time means.
	learner.do(line(''), ...open, line(''), line(''));
	assert.equal(learner.progress.phase, 'asking');
	learner.do(line(prediction));
	assert.equal(wantedOf(learner.progress), '/end');
	return learner;
};

test('lesson progress: a step is right once the socket did it, and not before', () => {
	const learner = startAtEnd('2');
	learner.do(line('/end'));
	assert.deepEqual(learner.effects.at(-1), {type: 'perform', line: '/end'});
	assert.equal(wantedOf(learner.progress), '/end', 'typed is not done');
	learner.do(shutdown);
	assert.equal(learner.progress.phase, 'checking');
	learner.do(state('local', 'FIN-WAIT-2'));
	assert.equal(learner.progress.phase, 'checking', 'half of it');
	learner.do(line(''));
	assert.match(learner.notes[0]!, /^Not yet\. \/end is shutdown/);
	learner.do(state('remote', 'CLOSE-WAIT'));
	assert.equal(learner.progress.phase, 'right');
});

test('lesson progress: whether a prediction was right is said when it has come true', () => {
	for (const [choice, verdict] of [
		['1', /^You predicted "ESTABLISHED", but it is "CLOSE-WAIT": its kernel/],
		['2', /^You predicted "CLOSE-WAIT", rightly: its kernel/],
	] as const) {
		const learner = startAtEnd(choice);
		learner.do(shutdown, state('local', 'FIN-WAIT-2'));
		assert.equal(learner.verdict, '');
		learner.do(state('remote', 'CLOSE-WAIT'));
		assert.match(learner.verdict, verdict);
		// What is said of something else doesn't hide it.
		learner.do(line('/hint'));
		assert.match(learner.verdict, verdict);
		learner.do(line(''));
		assert.equal(learner.verdict, '');
	}
});

/** To where the state of the client's end is to be predicted. */
const startAtPrediction = () => {
	const learner = start();
	learner.do(line(''), ...open, line(''), line(''));
	return learner;
};

test('lesson progress: a prediction may be made in words', () => {
	for (const [text, chosen] of [
		['2', 1],
		['2.', 1],
		['CLOSE-WAIT', 1],
		['close wait', 1],
		['2 close-wait', 1],
		['closed', 2],
	] as const) {
		const learner = startAtPrediction();
		learner.do(line(text));
		assert.equal(learner.progress.prediction?.chosen, chosen, text);
	}
});

test('lesson progress: what is no choice is no prediction', () => {
	const learner = startAtPrediction();
	for (const text of [
		'',
		'0',
		'4',
		'/end',
		'?',
		'TIME-WAIT',
		'not CLOSED',
		'3 ESTABLISHED',
	]) {
		learner.do(line(text));
		assert.equal(learner.progress.phase, 'asking');
		assert.deepEqual(learner.notes, [
			'First your prediction: a number from 1 to 3.',
		]);
	}
});

test('lesson progress: another line is sent all the same, and answered with a hint', () => {
	const learner = startAtEnd('2');
	learner.do(line('/pause'));
	assert.deepEqual(learner.effects.at(-1), {type: 'perform', line: '/pause'});
	assert.match(learner.notes[0]!, /^Not \/pause\. Type \/end and Enter\. /);
	assert.equal(wantedOf(learner.progress), '/end');
	learner.do({type: 'fact', fact: {kind: 'call', peer: 'p', call: 'pause()'}});
	assert.equal(wantedOf(learner.progress), '/end');
});

test('lesson progress: a number that answers nothing is not sent', () => {
	const early = start();
	early.do(line(''), ...open);
	assert.equal(early.progress.phase, 'right');
	early.do(line('2'));
	assert.notEqual(early.effects.at(-1)!.type, 'perform');
	assert.deepEqual(early.notes, [
		'No prediction is asked for now, so 2 was not sent. Enter goes on.',
	]);
	const late = startAtEnd('2');
	late.do(line('2'));
	assert.notEqual(late.effects.at(-1)!.type, 'perform');
	assert.match(late.notes[0]!, /so 2 was not sent\. Type \/end and Enter\./);
});

test('lesson progress: a text that nothing asks for is sent, and said to be too much', () => {
	const learner = start();
	learner.do(line(''), ...open, line('hello'));
	assert.deepEqual(learner.effects.at(-1), {type: 'perform', line: 'hello'});
	assert.deepEqual(learner.notes, [
		'The lesson has no use for that line. Enter goes on.',
	]);
});

test('lesson progress: /help names the keys, whatever is asked', () => {
	const learner = start();
	for (const _ of [1, 2, 3]) {
		learner.do(line('/help'));
		assert.match(learner.notes[0]!, /^Enter goes on, .*Alt-Up.*Ctrl-T/);
		assert.notEqual(learner.effects.at(-1)?.type, 'perform');
		learner.do(line(''), ...open);
	}
});

test('lesson progress: a hint says what is to be typed now', () => {
	const learner = start();
	learner.do(line('/hint'));
	assert.deepEqual(learner.notes, ['Enter goes on.']);
	learner.do(line(''));
	learner.do(line('/hint'));
	assert.deepEqual(learner.notes, [
		'Nothing is to be typed now; it takes a moment.',
	]);
	learner.do(...open, line(''), line(''), line('/hint'));
	assert.deepEqual(learner.notes, [
		'Type a number from 1 to 3 and Enter; what you predict is not counted.',
	]);
});

test('lesson progress: what was not yet is forgotten once it is there', () => {
	let {progress} = startProgress(
		parseLesson(
			'# A\n\n1. See:\n\n   ```console\n   # terminal 1\n   >>> 1\n   ```\n',
		),
	);
	({progress} = advance(progress, line('')));
	assert.match(progress.notes[0]!.text, /^Not yet\./);
	({progress} = advance(progress, {
		type: 'played',
		line: '>>> 1',
		output: '1',
	}));
	assert.equal(progress.phase, 'right');
	assert.deepEqual(progress.notes, []);
});

test('lesson progress: a look by ss waits for what it is to show', () => {
	const page = `# A

1. Close:

   \`\`\`console
   # terminal 2
   >>> client.close()

   # terminal 3
   $ ss -tan
   \`\`\`

   > **Check:** \`other end TIME-WAIT\`.
`;
	let {progress, effects} = startProgress(parseLesson(page));
	const see = (signal: Signal) => {
		({progress, effects} = advance(progress, signal));
	};

	see(line(''));
	assert.match(progress.notes[0]!.text, /^Not yet\./);
	see({type: 'played', line: '>>> client.close()', output: ''});
	assert.deepEqual(effects, [{type: 'wait'}]);
	for (const early of [...open, state('local', 'CLOSE-WAIT')]) {
		see(early);
		assert.deepEqual(effects, []);
	}

	see(line('next'));
	assert.match(progress.notes[0]!.text, /it takes a moment/);
	see(state('remote', 'TIME-WAIT'));
	const look = {by: 'shell', line: 'ss -tan'} as const;
	assert.deepEqual(effects, [{type: 'play', move: look}]);
	// Once.
	see(state('local', 'CLOSED'));
	assert.deepEqual(effects, []);
	see({type: 'played', line: '$ ss -tan', output: 'TIME-WAIT'});
	assert.equal(progress.phase, 'right');
});

test('lesson progress: another line with the same effect will do', () => {
	const learner = startAtEnd('2');
	learner.do(line('/end '), shutdown);
	assert.equal(learner.progress.phase, 'checking');
});

test('lesson progress: what is done before it is asked for is not asked for again', () => {
	const learner = start();
	learner.do(line(''), ...open, line(''), line(''), line('/end'));
	assert.equal(learner.progress.phase, 'asking');
	learner.do(shutdown, state('local', 'FIN-WAIT-2'), line('2'));
	assert.equal(wantedOf(learner.progress), undefined);
	assert.equal(learner.progress.phase, 'checking');
	learner.do(state('remote', 'CLOSE-WAIT'));
	assert.equal(learner.progress.phase, 'right');
});

test('lesson progress: what is done while the step before stands there is not asked for again', () => {
	const learner = start();
	learner.do(line(''), ...open, line('/end'));
	learner.do(shutdown, state('local', 'FIN-WAIT-2'));
	learner.do(line(''), line(''), line('2'));
	assert.equal(learner.progress.phase, 'checking');
	learner.do(state('remote', 'CLOSE-WAIT'));
	assert.equal(learner.progress.phase, 'right');
});

test('lesson progress: a direction that was ended in an earlier step is not to be ended again', () => {
	const pausing = parseLesson(
		readFileSync(
			new URL('../../docs/lessons/fin-and-rst.md', import.meta.url),
			'utf8',
		),
	);
	const call = (name: string): Signal => ({
		type: 'fact',
		fact: {kind: 'call', peer: 'p', call: name},
	});
	const learner = start(pausing);
	learner.do(line(''), ...open, line(''));
	assert.equal(wantedOf(learner.progress), '/pause');
	// Out of turn: a socket sends FIN once.
	learner.do(line('/end'), shutdown, state('remote', 'CLOSE-WAIT'));
	learner.do(line('/pause'), call('pause()'), line(''), line('2'));
	assert.equal(wantedOf(learner.progress), '/resume');
	learner.do(line('/resume'), call('resume()'));
	learner.do({
		type: 'fact',
		fact: {kind: 'chunk', peer: 'p', direction: 'in', text: 'last words\n'},
	});
	assert.equal(learner.progress.phase, 'right');
});

test('lesson progress: what the other side printed before a prediction is no answer to it', () => {
	let {progress} = startProgress(
		parseLesson(`# A

1. Ask:

   \`\`\`console
   # terminal 1
   >>> True
   \`\`\`

   > **Predict:** And now?
   >
   > 1. True
   > 2. False
   >
   > <details><summary>Answer</summary>
   >
   > **1.** it is the same.
   >
   > </details>

   \`\`\`console
   # terminal 1
   >>> True
   \`\`\`

   > **Check:** \`printed "True"\`.
`),
	);
	const see = (signal: Signal) => {
		({progress} = advance(progress, signal));
	};

	const played: Signal = {type: 'played', line: '>>> True', output: 'True\n'};
	see(played);
	assert.equal(progress.phase, 'asking');
	see(line('1'));
	assert.deepEqual(progress.facts, []);
	see(played);
	assert.equal(progress.phase, 'right');
});

/** A member of a room, whose connection may be lost and come back. */
const roomPage = parseLesson(`# A

You will learn it.

1. Join:

   \`\`\`console
   # terminal 1
   $ sockchat connect --nick heron
   \`\`\`

   > **Check:** \`connection open\`.

2. Wait.

   > **Check:** \`connection silent\`.

3. And wait.

   > **Check:** \`connection handshaking\` and \`this end ESTABLISHED\`.
`);

test("lesson progress: a member's connection counts by its phase now, and its end is not that of the lesson", () => {
	let {progress} = startProgress(roomPage);
	const see = (...signals: readonly Signal[]) => {
		for (const signal of signals) {
			({progress} = advance(progress, signal));
		}
	};

	const fact = (seen: Partial<Fact>): Signal => ({
		type: 'fact',
		fact: {peer: undefined, ...seen} as Fact,
	});
	const phase = (name: string) =>
		fact({kind: 'connection', phase: name} as Fact);
	const own = (name: string) =>
		fact({kind: 'state', end: 'local', state: name} as Fact);
	see(line(''), own('ESTABLISHED'), phase('open'));
	see({type: 'played', line: '$ sockchat connect', output: ''});
	assert.equal(progress.phase, 'right');
	// The learner reads for long.
	see(phase('silent'), own('CLOSED'), own('ESTABLISHED'), phase('handshaking'));
	see(line(''));
	assert.equal(progress.phase, 'right');
	assert.deepEqual(progress.notes, []);
	see(line(''));
	assert.equal(stageOf(progress).step, 3);
	assert.equal(progress.phase, 'right');
});

test('lesson progress: a call on another connection is not the one that is meant', () => {
	const learner = startAtEnd('2');
	learner.do({
		type: 'fact',
		fact: {kind: 'call', peer: 'earlier', call: 'shutdown(SHUT_WR)'},
	});
	assert.equal(wantedOf(learner.progress), '/end');
});

test('lesson progress: a hint comes after a while, and at once by /hint', () => {
	const learner = startAtEnd('2');
	assert.deepEqual(learner.effects.at(-1), {type: 'wait'});
	learner.do({type: 'waited'});
	assert.match(
		learner.notes[0]!,
		/^Hint: Type \/end and Enter\.(?: [\dA-Z/].*)?$/,
	);
	const other = startAtEnd('2');
	other.do(line('/hint'));
	assert.match(other.notes[0]!, /^Type \/end and Enter\./);
});

test('lesson progress: a connection that ends too early is said to have', () => {
	const learner = startAtEnd('2');
	assert.ok(!isGone(learner.progress));
	learner.do(line('/reset'), state('local', 'CLOSED'));
	assert.ok(isGone(learner.progress));
	for (const text of ['', '/hint', 'hello', '/end']) {
		learner.do(line(text));
		assert.ok(isGone(learner.progress));
		assert.match(learner.notes[0]!, /\/again starts it again\.$/);
	}

	learner.do(line('/again'));
	assert.deepEqual(learner.effects.at(-1), {type: 'again'});
});

test('lesson progress: a state that cannot come back is not waited for', () => {
	const learner = start(
		parseLesson(
			readFileSync(
				new URL('../../docs/lessons/keepalive.md', import.meta.url),
				'utf8',
			),
		),
	);
	const seen = (call: string): Signal => ({
		type: 'fact',
		fact: {kind: 'call', peer: 'p', call},
	});
	learner.do(line(''), ...open, line(''), line('3'));
	learner.do(seen('setsockopt(SO_KEEPALIVE, 1)'), line(''), line(''));
	learner.do(line('1'), seen('pause()'), shutdown);
	learner.do(state('local', 'FIN-WAIT-1'), state('local', 'FIN-WAIT-2'));
	assert.ok(!isGone(learner.progress), 'it may still be resumed');
	learner.do(seen('resume()'));
	assert.ok(isGone(learner.progress));
	learner.do(line(''));
	assert.equal(
		learner.notes[0],
		'Not yet. The connection has left the state that this step is about. /again starts it again.',
	);
});

test('lesson progress: an RST of the other side is said to have ended it', () => {
	const learner = startAtEnd('2');
	learner.do(
		{type: 'fact', fact: {kind: 'segment', peer: 'p', segment: 'RST'}},
		state('local', 'CLOSED'),
	);
	learner.do(line('/hint'));
	assert.match(
		learner.notes[0]!,
		/^The other side sent RST, as close\(\) does while bytes are unread: .*over/,
	);
});

test('lesson progress: what another connection does is not taken for this one', () => {
	const learner = startAtEnd('2');
	learner.do(shutdown, state('local', 'FIN-WAIT-2'), {
		type: 'fact',
		fact: {kind: 'state', peer: 'q', end: 'remote', state: 'CLOSE-WAIT'},
	});
	assert.equal(learner.progress.phase, 'checking');
});

test('lesson progress: the end of an earlier connection is not that of this one', () => {
	const isClosed: Signal = {
		type: 'fact',
		fact: {kind: 'state', peer: 'earlier', end: 'local', state: 'CLOSED'},
	};
	const learner = startAtEnd('2');
	learner.do(isClosed);
	assert.ok(!isGone(learner.progress));
	learner.do(shutdown, isClosed);
	assert.equal(learner.progress.phase, 'checking');
	assert.ok(!isGone(learner.progress));
});

test('lesson progress: it can be gone through to its end, which leaves', () => {
	const learner = startAtEnd('2');
	learner.do(shutdown, state('local', 'FIN-WAIT-2'));
	learner.do(state('remote', 'CLOSE-WAIT'), line(''), line('2'));
	learner.do({
		type: 'fact',
		fact: {kind: 'chunk', peer: 'p', direction: 'in', text: 'still here\n'},
	});
	learner.do(line('next'), line('2'), state('local', 'TIME-WAIT'));
	while (learner.progress.phase !== 'done') {
		assert.equal(learner.progress.phase, 'right');
		learner.do(line(''));
	}

	learner.do(line(''));
	assert.deepEqual(learner.effects.at(-1), {type: 'leave'});
});

test('lesson progress: whatever comes in whatever order, its place is one of the lesson', () => {
	const signals = fc.oneof(
		fc
			.constantFrom(
				'',
				'1',
				'2',
				'/end',
				'/pause',
				'/hint',
				'/again',
				'next',
				'x',
			)
			.map(line),
		fc
			.record({
				end: fc.constantFrom('local' as const, 'remote' as const),
				name: fc.constantFrom(
					'ESTABLISHED',
					'CLOSE-WAIT',
					'FIN-WAIT-2',
					'CLOSED',
				),
			})
			.map(({end, name}) => state(end, name)),
		fc.constantFrom<Signal>(shutdown, {type: 'waited'}),
	);
	fc.assert(
		fc.property(fc.array(signals, {maxLength: 60}), all => {
			const learner = start();
			for (const signal of all) {
				const before = learner.progress.index;
				learner.do(signal);
				const {progress} = learner;
				assert.ok(stageOf(progress));
				assert.ok([0, 1].includes(progress.index - before));
				assert.ok(progress.at <= stageOf(progress).moves.length);
			}
		}),
		{numRuns: runs},
	);
});

const close: Signal = {
	type: 'fact',
	fact: {kind: 'call', peer: 'p', call: 'close()'},
};

const noPeer: Signal = {
	type: 'notice',
	isBad: true,
	text: 'Nobody is connected.',
};

test('lesson progress: a socket that was closed too early is said to be', () => {
	const learner = startAtEnd('2');
	learner.do(line('/pause'), line('/close'));
	assert.ok(!isGone(learner.progress));
	// Its kernel waits for the FIN of the other side.
	learner.do(close, state('local', 'FIN-WAIT-1'));
	assert.ok(isGone(learner.progress));
	learner.do(line('/end'), noPeer, line('/hint'));
	assert.match(learner.notes[0]!, /\/again starts it again/);
});

test('lesson progress: a socket that was closed a step too early is said to be', () => {
	const page = readFileSync(
		new URL('../../docs/lessons/unread.md', import.meta.url),
		'utf8',
	);
	const learner = start(parseLesson(page));
	learner.do(line(''), ...open);
	assert.equal(learner.progress.phase, 'right');
	learner.do(line('/close'), close, state('local', 'FIN-WAIT-2'));
	assert.ok(!isGone(learner.progress));
	learner.do(line(''));
	assert.equal(wantedOf(learner.progress), 'are you reading?');
	assert.ok(isGone(learner.progress));
});

test('lesson progress: a call that has the states of the wanted one, and ends what comes next, is not it', () => {
	const learner = startAtEnd('2');
	learner.do(line('/close'), close, state('local', 'FIN-WAIT-2'));
	learner.do(state('remote', 'CLOSE-WAIT'));
	// It can't read any more, which the next step is about.
	assert.ok(isGone(learner.progress));
});

test('lesson progress: a step that close() has done as well is done', () => {
	const learner = startAtEnd('2');
	learner.do(line('/close'), close, shutdown, state('local', 'FIN-WAIT-2'));
	learner.do(state('remote', 'CLOSE-WAIT'));
	assert.equal(learner.progress.phase, 'right');
	learner.do(line('/end'), noPeer);
	assert.deepEqual(learner.notes, [
		'Your socket is closed, so that line does nothing. Enter goes on.',
	]);
});

test('lesson progress: a connection from the port of a closed one is another', () => {
	const learner = startAtEnd('2');
	learner.do(line('/close'), close, state('local', 'FIN-WAIT-1'));
	assert.ok(isGone(learner.progress));
	learner.do(state('local', 'CLOSED'), state('local', 'ESTABLISHED'));
	assert.ok(!isGone(learner.progress));
});

test('lesson progress: one that has ended says nothing of a next one, made and not accepted yet', () => {
	const page = readFileSync(
		new URL('../../docs/lessons/unread.md', import.meta.url),
		'utf8',
	);
	const learner = start(parseLesson(page));
	learner.do(line(''), ...open, line(''), {
		type: 'fact',
		fact: {
			kind: 'chunk',
			peer: 'p',
			direction: 'out',
			text: 'are you reading?',
		},
	});
	learner.do(line(''), line('2'));
	learner.do(
		{type: 'fact', fact: {kind: 'segment', peer: 'p', segment: 'RST'}},
		state('local', 'CLOSED'),
		close,
	);
	assert.equal(learner.progress.phase, 'right');
	learner.do(line(''), line('2'));
	// The client's connect() has returned.
	assert.equal(wantedOf(learner.progress), '/reset');
	assert.ok(!isGone(learner.progress));
	// Its end is seen late.
	learner.do(state('remote', 'CLOSED'));
	assert.ok(!isGone(learner.progress));
	const ofNext = (signal: Signal): Signal =>
		signal.type === 'fact'
			? {...signal, fact: {...signal.fact, peer: 'q'} as Fact}
			: signal;
	learner.do(...open.map(signal => ofNext(signal)));
	assert.ok(!isGone(learner.progress));
	learner.do(ofNext(close));
	assert.ok(isGone(learner.progress));
});

test('lesson progress: another connection is not the one that was closed', () => {
	const learner = startAtEnd('2');
	learner.do({
		type: 'fact',
		fact: {kind: 'call', peer: 'earlier', call: 'close()'},
	});
	assert.ok(!isGone(learner.progress));
});

test('lesson progress: a closed socket stays closed when an earlier one is, too', () => {
	const learner = startAtEnd('2');
	learner.do(close, {
		type: 'fact',
		fact: {kind: 'call', peer: 'earlier', call: 'close()'},
	});
	assert.ok(isGone(learner.progress));
});

/** The steps of a lesson with a member, its other side answering at once. */
const joinFrozen = () => {
	let {progress, effects} = startProgress(
		parseLesson(
			readFileSync(
				new URL('../../docs/lessons/frozen-peer.md', import.meta.url),
				'utf8',
			),
		),
	);
	const see = (...signals: readonly Signal[]) => {
		for (const signal of signals) {
			({progress, effects} = advance(progress, signal));
			while (effects.some(({type}) => type === 'play')) {
				({progress, effects} = advance(progress, {
					type: 'played',
					line: '',
					output: '',
				}));
			}
		}
	};

	const seen = (fact: Record<string, string>): Signal => ({
		type: 'fact',
		fact: {peer: undefined, ...fact} as Fact,
	});
	const phase = (name: string) => seen({kind: 'connection', phase: name});
	const own = (name: string) =>
		seen({kind: 'state', end: 'local', state: name});
	const sent = [
		seen({kind: 'chunk', direction: 'out', text: 'are you there?'}),
		seen({kind: 'unread'}),
	];
	// To the line that is asked for.
	see(line(''), own('ESTABLISHED'), phase('open'));
	see(line(''), line('2'));
	assert.equal(wantedOf(progress), 'are you there?');
	return {see, phase, own, sent, progress: () => progress};
};

test('lesson progress: a silence that began before the line was typed is one', () => {
	const {see, phase, own, sent, progress} = joinFrozen();
	see(phase('silent'), line('are you there?'), ...sent);
	assert.equal(progress().phase, 'right');
	see(own('CLOSED'), phase('waiting'), phase('connecting'));
	see(own('ESTABLISHED'), phase('handshaking'), line(''));
	assert.equal(stageOf(progress()).step, 3);
	assert.equal(progress().phase, 'right');
	see(line(''), line('2'));
	assert.equal(stageOf(progress()).step, 4);
	assert.equal(progress().phase, 'right');
});

test('lesson progress: a line that is typed after the connection was given up comes too late', () => {
	const {see, phase, own, progress} = joinFrozen();
	see(phase('silent'));
	assert.ok(!isGone(progress()));
	see(own('CLOSED'), phase('waiting'), phase('connecting'));
	see(own('ESTABLISHED'), phase('handshaking'));
	assert.ok(isGone(progress()));
	see(line('/hint'));
	assert.match(progress().notes[0]!.text, /\/again starts it again/);
});

const pageOf = (name: string) =>
	parseLesson(
		readFileSync(
			new URL(`../../docs/lessons/${name}.md`, import.meta.url),
			'utf8',
		),
	);

const played = (output: string): Signal => ({
	type: 'played',
	line: 'played',
	output,
});

const sent = (text: string): Signal => ({
	type: 'fact',
	fact: {kind: 'chunk', peer: 'p', direction: 'out', text},
});

test('lesson progress: a step that printed something else is over, and says so', () => {
	const learner = start(pageOf('stream'));
	learner.do(line(''), ...open, {
		type: 'fact',
		fact: {kind: 'view', peer: undefined, view: 'wire'},
	});
	learner.do(line(''), sent('one'), sent('two'), sent('three'));
	assert.equal(learner.progress.phase, 'asking');
	// Its client prints nothing at all.
	learner.do(line('2'));
	assert.ok(isGone(learner.progress));
	learner.do(line('/hint'));
	assert.match(learner.notes[0]!, /^The other side printed something else/);
	assert.match(learner.notes[0]!, /\/again starts it again\.$/);
});

test('lesson progress: an exception that the page has not is the end of the other side', () => {
	const taken = 'OSError: [Errno 98] Address already in use\n';
	const {progress} = startProgress(
		parseLesson(
			[
				'# A',
				'',
				'You learn.',
				'',
				'1. Bind:',
				'',
				'   ```console',
				'   # terminal 1',
				'   >>> server.bind(("127.0.0.1", 5001))',
				'   >>> server.bind(("127.0.0.1", 5001))',
				'   Traceback (most recent call last):',
				'   OSError: [Errno 22] Invalid argument',
				'   >>> server.listen()',
				'   ```',
			].join('\n'),
		),
	);
	const first = advance(progress, line('')).progress;
	assert.ok(isGone(advance(first, played(taken)).progress));
	const second = advance(first, played('')).progress;
	const third = advance(second, played(taken)).progress;
	assert.ok(!isGone(third), 'there it is on the page');
	const hint = advance(advance(third, played(taken)).progress, line('/hint'));
	assert.deepEqual(
		hint.progress.notes.map(({text}) => text),
		[
			'The other side failed: OSError: [Errno 98] Address already in use. /again starts it again.',
		],
	);
});

test('lesson progress: who waits for bytes, but has paused, is told to read on', () => {
	const call = (name: string): Signal => ({
		type: 'fact',
		fact: {kind: 'call', peer: 'p', call: name},
	});
	const learner = startAtEnd('2');
	learner.do(line('/pause'), call('pause()'), shutdown);
	learner.do(state('local', 'FIN-WAIT-2'), state('remote', 'CLOSE-WAIT'));
	learner.do(line(''), line('2'), {type: 'waited'});
	assert.deepEqual(learner.notes, [
		'Hint: Reading is paused: type /resume and Enter.',
	]);
	learner.do(call('resume()'), line('/hint'));
	assert.deepEqual(learner.notes, [
		'Nothing is to be typed now; it takes a moment.',
	]);
});
