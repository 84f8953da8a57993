/** No advice to a program names a flag or a slash command. */
import assert from 'node:assert/strict';
import {globSync, readFileSync} from 'node:fs';
import {test, type TestContext} from 'node:test';
import {fileURLToPath} from 'node:url';
import {
	connect,
	startServer,
	SockchatError,
	Token,
	type Client,
	type ConnectOptions,
	type Server,
	type ServerOptions,
} from '../../source/index.js';
import {apiWords} from '../../source/library/words.js';
import {nickLost} from '../../source/protocol/room-refusals.js';
import {openPlain} from '../helpers/wire-peer.js';

const ofCommandLine = /(?<![\w-])--[a-z]|(?<!\S)\/(?:help|who|nick|raw)\b/;

const serve = async (
	t: TestContext,
	options: ServerOptions = {},
): Promise<Server> => {
	const server = await startServer({port: 0, nick: 'host', ...options});
	t.after(async () => server.drain());
	return server;
};

const join = async (
	t: TestContext,
	{address}: Pick<Server, 'address'>,
	options: Partial<ConnectOptions> = {},
): Promise<Client> => {
	const client = await connect({address, nick: 'otter', ...options});
	t.after(async () => client.leave());
	return client;
};

/** The message of what a promise rejects with. */
const refusalOf = async (promise: Promise<unknown>, code: string) => {
	const [outcome] = await Promise.allSettled([promise]);
	assert.equal(outcome.status, 'rejected');
	const error: unknown = outcome.status === 'rejected' && outcome.reason;
	assert.ok(error instanceof SockchatError, String(error));
	assert.equal(error.code, code);
	assert.doesNotMatch(error.message, ofCommandLine);
	return error.message;
};

test('words: what a server refuses advises in the words of the API', async t => {
	const token = new Token('0123456789abcdef0123456789abcdef');
	const closed = await serve(t, {token});
	assert.match(
		await refusalOf(join(t, closed), 'ERR_TOKEN_NEEDED'),
		/\{token: new Token\(secret\)\}/,
	);
	const small = await serve(t, {maxMembers: 1});
	assert.match(
		await refusalOf(join(t, small), 'ERR_ROOM_FULL'),
		/a higher maxMembers/,
	);
	const server = await serve(t);
	const otter = await join(t, server);
	assert.match(
		await refusalOf(otter.whisper('nobody', 'hello'), 'ERR_NO_SUCH_MEMBER'),
		/`members` lists the names/,
	);
	assert.match(
		await refusalOf(otter.ask('nothing'), 'ERR_NO_SUCH_COMMAND'),
		/`commands` lists them/,
	);
	await refusalOf(otter.say('a\0b'), 'ERR_TEXT_INVALID');
});

test('words: one user has too many connections', async t => {
	const server = await serve(t, {maxPerUser: 1});
	await join(t, server);
	assert.match(
		await refusalOf(join(t, server, {nick: 'heron'}), 'ERR_ROOM_FULL'),
		/a higher maxPerUser/,
	);
});

test('words: a share that is filled', async t => {
	const server = await serve(t);
	const otter = await join(t, server);
	const text = 'x'.repeat(16_000);
	const refused = await Promise.allSettled(
		Array.from({length: 300}, async () => otter.say(text)),
	);
	const share = refused.find(({status}) => status === 'rejected');
	assert.strictEqual(share?.status, 'rejected');
	const {code, message} = share.reason as SockchatError;
	assert.equal(code, 'ERR_SHARE');
	assert.match(message, /the host can lift the limit with \{rate: 'off'\}/);
	assert.doesNotMatch(message, ofCommandLine);
});

test('words: an error that comes as an event has them, too', async t => {
	const server = await serve(t);
	const messages: string[] = [];
	const otter = await join(t, server, {
		onEvent(event) {
			if (event.type === 'frame' && 'message' in event.frame) {
				messages.push(event.frame.message ?? '');
			} else if (event.type === 'frame' && event.frame.type === 'answered') {
				messages.push(event.frame.text);
			}
		},
	});
	await otter.ask('nothing').catch(() => undefined);
	assert.equal(messages.length, 1);
	assert.doesNotMatch(messages[0]!, ofCommandLine);
	// A person with a bare socket keeps the command line's.
	const nc = await openPlain(t, server.address);
	nc.write('/nothing\n');
	await nc.untilText('/help lists them');
});

test('words: a nick that is lost to a member of another server', () => {
	const {message} = nickLost('heron', 'heron2');
	assert.match(apiWords(message), /before you\. `rename\(\)` takes another\.$/);
});

// Who reaches a program: all but the front ends, and what they alone use.
const folders =
	'{protocol,connection,room,history,socket,server,client,relay,library}';

/** Options of the API have both texts; these are made of words that have. */
const withBoth = /api[:,]/;

test('words: every sentence that names a flag has another for a program', () => {
	const source = fileURLToPath(new URL('../../source/', import.meta.url));
	const left: string[] = [];
	let found = 0;
	for (const path of globSync(`${source}${folders}/**/*.ts`)) {
		const lines = readFileSync(path, 'utf8').split('\n');
		for (const [index, line] of lines.entries()) {
			// TLS, UDP and WebSockets are the command line's alone.
			if (path.startsWith(`${source}socket/link/`)) {
				continue;
			}

			const isSentence = /['"`]/.test(line) && !/^\s*(?:\/?\*|\/\/)/.test(line);
			if (
				!isSentence ||
				!/ --[a-z]|^\s*['"`]--[a-z]|\/(?:help|who|nick) /.test(line)
			) {
				continue;
			}

			found++;
			const near = lines.slice(index, index + 6).join('\n');
			if (!withBoth.test(near) && ofCommandLine.test(apiWords(line))) {
				left.push(`${path.slice(source.length)}:${index + 1} ${line.trim()}`);
			}
		}
	}

	assert.ok(found >= 10, `${found}`);
	assert.deepEqual(left, []);
});
