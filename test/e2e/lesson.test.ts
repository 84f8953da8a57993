/** Lessons on a screen, done right and wrong. */
import assert from 'node:assert/strict';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {delimiter, join} from 'node:path';
import process from 'node:process';
import {test} from 'node:test';
import {socketsOf, parseLesson} from '../../source/lesson/lesson.js';
import {lessonTexts} from '../../source/lesson/texts.js';
import {requireExecutable, type Owner} from '../helpers/environment.js';
import {readLesson} from '../helpers/lessons/lesson.js';
import {paneOf, readToTheEnd, textOf} from '../helpers/lessons/reading.js';
import {startBin} from '../helpers/process.js';
import {openScreen} from '../helpers/sockchat.js';
import type {Terminal} from '../helpers/terminal.js';
import {until} from '../helpers/until.js';

const names =
	/^"nope" is not a lesson; the lessons are backlog, .*half-close.* and zero-window\.$/;

const enter = async (terminal: Terminal, text: string) => {
	terminal.type(text);
	await terminal.waitFor(`› ${text}`);
	terminal.press('enter');
};

/** Waits for what the lesson says, however it is wrapped. */
const sees = async (terminal: Terminal, text: string) =>
	until(() => textOf(terminal).includes(text), {
		what: `the lesson to say "${text}"`,
		seen: terminal.framed,
	});

/** Goes on once the step is done, to the next stage or page. */
const goOn = async (terminal: Terminal, text: string) => {
	terminal.press('enter');
	await sees(terminal, text);
};

const toPrediction = async (terminal: Terminal) => {
	await sees(terminal, 'Python plays');
	await goOn(terminal, '✓ Seen on the socket');
	await goOn(terminal, '≤ before a time');
	await goOn(terminal, '3 CLOSED');
};

const sizes = [
	{columns: 80, rows: 24},
	{columns: 120, rows: 40},
] as const;

for (const [name, markdown] of Object.entries(lessonTexts)) {
	const lesson = parseLesson(markdown);
	const questions = lesson.stages.filter(({ask}) => ask.kind === 'predict');
	const readOn = async (
		owner: Owner,
		{columns, rows}: (typeof sizes)[number],
	) => {
		const terminal = await openScreen(owner, ['lesson', name], {columns, rows});
		const verdicts = new Set<string>();
		await readToTheEnd(terminal, lesson, text => {
			const verdict = /✓ You predicted "[^"]*", rightly: .{12}/.exec(text)?.[0];
			verdicts.add(verdict ?? '');
			if (columns < 120 && socketsOf(lesson) !== 'none') {
				assert.ok(paneOf(terminal).length <= 7, terminal.framed());
			}
		});
		verdicts.delete('');
		assert.equal(await terminal.waitForExit(), 0);
		assert.equal(verdicts.size, questions.length, [...verdicts].join('\n'));
	};

	// All sizes at once, as a lesson mostly waits for what its sockets do.
	test(`lesson: ${name} is done to its end by what it says, on each size`, async t => {
		await Promise.all(sizes.map(async size => readOn(t, size)));
	});
}

test('lesson: one is done wrong, then right', async t => {
	const terminal = await openScreen(t, ['lesson', 'half-close']);
	await toPrediction(terminal);
	await enter(terminal, 'perhaps');
	await sees(terminal, 'First your prediction: a number from 1 to 3.');
	await enter(terminal, '1');
	await sees(terminal, '› Type: /end');
	await enter(terminal, '/pause');
	await sees(terminal, '✗ Not /pause. Type /end and Enter.');
	await enter(terminal, '/end');
	await terminal.waitFor('● CLOSE-WAIT');
	await sees(terminal, '✗ You predicted "ESTABLISHED", but it is "CLOSE-WAIT"');
	await goOn(terminal, 'What happens if the client sends now?');
	await enter(terminal, '2');
	// It was paused, which the learner has to take back.
	await sees(terminal, '… not seen on the socket yet');
	await enter(terminal, '/resume');
	await sees(terminal, '✓ Seen on the socket. Enter: more');
	await goOn(terminal, '✓ You predicted "the bytes arrive here", rightly');
	terminal.press('ctrl-c');
	assert.equal(await terminal.waitForExit(), 0);
});

