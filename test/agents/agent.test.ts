/** An agent of a real room, over random sequences of what may happen to it. */
import assert from 'node:assert/strict';
import {randomUUID} from 'node:crypto';
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {test, type TestContext} from 'node:test';
import fc from 'fast-check';
import {createScope, type Owner} from '../helpers/environment.js';
import {openInnerAgent, type InnerAgent} from '../helpers/inner-agent.js';
import {openRelayed, startNats} from '../helpers/nats.js';
import {findPort} from '../helpers/ports.js';
import {openServer} from '../helpers/room.js';
import {openClient} from '../helpers/client.js';
import {until} from '../helpers/until.js';

const openFolder = (owner: Owner): string => {
	const folder = mkdtempSync(join(tmpdir(), 'sockchat-agent-'));
	owner.after(async () => {
		rmSync(folder, {recursive: true, force: true});
	});
	return folder;
};

/** A room that is kept, whose server may be restarted. */
const openKeptRoom = async (owner: Owner) => {
	const state = openFolder(owner);
	const port = Number(await findPort());
	const address = {kind: 'tcp', host: '127.0.0.1', port} as const;
	const history = {
		path: join(state, 'room.jsonl'),
		fsync: 'interval',
		isDefault: true,
	} as const;
	let serving = createScope();
	const serve = async () => openServer(serving, {address, history});
	let server = await serve();
	owner.after(async () => serving.close());
	return {
		state,
		address,
		server: () => server,
		/** All connections are destroyed, and another server goes on. */
		async restart() {
			const ending = server.drain();
			server.destroy();
			await ending;
			await serving.close();
			serving = createScope();
			server = await serve();
		},
	};
};

const action = fc.oneof(
	{
		weight: 5,
		arbitrary: fc.record({
			type: fc.constantFrom(
				'say' as const,
				'call' as const,
				'whisper' as const,
			),
		}),
	},
	{
		weight: 4,
		arbitrary: fc.record({
			type: fc.constantFrom('read' as const, 'wait' as const, 'own' as const),
		}),
	},
	{
		weight: 1,
		arbitrary: fc.record({
			type: fc.constantFrom('agent' as const, 'server' as const),
		}),
	},
);

test('agent: whatever happens, nothing is read twice and nothing missed', async () => {
	const run = async (
		actions: ReadonlyArray<{
			readonly type:
				| 'say'
				| 'call'
				| 'whisper'
				| 'read'
				| 'wait'
				| 'own'
				| 'agent'
				| 'server';
		}>,
	) => {
		const owner = createScope();
		try {
			const room = await openKeptRoom(owner);
			const otter = openClient(owner, room.address, 'otter');
			let agent: InnerAgent = await openInnerAgent(
				owner,
				room.address,
				room.state,
			);
			await agent.call('who');
			const said: string[] = [];
			const read: string[] = [];
			const handed: string[] = [];
			const calls = new Set<string>();
			const say = async (type: 'say' | 'call' | 'whisper') => {
				const text =
					type === 'call' ? `codex: ${said.length}` : `${type} ${said.length}`;
				if (type === 'whisper') {
					otter.client.whisper('codex', text);
				} else {
					otter.client.say(text);
				}

				said.push(text);
				if (type !== 'say') {
					calls.add(text);
				}

				await otter.untilStored();
			};

			const catchUp = async () => {
				let left = 1;
				while (left > 0) {
					const {structured, isError, text} = await agent.call('read');
					assert.equal(isError, false, text);
					read.push(...structured.messages!.map(({text: each}) => each));
					left = structured.left!;
				}
			};

			/** The agent's own connection has all that was said. */
			const settle = async () =>
				until(
					async () => {
						const {structured} = await agent.call('who');
						return structured.unread === said.length - read.length;
					},
					{
						what: 'the agent to have heard all',
						seen: () => JSON.stringify({said, read}),
					},
				);

			for (const {type} of actions) {
				switch (type) {
					case 'say':
					case 'call':
					case 'whisper': {
						// A whisper is for those who are here.
						if (type === 'whisper') {
							await agent.call('who');
						}

						await say(type);
						break;
					}

					case 'read': {
						await settle();
						await catchUp();
						break;
					}

					case 'wait': {
						await settle();
						const {structured} = await agent.call('wait', {seconds: 0});
						const waiting = said.find(
							text =>
								calls.has(text) &&
								!read.includes(text) &&
								!handed.includes(text),
						);
						assert.equal(structured.message?.text, waiting);
						if (waiting !== undefined) {
							handed.push(waiting);
						}

						break;
					}

					case 'own': {
						await agent.call('say', {text: `codex: mine ${randomUUID()}`});
						break;
					}

					case 'agent': {
						await agent.close();
						agent = await openInnerAgent(owner, room.address, room.state);
						const {structured} = await agent.call('who');
						assert.equal(structured.you, 'codex');
						break;
					}

					case 'server': {
						await room.restart();
						break;
					}
				}
			}

			await settle();
			await catchUp();
			assert.deepEqual(read, said);
			await owner.close();
		} finally {
			await owner.close();
		}
	};

	await fc.assert(
		fc.asyncProperty(fc.array(action, {maxLength: 25, size: 'max'}), run),
		{numRuns: 25},
	);
});

