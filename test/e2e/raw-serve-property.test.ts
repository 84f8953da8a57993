/**
 * `serve --raw` with peers that do whatever they like, over each kind of link:
 * exit code 0 only if all that was said arrived, both ways, and a sentence if it
 * is another.
 */
import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import {execFileSync} from 'node:child_process';
import {
	closeSync,
	existsSync,
	openSync,
	readFileSync,
	rmSync,
	writeFileSync,
} from 'node:fs';
import {join} from 'node:path';
import {env} from 'node:process';
import test from 'node:test';
import fc from 'fast-check';
import {digits, only} from '../helpers/digits.js';
import {createScope, type Owner} from '../helpers/environment.js';
import {newFolder} from '../helpers/link-peers.js';
import {bin, startProcess} from '../helpers/process.js';
import {
	type PlayedLink,
	type Player,
	connectAsPlayer,
	connectAsProcess,
	hasDone,
	playedLinks,
} from '../helpers/raw-player.js';
import {toShellLine} from '../helpers/shell.js';
import {withinTurns} from '../helpers/turns.js';
import {until} from '../helpers/until.js';

/** Small, about one read, several, and more than the kernel takes unread. */
const anySize = fc.constantFrom(0, 100, 3000, 65_600, 300_000, 6_000_000);

const anyAction = fc.record({
	// Which of the peers that there are.
	peer: fc.nat(2),
	type: fc.constantFrom(
		...(['say', 'say', 'flush', 'hear', 'pause', 'resume', 'end'] as const),
	),
	bytes: anySize,
});

type Action = typeof anyAction extends fc.Arbitrary<infer T> ? T : never;

const anyPeer = fc.record({
	// One in a process of its own is killed, instead of closed.
	isProcess: fc.constantFrom(false, false, false, false, true),
	last: fc.constantFrom(
		...(['stay', 'stay', 'end', 'end', 'close', 'reset'] as const),
	),
});

const anyRun = fc.record({
	stdin: fc.record({
		bytes: anySize,
		kind: fc.constantFrom(
			...(['file', 'file', 'pipe', 'open', 'none'] as const),
		),
	}),
	stdout: fc.constantFrom(
		...(['pipe', 'pipe', 'pipe', 'file', 'slow', 'full', 'gone'] as const),
	),
	flags: fc.subarray(['--half-open', '--no-shutdown']),
	isOnce: fc.boolean(),
	isIdle: fc.constantFrom(false, false, false, true),
	doing: fc.constantFrom(
		...(['none', 'none', 'none', 'echo', 'broker', 'reply'] as const),
	),
	script: fc.constantFrom(...(['', '', 'send', 'expect'] as const)),
	isJson: fc.boolean(),
	isRecorded: fc.boolean(),
	isBinary: fc.boolean(),
	peers: fc.array(anyPeer, {minLength: 1, maxLength: 3}),
	actions: fc.array(anyAction, {maxLength: 8}),
	/** Whether it is left amid all that. */
	isAmid: fc.boolean(),
	signal: fc.constantFrom(...(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)),
});

type Run = typeof anyRun extends fc.Arbitrary<infer T> ? T : never;

/** No two have a character in common, so it shows who said what. */
const alphabets = ['abcdefgh', 'ijklmnop', 'qrstuvwx'] as const;
const inputAlphabet = '01234567';
const greeting = 'HELLO';

const texts = new Map(
	alphabets.map(alphabet => [alphabet, digits(alphabet, 800_000)] as const),
);

/** Lines of 100 bytes. */
const allInput = digits(inputAlphabet, 800_000).replaceAll(/.{99}/g, '$&\n');

const withoutEnds = (text: string) => text.replaceAll('\n', '');

type Chunk = {
	readonly type: string;
	readonly direction: string;
	readonly base64: string;
};

