/** `sockchat mcp` with a client that no one here wrote: each call is a run. */
import assert from 'node:assert/strict';
import test from 'node:test';
import {openAgentRoom, type Structured} from '../helpers/agents.js';
import {inspect} from '../helpers/inspector.js';
import {joinWire} from '../helpers/wire-peer.js';

type Answer = {
	readonly tools?: ReadonlyArray<{readonly name: string}>;
	readonly resources?: ReadonlyArray<{readonly uri: string}>;
	readonly contents?: ReadonlyArray<{readonly text: string}>;
	readonly content?: ReadonlyArray<{readonly text: string}>;
	readonly structuredContent?: Structured;
	readonly isError?: boolean;
};

test('mcp: another client lists the tools, calls each, and is told what is wrong', async t => {
	const room = await openAgentRoom(t);
	await room.serve();
	const otter = await joinWire(t, room.address, 'otter');
	otter.isAnsweringPings = true;
	const ask = async (...args: readonly string[]): Promise<Answer> => {
		const {stdout, seen} = await inspect(t, {...room, args});
		try {
			return JSON.parse(stdout) as Answer;
		} catch {
			throw new Error(`It printed no JSON.\n${seen}`);
		}
	};

	const call = async (tool: string, ...given: readonly string[]) => {
		const {structuredContent, content, isError} = await ask(
			'--method',
			'tools/call',
			'--tool-name',
			tool,
			...given.flatMap(arg => ['--tool-arg', arg]),
		);
		return {
			structured: structuredContent ?? {},
			text: content?.[0]?.text ?? '',
			isError: isError === true,
		};
	};

	const {tools} = await ask('--method', 'tools/list');
	assert.deepEqual(
		tools?.map(({name}) => name),
		['say', 'read', 'wait', 'ask', 'who', 'search'],
	);

	const {structured: who} = await call('who');
	assert.equal(who.you, 'inspector-cli');
	await call('say', 'text=hello from the inspector');
	const said = await otter.untilSaid('hello from the inspector');

	// Between two runs: the next one has it, as the same member.
	otter.say(1, 'inspector-cli: which version?');
	const {structured: called} = await call('wait', 'seconds=20');
	assert.equal(called.message?.text, 'inspector-cli: which version?');
	const {structured: none} = await call('wait', 'seconds=0');
	assert.equal(none.message, undefined);
	const {structured: read} = await call('read');
	assert.deepEqual(
		read.messages?.map(({text}) => text),
		['inspector-cli: which version?'],
	);
	assert.deepEqual((await call('read')).structured.messages, []);
	const again = await call('say', 'text=version two');
	const second = await otter.untilSaid('version two');
	assert.equal(second.id, said.id);
	assert.equal(again.structured.seq, second.seq);

	const asking = call('ask', 'text=ready?', 'to=otter', 'seconds=20');
	await otter.untilSaid('otter: ready?');
	otter.say(2, 'yes');
	assert.equal((await asking).structured.answer?.text, 'yes');
	const {structured: found} = await call('search', 'text=VERSION');
	assert.equal(found.messages?.length, 2);

	const {resources} = await ask('--method', 'resources/list');
	const {contents} = await ask(
		'--method',
		'resources/read',
		'--uri',
		resources![0]!.uri,
	);
	assert.match(contents![0]!.text, /\n\| hello from the inspector\n/);

	const wrong = await call('wait', 'matching=(');
	assert.ok(wrong.isError);
	assert.match(
		wrong.text,
		/^matching is not a regular expression of JavaScript/,
	);
	const unknown = await call('say', 'text=hi', 'to=nobody');
	assert.ok(unknown.isError);
	assert.match(unknown.text, /^Nobody here is called "nobody"/);
});
