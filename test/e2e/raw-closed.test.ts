/** What is sent to a peer that has closed already is lost, and that is said. */
import assert from 'node:assert/strict';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test, {after, type TestContext} from 'node:test';
import {
	makeCertificates,
	newFolder,
	startPython,
} from '../helpers/link-peers.js';
import {bin, startProcess} from '../helpers/process.js';
import {toShellLine} from '../helpers/shell.js';

const folder = mkdtempSync(join(tmpdir(), 'sockchat-closed-'));
after(() => {
	rmSync(folder, {recursive: true});
});

const file = join(folder, 'file');
writeFileSync(file, 'hello');

// It ends as it is told, says so, and then counts what it still gets.
const peer = `
import os, socket, ssl, sys
role, where, ending, certificate = sys.argv[1:5]
if role == 'server':
    if where.startswith('/'):
        listening = socket.socket(socket.AF_UNIX)
        listening.bind(where)
        listening.listen()
        print(0)
    else:
        listening = socket.create_server(('127.0.0.1', 0))
        print(listening.getsockname()[1])
    peer, _ = listening.accept()
else:
    print(0)
    if where.startswith('/'):
        peer = socket.socket(socket.AF_UNIX)
        peer.connect(where)
    else:
        peer = socket.create_connection(('127.0.0.1', int(where)))
if certificate:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate + '.pem', certificate + '.key')
    peer = context.wrap_socket(peer, server_side=True)
peer.sendall(b'bye\\n')
if ending == 'answers first':
    peer.recv(5)
if certificate:
    peer.settimeout(0)
    try: peer.unwrap()
    except ssl.SSLWantReadError: pass
if ending == 'half':
    peer.shutdown(socket.SHUT_WR)
    print('closed')
    got = b''
    while chunk := peer.recv(100): got += chunk
    print('got', len(got))
elif ending == 'unread':
    peer.shutdown(socket.SHUT_WR)
    peer.recv(1, socket.MSG_PEEK)
    peer.close()
    print('closed')
else:
    peer.close()
    print('closed')
sys.stdin.read()
`;

type Ending = 'close' | 'half' | 'unread' | 'answers first';

type Chat = ReturnType<typeof startProcess>;

type Case = {
	readonly command: 'connect' | 'serve';
	readonly flags: readonly string[];
	/** What is sent: of a pipe, once the other side has ended. */
	readonly input: 'pipe' | 'file' | 'script';
	readonly link?: 'tcp' | 'unix' | 'tls';
};

const run = async (
	t: TestContext,
	{command, flags, input, link}: Case,
	ending: Ending,
) => {
	const path = link === 'unix' ? join(newFolder(t), 'socket') : undefined;
	const redirection = {pipe: '', file: `< ${file}`, script: '< /dev/null'}[
		input
	];
	const certificates = link === 'tls' ? newFolder(t) : undefined;
	if (certificates !== undefined) {
		makeCertificates(certificates);
	}

	const start = (address: string) => {
		const all = [
			...flags,
			...(link === 'tls' ? ['--tls', '--tls-insecure'] : []),
			...(input === 'script' ? ['--expect', 'bye', '--send', 'hello'] : []),
			address,
		];
		const {command: program, args} = bin(command, '--raw', ...all);
		return startProcess(t, 'bash', [
			'-c',
			`exec ${toShellLine(program, args)} ${redirection}`,
		]);
	};

	const startPeer = async (role: string, where: string) =>
		startPython(
			t,
			peer,
			role,
			where,
			ending,
			certificates === undefined ? '' : join(certificates, 'good'),
		);
	let chat;
	let python;
	if (command === 'connect') {
		python = await startPeer('server', path ?? '0');
		chat = start(path ?? python.port);
	} else {
		chat = start(path ?? '0');
		await chat.waitForOutput(/listening.*\n/, {
			stream: flags.includes('--json') ? 'stdout' : 'stderr',
		});
		const [, port] =
			/(?::|"port":)(\d+)/.exec(chat.stdout() + chat.stderr()) ?? [];
		python = await startPeer('client', path ?? port!);
	}

	await chat.waitForOutput(/bye|Ynll/, {stream: 'stdout'});
	if (input !== 'pipe') {
		return {chat, python};
	}

	if (ending === 'close' || ending === 'half') {
		await python.waitForOutput('closed');
	}

	chat.write('hello');
	if (ending === 'unread' || ending === 'answers first') {
		await python.waitForOutput('closed');
	}

	chat.end();
	return {chat, python};
};

