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

test('ss: without the program there are no figures', async () => {
	assert.equal(await readPortFigures(5001, '/no/such/program'), undefined);
	const {ends, backlogs} = parsePortFigures('');
	assert.equal(ends.size + backlogs.size, 0);
});
