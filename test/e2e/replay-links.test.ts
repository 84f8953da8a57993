/** A recording of TLS, a WebSocket or UDP is played over the same link. */
import assert from 'node:assert/strict';
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test, {after, type TestContext} from 'node:test';
import {startBin} from '../helpers/process.js';

const done = {code: 0, signal: undefined};
const failed = {code: 1, signal: undefined};
const folder = mkdtempSync(join(tmpdir(), 'sockchat-replay-links-'));
after(() => {
	rmSync(folder, {recursive: true});
});

let count = 0;
const newFile = () => join(folder, `recording-${count++}`);

type Kind = {
	readonly name: string;
	/** What both sides need. */
	readonly link: readonly string[];
	/** What a client needs besides. */
	readonly client: readonly string[];
	/** As the head has it. */
	readonly head: Readonly<Record<string, unknown>>;
};

const insecure = ['--tls-insecure'];
const kinds: readonly Kind[] = [
	{name: 'TLS', link: ['--tls'], client: insecure, head: {kind: 'tls'}},
	{
		name: 'WebSocket',
		link: ['--ws', '/api'],
		client: [],
		head: {kind: 'ws', path: '/api'},
	},
	{
		name: 'WebSocket over TLS',
		link: ['--tls', '--ws', '/api'],
		client: insecure,
		head: {kind: 'ws', path: '/api', tls: true},
	},
	{name: 'UDP', link: ['-u'], client: [], head: {kind: 'udp'}},
];

const serve = async (
	t: TestContext,
	{link}: Kind,
	...more: readonly string[]
) => {
	const server = startBin(t, ['serve', '--raw', ...link, '0', ...more]);
	const port = await server.waitForOutput(/127\.0\.0\.1:(\d+)/, {
		stream: 'stderr',
	});
	return {server, port};
};

const isUdp = ({name}: Kind) => name === 'UDP';

/** UDP has no end that the end of stdin could be. */
const leaving = (kind: Kind) => (isUdp(kind) ? ['--idle', '0.2'] : []);

/** Two messages and their echoes. */
const talk = async (
	t: TestContext,
	kind: Kind,
	port: string,
	...more: readonly string[]
) => {
	const {link, client} = kind;
	const chat = startBin(t, [
		'connect',
		'--raw',
		...link,
		...client,
		port,
		...leaving(kind),
		'--send',
		'ping',
		'--expect',
		'ping',
		'--send',
		'é',
		'--expect',
		'é',
		...more,
	]);
	chat.end();
	assert.deepEqual(await chat.waitForExit(), done, chat.seen());
};

const headOf = (file: string) =>
	JSON.parse(readFileSync(file, 'utf8').split('\n', 1)[0]!) as Record<
		string,
		unknown
	>;

for (const kind of kinds) {
	const {name, link, client, head} = kind;
	test(`e2e: a recording of ${name} names it, and is played over it as client`, async t => {
		const {port} = await serve(t, kind, '--echo');
		const file = newFile();
		await talk(t, kind, port, '--record', file);
		assert.deepEqual(headOf(file)['link'], head);

		const again = startBin(t, ['replay', file, '--fast', ...client]);
		assert.deepEqual(await again.waitForExit(), done, again.seen());
		assert.equal(
			again.stdout(),
			'No difference: 6 bytes sent, 6 bytes received as recorded, 1 connection.\n',
		);

		const other = await serve(t, kind, '--reply', 'ping=pong');
		const differs = startBin(t, [
			'replay',
			file,
			other.port,
			'--fast',
			...client,
		]);
		assert.deepEqual(await differs.waitForExit(), failed, differs.seen());
		assert.match(
			differs.stdout(),
			/after 1 byte on connection 1:\n.* 69 6e 67/,
		);
		assert.match(differs.stdout(), /now +6f 6e 67/);
	});

	test(`e2e: a recording of ${name} is played over it as server, whoever recorded`, async t => {
		const file = newFile();
		const {server, port} = await serve(t, kind, '--echo', '--record', file);
		await talk(t, kind, port);
		if (isUdp(kind)) {
			server.signal('SIGTERM');
			await server.waitForExit();
		}

		assert.deepEqual(headOf(file)['link'], head);
		const replayed = startBin(t, ['replay', file, '0', '--fast']);
		const place = await replayed.waitForOutput(/127\.0\.0\.1:(\d+)/, {
			stream: 'stderr',
		});
		await talk(t, kind, place);
		assert.deepEqual(await replayed.waitForExit(), done, replayed.seen());
		assert.match(
			replayed.stdout(),
			/^No difference: 6 bytes sent, 6 bytes received/,
		);

		const echo = await serve(t, kind, '--echo');
		const asClient = startBin(t, [
			'replay',
			file,
			echo.port,
			'--connect',
			'--fast',
			...client,
		]);
		assert.deepEqual(await asClient.waitForExit(), done, asClient.seen());
	});

	test(`e2e: a proxy's recording of ${name} names its target's link`, async t => {
		const echo = await serve(t, kind, '--echo');
		const file = newFile();
		const prefix = isUdp(kind)
			? 'udp:'
			: link.map(word => ({'--tls': 'tls:', '--ws': 'ws:'})[word]).join('');
		const path = link.includes('--ws') ? '/api' : '';
		const listen = isUdp(kind) ? 'udp:0' : '0';
		const proxy = startBin(t, [
			'proxy',
			listen,
			`${prefix}127.0.0.1:${echo.port}${path}`,
			'--once',
			'--record',
			file,
			...client,
		]);
		const place = await proxy.waitForOutput(
			/(?:listening on|bound to) 127\.0\.0\.1:(\d+)/i,
		);
		const near = startBin(t, [
			'connect',
			'--raw',
			place,
			'--send',
			'ping',
			'--expect',
			'ping',
			...(isUdp(kind) ? ['-u', '--idle', '0.2'] : []),
		]);
		near.end();
		assert.deepEqual(await near.waitForExit(), done, near.seen());
		if (isUdp(kind)) {
			proxy.signal('SIGTERM');
		}

		await proxy.waitForExit();
		assert.deepEqual(headOf(file)['link'], head);
		const again = startBin(t, ['replay', file, '--fast', ...client]);
		assert.deepEqual(await again.waitForExit(), done, again.seen());
	});
}

