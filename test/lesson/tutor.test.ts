/** Lessons with real sockets and a real Python, as fast as they go. */
import assert from 'node:assert/strict';
import {once} from 'node:events';
import {createServer} from 'node:net';
import {describe, test} from 'node:test';
import {parseLesson, socketsOf} from '../../source/lesson/lesson.js';
import {lessonTexts} from '../../source/lesson/texts.js';
import {
	stageOf,
	wantedOf,
	type Progress,
} from '../../source/lesson/progress.js';
import type {Tutor} from '../../source/lesson/tutor.js';
import {isGone, whyGone} from '../../source/lesson/over.js';
import type {KernelTimer} from '../../source/tcp/tcp.js';
import type {Owner} from '../helpers/environment.js';
import {FakeClock} from '../helpers/clock.js';
import {learn, startTutor} from '../helpers/lessons/learner.js';
import {until} from '../helpers/until.js';

// They wait, for most of their time: for the kernel's timers, and a frozen peer's.
describe('every lesson', {concurrency: 4}, () => {
	for (const [name, markdown] of Object.entries(lessonTexts)) {
		const {stages} = parseLesson(markdown);
		const comesToItsEnd = async (
			owner: Owner,
			options: Parameters<typeof learn>[2],
		) => {
			const {verdicts} = await learn(owner, markdown, options);
			const questions = stages.filter(({ask}) => ask.kind === 'predict');
			assert.equal(
				verdicts.filter(verdict => verdict.includes(', rightly: ')).length,
				questions.length,
				verdicts.join('\n'),
			);
		};

		test(`lesson: ${name} comes to its end by what it asks for`, async t => {
			await comesToItsEnd(t, {isCaptured: false});
		});

		if (socketsOf({stages}) === 'none') {
			continue;
		}

		test(`lesson: ${name} comes to its end by the same with --capture, and its segments are seen`, async t => {
			const captured: string[] = [];
			await comesToItsEnd(t, {
				isCaptured: true,
				onEvent(event) {
					const step = event.type === 'step' ? event.step : undefined;
					if (step?.kind === 'segment' && step.evidence === 'captured') {
						captured.push(step.segment);
					}
				},
			});
			assert.deepEqual(captured.slice(0, 3), ['SYN', 'SYN+ACK', 'ACK']);
		});
	}
});

/** Settles once the lesson asks for something again. */
const submitTo = async (
	tutor: Tutor,
	line: string,
	phase: Progress['phase'] | 'typing',
) => {
	tutor.submit(line, {view() {}});
	await until(
		() =>
			phase === 'typing'
				? wantedOf(tutor.progress) !== undefined
				: tutor.progress.phase === phase,
		{
			what: `the lesson to be ${phase} after "${line}"`,
			seen: () => JSON.stringify(tutor.progress),
		},
	);
};

test('lesson: a line too much is read with the others, and is not the end of the lesson', async t => {
	const tutor = await startTutor(t, lessonTexts['stream']!);
	await submitTo(tutor, '', 'typing');
	await submitTo(tutor, '/wire', 'right');
	await submitTo(tutor, '', 'typing');
	for (const line of ['zero', 'one', 'two']) {
		await submitTo(tutor, line, 'typing');
	}

	await submitTo(tutor, 'three', 'asking');
	await submitTo(tutor, '2', 'right');
	await submitTo(tutor, '', 'typing');
	await submitTo(tutor, 'hello', 'typing');
	await submitTo(tutor, 'hello world', 'right');
	assert.match(tutor.progress.played.at(-1)!.output, /\\nhello world/);
});

test('lesson: of the pair, a call that a step is about was seen before it is right', async t => {
	let hasReceived = false;
	const tutor = await startTutor(t, lessonTexts['pair']!, {
		onEvent(event) {
			hasReceived ||=
				event.type === 'step' &&
				event.step.kind === 'call' &&
				event.step.call.startsWith('recv(');
		},
	});
	await until(
		() => {
			const {phase} = tutor.progress;
			const [text = ''] = stageOf(tutor.progress).texts;
			if (phase === 'right' && text.startsWith('They wait in the server')) {
				return true;
			}

			if (phase === 'right' || phase === 'asking') {
				tutor.submit(phase === 'right' ? '' : '2', {view() {}});
			}

			return false;
		},
		{
			what: 'the bytes to be received',
			seen: () => JSON.stringify(tutor.progress),
		},
	);
	assert.ok(hasReceived);
});

test('lesson: a line counts as sent once the kernel has it, and ss finds it', async t => {
	let isTaken = false;
	let progress: Progress | undefined;
	const isSent = () =>
		progress?.facts.some(
			fact => fact.kind === 'chunk' && fact.direction === 'out',
		) ?? false;
	const tutor = await startTutor(t, lessonTexts['unread']!, {
		onEvent(event) {
			isTaken ||=
				event.type === 'step' &&
				event.step.kind === 'call' &&
				event.step.call === 'send(17)';
		},
		onProgress(now) {
			progress = now;
			assert.ok(isTaken || !isSent());
		},
	});
	await submitTo(tutor, '', 'right');
	await submitTo(tutor, '', 'typing');
	await submitTo(tutor, 'are you reading?', 'right');
	assert.match(progress?.played.at(-1)?.output ?? '', /^ESTAB +17 +0 /);
});

