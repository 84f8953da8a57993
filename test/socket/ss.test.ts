import assert from 'node:assert/strict';
import {test} from 'node:test';
import {
	formatTcpInfo,
	parseQueues,
	parseTcpInfo,
} from '../../source/tcp/tcp-info.js';
import {endpointsOf} from '../../source/socket/link.js';
import {readTcpInfo} from '../../source/socket/ss.js';
import {requireExecutable} from '../helpers/environment.js';
import {listenBare} from '../helpers/scripted.js';
import {until} from '../helpers/until.js';
import {openPlain} from '../helpers/wire-peer.js';

// iproute2 6.1 on Linux 6.18, after five bytes.
const open =
	'ESTAB 0      0      127.0.0.1:37228 127.0.0.1:38261\n\t bbr wscale:10,10 rto:204 rtt:0.14/0.08 mss:32768 pmtu:65535 rcvmss:536 advmss:65483 cwnd:11 bytes_sent:5 bytes_acked:6 segs_out:3 segs_in:2 data_segs_out:1 bbr:(bw:11915625000bps,mrtt:0.022,pacing_gain:2.88672,cwnd_gain:2.88672) send 20597028571bps lastsnd:120 lastrcv:120 lastack:120 pacing_rate 47678407952bps delivery_rate 11915636360bps delivered:2 app_limited rcv_space:65495 rcv_ssthresh:65495 minrtt:0.022 snd_wnd:65536\n';

// The same with a stopped reader, which shows more fields.
const stuck =
	'ESTAB 0      2554371 127.0.0.1:37228 127.0.0.1:38261 timer:(persist,012ms,0)\n\t cubic wscale:10,10 rto:204 backoff:2 rtt:3.5/6 ato:40 mss:32768 cwnd:10 bytes_sent:1100000 bytes_retrans:65483 bytes_acked:1034517 bytes_received:17 unacked:2 retrans:1/3 lost:1 rcv_rtt:1 minrtt:0.022\n';

test('ss: reads the figures that are present', () => {
	assert.deepEqual(parseTcpInfo(open), {
		rttMs: 0.14,
		rttVarianceMs: 0.08,
		congestionWindowSegments: 11,
		maximumSegmentBytes: 32_768,
		retransmitsPending: undefined,
		retransmitsTotal: undefined,
		bytesAcknowledged: 6,
		bytesReceived: undefined,
		unacknowledgedSegments: undefined,
		notSentBytes: undefined,
		windowLimitedMs: undefined,
		deliveryBitsPerSecond: 11_915_636_360,
	});
	assert.deepEqual(parseTcpInfo(stuck), {
		rttMs: 3.5,
		rttVarianceMs: 6,
		congestionWindowSegments: 10,
		maximumSegmentBytes: 32_768,
		retransmitsPending: 1,
		retransmitsTotal: 3,
		bytesAcknowledged: 1_034_517,
		bytesReceived: 17,
		unacknowledgedSegments: 2,
		notSentBytes: undefined,
		windowLimitedMs: undefined,
		deliveryBitsPerSecond: undefined,
	});
});

// A window that is closed.
const closed =
	'ESTAB 0      17428  127.0.0.1:58182 127.0.0.1:34151\n\t bbr wscale:0,10 rto:208 rtt:4.604/9.158 mss:1152 bytes_sent:2572 bytes_acked:2573 busy:304ms rwnd_limited:304ms(100.0%) reordering:22 notsent:17428 minrtt:0.005\n';

test('ss: tells which part of a send queue was never sent', () => {
	assert.deepEqual(parseQueues(open + closed + stuck), [
		{
			local: '127.0.0.1:58182',
			remote: '127.0.0.1:34151',
			sendQueueBytes: 17_428,
			sending: {
				notSentBytes: 17_428,
				unackedSegments: 0,
				windowLimitedMs: 304,
			},
		},
		{
			local: '127.0.0.1:37228',
			remote: '127.0.0.1:38261',
			sendQueueBytes: 2_554_371,
			sending: {notSentBytes: 0, unackedSegments: 2, windowLimitedMs: 0},
		},
	]);
	assert.deepEqual(parseQueues(''), []);
	assert.equal(
		formatTcpInfo({...parseTcpInfo(closed)!, rttMs: undefined}),
		"mss 1152 bytes, 17428 bytes not sent, held up 304 ms by the other end's window (rwnd_limited), 2573 bytes acknowledged",
	);
});

test('ss: without a connection there are no figures', () => {
	assert.equal(parseTcpInfo(''), undefined);
	assert.equal(parseTcpInfo('\n'), undefined);
	const none = parseTcpInfo('ESTAB 0 0 127.0.0.1:1 127.0.0.1:2\n');
	assert.ok(none);
	assert.ok(Object.values(none).every(value => value === undefined));
	assert.equal(formatTcpInfo(none), '');
});

test('ss: formats the known figures in one line', () => {
	assert.equal(
		formatTcpInfo(parseTcpInfo(open)!),
		'rtt 0.14 ± 0.08 ms, cwnd 11 segments, mss 32768 bytes, 6 bytes acknowledged, delivers 11.916 Gbit/s',
	);
	assert.equal(
		formatTcpInfo(parseTcpInfo(stuck)!),
		'rtt 3.5 ± 6 ms, cwnd 10 segments, mss 32768 bytes, 2 segments unacknowledged, 3 sent again (1 pending), 1034517 bytes acknowledged, 17 bytes received',
	);
});

test('ss: reads exactly this end of this connection', async t => {
	requireExecutable('ss', 'iproute2');
	const {address} = await listenBare(t, socket => {
		socket.resume();
	});
	const peer = await openPlain(t, address);
	const {local, remote} = endpointsOf(peer.socket);
	assert.ok(local && remote);
	// Another connection to the same port, which must not be read.
	const other = await openPlain(t, address);
	other.write('x'.repeat(5000));
	peer.write('x'.repeat(1000));
	// The SYN counts as one.
	const info = await until(
		async () => {
			const found = await readTcpInfo(local, remote);
			return found?.bytesAcknowledged === 1001 && found;
		},
		{what: '1,001 acknowledged bytes'},
	);
	assert.ok(info.rttMs !== undefined && info.rttMs > 0);
	assert.ok((info.maximumSegmentBytes ?? 0) > 0);
	assert.ok((info.congestionWindowSegments ?? 0) > 0);
	const otherEnd = await readTcpInfo(remote, local);
	assert.equal(otherEnd?.bytesReceived, 1000);
});

test('ss: returns undefined if it knows nothing', async t => {
	requireExecutable('ss', 'iproute2');
	assert.equal(await readTcpInfo('127.0.0.1:1', '127.0.0.1:2'), undefined);
	// Not an address, and nothing that a shell would run.
	assert.equal(await readTcpInfo('$(id)', "'; id"), undefined);
	const {address} = await listenBare(t, () => undefined);
	const {socket} = await openPlain(t, address);
	const {local, remote} = endpointsOf(socket);
	const missing = '/nonexistent/ss';
	assert.equal(await readTcpInfo(local!, remote!, missing), undefined);
});