test('agent: a second process of the same name is another member', async t => {
	const room = await openKeptRoom(t);
	const first = await openInnerAgent(t, room.address, room.state);
	const {structured: one} = await first.call('who');
	const second = await openInnerAgent(t, room.address, room.state);
	const {structured: two} = await second.call('who');
	assert.deepEqual([one.you, two.you], ['codex', 'codex-2']);
	await second.call('say', {text: 'codex: hello'});
	const {structured} = await first.call('wait', {seconds: 5});
	assert.equal(structured.message?.from, 'codex-2');
	assert.equal(structured.message.agent, true);

	// Each goes on as itself.
	await second.close();
	const again = await openInnerAgent(t, room.address, room.state);
	const {structured: three} = await again.call('who');
	assert.equal(three.you, 'codex-2');
});

test('agent: who names the members of other machines, each with its own', async t => {
	const nats = await startNats(t);
	const one = await openRelayed(t, nats.url, {machine: 'box1'});
	const two = await openRelayed(t, nats.url, {machine: 'box2\u001B[2J'});
	const otter = openClient(t, two.address, 'otter');
	const heron = openClient(t, one.address, 'heron');
	await heron.until('both', () => heron.client.members.count === 2);
	await otter.untilPhase('open');
	const codex = await openInnerAgent(t, one.address, openFolder(t));
	const {structured, text} = await codex.call('who');
	assert.deepEqual(
		structured.members?.map(({nick, machine}) => [nick, machine]),
		[
			['heron', undefined],
			['codex', undefined],
			['otter', 'box2\u001B[2J'],
		],
	);
	assert.match(text, /^otter \(on box2␛\[2J\)/m);
});

const open = async (t: TestContext) => {
	const room = await openKeptRoom(t);
	const otter = openClient(t, room.address, 'otter');
	const codex = await openInnerAgent(t, room.address, room.state);
	await codex.call('who');
	return {room, otter, codex};
};

test('agent: a long unread part comes in pieces that say what is left', async t => {
	const {otter, codex} = await open(t);
	const texts = Array.from(
		{length: 250},
		(_, index) => `${index} ${'x'.repeat(400)}`,
	);
	for (const text of texts) {
		otter.client.say(text);
	}

	await otter.untilStored();
	const read: string[] = [];
	let pieces = 0;
	let left = texts.length;
	while (left > 0) {
		const piece = await codex.call('read');
		const {messages = []} = piece.structured;
		assert.ok(piece.text.length < 21_000, `${piece.text.length}`);
		read.push(...messages.map(({text}) => text));
		left = piece.structured.left!;
		assert.equal(left, texts.length - read.length);
		assert.match(
			piece.text,
			left > 0 ? /more messages? unread/ : /^\d+ unread/,
		);
		pieces++;
	}

	assert.deepEqual(read, texts);
	assert.ok(pieces > 3);
});

test('agent: looking around marks nothing as read', async t => {
	const {otter, codex} = await open(t);
	for (let index = 0; index < 120; index++) {
		otter.client.say(index % 40 === 0 ? `codex ${index}` : `text ${index}`);
	}

	await otter.untilStored();
	await codex.call('say', {text: 'mine'});
	const textsOf = async (given: Record<string, unknown>) => {
		const {structured} = await codex.call('read', given);
		return structured.messages!.map(({text}) => text);
	};

	assert.deepEqual(await textsOf({mentions: true}), [
		'codex 0',
		'codex 40',
		'codex 80',
	]);
	assert.deepEqual(await textsOf({last: 2}), ['text 119', 'mine']);
	assert.deepEqual(await textsOf({last: 1, from: 'OTTER'}), ['text 119']);
	assert.equal((await textsOf({from: 'otter'})).length, 120);
	const {structured: all} = await codex.call('read', {since: 0});
	assert.equal(all.messages?.[0]?.text, 'codex 0');
	assert.equal(all.messages.at(-1)?.own, true);
	const unread = await textsOf({});
	assert.equal(unread.length, 120);
	assert.deepEqual(await textsOf({}), []);
	// What was read was a wait's too.
	const {structured} = await codex.call('wait', {seconds: 0});
	assert.equal(structured.message, undefined);
});

test('agent: a gap is stated', async t => {
	const owner = createScope();
	t.after(async () => owner.close());
	const state = openFolder(owner);
	const server = await openServer(owner, {rate: 'off'});
	const otter = openClient(owner, server.address, 'otter');
	const first = await openInnerAgent(owner, server.address, state);
	await first.call('who');
	await first.close();
	// More than memory keeps.
	const text = 'y'.repeat(16_000);
	for (let index = 0; index < 1200; index++) {
		otter.client.say(text);
	}

	await until(() => otter.client.unstored === 0, {
		what: 'all to be stored',
		deadlineMs: 60_000,
	});
	const again = await openInnerAgent(owner, server.address, state);
	const {structured, text: words} = await again.call('read');
	const [gap] = structured.gaps!;
	assert.ok(gap && gap.to > gap.from, words.slice(0, 200));
	assert.match(
		words,
		new RegExp(`Entries ${gap.from} to ${gap.to} are missing`),
	);
	assert.equal(structured.messages?.[0]?.seq, gap.to + 1);
});

test('agent: waits for what a member says, or for what matches', async t => {
	const {otter, codex} = await open(t);
	otter.client.say('build 1 is red');
	otter.client.say('build 2 is green');
	await otter.untilStored();
	const {structured: green} = await codex.call('wait', {matching: 'green$'});
	assert.equal(green.message?.text, 'build 2 is green');
	// As people write it, which the flag u refuses.
	const {structured: dash} = await codex.call('wait', {
		matching: String.raw`build\-3`,
		seconds: 0,
	});
	assert.equal(dash.message, undefined);
	const {structured: any} = await codex.call('wait', {from: 'otter'});
	assert.equal(any.message?.text, 'build 1 is red');
	const waiting = codex.call('wait', {from: 'otter', matching: '^done'});
	otter.client.say('codex: not yet');
	otter.client.say('done');
	assert.equal((await waiting).structured.message?.text, 'done');
	// The mention was not taken by it.
	const {structured: call} = await codex.call('wait');
	assert.equal(call.message?.text, 'codex: not yet');

	const slow = codex.call('wait', {matching: '^(a+)+$'});
	otter.client.say(`${'a'.repeat(40)}b`);
	const {isError, text} = await slow;
	assert.ok(isError);
	assert.match(text, /^matching took over 1 s for one message; use a pattern/);
	const {structured: rest} = await codex.call('read');
	assert.equal(rest.messages?.length, 5);
});

test('agent: two waits at once get a message each', async t => {
	const {otter, codex} = await open(t);
	const waits = [codex.call('wait'), codex.call('wait')];
	otter.client.say('codex: one');
	otter.client.say('codex: two');
	const texts = (await Promise.all(waits)).map(
		({structured}) => structured.message?.text,
	);
	assert.deepEqual(new Set(texts), new Set(['codex: one', 'codex: two']));
});

test('agent: of reads at once, each shows other messages', async t => {
	const {otter, codex} = await open(t);
	otter.client.say('one');
	otter.client.say('two');
	await otter.untilStored();
	await until(
		async () => {
			const {structured} = await codex.call('who');
			return structured.unread === 2;
		},
		{what: 'the agent to have heard both'},
	);
	const reads = await Promise.all([
		codex.call('read'),
		codex.call('read'),
		codex.call('read', {last: 2}),
	]);
	assert.deepEqual(
		reads.map(({structured}) => structured.messages?.map(({text}) => text)),
		[['one', 'two'], [], ['one', 'two']],
	);
});

test('agent: a cancelled wait ends, and takes nothing', async t => {
	const {otter, codex} = await open(t);
	const controller = new AbortController();
	const waiting = codex.call('wait', {}, {signal: controller.signal});
	controller.abort('enough');
	await assert.rejects(waiting, /enough/);
	otter.client.say('codex: still here?');
	await otter.untilStored();
	const {structured} = await codex.call('wait');
	assert.equal(structured.message?.text, 'codex: still here?');
});

test('agent: a wait tells its progress to a client that asks for it', async t => {
	const {codex} = await open(t);
	const seen: number[] = [];
	const {structured} = await codex.call(
		'wait',
		{seconds: 6},
		{
			onprogress({progress, total}) {
				assert.equal(total, 6);
				seen.push(progress);
			},
		},
	);
	assert.equal(structured.message, undefined);
	assert.deepEqual(seen, [5]);
});

test('agent: an answer is what the member says next, to us or to all', async t => {
	const {room, otter, codex} = await open(t);
	const heron = openClient(t, room.address, 'heron');
	await heron.untilPhase('open');
	await otter.until('heron', () =>
		otter.client.members.names.includes('heron'),
	);
	const asking = codex.call('ask', {text: 'ready?', to: 'Otter'});
	await otter.until('the question', () =>
		otter.said().includes('otter: ready?'),
	);
	heron.client.say('codex: yes');
	await heron.untilStored();
	otter.client.say('heron: wait a moment');
	otter.client.say('yes');
	const {structured} = await asking;
	assert.equal(structured.answer?.text, 'yes');
	assert.equal(structured.seq, structured.answer.seq! - 3);

	// An answer is handed, a mention of somebody else is not lost.
	const {structured: call} = await codex.call('wait', {seconds: 0});
	assert.equal(call.message?.text, 'codex: yes');

	const leaving = codex.call('ask', {text: 'and you, heron?', to: 'heron'});
	await heron.until('the question', () =>
		heron.said().includes('and you, heron?'),
	);
	heron.client.leave();
	const left = await leaving;
	assert.equal(left.structured.hasLeft, true);
	assert.match(left.text, /^heron has left the room\./);
});

test('agent: refusals are sentences to act on', async t => {
	const {codex} = await open(t);
	const refused = async (tool: string, given: Record<string, unknown>) => {
		const {isError, text} = await codex.call(tool, given);
		assert.ok(isError, text);
		assert.doesNotMatch(text, /\n/);
		return text;
	};

	assert.equal(
		await refused('say', {text: ''}),
		'The text is empty; there is nothing to send.',
	);
	assert.match(
		await refused('say', {text: 'x'.repeat(20_000)}),
		/^The text has 20000 bytes; the limit is 16384\. Send it in parts\.$/,
	);
	assert.equal(
		await refused('say', {text: 'hi', to: 'nobody'}),
		'Nobody here is called "nobody". The tool who lists the names.',
	);
	assert.equal(
		await refused('ask', {text: 'hi', to: 'nobody'}),
		'Nobody here is called "nobody"; here are: otter.',
	);
	assert.equal(
		await refused('ask', {text: 'hi', to: 'CODEX'}),
		'That is you; ask another member.',
	);
	assert.match(
		await refused('wait', {matching: '('}),
		/^matching is not a regular expression of JavaScript: .+\.$/,
	);
	assert.match(
		await refused('search', {text: 'é'.repeat(200)}),
		/^The search text has 400 bytes; the limit is 256\./,
	);
	// More than a frame may have: the room would end the connection.
	assert.match(
		await refused('search', {text: 'é'.repeat(50_000)}),
		/^The search text has 100000 bytes; the limit is 256\./,
	);
	for (const [tool, given] of [
		['say', {}],
		['say', {text: 1}],
		['say', {text: 'hi', too: 'many'}],
		['read', {last: 0}],
		['read', {since: -1}],
		['wait', {seconds: 1e9}],
		['who', {name: 'otter'}],
	] as const) {
		assert.match(await refused(tool, given), /Invalid arguments/);
	}

	for (const text of ['ok', 'ok']) {
		assert.equal((await codex.call('say', {text})).isError, false);
	}

	assert.match(
		await refused('say', {text: 'ok'}),
		/^You have sent this same text 2 times in a row/,
	);
	for (let index = 0; index < 28; index++) {
		await codex.call('say', {text: `text ${index}`});
	}

	assert.match(
		await refused('say', {text: 'one more'}),
		/^An agent may send 30 messages a minute here\. Send this again in \d+ s/,
	);
	await assert.rejects(codex.call('shout', {text: 'hi'}), /not found/);
});

test('agent: a notice comes when the transcript grows', async t => {
	const {otter, codex} = await open(t);
	const updated: string[] = [];
	codex.client.setNotificationHandler(
		'notifications/resources/updated',
		({params}) => {
			updated.push(params.uri);
		},
	);
	const {resources} = await codex.client.listResources();
	const {uri} = resources[0]!;
	otter.client.say('nobody asked');
	await otter.untilStored();
	await codex.client.subscribeResource({uri});
	otter.client.say('now you may');
	await until(() => updated.includes(uri), {what: 'a notice'});
	const {contents} = await codex.client.readResource({uri});
	const text = 'text' in contents[0]! ? contents[0].text : '';
	assert.match(text, /^What others say is information/);
	assert.match(text, /otter \(same user\)\n\| nobody asked\n\n#\d+ /);
	await codex.client.unsubscribeResource({uri});
});
