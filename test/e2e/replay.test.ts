/** What a script is given of what was said before it came. */
import assert from 'node:assert/strict';
import test, {after} from 'node:test';
import type {Owner} from '../helpers/environment.js';
import {startBin} from '../helpers/process.js';
import {messageFrame, openScripted, welcomeFrame} from '../helpers/scripted.js';
import {loopback, serveJson} from '../helpers/sockchat.js';
import {joinWire} from '../helpers/wire-peer.js';

const done = {code: 0, signal: undefined};

type Printed = {
	readonly type: string;
	readonly seq?: number;
	readonly text?: string;
	readonly replay?: boolean;
	readonly from?: number;
	readonly to?: number;
};

const printed = (stdout: string): Printed[] =>
	stdout
		.split('\n')
		.slice(0, -1)
		.map(line => JSON.parse(line) as Printed);

const messagesIn = (stdout: string) =>
	printed(stdout).filter(({type}) => type === 'message');

/** A room in which one bare client has said some texts. */
const openTold = async (owner: Owner, texts: readonly string[]) => {
	const {server, port} = await serveJson(owner, ['--rate', 'off']);
	const peer = await joinWire(owner, loopback(port), 'heron');
	peer.isAnsweringPings = true;
	peer.send(...texts.map((text, index) => ({type: 'say', n: index + 1, text})));
	await peer.untilSaid(texts.at(-1)!);
	return {server, port, peer};
};

const numbered = (count: number) =>
	Array.from({length: count}, (_, index) => `text ${index + 1}`);

const {port, peer: heron} = await openTold({after}, numbered(350));

const start = (owner: Owner, ...args: readonly string[]) =>
	startBin(owner, ['connect', '--port', port, ...args]);

test('e2e: off a terminal only what is said from now on is printed', async t => {
	for (const args of [['--plain'], ['--json']]) {
		const chat = start(t, '--nick', 'otter', ...args);
		await chat.waitForOutput(/otter joined|"type":"joined".*"nick":"otter"/);
		heron.send({
			type: 'say',
			n: args[0] === '--json' ? 1001 : 1000,
			text: 'now',
		});
		await chat.waitForOutput('now');
		chat.end();
		assert.deepEqual(await chat.waitForExit(), done);
		assert.doesNotMatch(chat.stdout(), /text \d/);
		assert.doesNotMatch(chat.stdout(), /"replay"/);
	}
});

test('e2e: --last gives that many messages, more than a server replays', async t => {
	for (const count of [1, 99, 250]) {
		const chat = start(t, '--json', '--last', String(count));
		chat.end();
		assert.deepEqual(await chat.waitForExit(), done);
		const messages = messagesIn(chat.stdout());
		assert.equal(messages.length, count);
		assert.ok(messages.every(({replay}) => replay === true));
		const seqs = messages.map(({seq}) => seq!);
		assert.deepEqual(
			seqs,
			seqs.toSorted((a, b) => a - b),
		);
		assert.equal(messages.at(-1)!.text, 'now');
		const own = printed(chat.stdout()).find(
			({type, replay}) => type === 'joined' && replay === undefined,
		);
		assert.ok(own, 'its own join is no replay');
	}
});

test('e2e: --last prints what there is, and long texts whole', async t => {
	const texts = Array.from({length: 40}, (_, index) =>
		String(index % 10).repeat(16_000),
	);
	const {port: other} = await openTold(t, texts);
	const chat = startBin(t, [
		'connect',
		'--port',
		other,
		'--json',
		'--last',
		'1000',
	]);
	chat.end();
	assert.deepEqual(await chat.waitForExit(), done);
	assert.deepEqual(
		messagesIn(chat.stdout()).map(({text}) => text),
		texts,
	);
	// The room began there, so nothing is missing.
	assert.doesNotMatch(chat.stdout(), /"type":"gap"/);
});

test('e2e: --since gives everything after a seq', async t => {
	const chat = start(t, '--json', '--since', '200');
	chat.end();
	assert.deepEqual(await chat.waitForExit(), done);
	const seqs = printed(chat.stdout()).flatMap(({seq}) => seq ?? []);
	assert.equal(seqs[0], 201);
	assert.ok(seqs.every((seq, index) => seq === 201 + index));

	const late = start(t, '--json', '--since', '999999');
	late.end();
	assert.deepEqual(await late.waitForExit(), done);
	assert.deepEqual(messagesIn(late.stdout()), []);
	assert.doesNotMatch(late.stdout(), /another log/);
});

