/**
 * What the kernel took, and the other side's kernel has not: a peer that reads
 * slowly gets all of it, and what is thrown away, or left behind, is said.
 */
import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test, {after, type TestContext} from 'node:test';
import {makeCertificates, startPython} from '../helpers/link-peers.js';
import {bin, startProcess} from '../helpers/process.js';
import {toShellLine} from '../helpers/shell.js';

const folder = mkdtempSync(join(tmpdir(), 'sockchat-arrival-'));
after(() => {
	rmSync(folder, {recursive: true});
});

// The kernel takes it all, and a peer that doesn't read gets a part of it.
const bytes = 2_000_000;
const file = join(folder, 'file');
writeFileSync(file, Buffer.alloc(bytes));

// It waits, in the kernel's table, for what the other end does.
const peer = `
import fcntl, socket, ssl, struct, sys, termios
role, port, what, cert, key = sys.argv[1:6]
if role == 'server':
    listening = socket.create_server(('127.0.0.1', 0))
    print(listening.getsockname()[1])
    peer, _ = listening.accept()
else:
    print(0)
    peer = socket.create_connection(('127.0.0.1', int(port)))
if cert:
    kind = ssl.PROTOCOL_TLS_SERVER if role == 'server' else ssl.PROTOCOL_TLS_CLIENT
    context = ssl.SSLContext(kind)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if role == 'server': context.load_cert_chain(cert, key)
    came, left = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(came, left, role == 'server')
    def run(step):
        while True:
            try: return step()
            except ssl.SSLWantReadError:
                peer.sendall(left.read())
                if step == tls.unwrap: return
                came.write(peer.recv(256))
    run(tls.do_handshake)
    peer.sendall(left.read())
ours, theirs = peer.getsockname()[1], peer.getpeername()[1]
def until(found):
    while not found([row.split() for row in open('/proc/net/tcp') if f':{theirs:04X} 0100007F:{ours:04X} ' in row]): pass
def ended(rows): return not rows or rows[0][3] in ('04', '09', '0B')
def queued(rows): return int(rows[0][4].split(':')[0], 16)
def waiting(rows): return rows and queued(rows) > 0
if what == 'talk':
    # One reply is enough; more come once FIN waits behind what isn't read.
    peer.sendall(b'one')
    until(ended)
    peer.sendall(b'two')
    got = 0
    try:
        while chunk := peer.recv(65536): got += len(chunk)
    except OSError as error: print(error)
    print('got', got)
elif what == 'reset':
    # Our end comes first.
    if cert: run(tls.unwrap)
    peer.shutdown(socket.SHUT_WR)
    if cert:
        def unread(): return struct.unpack('i', fcntl.ioctl(peer, termios.FIONREAD, bytes(4)))[0]
        until(lambda rows: waiting(rows) and unread() + queued(rows) > 2000000)
        # FIN would come at once.
        looks = iter(range(300))
        until(lambda rows: ended(rows) or next(looks, None) is None)
    else: until(ended)
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
    peer.close()
    print('reset')
else:
    until(waiting)
    print('waiting')
sys.stdin.read()
`;

type Case = {
	readonly command: 'connect' | 'serve';
	readonly flags: readonly string[];
};

const {good} = makeCertificates(folder);

/** Of the peer, if TLS is spoken. */
const certificateOf = (flags: readonly string[]) =>
	flags.includes('--tls') ? [good.cert, good.key] : ['', ''];

const run = async (
	t: TestContext,
	{command, flags}: Case,
	what: 'talk' | 'reset' | 'wait',
) => {
	const start = (address: string) => {
		const {command: program, args} = bin(command, '--raw', ...flags, address);
		return startProcess(t, 'bash', [
			'-c',
			`exec ${toShellLine(program, args)} < ${file}`,
		]);
	};

	const startPeer = async (role: string, port: string) =>
		startPython(t, peer, role, port, what, ...certificateOf(flags));
	if (command === 'connect') {
		const python = await startPeer('server', '0');
		return {chat: start(python.port), python};
	}

	const chat = start('0');
	const port = await chat.waitForOutput(/(?:listening on \S+:|"port":)(\d+)/, {
		stream: flags.includes('--json') ? 'stdout' : 'stderr',
	});
	return {chat, python: await startPeer('client', port)};
};

const nameOf = ({command, flags}: Case): string =>
	[command, ...flags].join(' ');

const saidBy = (
	chat: ReturnType<typeof startProcess>,
	{flags}: Case,
): string => (flags.includes('--json') ? chat.stdout() : chat.stderr());

const cases: readonly Case[] = [
	{command: 'connect', flags: []},
	{command: 'connect', flags: ['--json']},
	{command: 'connect', flags: ['--retry']},
	{command: 'serve', flags: ['--once']},
	{command: 'serve', flags: []},
	{command: 'serve', flags: ['--json', '--once']},
	{command: 'serve', flags: ['--json']},
];

const tls = ['--tls', '--tls-insecure'];
const secureCases: readonly Case[] = [
	{command: 'connect', flags: tls},
	{command: 'connect', flags: ['--json', ...tls]},
	{command: 'serve', flags: ['--tls', '--once']},
	{command: 'serve', flags: ['--tls']},
];

for (const one of cases) {
	test(`e2e: after the last reply a peer that goes on talking gets all of a file: ${nameOf(one)}`, async t => {
		const {chat, python} = await run(
			t,
			{...one, flags: [...one.flags, '--replies', '1']},
			'talk',
		);
		assert.equal(await python.waitForOutput(/got (\d+)\n/), String(bytes));
		assert.equal((await chat.waitForExit()).code, 0, chat.stderr());
	});
}

// Two million bytes as JSON take long to look through.
const shortCases = cases.filter(
	({command, flags}) => !(command === 'serve' && flags.join(' ') === '--json'),
);

for (const one of [...shortCases, ...secureCases]) {
	test(`e2e: an RST while bytes wait behind our FIN is said: ${nameOf(one)}`, async t => {
		const {chat} = await run(t, one, 'reset');
		if (one.command === 'serve' && !one.flags.includes('--once')) {
			await chat.waitForOutput(/ended \(reset/, {stream: 'stderr'});
			chat.signal('SIGTERM');
		}

		assert.equal((await chat.waitForExit()).code, 1, chat.stderr());
		assert.match(
			saidBy(chat, one),
			/was reset by the other side \(RST\)\. How much of what was sent last arrived is unknown\./,
		);
	});
}

for (const one of [...cases, ...secureCases]) {
	test(`e2e: what waits in the kernel as a signal or --idle ends it is said: ${nameOf(one)}`, async t => {
		const wanted =
			/so \d+ bytes of what was sent waited in the kernel as the connection was closed/;
		const silent = await run(
			t,
			{...one, flags: [...one.flags, '--idle', '0.5']},
			'wait',
		);
		assert.equal(
			(await silent.chat.waitForExit()).code,
			1,
			silent.chat.stderr(),
		);
		assert.match(saidBy(silent.chat, one), wanted);
		if (one.flags.includes('--json')) {
			// It says first what of stdin it had not read by then.
			return;
		}

		const signalled = await run(t, one, 'wait');
		await signalled.python.waitForOutput('waiting');
		signalled.chat.signal('SIGTERM');
		assert.equal(
			(await signalled.chat.waitForExit()).code,
			143,
			signalled.chat.stderr(),
		);
		assert.match(
			saidBy(signalled.chat, one),
			/waited in the kernel|the kernel took/,
		);
	});
}
