/** The scripts of docs/scripts.md, run as the page prints them. */
import assert from 'node:assert/strict';
import {
	appendFileSync,
	chmodSync,
	mkdtempSync,
	readFileSync,
	rmSync,
	writeFileSync,
} from 'node:fs';
import {tmpdir} from 'node:os';
import {delimiter, join} from 'node:path';
import process from 'node:process';
import {test, after} from 'node:test';
import {maxTextBytes} from '../../source/protocol/frame.js';
import {requireExecutable, type Owner} from '../helpers/environment.js';
import {bin, startProcess} from '../helpers/process.js';
import {toShellLine} from '../helpers/shell.js';
import {serveJson} from '../helpers/sockchat.js';

const page = readFileSync(
	new URL('../../docs/scripts.md', import.meta.url),
	'utf8',
);

/** The code below each heading. */
const scripts = new Map(
	Array.from(
		page.matchAll(/^## ([^\n]*)\n(?:(?!^## ).)*?^```\w+\n(.*?)^```$/gms),
		([, title, code]) => [title!, code!],
	),
);

const scriptOf = (title: string): string => {
	const script = scripts.get(title);
	assert.ok(script, `docs/scripts.md has no "${title}".`);
	return script;
};

const requireJq = () => requireExecutable('jq', 'jq');

/** A folder with `sockchat` and the programs that a script calls its own. */
const newPlace = (
	owner: Owner,
	port: string,
	programs: Readonly<Record<string, string>> = {},
) => {
	const folder = mkdtempSync(join(tmpdir(), 'sockchat-test-'));
	owner.after(async () => {
		// The script may still write into it; it is ended after this.
		rmSync(folder, {recursive: true, force: true, maxRetries: 10});
	});
	const {command, args} = bin();
	const sockchat = `exec ${toShellLine(command, args)} "$@"`;
	for (const [name, code] of Object.entries({sockchat, ...programs})) {
		writeFileSync(join(folder, name), `#!/bin/sh\n${code}\n`);
		chmodSync(join(folder, name), 0o700);
	}

	return {
		folder,
		start: (script: string, words: readonly string[] = [], env = {}) =>
			startProcess(owner, 'bash', ['-c', script, 'script', ...words], {
				cwd: folder,
				env: {
					PATH: `${folder}${delimiter}${process.env['PATH']}`,
					HOME: folder,
					SOCKCHAT_PORT: port,
					...env,
				},
			}),
	};
};

/** A text in a regular expression. */
const literally = (text: string) =>
	text.replaceAll(/[$()*+.?[\\\]^{|}]/g, String.raw`\$&`);

/** A room that stays open until the tests are over. */
const openRoom = async () => {
	const {server, port} = await serveJson({after}, ['--nick', 'host']);
	return {
		port,
		say(text: string) {
			server.writeLine(text);
		},
		hears: async (from: string, text: string) =>
			server.waitForOutput(
				new RegExp(
					`"from":"${from}",[^\n]*"text":${literally(JSON.stringify(text))}`,
				),
			),
		said: (from: string) =>
			Array.from(
				server.stdout().matchAll(/^\{"type":"message",.*$/gm),
				([line]) => JSON.parse(line) as {from: string; text: string},
			)
				.filter(message => message.from === from)
				.map(({text}) => text),
		joined: async (nick: string) =>
			server.waitForOutput(
				new RegExp(`"type":"joined",[^\n]*"nick":"${nick}"`),
			),
	};
};

const room = await openRoom();

test('scripts: none has more than five lines, and all ten are run here', () => {
	assert.equal(scripts.size, 10);
	for (const [title, code] of scripts) {
		assert.ok(code.trimEnd().split('\n').length <= 5, title);
	}
});

test('scripts: the end of a CI job is said, and a failure stays one', async t => {
	for (const [make, result, code] of [
		['exit 0', 'green', 0],
		['exit 2', 'red', 1],
	] as const) {
		const place = newPlace(t, room.port, {make});
		const env = {BUILD_NUMBER: '214'};
		const job = place.start(scriptOf('The end of a CI job'), [], env);
		assert.deepEqual((await job.waitForExit()).code, code, job.seen());
		await room.hears('ci', `build 214 is ${result}`);
		assert.equal(job.stderr(), '');
	}
});

test('scripts: a CI job goes on where nobody listens', async t => {
	const job = newPlace(t, '1', {make: 'exit 0'}).start(
		scriptOf('The end of a CI job'),
		[],
		{BUILD_NUMBER: '214'},
	);
	assert.equal((await job.waitForExit()).code, 0, job.seen());
	assert.match(job.stderr(), /\nThe room was not told\.\n$/);
});

test('scripts: a line of cron says all that it prints as one message', async t => {
	const place = newPlace(t, room.port, {df: String.raw`printf 'one\ntwo\n'`});
	const line = /^(?:\S+ ){5}(.*)$/m.exec(scriptOf('A line of cron'))?.[1];
	assert.ok(line);
	const job = place.start(`exec < /dev/null; ${line}`);
	assert.equal((await job.waitForExit()).code, 0, job.seen());
	await room.hears('disk', 'one\ntwo');
	assert.equal(job.stdout() + job.stderr(), '', 'cron would mail this');
});

test('scripts: lines of a log are said as they are', async t => {
	const place = newPlace(t, room.port);
	const log = join(place.folder, 'app.log');
	writeFileSync(log, 'ERROR before\n');
	place.start(scriptOf('Watch a log'));
	await room.joined('app-log');
	appendFileSync(log, 'INFO nothing\n/nick ERROR\n--- ERROR: disk full\n');
	await room.hears('app-log', '/nick ERROR');
	await room.hears('app-log', '--- ERROR: disk full');
});

test('scripts: a deployment waits for a go that is said now', async t => {
	room.say('go');
	const place = newPlace(t, room.port, {'deploy.sh': 'echo deployed'});
	const job = place.start(scriptOf('Wait for a go'));
	await room.joined('deploy');
	room.say('gone');
	room.say('go');
	assert.equal((await job.waitForExit()).code, 0, job.seen());
	assert.match(job.stdout(), /go\n.*deployed\n$/s);
});

test('scripts: a question waits for its answer', async t => {
	for (const answer of ['yes', 'no']) {
		const place = newPlace(t, room.port, {'deploy.sh': 'echo deployed'});
		const question = answer === 'yes' ? 'Ship it? yes or no' : 'Ship it?';
		const script = scriptOf('Ask, and wait for the answer');
		const job = place.start(script.replace('Ship it? yes or no', question));
		await room.hears('release', question);
		room.say('maybe');
		room.say(answer);
		assert.equal((await job.waitForExit()).code, 0, job.seen());
		assert.equal(job.stdout(), answer === 'yes' ? 'deployed\n' : '');
	}
});

test('scripts: the bot answers', async t => {
	requireJq();
	newPlace(t, room.port, {date: 'echo 12:34'}).start(
		scriptOf('A bot that answers'),
	);
	await room.joined('clock');
	room.say('/not a command');
	room.say('!time');
	await room.hears('clock', '12:34');
});

test('scripts: the bridge says in one room what the other hears', async t => {
	requireJq();
	const other = await openRoom();
	const script = scriptOf('A bridge between two rooms')
		.replace('5001', room.port)
		.replace('5002', other.port);
	newPlace(t, room.port).start(script);
	await Promise.all([room.joined('bridge'), other.joined('bridge')]);
	room.say('from here');
	await other.hears('bridge', 'host: from here');
	other.say('from there');
	await room.hears('bridge', 'host: from there');
	// With its name before it, it is too long for the other room.
	room.say('x'.repeat(maxTextBytes));
	room.say('again');
	await other.hears('bridge', 'host: again');
	other.say('and back');
	await room.hears('bridge', 'host: and back');
	assert.deepEqual(room.said('bridge'), ['host: from there', 'host: and back']);
});

test('scripts: the status line counts what is new', async t => {
	requireJq();
	const place = newPlace(t, room.port);
	const script = scriptOf("Unread entries in tmux's status line");
	const unread = async (words?: readonly string[]) => {
		const run = place.start(script, words);
		assert.equal((await run.waitForExit()).code, 0, run.seen());
		return run.stdout();
	};

	assert.match(await unread(), /^[1-9]\d* new\n$/);
	assert.equal(await unread(['seen']), '0 new\n');
	room.say('news');
	await room.hears('host', 'news');
	assert.equal(await unread(), '1 new\n');
});

test('scripts: the agent answers whoever mentions it', async t => {
	requireJq();
	const place = newPlace(t, room.port, {
		think: String.raw`sed 's/.*/I read: &/'; printf 'and more\n'`,
	});
	place.start(scriptOf('The loop of an agent'));
	await room.joined('agent');
	room.say('not for you');
	room.say('mail@agent.example');
	room.say('@agent "look"');
	await room.hears('agent', 'I read: @agent "look"\nand more');
	room.say('ask @agent');
	await room.hears('agent', 'I read: ask @agent\nand more');
	assert.equal(room.said('agent').length, 2);
});

test('scripts: the unit says what became of its job', async t => {
	const place = newPlace(t, room.port);
	const unit = scriptOf('A unit of systemd')
		.replace('/usr/local/bin/backup', '/bin/true')
		.replace('/usr/local/bin/sockchat', join(place.folder, 'sockchat'));
	const path = join(place.folder, 'backup.service');
	writeFileSync(path, unit);
	const verify = startProcess(
		t,
		requireExecutable('systemd-analyze', 'systemd'),
		['verify', '--man=no', '--recursive-errors=no', path],
	);
	assert.equal((await verify.waitForExit()).code, 0, verify.seen());
	assert.equal(verify.stderr(), '');
	const line = /^ExecStopPost=-(.*)$/m.exec(unit)?.[1];
	assert.ok(line);
	const job = place.start(`${line} < /dev/null`, [], {
		SERVICE_RESULT: 'exit-code',
	});
	assert.equal((await job.waitForExit()).code, 0, job.seen());
	await room.hears('backup', 'backup: exit-code');
});
