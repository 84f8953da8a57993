/** The example of docs/agents.md: a planner, two workers and a person. */
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import test from 'node:test';
import {openAgentRoom, type Agent} from '../helpers/agents.js';
import {openScreen} from '../helpers/sockchat.js';
import {startBin} from '../helpers/process.js';
import {joinWire} from '../helpers/wire-peer.js';

const page = readFileSync(
	new URL('../../docs/agents.md', import.meta.url),
	'utf8',
);

/** What the page says was said, in order. */
const documented = (): string[] => {
	const [, block = ''] = /```\n(planner {4}otter: .*?)```/s.exec(page) ?? [];
	return block
		.trimEnd()
		.split('\n')
		.map(line => line.replace(/^(\w+) +/, '$1: '));
};

const textOf = async (agent: Agent): Promise<string> => {
	const {structured} = await agent.call('wait', {seconds: 50});
	return structured.message!.text;
};

test('mcp: a planner, two workers and a person get something done', async t => {
	const room = await openAgentRoom(t);
	const port = String(room.port);
	await room.serve();
	const otter = await openScreen(t, ['connect', port, '--nick', 'otter'], {
		env: room.env,
		columns: 110,
		rows: 34,
	});
	await otter.waitFor('You are otter in');
	const [planner, ada, bob] = await Promise.all(
		['planner', 'ada', 'bob'].map(async nick => {
			const agent = await room.openAgent({args: ['--nick', nick]});
			await agent.call('who');
			return agent;
		}),
	);

	const plan = async () => {
		const may = await planner!.call('ask', {
			to: 'otter',
			text: 'docs and tests need work before the release. May they begin?',
		});
		const limits = may.structured.answer!.text.replace(/^yes, but /, '');
		await planner!.call('say', {text: `ada: please mend the docs; ${limits}`});
		await planner!.call('say', {text: `bob: please mend the tests; ${limits}`});
		const done = new Set<string>();
		while (done.size < 2) {
			const {structured} = await planner!.call('wait', {seconds: 50});
			const {from, text} = structured.message!;
			if (text.includes('done')) {
				done.add(from);
			} else {
				await planner!.call('say', {
					text: `${from}: yes, skip it, it is known`,
				});
			}
		}

		await planner!.call('say', {text: 'otter: docs and tests are done'});
	};

	const adaWorks = async () => {
		assert.match(await textOf(ada!), /mend the docs/);
		// In the order of the page: bob has his task by then.
		await ada!.call('wait', {from: 'planner', matching: '^bob: please'});
		await ada!.call('say', {text: 'planner: docs done, 3 pages'});
	};

	const bobWorks = async () => {
		assert.match(await textOf(bob!), /mend the tests/);
		await bob!.call('wait', {from: 'ada'});
		const {structured} = await bob!.call('ask', {
			to: 'planner',
			text: "planner: the test of links fails; is it the server's fault?",
		});
		assert.match(structured.answer!.text, /skip it/);
		await bob!.call('say', {text: 'planner: tests done'});
	};

	const person = async () => {
		await otter.waitFor('May they');
		otter.type('yes, but leave the parser alone');
		otter.press('enter');
		await otter.waitFor('otter: docs and tests are done');
	};

	await Promise.all([plan(), adaWorks(), bobWorks(), person()]);
	const {structured} = await planner!.call('read', {last: 100});
	assert.deepEqual(
		structured.messages!.map(({from, text}) => `${from}: ${text}`),
		documented(),
	);
});

test('mcp: a job waits for a mention of a connected agent, in its place', async t => {
	const room = await openAgentRoom(t);
	const port = String(room.port);
	await room.serve();
	const codex = await room.openAgent();
	await codex.call('who');
	const wake = (nick: string, ...flags: readonly string[]) =>
		startBin(
			t,
			[
				'connect',
				port,
				'--nick',
				nick,
				'--input',
				'none',
				'--wait-for-mention',
				'codex',
				'--timeout',
				'60',
				...flags,
			],
			{env: room.env},
		);
	const line = wake('wake');
	const json = wake('wake-json', '--json');
	const otter = await joinWire(t, room.address, 'otter');
	otter.isAnsweringPings = true;
	await otter.until('both to wait', () =>
		['wake', 'wake-json'].every(nick =>
			[
				...otter.welcome.members.names,
				...otter.of('joined').map(({nick: joined}) => joined),
			].includes(nick),
		),
	);
	await codex.call('say', {text: 'codex is done, and calls nobody'});
	await otter.untilSaid('codex is done, and calls nobody');
	otter.say(1, 'Codex: one more thing');
	assert.equal((await line.waitForExit()).code, 0, line.seen());
	assert.equal(line.stdout(), 'otter: Codex: one more thing\n');
	assert.equal((await json.waitForExit()).code, 0, json.seen());
	const {type, text} = JSON.parse(json.stdout()) as Record<string, string>;
	assert.deepEqual([type, text], ['message', 'Codex: one more thing']);
	// The agent has it still.
	const {structured} = await codex.call('wait', {seconds: 0});
	assert.equal(structured.message?.text, 'Codex: one more thing');
});