test('lesson: what was read before can be read again, and a prediction be made in words', async t => {
	const terminal = await openScreen(t, ['lesson', 'half-close']);
	await toPrediction(terminal);
	for (let row = 0; !textOf(terminal).includes('Step 1 of 5'); row++) {
		assert.ok(row < 20, terminal.framed());
		const before = textOf(terminal);
		terminal.press('alt-up');
		await until(() => textOf(terminal) !== before, {
			what: 'the row above',
			seen: terminal.framed,
		});
	}

	await terminal.waitFor('─ earlier steps · Enter: more · Alt-Up: back ─');
	await goOn(terminal, '3 CLOSED');
	await terminal.waitForNot('earlier steps');
	await enter(terminal, 'close-wait');
	await sees(terminal, '› Type: /end');
	await enter(terminal, '/end');
	await sees(terminal, '✓ You predicted "CLOSE-WAIT", rightly');
});

test('lesson: which step it is stands in the title, however narrow the pane', async t => {
	const terminal = await openScreen(t, ['lesson', 'pair'], {
		columns: 120,
		rows: 30,
	});
	await sees(terminal, 'Enter: next');
	terminal.press('enter');
	await terminal.waitFor('╭ 1 of 10 · The tutorial');
});

test('lesson: bytes of other programs are on the ladder as soon as they are seen', async t => {
	const terminal = await openScreen(t, ['lesson', 'pair'], {
		columns: 100,
		rows: 40,
	});
	await sees(terminal, 'Python plays both sides');
	await goOn(terminal, 'Enter: more');
	await goOn(terminal, "('0.0.0.0', 0) Enter: next");
	await terminal.waitFor('─ Alt-Up: back ─');
	await goOn(terminal, 'still refused');
	await sees(terminal, 'Enter: next');
	await goOn(terminal, '✓ Seen on the socket');
	await goOn(terminal, 'client = socket.socket() Enter: next');
	await goOn(terminal, 'Next comes its connect()');
	await enter(terminal, '2');
	await sees(terminal, '✓ Seen on the socket');
	await goOn(terminal, 'accept() takes it from the queue');
	await sees(terminal, '✓ Seen on the socket');
	await goOn(terminal, 'The client sends.');
	await terminal.waitFor(/send\(.*len=5/);
});

test('lesson: a closed window is on the screen while nothing is read', async t => {
	const terminal = await openScreen(t, ['lesson', 'zero-window']);
	await sees(terminal, 'Python plays');
	await goOn(terminal, '✓ Seen on the socket');
	await goOn(terminal, '3 as much as both kernels have room for');
	await enter(terminal, '3');
	await sees(terminal, '› Type: /pause');
	await enter(terminal, '/pause');
	await terminal.waitFor(/unread here [\d.]+ kB · window closed here/);
});

test('lesson: a number typed too early reaches nobody, and the lesson can be done', async t => {
	const terminal = await openScreen(t, ['lesson', 'half-close']);
	await sees(terminal, 'Python plays');
	await goOn(terminal, '✓ Seen on the socket');
	await enter(terminal, '2');
	await sees(terminal, '✗ No prediction is asked for now, so 2 was not sent.');
	await goOn(terminal, '≤ before a time');
	await goOn(terminal, '3 CLOSED');
	await enter(terminal, '2');
	await sees(terminal, '› Type: /end');
	await enter(terminal, '/end');
	await sees(terminal, '✓ You predicted "CLOSE-WAIT", rightly');
	await goOn(terminal, '3 the bytes are answered with RST');
	await enter(terminal, '2');
	// What the client reads first is the end of the stream.
	await sees(terminal, ">>> client.recv(100) b''");
});

test('lesson: a step that can no longer be done says so until it starts again', async t => {
	const terminal = await openScreen(t, ['lesson', 'half-close']);
	await toPrediction(terminal);
	await enter(terminal, '2');
	await sees(terminal, '› Type: /end');
	await enter(terminal, '/reset');
	await sees(terminal, '✗ This connection is over, before the lesson was.');
	await enter(terminal, '/end');
	await terminal.waitForNot('› /end');
	await enter(terminal, 'next');
	await terminal.waitForNot('› next');
	await enter(terminal, '/hint');
	await terminal.waitForNot('› /hint');
	await sees(terminal, '✗ This connection is over, before the lesson was.');
	assert.doesNotMatch(terminal.text(), /Not yet|it takes a moment/);
	await terminal.waitFor('› /again starts it again; /quit leaves');
	await enter(terminal, '/again');
	await sees(terminal, 'Python plays');
});

test('lesson: a connection that was reset can be opened again', async t => {
	const terminal = await openScreen(t, ['lesson', 'half-close'], {
		columns: 130,
		rows: 40,
	});
	await toPrediction(terminal);
	// Beside the lesson there is room for the ladder.
	await terminal.waitFor('│ ● ESTABLISHED');
	await enter(terminal, '2');
	await sees(terminal, '› Type: /end');
	await enter(terminal, '/reset');
	await sees(terminal, '/again starts it again');
	await enter(terminal, '/again');
	await sees(terminal, 'Python plays');
	await goOn(terminal, '✓ Seen on the socket');
	await enter(terminal, '/quit');
	assert.equal(await terminal.waitForExit(), 0);
});

const captured = /│◂?─+ (?:SYN|FIN|ACK) [^│]*seq=\d[^│]*│/;

test('lesson: with --capture its ladder has the real segments', async t => {
	const terminal = await openScreen(t, ['lesson', 'half-close', '--capture']);
	await sees(terminal, 'Python plays');
	await goOn(terminal, '$ sockchat serve --raw --capture');
	await terminal.waitFor(captured);
	await sees(terminal, '✓ Seen on the socket');
	await enter(terminal, '/quit');
	assert.equal(await terminal.waitForExit(), 0);
});

test('lesson: where nothing may capture it says so once, and goes on', async t => {
	const folder = mkdtempSync(join(tmpdir(), 'sockchat-lesson-'));
	t.after(() => {
		rmSync(folder, {recursive: true});
	});
	for (const [name, debianPackage] of [
		['tcpdump', 'tcpdump'],
		['dumpcap', 'wireshark-common'],
	] as const) {
		// As the user nobody, who may capture nothing.
		writeFileSync(
			join(folder, name),
			`#!/bin/sh\nexec setpriv --reuid=65534 --regid=65534 --clear-groups ${requireExecutable(name, debianPackage)} "$@"\n`,
			{mode: 0o755},
		);
	}

	const env = {PATH: `${folder}${delimiter}${process.env['PATH']!}`};
	for (const name of ['half-close', 'pair']) {
		const terminal = await openScreen(t, ['lesson', name, '--capture'], {
			env,
			columns: 130,
			rows: 40,
		});
		await sees(terminal, 'Enter: next');
		await goOn(terminal, 'Nothing is captured, as tcpdump may not or can');
		await sees(terminal, 'all else works.');
		await sees(terminal, 'Enter: next');
		assert.doesNotMatch(terminal.text(), captured);
		await enter(terminal, '/quit');
		assert.equal(await terminal.waitForExit(), 0);
	}
});

test('lesson: one without TCP is not captured', async t => {
	const child = startBin(t, ['lesson', 'udp', '--capture']);
	assert.equal((await child.waitForExit()).code, 2);
	assert.equal(
		child.stderr().trim(),
		'--capture shows TCP segments, and the lesson udp has none; leave it out.',
	);
});

test('lesson: a name that is none is refused with those that are', async t => {
	const child = startBin(t, ['lesson', 'nope']);
	const {code} = await child.waitForExit();
	assert.equal(code, 2);
	assert.equal(child.stdout(), '');
	assert.match(child.stderr().trim(), names);
});

test('lesson: off a terminal its page is printed, and without a name the list', async t => {
	const page = startBin(t, ['lesson', 'half-close']);
	assert.equal((await page.waitForExit()).code, 0);
	assert.equal(page.stdout(), readLesson('half-close'));
	const list = startBin(t, ['lesson']);
	assert.equal((await list.waitForExit()).code, 0);
	assert.match(list.stdout(), /^Lessons\n {2}backlog /);
	assert.match(list.stdout(), /\n {2}half-close +Half-close\n/);
});

test('lesson: without Python one sentence says what to install', async t => {
	const terminal = await openScreen(t, ['lesson', 'half-close'], {
		env: {PATH: '/nowhere'},
	});
	await terminal.waitFor('Enter: next');
	terminal.press('enter');
	assert.equal(await terminal.waitForExit(), 1);
	assert.match(terminal.text(), /no\s+python3\s+in\s+your\s+PATH.*Install/s);
});