test('lesson: a line that nobody would get is not passed over', async t => {
	const tutor = await startTutor(t, lessonTexts['half-close']!);
	const submit = (line: string) => {
		tutor.submit(line, {view() {}});
	};

	const sees = async (isSeen: () => boolean) =>
		until(isSeen, {
			what: 'the lesson to go on',
			seen: () => JSON.stringify(tutor.progress),
		});

	submit('');
	await sees(() => tutor.progress.phase === 'right');
	submit('/end');
	await sees(() =>
		tutor.progress.states.some(
			fact => fact.kind === 'state' && fact.state === 'CLOSE-WAIT',
		),
	);
	submit('after FIN');
	assert.match(tutor.progress.notes[0]!.text, /not sent/);
	submit('/close');
	await sees(() => tutor.progress.hasClosed);
	submit('to nobody');
	assert.match(tutor.progress.notes[0]!.text, /^Your socket is closed/);
});

test('lesson: of keepalive, the client probes every second, however slow the machine is', async t => {
	let openedAt = Infinity;
	let timer: KernelTimer | undefined;
	const tutor = await startTutor(t, lessonTexts['keepalive']!, {
		onEvent(event) {
			if (event.type === 'accepted') {
				openedAt = event.at;
			} else if (event.type === 'peers') {
				timer = event.rows[0]?.kernel?.remote?.timer;
			}
		},
		onProgress({played}) {
			if (played.at(-1)?.line.includes('setsockopt(') !== true) {
				return;
			}

			// For a timer that was due at once to fire before the next line.
			const goesOnAt = Date.now() + 50;
			while (Date.now() < goesOnAt) {
				// The process is busy.
			}
		},
	});
	await submitTo(tutor, '', 'right');
	await until(() => Date.now() - openedAt > 1100, {
		what: 'the connection to be silent for longer than a probe waits',
		seen: () => `opened at ${openedAt}`,
	});
	await submitTo(tutor, '', 'asking');
	await submitTo(tutor, '3', 'typing');
	await submitTo(tutor, '/keepalive on', 'right');
	await submitTo(tutor, '', 'right');
	timer = undefined;
	await until(() => timer !== undefined, {what: "the client's timer"});
	assert.equal(timer!.name, 'keepalive');
	assert.ok(timer!.inMs <= 2000, JSON.stringify(timer));
});

test('lesson: a learner who does not get on is given the hint, after the while that was asked for', async t => {
	const clock = new FakeClock();
	const tutor = await startTutor(t, lessonTexts['half-close']!, {
		clock,
		hintAfterMs: 1000,
	});
	await submitTo(tutor, '', 'right');
	await submitTo(tutor, '', 'right');
	await submitTo(tutor, '', 'asking');
	await submitTo(tutor, '2', 'typing');
	clock.advance(999);
	assert.deepEqual(tutor.progress.notes, []);
	clock.advance(1);
	assert.deepEqual(tutor.progress.notes, [
		{
			tone: 'info',
			text: 'Hint: Type /end and Enter. /end is shutdown(SHUT_WR): it sends FIN and keeps reading.',
		},
	]);
});

test('lesson: a port that another program has taken is said to be, and another one is chosen', async t => {
	for (const [name, sentence] of [
		['half-close', /^Another program has taken the port of this lesson\./],
		['backlog', /^The other side failed: OSError: .*Address already in use\./],
		['frozen-peer', /^The server of this lesson's room .* is taken by [^.]*\./],
	] as const) {
		let hasFailed = false;
		const tutor = await startTutor(t, lessonTexts[name]!, {
			onFailed() {
				hasFailed = true;
			},
		});
		const {host, port} = tutor.where;
		const other = createServer().listen(port, host);
		await once(other, 'listening');
		t.after(() => {
			other.close();
		});
		tutor.submit('', {view() {}});
		await until(() => hasFailed || isGone(tutor.progress), {
			what: 'the lesson to say that it is over',
			seen: () => JSON.stringify(tutor.progress),
			deadlineMs: 30_000,
		});
		assert.equal(hasFailed, false, name);
		const said = whyGone(tutor.progress);
		assert.match(said, sentence);
		assert.match(said, /^.*?\. \/again starts it again\.$/);
		const next = await startTutor(t, lessonTexts[name]!);
		assert.notEqual(next.where.port, port);
	}
});

test('lesson: of TIME-WAIT, a bind that came after its minute is not said to have failed', async t => {
	// The client's end is gone at once, as it is for a learner who reads for a minute.
	const gone = lessonTexts['time-wait']!.replace(
		'>>> client.close()\n',
		`>>> client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b'\\1\\0\\0\\0\\0\\0\\0\\0')
   >>> client.close()
`,
	).replace('> **Check:** `other end TIME-WAIT`.', '');
	const tutor = await startTutor(t, gone);
	await submitTo(tutor, '', 'right');
	await submitTo(tutor, '', 'asking');
	await submitTo(tutor, '2', 'right');
	await submitTo(tutor, '', 'asking');
	await submitTo(tutor, '3', 'checking');
	assert.equal(
		whyGone(tutor.progress),
		'The other side printed something else than this step expects. TIME-WAIT lasts for a minute; then anybody may bind the port. /again starts it again.',
	);
	assert.ok(isGone(tutor.progress));
});

const page = (...lines: readonly string[]) => `# A

You will learn it.

1. Start:

   \`\`\`console
   # terminal 1
${lines.map(line => `   ${line}`).join('\n')}
   \`\`\`

   > **Check:** \`printed "never"\`.
`;

test('lesson: when the other side is killed, it says that it is over', async t => {
	for (const lines of [
		['>>> import os', '>>> os._exit(0)', '>>> print("never")'],
		[
			'$ sockchat serve --nick otter --no-history < /dev/null &',
			'$ kill -KILL %1',
		],
	]) {
		const tutor = await startTutor(t, page(...lines));
		tutor.submit('', {view() {}});
		await until(() => isGone(tutor.progress), {
			what: 'the lesson to say that it is over',
			seen: () => JSON.stringify(tutor.progress),
			// A room starts from its source: seconds, on a busy machine many.
			deadlineMs: 30_000,
		});
	}
});
