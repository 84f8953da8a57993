/** A page of docs/lessons as stages. */
import assert from 'node:assert/strict';
import {readdirSync, readFileSync} from 'node:fs';
import {test} from 'node:test';
import {lostAfterMs, silentAfterMs} from '../../source/connection/heartbeat.js';
import {
	parseLesson,
	plainOf,
	socketsOf,
	type Ask,
	type Move,
} from '../../source/lesson/lesson.js';

const page = `# A title

You will learn \`one\` [thing](https://example.org).

You need two terminals.

1. Start:

   \`\`\`console
   # terminal 1
   $ sockchat serve --raw
   listening on 127.0.0.1:5001

   # terminal 2
   $ python3 -q
   >>> import socket
   \`\`\`

   > **Check:** \`this end ESTABLISHED\` and
   > \`received "a b"\`.
   > **Hint:** wait
   > a little.

   That was it.

2. Go on.

   > **Predict:** What is
   > next?
   >
   > 1. nothing
   > 2. \`FIN\`
   >
   > <details><summary>Answer</summary>
   >
   > **2.** it was sent.
   >
   > </details>

   Look:

   \`\`\`console
   # terminal 1
   › /lifecycle
   › /end
   › two words
   $ ss -tan
   $ sockchat connect --raw --local-port 5002
   $ sockchat connect --raw --plain
   $ kill 1
   \`\`\`

   > **Check:** \`other end CLOSE-WAIT\`, \`shutdown()\` and \`received FIN\`.

**Why.** Since **so**
it is.
`;

test('lesson: a page is read as stages, each with its texts, moves and question', () => {
	const {title, goal, steps, stages} = parseLesson(page);
	assert.equal(title, 'A title');
	assert.equal(goal, 'You will learn one thing.');
	assert.equal(steps, 3);
	const moves: Move[] = [
		{by: 'learner', line: '/end'},
		{by: 'learner', line: 'two words'},
		{by: 'shell', line: 'ss -tan'},
		{by: 'sockchat', command: 'connect', localPort: '5002'},
	];
	assert.deepEqual(stages, [
		{step: 0, texts: [goal], moves: [], ask: {kind: 'read'}},
		{
			step: 1,
			texts: ['Start:'],
			moves: [
				{by: 'sockchat', command: 'serve', localPort: undefined},
				{by: 'python', terminal: 2, line: 'import socket', mayFail: false},
			],
			ask: {
				kind: 'check',
				conditions: [
					{kind: 'state', end: 'local', state: 'ESTABLISHED'},
					{kind: 'chunk', direction: 'in', text: 'a b'},
				],
				hint: 'wait a little.',
			},
		},
		{step: 1, texts: ['That was it.'], moves: [], ask: {kind: 'read'}},
		{
			step: 2,
			texts: ['Go on.'],
			moves: [],
			ask: {
				kind: 'predict',
				question: 'What is next?',
				choices: ['nothing', 'FIN'],
				right: 1,
				because: 'it was sent.',
			},
		},
		{
			step: 2,
			texts: ['Look:'],
			moves,
			ask: {
				kind: 'check',
				conditions: [
					{kind: 'state', end: 'remote', state: 'CLOSE-WAIT'},
					{kind: 'call', call: 'shutdown()'},
					{kind: 'segment', segment: 'FIN'},
				],
				hint: '',
			},
		},
		{step: 3, texts: ['Why. Since so it is.'], moves: [], ask: {kind: 'read'}},
	]);
});

test('lesson: a page may open a room, join it, and stop its process', () => {
	const room = `# A

1. Text.

   \`\`\`console
   # terminal 1
   $ sockchat serve --nick otter --heartbeat 4 < /dev/null &
   $ sockchat connect --nick heron --connect-timeout 60
   $ kill -STOP %1 && echo frozen
   $ kill -CONT %1
   \`\`\`

   > **Check:** \`connection silent\`, \`unread by peer\` and \`stored "a"\`.
`;
	const lesson = parseLesson(room);
	assert.equal(socketsOf(lesson), 'room');
	assert.deepEqual(lesson.stages[0]!.moves, [
		{
			by: 'host',
			line: 'sockchat serve --nick otter --heartbeat 4 < /dev/null &',
			words: ['serve', '--nick', 'otter', '--heartbeat', '4'],
		},
		{
			by: 'member',
			line: 'sockchat connect --nick heron --connect-timeout 60',
			nick: 'heron',
			connectTimeoutS: 60,
		},
		{by: 'signal', line: 'kill -STOP %1 && echo frozen', signal: 'SIGSTOP'},
		{by: 'signal', line: 'kill -CONT %1', signal: 'SIGCONT'},
	] satisfies Move[]);
	assert.deepEqual(lesson.stages[0]!.ask, {
		kind: 'check',
		conditions: [
			{kind: 'connection', phase: 'silent'},
			{kind: 'unread'},
			{kind: 'stored', text: 'a'},
		],
		hint: '',
	});
});

