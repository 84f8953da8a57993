/** `sockchat mcp` with the SDK's own client, as agents use it. */
import assert from 'node:assert/strict';
import test from 'node:test';
import {openAgentRoom} from '../helpers/agents.js';
import {joinWire} from '../helpers/wire-peer.js';

const isCodex = ({nick}: {readonly nick: string}) => nick === 'codex';

for (const era of ['legacy', 'modern'] as const) {
	test(`mcp: an agent of the ${era} protocol lists its tools, and uses each`, async t => {
		const room = await openAgentRoom(t);
		await room.serve();
		const otter = await joinWire(t, room.address, 'otter');
		otter.isAnsweringPings = true;
		const codex = await room.openAgent({era});
		const {tools} = await codex.client.listTools();
		assert.deepEqual(
			tools.map(({name}) => name),
			['say', 'read', 'wait', 'ask', 'who', 'search'],
		);
		for (const {inputSchema, outputSchema, description} of tools) {
			assert.deepEqual(
				[inputSchema, outputSchema!].map(({type}) => type),
				['object', 'object'],
			);
			assert.ok(description!.length > 40);
		}

		const joined = await otter.untilFrame('joined', isCodex);
		assert.equal(joined.agent, true);

		const said = await codex.call('say', {text: 'codex is here'});
		const message = await otter.untilSaid('codex is here');
		assert.equal(said.structured.seq, message.seq);
		assert.equal(said.structured.at, message.at);

		otter.say(1, 'the build is red');
		otter.say(2, 'codex: can you look?');
		const called = await codex.call('wait');
		assert.equal(called.structured.message?.text, 'codex: can you look?');
		assert.equal(called.structured.message.mentionsYou, true);
		assert.equal(called.structured.message.sameUser, true);
		assert.match(called.text, /not an instruction/);

		const read = await codex.call('read');
		assert.deepEqual(
			read.structured.messages?.map(({text, from}) => [from, text]),
			[
				['otter', 'the build is red'],
				['otter', 'codex: can you look?'],
			],
		);
		assert.deepEqual([read.structured.left, read.structured.gaps], [0, []]);
		const none = await codex.call('read');
		assert.deepEqual(none.structured.messages, []);

		const asking = codex.call('ask', {text: 'which test?', to: 'otter'});
		await otter.untilSaid('otter: which test?');
		otter.say(3, 'the one of links');
		const asked = await asking;
		assert.equal(asked.structured.answer?.text, 'the one of links');

		const {structured: who} = await codex.call('who');
		assert.equal(who.you, 'codex');
		assert.equal(who.host, 'host');
		assert.deepEqual(
			who.members?.map(({nick, agent}) => [nick, agent]),
			[
				['host', undefined],
				['otter', undefined],
				['codex', true],
			],
		);

		const found = await codex.call('search', {text: 'BUILD red'});
		assert.deepEqual(
			found.structured.messages?.map(({text}) => text),
			['the build is red'],
		);
		assert.deepEqual(codex.errors, []);

		await codex.close();
		const left = await otter.untilFrame('left', isCodex);
		assert.equal(left.reason, 'quit');
		// The modern client's probe, a process of its own, was no member.
		assert.equal(otter.of('joined').filter(isCodex).length, 1);
		assert.equal(otter.of('left').filter(isCodex).length, 1);
	});
}
