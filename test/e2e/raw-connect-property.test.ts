/**
 * `connect --raw` to peers that do whatever they like, over each kind of link:
 * exit code 0 only if all that was said arrived, both ways, and a sentence if it
 * is another.
 */
import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import {execFileSync} from 'node:child_process';
import {
	closeSync,
	openSync,
	readFileSync,
	rmSync,
	writeFileSync,
} from 'node:fs';
import {join} from 'node:path';
import {env} from 'node:process';
import test, {type TestContext} from 'node:test';
import {createSecureContext, type SecureContext} from 'node:tls';
import fc from 'fast-check';
import {createScope, type Owner} from '../helpers/environment.js';
import {makeCertificates, newFolder} from '../helpers/link-peers.js';
import {bin, startProcess} from '../helpers/process.js';
import {
	linesOf,
	listenAsPlayer,
	playedLinks,
	type PlayedLink,
	type Player,
} from '../helpers/raw-player.js';
import {toShellLine} from '../helpers/shell.js';
import {until} from '../helpers/until.js';

const kib64 = 65_536;

const anySize = fc.constantFrom(
	0,
	1,
	3000,
	kib64 - 1,
	kib64,
	kib64 + 1,
	300_000,
	1_000_000,
	8_000_000,
);

const anyAction = fc.oneof(
	fc.record({type: fc.constant('say' as const), bytes: anySize}),
	// Until the kernel has what was said.
	fc.record({type: fc.constant('flush' as const)}),
	// Until so much has come.
	fc.record({type: fc.constant('hear' as const), bytes: anySize}),
	fc.record({type: fc.constant('pause' as const)}),
	fc.record({type: fc.constant('resume' as const)}),
	fc.record({type: fc.constant('end' as const)}),
);

type Action = typeof anyAction extends fc.Arbitrary<infer T> ? T : never;

const anyRun = fc.record({
	stdin: fc.record({
		bytes: anySize,
		// An open one ends once the peer has done what it does.
		kind: fc.constantFrom(...(['file', 'pipe', 'open', 'none'] as const)),
	}),
	stdout: fc.constantFrom(
		...(['pipe', 'pipe', 'file', 'slow', 'full', 'gone'] as const),
	),
	flags: fc.subarray(['--no-shutdown', '--half-open']),
	limit: fc.constantFrom<readonly string[]>(
		[],
		[],
		[],
		['--idle', '0.2'],
		['--replies', '1'],
		['--replies', '3'],
	),
	isJson: fc.boolean(),
	isBinary: fc.boolean(),
	actions: fc.array(anyAction, {maxLength: 6}),
	last: fc.constantFrom(...(['end', 'end', 'close', 'reset', 'stay'] as const)),
});

type Run = typeof anyRun extends fc.Arbitrary<infer T> ? T : never;

type Site = {
	readonly folder: string;
	readonly context: SecureContext;
};

const perform = async (
	player: Player,
	action: Action,
	{
		isOver,
		wanted,
		isFlowing,
	}: {
		readonly isOver: () => boolean;
		/** How much it may hear. */
		readonly wanted: number;
		/** Whether what each side says is read by the other. */
		readonly isFlowing: boolean;
	},
): Promise<void> => {
	const seen = () => `heard ${player.heard.length}, said ${player.said.length}`;
	switch (action.type) {
		case 'say': {
			const from = player.said.length;
			player.say(linesOf('p', from + action.bytes).slice(from));
			break;
		}

		case 'flush': {
			if (isFlowing) {
				await until(() => player.isFlushed || player.isClosed || isOver(), {
					what: 'the kernel',
					seen,
				});
			}

			break;
		}

		case 'hear': {
			player.setReading(true);
			const bytes = isFlowing ? Math.min(action.bytes, wanted) : 0;
			await until(
				() =>
					player.heard.length >= bytes ||
					player.hasHeardEnd ||
					player.isClosed ||
					isOver(),
				{what: `${bytes} bytes`, seen, deadlineMs: 60_000},
			);
			break;
		}

		case 'pause':
		case 'resume': {
			player.setReading(action.type === 'resume');
			break;
		}

		case 'end': {
			player.end();
			break;
		}
	}
};

type Program = ReturnType<typeof startProcess>;