test('lesson: a text before commands for terminals alone ends as a sentence', () => {
	const texts = (command: string) =>
		parseLesson(
			`# A\n\n1. At once:\n\n   \`\`\`console\n   # terminal 1\n   ${command}\n   \`\`\`\n`,
		).stages[0]!.texts;
	assert.deepEqual(texts('$ kill 1'), ['At once.']);
	assert.deepEqual(texts('$ ss -tan'), ['At once:']);
});

test('lesson: a quotation that asks nothing is left out', () => {
	const {stages} = parseLesson('# A\n\n1. Text.\n\n   > Only said.\n');
	assert.deepEqual(stages, [
		{step: 1, texts: ['Text.'], moves: [], ask: {kind: 'read'}},
	]);
});

test('lesson: a condition or an answer that means nothing is refused', () => {
	const check = (code: string) =>
		`# A\n\n1. Text.\n\n   > **Check:** \`${code}\`\n`;
	for (const code of ['this end OPEN', 'that end CLOSED', 'sent x', 'FIN']) {
		assert.throws(() => parseLesson(check(code)), {
			message: `"${code}" is no condition of a lesson.`,
		});
	}

	const predict = (answer: string) =>
		`# A\n\n1. Text.\n\n   > **Predict:** So?\n   >\n   > 1. yes\n   >\n   > ${answer}\n`;
	for (const answer of [
		'',
		'<details>\n   > **2.** because',
		'<details>\n   > because',
	]) {
		assert.throws(() => parseLesson(predict(answer)), {
			message: '"So?" has no answer among its choices.',
		});
	}
});

test('lesson: a check of what is printed stands right below what prints it', () => {
	const check = '   > **Check:** `printed "5"`.\n';
	const commands = '   ```console\n   # terminal 1\n   >>> 2 + 3\n   ```\n';
	assert.throws(
		() => parseLesson(`# A\n\n1. Add:\n\n${commands}\n   So.\n\n${check}`),
		{
			message: '"5" is checked where nothing was run that could print it.',
		},
	);
	assert.equal(
		parseLesson(`# A\n\n1. Add:\n\n${commands}\n${check}\n   So.\n`).stages
			.length,
		2,
	);
});

test('lesson: text is shown without its marks', () => {
	assert.equal(
		plainOf('**Bold** `code` [a link](https://example.org/a).'),
		'Bold code a link.',
	);
});

const folder = new URL('../../docs/lessons/', import.meta.url);

test('lesson: a line to a frozen peer can be read and typed without hurry', () => {
	const {stages} = parseLesson(
		readFileSync(new URL('frozen-peer.md', folder), 'utf8'),
	);
	const words = stages
		.flatMap(({moves}) => moves)
		.flatMap(move => (move.by === 'host' ? move.words : []));
	const heartbeatMs = 1000 * Number(words[words.indexOf('--heartbeat') + 1]);
	// It may be frozen just before it would have been heard again.
	assert.ok(lostAfterMs(heartbeatMs) - heartbeatMs >= 20_000);
	// And the page says how long it takes.
	const text = JSON.stringify(stages);
	assert.ok(text.includes(`${silentAfterMs(heartbeatMs) / 1000} seconds`));
	assert.ok(text.includes(`${lostAfterMs(heartbeatMs) / 1000} seconds of`));
});

test('lesson: every page can be read, and is whole', () => {
	const names = readdirSync(folder).filter(name => name !== 'README.md');
	assert.ok(names.length >= 6);
	for (const name of names) {
		const lesson = parseLesson(readFileSync(new URL(name, folder), 'utf8'));
		assert.match(lesson.goal, /^You will learn .*\.$/, name);
		const asks = lesson.stages.map(({ask}) => ask);
		const predictions = asks.filter(
			(ask): ask is Extract<Ask, {kind: 'predict'}> => ask.kind === 'predict',
		);
		assert.ok(predictions.length > 0, `${name} asks for no prediction`);
		// A verdict comes with the next check.
		assert.ok(
			asks.lastIndexOf(predictions.at(-1)!) <
				asks.findLastIndex(({kind}) => kind === 'check'),
			`${name} never says whether the last prediction was right`,
		);
		for (const {choices, because} of predictions) {
			assert.ok(choices.length > 1 && because.endsWith('.'), name);
		}

		assert.ok(name === 'udp.md' || socketsOf(lesson) !== 'none', name);
	}
});