test('e2e: what is said while older pages come follows them, in order', async t => {
	const {port: other, peer} = await openTold(t, numbered(300));
	const chat = startBin(t, [
		'connect',
		'--port',
		other,
		'--json',
		'--last',
		'300',
	]);
	for (let n = 301; n <= 600; n++) {
		peer.send({type: 'say', n, text: `text ${n}`});
	}

	await chat.waitForOutput('"text 600"');
	chat.end();
	assert.deepEqual(await chat.waitForExit(), done);
	const texts = messagesIn(chat.stdout()).map(({text}) => text!);
	const first = Number(texts[0]!.slice('text '.length));
	assert.deepEqual(texts, numbered(600).slice(first - 1));
});

test('e2e: --times puts the time of an entry before its lines', async t => {
	const chat = start(t, '--plain', '--times', '--last', '2');
	chat.end();
	assert.deepEqual(await chat.waitForExit(), done);
	const lines = chat.stdout().trimEnd().split('\n');
	assert.match(lines[0]!, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d heron: /);
	assert.ok(
		lines.every(line => /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d /.test(line)),
		chat.seen(),
	);
});

test('e2e: a server that knows no such request is asked without it', async t => {
	const hellos: object[] = [];
	const {address} = await openScripted(t, peer => {
		peer.duplex.on('data', () => {
			for (const frame of peer.frames.splice(0) as object[]) {
				if (!('type' in frame)) {
					continue;
				}

				if (frame.type === 'hello') {
					hellos.push(frame);
					const {last, ...known} = frame as {last?: number};
					peer.send(
						...(last === undefined
							? [
									welcomeFrame({head: 3}),
									messageFrame(1),
									messageFrame(2),
									messageFrame(3),
									messageFrame(4, {text: 'live'}),
								]
							: [
									{
										type: 'error',
										code: 'ERR_BAD_FRAME',
										message: `This line is not a sockchat frame: hello has no key "last". It begins with ${JSON.stringify(known).slice(0, 9)}.`,
									},
								]),
					);
				} else if (frame.type === 'past') {
					const {id, before} = frame as unknown as {
						id: number;
						before: number;
					};
					const entries = [1, 2, 3].filter(seq => seq < before);
					peer.send({
						type: 'past',
						id,
						entries: entries.map(seq => messageFrame(seq)),
						oldest: 1,
					});
				}
			}
		});
	});
	const chat = startBin(t, [
		'connect',
		'--port',
		String((address as {port: number}).port),
		'--json',
		'--last',
		'2',
	]);
	await chat.waitForOutput('"live"');
	assert.deepEqual(
		hellos.map(hello => 'last' in hello),
		[true, false],
	);
	assert.deepEqual(
		messagesIn(chat.stdout()).map(({text, replay}) => [text, replay]),
		[
			['entry 2', true],
			['entry 3', true],
			['live', undefined],
		],
	);
	assert.doesNotMatch(chat.stdout(), /ERR_BAD_FRAME/);
});

test('e2e: what a log no longer has is stated as a gap', async t => {
	const {address} = await openScripted(t, peer => {
		peer.duplex.on('data', () => {
			for (const frame of peer.frames.splice(0) as object[]) {
				const {type, id} = frame as unknown as {type: string; id: number};
				if (type === 'hello') {
					peer.send(welcomeFrame({head: 52}));
				} else if (type === 'past') {
					const entries = [messageFrame(51), messageFrame(52)];
					peer.send({type: 'past', id, entries, oldest: 51});
				}
			}
		});
	});
	const chat = startBin(t, [
		'connect',
		'--port',
		String((address as {port: number}).port),
		'--json',
		'--last',
		'9',
	]);
	await chat.waitForOutput('"entry 52"');
	const gap = printed(chat.stdout()).find(({type}) => type === 'gap');
	assert.deepEqual(gap, {type: 'gap', from: 1, to: 50});
});

test('e2e: a wrong --last or --since is one sentence and code 2', async t => {
	for (const [args, sentence] of [
		[['--last', '-1'], '--last needs a whole number; got "-1".\n'],
		[['--since', 'x'], '--since needs a whole number; got "x".\n'],
		[
			['--last', '1', '--since', '2'],
			'--last and --since exclude each other; give only one.\n',
		],
		[
			['--times', '--json'],
			'--times is for plain lines, and --json has the time as "at"; leave out --times.\n',
		],
	] as const) {
		const chat = start(t, ...args);
		assert.deepEqual(await chat.waitForExit(), {...done, code: 2});
		const said = args.includes('--json' as never)
			? `${(JSON.parse(chat.stdout()) as {message: string}).message}\n`
			: chat.stderr();
		assert.equal(said, sentence);
	}
});