const jsonLines = (text: string) =>
	text
		.split('\n')
		.slice(0, -1)
		.map(line => JSON.parse(line) as Record<string, string>);

/** What came, as a pipe would have it. */
const bytesOf = (stdout: string, isJson: boolean): string =>
	isJson
		? jsonLines(stdout)
				.filter(({type, direction}) => type === 'chunk' && direction === 'in')
				.map(
					({base64, frame}) =>
						Buffer.from(base64!, 'base64').toString('latin1') +
						(frame === 'text' ? '\n' : ''),
				)
				.join('')
		: stdout;

const complaintsOf = (stdout: string, stderr: string, isJson: boolean) =>
	isJson
		? stderr +
			stdout
				.split('\n')
				.filter(line => /"type":"error"|"tone":"bad"|"cause":/.test(line))
				.join('\n')
		: stderr;

const counts =
	/(\d+) bytes? w(?:ere|as) read, and the kernel took (\d+) of them/;

const linkFlags = (link: PlayedLink, isBinary: boolean): readonly string[] => [
	...(link === 'tls' || link === 'wss' ? ['--tls', '--tls-insecure'] : []),
	...(link === 'ws' || link === 'wss' ? ['--ws', '/'] : []),
	...((link === 'ws' || link === 'wss') && isBinary ? ['--ws-binary'] : []),
];

