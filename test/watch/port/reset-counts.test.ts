/** The kernel's counters of RSTs, as they are printed and as they count. */
import assert from 'node:assert/strict';
import test from 'node:test';
import {
	countedSince,
	parseResetCounts,
	readResetCounts,
} from '../../../source/watch/port/reset-counts.js';
import {startPython} from '../../helpers/truth/scene.js';

const snmp = `Ip: Forwarding DefaultTTL
Ip: 1 64
Tcp: RtoAlgorithm MaxConn OutRsts InCsumErrors
Tcp: 1 -1 637756 0
`;

const netstat = `TcpExt: TW TCPAbortOnData TCPAbortOnClose TCPTimeWaitOverflow
TcpExt: 315710 681 2091 3
IpExt: InNoRoutes
IpExt: 0
`;

test('reset-counts: each counter is found by its name', () => {
	assert.deepEqual(parseResetCounts(snmp, netstat), {
		sent: 637_756,
		unread: 2091,
		aborted: 681,
		unwaited: 3,
	});
});

test('reset-counts: there are none if one is missing', () => {
	assert.equal(parseResetCounts('', netstat), undefined);
	assert.equal(
		parseResetCounts(snmp, netstat.replace('TCPAbortOnClose', 'Other')),
		undefined,
	);
	assert.equal(readResetCounts('/nowhere'), undefined);
});

test('reset-counts: close() with unread bytes counts as one, and as an RST', async t => {
	const before = readResetCounts();
	const child = await startPython(t);
	await child.do(
		"l = socket.create_server(('127.0.0.1', 0)); c = socket.create_connection(l.getsockname()); s, _ = l.accept()",
	);
	await child.do("c.send(b'unread'); s.recv(1, socket.MSG_PEEK); s.close()");
	const {sent, unread} = countedSince(before!, readResetCounts()!);
	assert.ok(sent >= 1 && unread >= 1);
});
