/** The built bin on the pinned Node, and on the machine's own. */
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import process from 'node:process';
import test from 'node:test';
import {bin, machineNode, startProcess} from '../helpers/process.js';
import {openTerminal} from '../helpers/terminal.js';

const done = {code: 0, signal: undefined};
const {version} = JSON.parse(
	readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
) as {version: string};
const nodes = [
	{name: 'the Node of the tests', node: process.execPath},
	{name: "the machine's own Node", node: machineNode()},
];

for (const {name, node} of nodes) {
	test(`e2e: on ${name} --version and --help are told`, async t => {
		const told = startProcess(t, node, bin('--version').args);
		assert.deepEqual(await told.waitForExit(), done);
		assert.equal(told.stdout(), `${version}\n`);
		assert.equal(told.stderr(), '');
		const help = startProcess(t, node, bin('--help').args);
		assert.deepEqual(await help.waitForExit(), done);
		assert.match(help.stdout(), /\nUsage\n.*\n {2}-p, --port PORT /s);
		assert.equal(help.stderr(), '');
	});

	test(`e2e: on ${name} pipes and a screen converse`, async t => {
		const serving = startProcess(
			t,
			node,
			bin('serve', '--plain', '--port', '0', '--nick', 'otter').args,
		);
		const port = await serving.waitForOutput(/listening on \S+:(\d+)\n/, {
			stream: 'stderr',
		});
		const heron = openTerminal(t, {
			...bin('connect', '--port', port, '--nick', 'heron'),
			command: node,
		});
		await heron.waitForModes({isBracketedPaste: true, isAlternateScreen: true});
		heron.type('ahoy\r');
		await serving.waitForOutput('heron: ahoy\n');
		await heron.waitFor(/heron +ahoy *✓$/m);
		serving.writeLine('welcome');
		await heron.waitFor(/otter +welcome$/m);
		heron.type('/quit\r');
		assert.equal(await heron.waitForExit(), 0);
		await serving.waitForOutput('-- heron left (quit)\n');
		serving.signal('SIGTERM');
		assert.deepEqual(await serving.waitForExit(), done);
		assert.doesNotMatch(serving.stderr(), /Warning|Error/);
	});
}