const reports = (text: string, isJson: boolean): string =>
	isJson
		? text
				.split('\n')
				.filter(line => /"type":"(?:error|notice)"|"cause"/.test(line))
				.join('\n')
		: text.replaceAll(
				/^(?:listening|connection|draining|A certificate).*\n/gm,
				'',
			);

const cases: readonly Case[] = [
	...(['connect', 'serve'] as const).flatMap(command =>
		(['pipe', 'file', 'script'] as const).flatMap(input =>
			(command === 'connect' ? [[]] : [['--once'], []]).map(flags => ({
				command,
				flags,
				input,
			})),
		),
	),
	...(['pipe', 'file'] as const).flatMap(input => [
		{command: 'connect' as const, flags: ['--json'], input},
		{command: 'serve' as const, flags: ['--json', '--once'], input},
	]),
	{command: 'connect', flags: [], input: 'pipe', link: 'tls'},
	{command: 'connect', flags: ['--json'], input: 'pipe', link: 'tls'},
];

/** What is piped in later is for the next peer. */
const isForNext = (one: Case): boolean =>
	isEndless(one) && one.input === 'pipe';

/** A server without `--once` goes on. */
const isEndless = ({command, flags}: Case): boolean =>
	command === 'serve' && !flags.includes('--once');

const nameOf = ({command, flags, input, link}: Case): string =>
	[
		command,
		...flags,
		`with a ${input}`,
		...(link ? [`over ${link}`] : []),
	].join(' ');

const reportsOf = (chat: Chat, {flags}: Case): string => {
	const isJson = flags.includes('--json');
	return reports(isJson ? chat.stdout() : chat.stderr(), isJson);
};

for (const one of cases.filter(one => !isForNext(one))) {
	test(`e2e: what meets a closed peer is said: ${nameOf(one)}`, async t => {
		const {chat} = await run(t, one, 'close');
		if (isEndless(one)) {
			await chat.waitForOutput(/ended \(.*\n/, {stream: 'stderr'});
			chat.signal('SIGTERM');
		}

		assert.equal((await chat.waitForExit()).code, 1, chat.seen());
		assert.match(reportsOf(chat, one), /was reset by the other side \(RST\)/);
	});
}

for (const one of cases.filter(({link}) => link !== 'tls')) {
	test(`e2e: a peer that shut down gets all: ${nameOf(one)}`, async t => {
		const {chat, python} = await run(t, one, 'half');
		if (!isForNext(one)) {
			await python.waitForOutput('got 5');
		}

		if (isEndless(one)) {
			chat.signal('SIGTERM');
		}

		assert.equal((await chat.waitForExit()).code, 0, chat.seen());
		assert.equal(reportsOf(chat, one), '');
	});
}

const lateCases: readonly Case[] = [
	...(['tcp', 'unix'] as const).flatMap(link =>
		[[], ['--json']].flatMap(flags => [
			{command: 'connect' as const, flags, input: 'pipe' as const, link},
			{
				command: 'serve' as const,
				flags: [...flags, '--once'],
				input: 'pipe' as const,
				link,
			},
		]),
	),
	{command: 'connect', flags: [], input: 'pipe', link: 'tls'},
];

for (const one of lateCases) {
	test(`e2e: a peer that has read all may close: ${nameOf(one)}`, async t => {
		const {chat} = await run(t, one, 'answers first');
		assert.equal((await chat.waitForExit()).code, 0, chat.seen());
	});
}

for (const one of lateCases.filter(({link}) => link !== 'tls')) {
	test(`e2e: a peer shut down, and closed with bytes unread: ${nameOf(one)}`, async t => {
		const {chat} = await run(t, one, 'unread');
		assert.equal((await chat.waitForExit()).code, 1, chat.seen());
		assert.match(reportsOf(chat, one), /(?:reset|closed) by the other side/);
	});
}