const chunksOf = (lines: string, wanted: string): string =>
	lines
		.split('\n')
		.slice(0, -1)
		.map(line => JSON.parse(line) as Chunk)
		.filter(({type, direction}) => type === 'chunk' && direction === wanted)
		.map(({base64}) => Buffer.from(base64, 'base64').toString('latin1'))
		.join('');

const news =
	/^(?:listening on|connection from \S+ (?:made|ended)|draining|A certificate for).*\n/gm;

/** What it said besides how connections came and went. */
const complaintsOf = (stdout: string, stderr: string, isJson: boolean) =>
	stderr.replaceAll(news, '') +
	(isJson
		? stdout
				.split('\n')
				.filter(line => /"type":"error"|"tone":"bad"/.test(line))
				.join('\n')
		: '');

const perform = async (
	player: Player,
	{type, bytes}: Action,
	text: string,
	isOver: () => boolean,
): Promise<void> => {
	switch (type) {
		case 'say': {
			const from = withoutEnds(player.said).length;
			player.say(text.slice(from, from + bytes));
			break;
		}

		case 'flush':
		case 'hear': {
			// What the others don't read may be in its way.
			player.setReading(true);
			await withinTurns(
				200,
				() => isOver() || player.isClosed || hasDone(player, type, bytes),
			);
			break;
		}

		case 'pause':
		case 'resume': {
			player.setReading(type === 'resume');
			break;
		}

		case 'end': {
			player.end();
			break;
		}
	}
};

const linkFlags = (link: PlayedLink, isBinary: boolean): readonly string[] => [
	...(link === 'tls' || link === 'wss' ? ['--tls'] : []),
	...(link === 'ws' || link === 'wss' ? ['--ws', '/'] : []),
	...((link === 'ws' || link === 'wss') && isBinary ? ['--ws-binary'] : []),
];

/** What a peer got, besides the greeting, is right, and all if nothing is said. */
const assertHeard = (
	got: string,
	{
		doing,
		input,
		isSilent,
		isFile,
		hasScript,
		player,
		players,
		seen,
	}: {
		readonly doing: Run['doing'];
		readonly input: string;
		/** Whether no loss was said. */
		readonly isSilent: boolean;
		readonly isFile: boolean;
		readonly hasScript: boolean;
		readonly player: Player;
		readonly players: readonly Player[];
		readonly seen: () => string;
	},
): void => {
	const {hasBroken, hasEnded} = player;
	const said = withoutEnds(player.said);
	const isWhole = isSilent && !hasBroken;
	switch (doing) {
		case 'none': {
			assert.ok(hasScript || input.includes(got), `not of stdin: ${seen()}`);
			const isForOne = got === '' || got === input;
			assert.ok(
				!isWhole || !isFile || isForOne,
				`a file is for one: ${seen()}`,
			);
			break;
		}

		case 'echo': {
			assert.ok(said.startsWith(withoutEnds(got)), `echo: ${seen()}`);
			assert.ok(!isWhole || withoutEnds(got) === said, `echo: ${seen()}`);
			break;
		}

		case 'broker': {
			for (const [who, other] of players.entries()) {
				if (other === player) {
					continue;
				}

				const some = only(alphabets[who]!, got);
				const all = withoutEnds(other.said);
				assert.ok(all.startsWith(some), `broker: ${seen()}`);
				const isAll = isWhole && !hasEnded && !other.hasBroken;
				assert.ok(!isAll || some === all, `broker: ${seen()}`);
			}

			break;
		}

		case 'reply': {
			const count = got.split('Z').length - 1;
			const wanted = Math.floor(said.length / 1000);
			assert.ok(count <= wanted, `reply: ${seen()}`);
			assert.ok(!isWhole || count === wanted, `reply: ${seen()}`);
			break;
		}
	}
};

