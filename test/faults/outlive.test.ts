/** A room whose host is killed, or ends, again and again: members open it. */
import assert from 'node:assert/strict';
import {readFileSync, readdirSync} from 'node:fs';
import {join} from 'node:path';
import {test, type TestContext} from 'node:test';
import {makeFolder} from '../helpers/faults/process.js';
import {deadlineMs, sized} from '../helpers/faults/size.js';
import {findPort} from '../helpers/ports.js';
import {startBin, type RunningProcess} from '../helpers/process.js';
import {until} from '../helpers/until.js';

const rounds = sized(20, 4);
const heirCount = 3;
const linesEach = 5;

type Line = {
	readonly type: string;
	readonly seq?: number;
	readonly text?: string;
	readonly log?: string;
	readonly phase?: string;
	readonly tookOverFrom?: string;
};

const linesOf = (text: string): Line[] =>
	text
		.split('\n')
		.slice(0, -1)
		.map(line => JSON.parse(line) as Line);

const textsOf = (lines: readonly Line[]): string[] =>
	lines.flatMap(({type, text}) => (type === 'message' ? [text!] : []));

const seqsOf = (lines: readonly Line[]): number[] =>
	lines.flatMap(({seq}) => (seq === undefined ? [] : [seq]));

test(
	`faults: the host goes ${rounds} times, and one of ${heirCount} opens the room each time`,
	{timeout: deadlineMs * rounds},
	async t => {
		const state = makeFolder(t);
		const port = await findPort();
		const env = {XDG_STATE_HOME: state};
		let count = 0;
		const open = (...args: readonly string[]) =>
			startBin(
				t,
				[...args, '--json', '--port', port, '--nick', `n${++count}`],
				{env},
			);
		const enter = async (...args: readonly string[]) => {
			const member = open(...args);
			await member.waitForOutput('"type":"welcome"');
			return member;
		};

		const isHost = (member: RunningProcess) =>
			member.stdout().includes('"phase":"listening"');
		const said: string[] = [];
		const say = (member: RunningProcess, text: string) => {
			said.push(text);
			member.writeLine(text);
		};

		let host = await enter();
		// It hears all, and never hosts.
		const witness = await enter('connect');
		let heirs = await Promise.all(
			Array.from({length: heirCount}, async () => enter()),
		);
		const waits: number[] = [];
		for (let round = 0; round < rounds; round++) {
			for (const [index, member] of [witness, ...heirs].entries()) {
				for (let line = 0; line < linesEach; line++) {
					say(member, `${round} ${index} ${line}`);
				}
			}

			// In the middle of their lines, in turns.
			host.signal(round % 2 === 0 ? 'SIGKILL' : 'SIGTERM');
			const goneAt = performance.now();
			await host.waitForExit();
			const seen = () => heirs.map(heir => heir.stdout()).join('\n');
			host = await until(() => heirs.find(heir => isHost(heir)), {
				what: 'an heir to open the room',
				seen,
				deadlineMs,
			});
			waits.push(Math.round(performance.now() - goneAt));
			await until(
				() => {
					const heard = new Set(textsOf(linesOf(witness.stdout())));
					return said.every(text => heard.has(text));
				},
				{
					what: 'all lines to be heard',
					seen: () => witness.stdout(),
					deadlineMs,
				},
			);
			assert.equal(heirs.filter(heir => isHost(heir)).length, 1, seen());
			heirs = [...heirs.filter(heir => heir !== host), await enter()];
		}

		host.signal('SIGTERM');
		await host.waitForExit();
		const folder = join(state, 'sockchat');
		const entries = linesOf(
			readFileSync(join(folder, `127.0.0.1-${port}.jsonl`), 'utf8'),
		).filter(({seq, type}) => seq !== undefined && type !== 'checkpoint');
		const inFile = textsOf(entries);
		assert.deepEqual(inFile.toSorted(), said.toSorted(), 'each is there once');
		const heard = linesOf(witness.stdout());
		assert.deepEqual(textsOf(heard), inFile, 'all were heard, in that order');
		const seqs = seqsOf(heard);
		assert.deepEqual(
			seqs,
			seqs.map((_, index) => seqs[0]! + index),
			'no seq is missing, or there twice',
		);
		assert.equal(new Set(heard.flatMap(({log}) => log ?? [])).size, 1);
		assert.deepEqual(
			heard.filter(({type}) => type === 'gap'),
			[],
		);
		assert.deepEqual(
			readdirSync(folder).filter(name => /damaged|other/.test(name)),
			[],
		);
		t.diagnostic(`open again after ${waits.join(', ')} ms`);
	},
);

/** A host that is killed while its heir is stopped, and what comes first. */
const openLate = async (t: TestContext) => {
	const state = makeFolder(t);
	const port = await findPort();
	const env = {XDG_STATE_HOME: state};
	const open = (...args: readonly string[]) =>
		startBin(t, [...args, '--json'], {env});
	const host = open('--port', port, '--nick', 'heron');
	await host.waitForOutput('"phase":"listening"');
	const heir = open('--port', port, '--nick', 'otter');
	await heir.waitForOutput('"type":"welcome"');
	heir.writeLine('before');
	await heir.waitForOutput('"mark":"stored"');
	heir.signal('SIGSTOP');
	host.signal('SIGKILL');
	await host.waitForExit();
	return {state, port, open, heir};
};

test('faults: an heir that finds the port taken joins what is there', async t => {
	const {state, port, open, heir} = await openLate(t);
	const other = join(state, 'other.jsonl');
	const server = open('serve', '--port', port, '--history', other);
	await server.waitForOutput('"phase":"listening"');
	heir.signal('SIGCONT');
	heir.writeLine('here');
	await server.waitForOutput('"text":"here"');
	assert.doesNotMatch(heir.stdout(), /"phase":"listening"/);
	await heir.waitForOutput('The room continues in another log');
});

test('faults: an heir that finds the history taken opens the room when it is free', async t => {
	const {state, port, open, heir} = await openLate(t);
	const same = join(state, 'sockchat', `127.0.0.1-${port}.jsonl`);
	const server = open('serve', '--port', '0', '--history', same);
	await server.waitForOutput('"phase":"listening"');
	heir.signal('SIGCONT');
	heir.writeLine('here');
	// It is refused, and then waits for another try.
	await heir.waitForOutput(/ERR_REFUSED.*ERR_REFUSED/s);
	assert.doesNotMatch(heir.stdout(), /"phase":"listening"/);
	server.signal('SIGTERM');
	await server.waitForExit();
	await heir.waitForOutput('"phase":"listening"', {deadlineMs});
	await heir.waitForOutput('"text":"here"');
	const entries = linesOf(readFileSync(same, 'utf8'));
	assert.deepEqual(textsOf(entries), ['before', 'here']);
});
