/** What ss adds: bytes that went each way, and the limits of the queues. */
import assert from 'node:assert/strict';
import test from 'node:test';
import {noSegments} from '../../source/tcp/segment-counts.js';
import {parsePortFigures, readPortFigures} from '../../source/socket/ss.js';

// As ss printed them (iproute2 6.1), figures cut.
const text = `LISTEN     0      1      127.0.0.1:5001 0.0.0.0:*
	 cubic cwnd:10
LISTEN     2      4096   *:5001 *:*
	 cubic cwnd:10
CLOSE-WAIT 1      0      127.0.0.1:56462 127.0.0.1:5001
	 bbr wscale:10,10 rto:204 rtt:0.029/0.015 cwnd:12 bytes_sent:8 bytes_retrans:3 bytes_acked:9 bytes_received:1 segs_out:5
FIN-WAIT-2 0      0      127.0.0.1:5001 127.0.0.1:56462
TIME-WAIT  0      0      127.0.0.1:56460 127.0.0.1:5001
ESTAB      0      0      [::ffff:127.0.0.1]:5001 [::ffff:127.0.0.1]:40000
	 cubic rto:204 cwnd:10 bytes_received:6 segs_in:3
`;

test('ss: the bytes of each end, without its FIN and what was sent twice', () => {
	const {ends, backlogs} = parsePortFigures(text);
	assert.deepEqual(Object.fromEntries(ends), {
		'127.0.0.1:56462 127.0.0.1:5001': {
			...noSegments,
			sentBytes: 5,
			segmentsOut: 5,
			retransmittedBytes: 3,
		},
		'127.0.0.1:5001 127.0.0.1:40000': {
			...noSegments,
			receivedBytes: 6,
			segmentsIn: 3,
		},
	});
	assert.deepEqual(Object.fromEntries(backlogs), {
		'127.0.0.1:5001': 1,
		'[::]:5001': 4096,
	});
});

// As ss printed them (iproute2 6.1, Linux 6.18): 100 bytes, and a FIN that came
// between the reading of the server's state and that of its figures.
const lateFin = `ESTAB      0      0      127.0.0.1:60958 127.0.0.1:36297
	 bbr wscale:10,10 rto:204 rtt:0.009/0.003 mss:32768 pmtu:65535 rcvmss:536 advmss:65483 cwnd:11 bytes_sent:100 bytes_acked:101 segs_out:3 segs_in:2 data_segs_out:1
ESTAB      1      0      127.0.0.1:36297 127.0.0.1:60958
	 bbr wscale:10,10 rto:200 rtt:0.01/0.005 ato:40 mss:32768 pmtu:65535 rcvmss:536 advmss:65483 cwnd:10 bytes_received:101 segs_out:1 segs_in:4 data_segs_in:1
`;

test('ss: a FIN that came after the state was read is no byte', () => {
	const received = (printed: string) =>
		parsePortFigures(printed).ends.get('127.0.0.1:36297 127.0.0.1:60958')
			?.receivedBytes;
	assert.equal(received(lateFin), 100);
	const withByte = lateFin.replace('data_segs_in:1', 'data_segs_in:2');
	assert.equal(received(withByte), 101, 'a byte in a segment of its own');
});

test('ss: without the program there are no figures', async () => {
	assert.equal(await readPortFigures(5001, '/no/such/program'), undefined);
	const {ends, backlogs} = parsePortFigures('');
	assert.equal(ends.size + backlogs.size, 0);
});
