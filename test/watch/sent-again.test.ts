/** What is sent again, as tcpdump captures it, held against the kernel's count. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {systemClock} from '../../source/socket/clock.js';
import type {Segment} from '../../source/tcp/segment.js';
import {startCapture} from '../../source/watch/capture.js';
import {requireExecutable} from '../helpers/environment.js';
import {findPort} from '../helpers/ports.js';
import {startProcess} from '../helpers/process.js';
import {until} from '../helpers/until.js';

/**
 * Both ends in one program: `conn` drops what comes until it was sent twice
 * more, then its window is closed, and at last it probes a silent peer. Says how
 * many segments each end has sent again, by tcp_info(tcpi_total_retrans).
 */
const program = `
import ctypes, socket, struct, sys, time
TCP, SO = socket.IPPROTO_TCP, socket.SOL_SOCKET
ATTACH_FILTER, DETACH_FILTER = 26, 27

def counter(s, at):
    return struct.unpack_from('I', s.getsockopt(TCP, socket.TCP_INFO, 192), at)[0]

def again(s): return counter(s, 100)
def segments(s): return counter(s, 136)

def wait(count, least):
    while count() < least:
        time.sleep(0.01)

drop = ctypes.create_string_buffer(struct.pack('HBBI', 6, 0, 0, 0))

def lose(send):
    conn.setsockopt(SO, ATTACH_FILTER, struct.pack('HL', 1, ctypes.addressof(drop)))
    before = again(c)
    send()
    wait(lambda: again(c), before + 2)
    conn.setsockopt(SO, DETACH_FILTER, 0)

listener = socket.socket()
listener.setsockopt(SO, socket.SO_RCVBUF, 4096)
listener.bind(('127.0.0.1', int(sys.argv[1])))
listener.listen(1)
c = socket.create_connection(listener.getsockname())
conn, _ = listener.accept()
lose(lambda: c.send(b'hello\\n'))
conn.recv(6)

c.setblocking(False)
c.setsockopt(SO, socket.SO_SNDBUF, 32768)
written = 0
try:
    while True:
        written += c.send(bytes(1000))
except BlockingIOError:
    pass
wait(lambda: segments(c), segments(c) + 4)
while written > 0:
    written -= len(conn.recv(65536))

for s in (c, conn):
    s.setsockopt(SO, socket.SO_KEEPALIVE, 1)
    s.setsockopt(TCP, socket.TCP_KEEPIDLE, 1)
    s.setsockopt(TCP, socket.TCP_KEEPINTVL, 1)
wait(lambda: segments(conn), segments(conn) + 3)

lose(lambda: c.shutdown(socket.SHUT_WR))
conn.recv(1)
print(again(c), again(conn), flush=True)
conn.close()
`;

test('capture: what the kernel sends again is marked, and its probes are not', async t => {
	const python = requireExecutable('python3', 'python3');
	requireExecutable('tcpdump', 'tcpdump');
	const port = await findPort();
	const segments: Segment[] = [];
	const capture = startCapture({
		host: '127.0.0.1',
		port: Number(port),
		clock: systemClock,
		onSegments(added) {
			segments.push(...added);
		},
		onFailure(sentence) {
			assert.fail(sentence);
		},
	});
	t.after(async () => {
		await capture.stop();
	});
	await capture.begun;

	const ends = startProcess(t, python, ['-c', program, port]);
	const counts = await ends.waitForOutput(/^(\d+ \d+)\n/);
	const server = `127.0.0.1:${port}`;
	await until(
		() =>
			segments.some(({from, segment}) => segment === 'FIN' && from === server),
		{what: "the server's FIN", seen: () => JSON.stringify(segments)},
	);

	const ofEnd = (isServer: boolean) =>
		segments.filter(({from}) => (from === server) === isServer);
	const marked = [false, true].map(
		isServer => ofEnd(isServer).filter(each => each.retransmitted === 1).length,
	);
	assert.equal(marked.join(' '), counts, JSON.stringify(segments));
	assert.ok(marked[0]! >= 4);

	// A probe has a number that was acknowledged before.
	for (const isServer of [false, true]) {
		const all = ofEnd(isServer);
		const probes = all.filter(
			({seq, length, segment}, index) =>
				segment === 'ACK' &&
				length === 0 &&
				all.slice(0, index).some(earlier => earlier.seq + earlier.length > seq),
		);
		assert.ok(probes.length > 0, JSON.stringify(all));
	}
});
