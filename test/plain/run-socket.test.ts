/** What the screen's commands for the socket do without a screen. */
import assert from 'node:assert/strict';
import {PassThrough} from 'node:stream';
import {test, type TestContext} from 'node:test';
import {parseOptions} from '../helpers/parse-options.js';
import type {Options} from '../../source/options/options.js';
import {Output} from '../../source/plain/output.js';
import {runPlain} from '../../source/plain/run.js';
import {openServer, portOf} from '../helpers/room.js';
import {until} from '../helpers/until.js';
import {joinWire} from '../helpers/wire-peer.js';

const optionsOf = (
	port: number,
	flags: Readonly<Record<string, string | true>>,
): Options => {
	const options = parseOptions(
		{
			words: ['connect'],
			given: {
				port: String(port),
				nick: 'otter',
				input: 'commands',
				...flags,
			},
			error: undefined,
		},
		{isTerminal: false, loginName: () => 'otter', env: {}},
	);
	assert.ok(!(options instanceof Error));
	return options;
};

/** A member without a screen, with another one in the room. */
const openLines = async (
	t: TestContext,
	flags: Readonly<Record<string, string | true>>,
) => {
	const server = await openServer(t);
	const heron = await joinWire(t, server.address, 'heron');
	const streams = {
		stdin: new PassThrough(),
		isTyped: false,
		stdout: new PassThrough(),
		stderr: new PassThrough(),
	};
	let out = '';
	let error = '';
	streams.stdout.on('data', chunk => {
		out += String(chunk);
	});
	streams.stderr.on('data', chunk => {
		error += String(chunk);
	});
	const options = optionsOf(portOf(server.address), flags);
	const running = await runPlain(options, {
		...streams,
		stdout: new Output(() => streams.stdout, false),
	});
	t.after(async () => {
		running.leave();
		running.leave();
		await running.ended;
	});
	await heron.untilFrame('joined', ({nick}) => nick === 'otter');
	return {
		server,
		heron,
		out: () => out,
		error: () => error,
		type(line: string) {
			streams.stdin.write(`${line}\n`);
		},
		untilText: async (read: () => string, pattern: RegExp) =>
			until(() => pattern.test(read()), {
				what: String(pattern),
				seen: () => `stdout: ${out}\nstderr: ${error}`,
			}),
	};
};

test('run: /wire prints the chunks, and a second /wire stops that', async t => {
	const lines = await openLines(t, {explain: true});
	lines.type('/wire');
	lines.type('hello');
	await lines.untilText(
		lines.error,
		/^→ 36 bytes: 7b 22 [\da-f ]+ \{"type":"say","n":1,"text":"hello"\}⏎$/mu,
	);
	await lines.untilText(lines.error, /^← \d+ bytes: .*"text":"hello"\}⏎$/mu);
	lines.type('/wire');
	lines.type('unseen');
	await lines.untilText(lines.out, /otter: unseen/u);
	assert.doesNotMatch(lines.error(), /unseen/u);
});

test('run: a command for a view names the JSON events instead', async t => {
	const lines = await openLines(t, {});
	for (const view of ['wire', 'peers', 'lifecycle']) {
		lines.type(`/${view}`);

		await lines.untilText(
			lines.error,
			new RegExp(
				`^/${view} works only on the screen; --json --events prints the same`,
				'mu',
			),
		);
	}

	lines.type('hello');
	await lines.heron.untilSaid('hello');
	assert.doesNotMatch(lines.error(), /bytes:/u, 'nobody asked for the wire');
});

test('run: the commands for the socket work without a screen', async t => {
	const lines = await openLines(t, {explain: true});
	lines.type('/pause');
	await lines.untilText(lines.out, /^-- Your socket is no longer read: /mu);
	await lines.untilText(lines.error, /^pause\(\): The process stops reading/mu);
	lines.heron.say(1, 'unread');
	await lines.heron.untilSaid('unread');
	assert.doesNotMatch(lines.out(), /unread/u);
	lines.type('/resume');
	await lines.untilText(lines.out, /^heron: unread$/mu);
	lines.type('/end heron');
	await lines.untilText(lines.error, /^Only a server has peers to name; /mu);
	lines.type('/reset');
	await lines.untilText(lines.out, /^-- Your socket has sent RST: /mu);
	await lines.untilText(
		lines.error,
		/You reset the connection \(RST\)\. Trying/u,
	);
});

test('run: in JSON each step, sample and chunk is an event', async t => {
	const lines = await openLines(t, {json: true, events: 'wire,step,kernel'});
	lines.type('hello');
	const events = () =>
		lines
			.out()
			.split('\n')
			.filter(line => line !== '')
			.map(line => JSON.parse(line) as Record<string, unknown>);
	await until(
		() => {
			const all = events();
			return (
				all.some(({type}) => type === 'wire') &&
				all.some(
					({type, state, evidence, end}) =>
						type === 'step' &&
						state === 'ESTABLISHED' &&
						evidence === 'read' &&
						end === 'local',
				) &&
				all.some(
					({type, isReadable, local}) =>
						type === 'kernel' && isReadable && local,
				)
			);
		},
		{what: 'a step, a sample and a chunk', seen: lines.out},
	);
	assert.equal(lines.error(), '');
});