const runOnce = async (
	owner: Owner,
	site: Site,
	link: PlayedLink,
	{stdin, stdout, flags, limit, isJson, isBinary, actions, last: wish}: Run,
): Promise<void> => {
	const {folder, context} = site;
	const isWebSocket = link === 'ws' || link === 'wss';
	const isText = isWebSocket && !isBinary;
	// A signal goes to the program alone if nothing is piped in the shell.
	const last =
		wish === 'stay' && (stdout === 'slow' || stdout === 'gone') ? 'end' : wish;
	const [inFile, outFile, fifo] = ['in', 'out', 'fifo'].map(name =>
		join(folder, name),
	) as [string, string, string];
	const path = join(folder, 'socket');
	rmSync(path, {force: true});
	const input = stdin.kind === 'none' ? '' : linesOf('i', stdin.bytes);
	writeFileSync(inFile, input);
	let player: Player | undefined;
	const place = await listenAsPlayer(
		owner,
		{link, isBinary, path, context},
		accepted => {
			player ??= accepted;
		},
	);
	const {command, args} = bin(
		'connect',
		'--raw',
		place,
		...linkFlags(link, isBinary),
		...flags.filter(flag => !(isWebSocket && flag === '--half-open')),
		...limit,
		...(isJson ? ['--json'] : []),
		...(stdin.kind === 'none' ? ['--input', 'none'] : []),
	);
	const way = {
		pipe: '',
		file: `> ${outFile}`,
		slow: `| (read < ${fifo}; cat)`,
		full: '> /dev/full',
		gone: '| true',
	}[stdout];
	const line = `${toShellLine(command, args)} ${stdin.kind === 'file' ? `< ${inFile}` : ''}`;
	const isPiped = way.startsWith('|');
	const program: Program = startProcess(owner, 'bash', [
		'-c',
		isPiped ? `set -o pipefail; ${line} ${way}` : `exec ${line} ${way}`,
	]);
	let isOver = false;
	void program.exit.then(() => {
		isOver = true;
	});
	if (stdin.kind === 'pipe' || stdin.kind === 'open') {
		program.write(input);
	}

	if (stdin.kind === 'pipe') {
		program.end();
	}

	await until(() => player !== undefined || isOver, {
		what: 'a connection',
		seen: program.seen,
	});
	const output = () =>
		stdout === 'file' ? readFileSync(outFile, 'latin1') : program.stdout();
	if (!player && (stdout === 'gone' || stdout === 'full')) {
		// It could not say that it connects.
		return;
	}

	assert.ok(player, program.seen());
	const peer: Player = player;
	const heardText = isText && input !== '' && !input.endsWith('\n');
	const expected = input + (heardText ? '\n' : '');
	// A line is sent once it has its end.
	const isUnended = heardText && stdin.kind === 'open';
	const wanted = isUnended ? input.lastIndexOf('\n') + 1 : expected.length;
	peer.setReading(true);
	for (const action of actions) {
		await perform(peer, action, {
			isOver: () => isOver,
			wanted,
			isFlowing: stdout !== 'slow',
		});
	}

	const sentBytes = peer.isFlushed ? peer.said.length : 0;
	switch (last) {
		case 'end': {
			peer.end();
			break;
		}

		case 'close': {
			peer.close();
			break;
		}

		case 'reset': {
			peer.reset();
			break;
		}

		case 'stay': {
			break;
		}
	}

	peer.setReading(true);
	if (stdout === 'slow') {
		closeSync(openSync(fifo, 'w'));
	}

	if (last === 'stay') {
		await until(
			() => isOver || peer.said === '' || bytesOf(output(), isJson) !== '',
			{what: 'the first bytes', seen: () => program.seen().slice(0, 3000)},
		);
		program.signal('SIGTERM');
	} else if (stdin.kind === 'open' || stdin.kind === 'none') {
		program.end();
	}

	const {code, signal} = await program.waitForExit({deadlineMs: 60_000});
	await until(() => peer.isClosed || peer.hasHeardEnd, {
		what: 'the end of a peer',
	});
	if (signal !== undefined) {
		// It was done before the signal came.
		return;
	}

	const isLimited = limit.length > 0 || last === 'stay';
	const isReadable = stdout !== 'full' && stdout !== 'gone';
	const heard = isReadable ? bytesOf(output(), isJson) : '';
	const complaints = complaintsOf(output(), program.stderr(), isJson);
	const {hasBroken, hasHeardEnd} = peer;
	const isWhole = peer.hasEnded && !hasBroken;
	const seen = () =>
		[
			`code ${code}, ${complaints}`,
			`stdin ${input.length}, heard by the peer ${peer.heard.length}`,
			`said by the peer ${peer.said.length}, on stdout ${heard.length}`,
			JSON.stringify({hasBroken, hasHeardEnd, hasEnded: peer.hasEnded}),
			`${peer.error?.message}`,
		].join('\n');
	assert.ok(peer.said.startsWith(heard), `stdout is wrong: ${seen()}`);
	assert.ok(expected.startsWith(peer.heard), `sent is wrong: ${seen()}`);
	const found = counts.exec(complaints);
	if (found) {
		const [read, taken] = found.slice(1).map(Number) as [number, number];
		assert.ok(read <= expected.length && taken <= read, seen());
	}

	if (isWhole && isReadable && !isLimited) {
		// It is the beginning of it.
		assert.equal(heard.length, peer.said.length, `lost: ${seen()}`);
	}

	if (code !== 0) {
		// Whoever sends a signal knows.
		assert.ok(complaints !== '' || code === 143, `no word: ${seen()}`);
		assert.doesNotMatch(complaints, /\.\.|\b(?:read|write) E[A-Z]/);
		const isAll =
			isWhole && isReadable && hasHeardEnd && peer.heard === expected;
		assert.ok(!isAll || isLimited, `all arrived: ${seen()}`);
		return;
	}

	assert.equal(complaints, '', seen());
	if (stdout === 'full') {
		assert.ok(!isWhole || peer.said === '' || isLimited, seen());
	}

	if (isReadable && !isLimited && hasBroken) {
		assert.ok(heard.length >= sentBytes, `cut: ${seen()}`);
	}

	if (!hasBroken) {
		const isAllWanted =
			stdin.kind === 'file' || (!isLimited && stdout !== 'gone');
		assert.ok(
			peer.heard === expected || !isAllWanted,
			`stdin is lost: ${seen()}`,
		);
	}
};

const defaultRuns = 8;

const siteOf = (t: TestContext): Site => {
	const folder = newFolder(t);
	const {good} = makeCertificates(folder);
	execFileSync('mkfifo', [join(folder, 'fifo')]);
	return {
		folder,
		context: createSecureContext({
			cert: readFileSync(good.cert),
			key: readFileSync(good.key),
		}),
	};
};

for (const link of playedLinks) {
	test(`e2e: connect --raw over ${link} ends with 0 only if all arrived, else it says why`, async t => {
		const site = siteOf(t);
		await fc.assert(
			fc.asyncProperty(anyRun, async run => {
				const scope = createScope();
				try {
					await runOnce(scope, site, link, run);
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