test('e2e: messages of a WebSocket are played one by one, each as text or binary', async t => {
	const file = newFile();
	const kind = kinds[1]!;
	const {port} = await serve(t, kind, '--echo');
	const chat = startBin(t, [
		'connect',
		'--raw',
		...kind.link,
		port,
		'--record',
		file,
		'--send',
		'one',
		'--send',
		'',
		'--send-hex',
		'ff00',
		'--send',
		'two',
		'--expect',
		'two',
	]);
	chat.end();
	assert.deepEqual(await chat.waitForExit(), done, chat.seen());
	const again = startBin(t, ['replay', file, '--fast']);
	assert.deepEqual(await again.waitForExit(), done, again.seen());
	assert.match(
		again.stdout(),
		/^No difference: 8 bytes sent, 8 bytes received/,
	);

	const replayed = startBin(t, ['replay', file, '0', '--serve', '--fast']);
	const place = await replayed.waitForOutput(/127\.0\.0\.1:(\d+)/, {
		stream: 'stderr',
	});
	const sender = startBin(t, [
		'connect',
		'--raw',
		...kind.link,
		place,
		'--json',
	]);
	sender.write('onetwo\n');
	sender.end();
	assert.deepEqual(await replayed.waitForExit(), failed, replayed.seen());
	assert.match(
		replayed.stdout(),
		/after 3 bytes on connection 1:\n +recorded +the end of the message\n +now +74 77 6f/,
	);
});

test('e2e: a replay by UDP says that nobody is bound there', async t => {
	const kind = kinds[3]!;
	const {server, port} = await serve(t, kind, '--echo');
	const file = newFile();
	await talk(t, kind, port, '--record', file);
	server.signal('SIGTERM');
	await server.waitForExit();
	const again = startBin(t, ['replay', file]);
	assert.deepEqual(await again.waitForExit(), failed, again.seen());
	assert.match(again.stdout(), /now +ECONNREFUSED: no UDP socket is bound to /);
});

test('e2e: a flag of TLS is refused where the recording has none, or plays no such side', async t => {
	const file = newFile();
	const head = (link: string) =>
		`{"type":"recording","v":1,"side":"connect","address":"127.0.0.1:1","at":1${link}}\n{"type":"state","phase":"open","at":1}\n`;
	const refused = async (
		text: string,
		args: readonly string[],
		sentence: string,
	) => {
		writeFileSync(file, text);
		const again = startBin(t, ['replay', file, ...args]);
		assert.deepEqual(await again.waitForExit(), {...done, code: 2});
		assert.equal(again.stderr(), `${sentence}\n`);
		assert.equal(again.stdout(), '');
	};

	await refused(
		head(''),
		['--tls-insecure'],
		'--tls-insecure needs a recording of TLS, and this one is of TCP.',
	);
	await refused(
		head(',"link":{"kind":"udp"}'),
		['--tls-ca', file],
		'--tls-ca needs a recording of TLS, and this one is of UDP.',
	);
	await refused(
		head(',"link":{"kind":"tls"}'),
		['--tls-insecure', '--serve', '0'],
		'--tls-insecure is for a client, and this plays as the server; leave it out.',
	);
	await refused(
		head(',"link":{"kind":"tls"}'),
		['./tls.sock', '--tls-cert', file],
		'--tls-cert needs --tls-key.',
	);
	await refused(
		head(',"link":{"kind":"udp"}'),
		['./udp.sock'],
		'The recording is of UDP, which has a port and no path; give PORT or HOST:PORT.',
	);
	await refused(
		head(',"link":{"kind":"quic"}'),
		[],
		`${file}, line 1: expected "link" of kind "tls", "ws" or "udp"; got "{"type":"recording","v":1,"side":"connect","address":"127.0.0.1:1","at":1,"link"⋯".`,
	);
});