const runOnce = async (
	owner: Owner,
	folder: string,
	link: PlayedLink,
	run: Run,
): Promise<void> => {
	const {stdin, flags, isBinary, doing, isAmid, isRecorded} = run;
	const isWebSocket = link === 'ws' || link === 'wss';
	const isText = isWebSocket && !isBinary;
	const isOnce = run.isOnce && doing !== 'broker';
	const script =
		run.script === 'expect' && doing !== 'none' ? 'send' : run.script;
	// Else it couldn't say where it listens; nor does it go with what answers.
	const isJson =
		run.isJson &&
		(run.stdout === 'pipe' || run.stdout === 'file') &&
		script === '' &&
		(doing === 'none' || doing === 'echo');
	const plans = run.peers.slice(0, isOnce ? 1 : undefined);
	const [inFile, outFile, fifo, record, path] = [
		'in',
		'out',
		'fifo',
		'record',
		'socket',
	].map(name => join(folder, name)) as [string, string, string, string, string];
	for (const old of [record, path, outFile]) {
		rmSync(old, {force: true});
	}

	const isAnswering = doing !== 'none';
	const input =
		stdin.kind === 'none' || isAnswering ? '' : allInput.slice(0, stdin.bytes);
	writeFileSync(inFile, input);
	const {command, args} = bin(
		'serve',
		'--raw',
		...(link === 'unix' ? [path] : ['--port', '0']),
		...linkFlags(link, isBinary),
		...flags.filter(flag => !(isWebSocket && flag === '--half-open')),
		...(isOnce ? ['--once'] : []),
		...(run.isIdle ? ['--idle', '0.3'] : []),
		...(script === '' ? [] : ['--send', greeting]),
		...(script === 'expect' ? ['--expect', '[a-x]'] : []),
		...(doing === 'reply' ? ['--reply', '[a-x]{1000}=Z'] : []),
		...(doing === 'echo' || doing === 'broker' ? [`--${doing}`] : []),
		...(isJson ? ['--json'] : []),
		...(isRecorded ? ['--record', record] : []),
		...(stdin.kind === 'none' ? ['--input', 'none'] : []),
	);
	const way = {
		pipe: '',
		file: `> ${outFile}`,
		slow: `> >(read < ${fifo}; cat)`,
		full: '> /dev/full',
		gone: '> >(true)',
	}[run.stdout];
	const serving = startProcess(owner, 'bash', [
		'-c',
		`exec ${toShellLine(command, args)} ${stdin.kind === 'file' ? `< ${inFile}` : ''} ${way}`,
	]);
	let isOver = false;
	void serving.exit.then(() => {
		isOver = true;
	});
	const stdout = () =>
		run.stdout === 'file' && existsSync(outFile)
			? readFileSync(outFile, 'latin1')
			: serving.stdout();
	const release = () => {
		if (run.stdout === 'slow') {
			closeSync(openSync(fifo, 'w'));
		}
	};

	const listening = await until(
		() =>
			isOver ||
			(/listening on (?:\S+:(\d+)|(\/\S+))\n|"(?:port":(\d+)|path":")/.exec(
				stdout() + serving.stderr(),
			) ??
				undefined),
		{what: 'a port', seen: serving.seen},
	);
	if (listening === true) {
		assert.equal(run.stdout, 'gone', serving.seen());
		return;
	}

	const place = link === 'unix' ? path : (listening[1] ?? listening[3]!);
	if (stdin.kind === 'pipe' || stdin.kind === 'open') {
		serving.write(input);
	}

	if (stdin.kind === 'pipe') {
		serving.end();
	}

	const players: Player[] = [];
	for (const {isProcess, last} of plans) {
		const connect =
			isProcess && last === 'close' ? connectAsProcess : connectAsPlayer;
		const player = await Promise.race([
			connect(owner, {link, isBinary, place}).catch(() => undefined),
			serving.exit,
		]);
		if (player === undefined || 'code' in player) {
			// A failed output ends it.
			const isEnding = run.stdout === 'full' || run.stdout === 'gone';
			assert.ok(isEnding || run.isIdle, serving.seen());
			break;
		}

		player.setReading(true);
		players.push(player);
	}

	// Whoever wasn't accepted yet is unknown to it.
	const hasLeft = () =>
		isOver || (stdout() + serving.stderr()).includes('draining');
	const made = /connection from \S+ made\b|"accepted"/g;
	await until(
		() =>
			hasLeft() ||
			(stdout() + serving.stderr()).match(made)?.length === players.length,
		{what: 'the peers', seen: serving.seen},
	);
	if (hasLeft() && run.isIdle) {
		return;
	}

	const textOf = (place_: number) => texts.get(alphabets[place_]!)!;
	for (const action of run.actions) {
		const who = action.peer % plans.length;
		const player = players[who];
		if (!player) {
			continue;
		}

		await perform(player, action, textOf(who), () => isOver);
	}

	const isBrokenPlan = (who: number) =>
		plans[who]!.last === 'close' || plans[who]!.last === 'reset';
	const flushed = players.map(({isFlushed, said}) =>
		isFlushed ? withoutEnds(said).length : 0,
	);
	for (const [who, player] of players.entries()) {
		const {last} = plans[who]!;
		if (last === 'end' || last === 'close' || last === 'reset') {
			player[last]();
		}
	}

	if (!isAmid) {
		release();
	}

	const heardAll = () =>
		isJson ? chunksOf(stdout(), 'in') : withoutEnds(stdout());
	const isReadable = run.stdout !== 'full' && run.stdout !== 'gone';
	const state = () =>
		JSON.stringify(
			players.map(player => ({
				said: player.said.length,
				heard: player.heard.length,
				flushed: player.isFlushed,
				end: player.hasEnded,
				heardEnd: player.hasHeardEnd,
				broken: player.hasBroken,
				closed: player.isClosed,
				error: player.error?.message,
			})),
		);
	if (!isAmid) {
		for (const player of players) {
			player.setReading(true);
		}

		const isIn = () =>
			players.every(
				(player, who) =>
					player.hasBroken ||
					only(alphabets[who]!, heardAll()).length ===
						withoutEnds(player.said).length,
			);
		await until(() => isOver || !isReadable || isIn(), {
			what: 'all that was said',
			seen: () => `${state()}\n${serving.seen().slice(0, 1500)}`,
			deadlineMs: 30_000,
		});
		const inputHeard = () =>
			players.reduce(
				(sum, {heard}) => sum + only(inputAlphabet, heard).length,
				0,
			);
		const isOpen = (player: Player) =>
			!player.isClosed && !player.hasHeardEnd && !player.hasBroken;
		await until(
			() =>
				isOver ||
				inputHeard() === withoutEnds(input).length ||
				script === 'expect' ||
				players.every(player => !isOpen(player)) ||
				players.some(player => player.hasBroken || player.hasEnded),
			{
				what: 'all of stdin',
				seen: () => `${state()}\n${serving.seen().slice(0, 1500)}`,
				deadlineMs: 30_000,
			},
		);
	}

	const isGiven = serving.unwritten() === 0;
	const isEndless =
		isAmid ||
		!isOnce ||
		stdin.kind === 'open' ||
		plans[0]!.last === 'stay' ||
		players.length === 0;
	if (isEndless && !isOver) {
		serving.signal(run.signal);
	}

	if (isAmid) {
		release();
	}

	for (const player of players) {
		player.setReading(true);
	}

	const {code, signal} = await until(
		async () => (isOver ? serving.exit : undefined),
		{
			what: 'its end',
			seen: () => `${state()}\n${serving.seen().slice(0, 1500)}`,
			deadlineMs: 30_000,
		},
	);
	for (const player of players) {
		await until(() => player.isClosed || player.hasHeardEnd, {
			what: 'the end of a peer',
			seen: state,
		});
	}

	if (signal !== undefined) {
		// It was done before the signal came.
		return;
	}

	const complaints = complaintsOf(
		isReadable ? stdout() : '',
		serving.stderr(),
		isJson,
	);
	const heard = isReadable ? heardAll() : '';
	const seen = () =>
		[`code ${code}, ${complaints}`, `${heard.length} on stdout`, state()].join(
			'\n',
		);
	const recorded =
		isRecorded && run.stdout !== 'gone'
			? chunksOf(readFileSync(record, 'latin1'), 'in')
			: undefined;
	const alone = isText ? withoutEnds : (text: string) => text;
	const expectedInput = alone(input);
	// Whoever sends a signal amid a script knows.
	const isSilent = code === 0 || (code! > 128 && complaints === '');
	let inputSum = 0;
	let isInputBroken = false;
	for (const [who, player] of players.entries()) {
		const alphabet = alphabets[who]!;
		const said = withoutEnds(player.said);
		const shown = only(alphabet, heard);
		assert.ok(said.startsWith(shown), `stdout is wrong: ${seen()}`);
		const kept = recorded === undefined ? undefined : only(alphabet, recorded);
		if (kept !== undefined) {
			assert.ok(said.startsWith(kept), `the recording is wrong: ${seen()}`);
			assert.ok(kept.length >= shown.length, `not recorded: ${seen()}`);
		}

		if (isSilent && isReadable) {
			const least = player.hasBroken ? flushed[who]! : said.length;
			assert.ok(shown.length >= least, `lost from ${who}: ${seen()}`);
		}

		let got = alone(player.heard);
		if (
			script !== '' &&
			((code === 0 && run.stdout !== 'gone') || got.length >= greeting.length)
		) {
			assert.ok(
				got.startsWith(greeting) || (player.hasBroken && got === ''),
				`no greeting: ${seen()}`,
			);
			got = got.slice(greeting.length);
		}

		assertHeard(got, {
			doing,
			input: expectedInput,
			isSilent,
			isFile: stdin.kind === 'file',
			hasScript: script !== '',
			player,
			players,
			seen,
		});
		inputSum += doing === 'none' ? got.length : 0;
		isInputBroken ||= player.hasBroken;
	}

	if (!isSilent) {
		assert.notEqual(complaints, '', `code ${code} without a word`);
		assert.doesNotMatch(complaints, /\.\.|\b(?:read|write) E[A-Z]/);
		const isGood =
			!isAmid &&
			isReadable &&
			script !== 'expect' &&
			!run.isIdle &&
			players.every((_, who) => !isBrokenPlan(who)) &&
			// One that has ended gets no more of what others say, which is said.
			(doing !== 'broker' || players.every(({hasEnded}) => !hasEnded)) &&
			// One that is left amid a connection says so.
			(!isOnce || !isEndless) &&
			(inputSum === 0 || inputSum === expectedInput.length) &&
			!isWebSocket;
		assert.ok(!isGood, `all arrived: ${seen()}`);
		return;
	}

	assert.equal(complaints, '', seen());
	if (run.stdout === 'full') {
		assert.ok(
			players.every(({said, hasBroken}) => said === '' || hasBroken),
			seen(),
		);
	}

	if (doing === 'none' && !isInputBroken) {
		assert.ok(
			inputSum === 0 || inputSum === expectedInput.length || !isGiven,
			`${inputSum} bytes of stdin: ${seen()}`,
		);
	}
};

const defaultRuns = 3;

for (const link of playedLinks) {
	test(`e2e: serve --raw over ${link} ends with 0 only if all arrived, else it says why`, async t => {
		const folder = newFolder(t);
		execFileSync('mkfifo', [join(folder, 'fifo')]);
		await fc.assert(
			fc.asyncProperty(anyRun, async run => {
				const scope = createScope();
				try {
					await runOnce(scope, folder, link, run);
				} finally {
					await scope.close();
				}
			}),
			{
				numRuns: Number(env['FAST_CHECK_RUNS'] ?? defaultRuns),
				endOnFailure: true,
				includeErrorInReport: true,
			},
		);
	});
}
