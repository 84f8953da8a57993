import assert from 'node:assert/strict';
import {mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {env} from 'node:process';
import {test} from 'node:test';
import fc from 'fast-check';
import type {TcpState} from '../../source/tcp/tcp.js';
import {
	createTcpTable,
	parseTcpTable,
	readTcpTable,
} from '../../source/socket/tcp-table.js';
import {anyCharacter} from '../helpers/any-character.js';
import type {Owner} from '../helpers/environment.js';
import {brief} from '../helpers/steps.js';

const runs = Number(env['FAST_CHECK_RUNS'] ?? 1000);

// Linux 6.18; the second connection is half-closed, the third waits.
const tcp = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode                                                     
   0: 0100007F:9575 00000000:0000 0A 00000000:00000002 00:00000000 00000000     0        0 211427 1 00000000db68b3a0 100 0 0 10 0                    
   2: 0100007F:916C 0100007F:9575 01 0000000A:00000000 00:00000000 00000000  1000        0 211428 2 00000000a7b826b4 20 0 0 11 -1                    
  45: 0100007F:9575 0100007F:916C 01 00000000:0000000A 00:00000000 00000000  1000        0 211429 1 00000000396bacad 20 4 30 10 -1                   
  46: 0100007F:9576 0100007F:916D 05 00000000:00000000 00:00000000 00000000     0        0 211430 2 00000000a7b826b4 20 0 0 12 -1                    
12345: 0100007F:916D 0100007F:9576 08 00000000:00000000 00:00000000 00000000     0        0 211431 1 00000000396bacad 20 4 28 10 -1                   
  47: 0100007F:9577 0201007F:916E 06 00000000:00000000 03:0000176A 00000000     0        0 0 3 00000000afcb9b19                                      
`;
const tcp6 = `  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000000000000000000000000000:A6EB 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 211527 1 0000000071c50aa3 100 0 0 10 0
   1: 00000000000000000000000001000000:CE14 00000000000000000000000001000000:A6EB 01 00000000:00000000 00:00000000 00000000     0        0 211528 2 000000008546d25f 20 0 0 10 -1
   3: 0000000000000000FFFF00000100007F:A6EB 0000000000000000FFFF00000100007F:ADD0 01 00000000:00000000 00:00000000 00000000     0        0 211531 1 00000000f6173fc9 20 0 0 10 -1
   4: B80D0120000000000000000078563412:A6EB B80D0120000000000000000001000000:0001 01 00000000:00000000 00:00000000 00000000     0        0 211532 1 00000000f6173fc9 20 0 0 10 -1
`;

test('tcp-table: a SYN or a FIN is not counted among the bytes', () => {
	const row = (state: string) =>
		`   2: 0100007F:916C 0100007F:9575 ${state} 00000001:00000001 00:00000000 00000000  1000        0 211428 2 00000000a7b826b4 20 0 0 11 -1\n`;
	const queuesIn = (state: string) =>
		parseTcpTable(row(state)).map(
			({sendQueueBytes, receiveQueueBytes}) =>
				`${sendQueueBytes} ${receiveQueueBytes}`,
		);
	assert.deepEqual(['02', '03', '04'].flatMap(queuesIn), ['0 1', '0 1', '0 1']);
	assert.deepEqual(['08', '09', '0B'].flatMap(queuesIn), ['1 0', '0 0', '0 0']);
	assert.deepEqual(['01', '05', '0A'].flatMap(queuesIn), ['1 1', '1 1', '1 1']);
});

test('tcp-table: reads addresses, states, queues and owners', () => {
	const sockets = parseTcpTable(tcp);
	assert.deepEqual(
		brief(sockets),
		[
			'127.0.0.1:38261 0.0.0.0:0 LISTEN 0 2',
			'127.0.0.1:37228 127.0.0.1:38261 ESTABLISHED 10 0',
			'127.0.0.1:38261 127.0.0.1:37228 ESTABLISHED 0 10',
			'127.0.0.1:38262 127.0.0.1:37229 FIN-WAIT-2 0 0',
			'127.0.0.1:37229 127.0.0.1:38262 CLOSE-WAIT 0 0',
			'127.0.0.1:38263 127.0.1.2:37230 TIME-WAIT 0 0',
		].toSorted(),
	);
	assert.deepEqual(
		sockets.map(({uid}) => uid),
		[0, 1000, 1000, 0, 0, 0],
	);
});

test('tcp-table: reads the timer that is set, and when it fires', () => {
	const timerIn = (state: string, timer: string, inode = '211428') =>
		parseTcpTable(
			`   2: 0100007F:916C 0100007F:9575 ${state} 00000001:00000000 ${timer} 00000000  1000        0 ${inode} 2 00000000a7b826b4 20 0 0 11 -1\n`,
		)[0]?.timer;
	assert.deepEqual(
		[
			timerIn('01', '00:00000000'),
			timerIn('01', '01:00000015'),
			timerIn('01', '04:00000016'),
			timerIn('01', '02:000AFC80'),
			timerIn('05', '02:00000100'),
			timerIn('05', '02:00001770', '0'),
			timerIn('05', '03:00001770', '0'),
			timerIn('06', '03:0000176A', '0'),
		],
		[
			undefined,
			{name: 'retransmit', inMs: 210},
			{name: 'persist', inMs: 220},
			{name: 'keepalive', inMs: 7_200_000},
			{name: 'keepalive', inMs: 2560},
			{name: 'fin-wait-2', inMs: 60_000},
			{name: 'fin-wait-2', inMs: 60_000},
			{name: 'time-wait', inMs: 59_940},
		],
	);
});

test('tcp-table: reads IPv6, and IPv4-mapped addresses as IPv4', () => {
	assert.deepEqual(
		brief(parseTcpTable(tcp6)),
		[
			'[::]:42731 [::]:0 LISTEN 0 0',
			'[::1]:52756 [::1]:42731 ESTABLISHED 0 0',
			'127.0.0.1:42731 127.0.0.1:44496 ESTABLISHED 0 0',
			'[2001:db8::1234:5678]:42731 [2001:db8::1]:1 ESTABLISHED 0 0',
		].toSorted(),
	);
});

const rowIn = (state: string, port = '9575') =>
	`   2: 0100007F:916C 0100007F:${port} ${state} 00000000:00000000 00:00000000 00000000     0        0 211428 2 00000000a7b826b4 20 0 0 11 -1\n`;

test('tcp-table: names each state as RFC 9293 does', () => {
	const names: Readonly<Record<string, TcpState>> = {
		'01': 'ESTABLISHED',
		'02': 'SYN-SENT',
		'03': 'SYN-RECEIVED',
		'04': 'FIN-WAIT-1',
		'05': 'FIN-WAIT-2',
		'06': 'TIME-WAIT',
		'07': 'CLOSED',
		'08': 'CLOSE-WAIT',
		'09': 'LAST-ACK',
		'0A': 'LISTEN',
		'0B': 'CLOSING',
		'0C': 'SYN-RECEIVED',
	};
	for (const [code, name] of Object.entries(names)) {
		assert.equal(parseTcpTable(rowIn(code))[0]?.state, name);
	}
});

test('tcp-table: skips malformed rows', () => {
	const good = rowIn('01');
	for (const bad of [
		'',
		'\n\n',
		rowIn('0D'),
		rowIn('XX'),
		rowIn('01').replace('0100007F:', '0100007:'),
		rowIn('01').slice(0, 60).concat('\n'),
		'   2: \n',
		'\0\0\0\n',
	]) {
		assert.deepEqual(
			brief(parseTcpTable(bad + good + bad)),
			brief(parseTcpTable(good)),
			JSON.stringify(bad),
		);
	}
});

test('tcp-table: never throws, and finds rows among noise', () => {
	const noise = fc.string({unit: anyCharacter}).map(text => `${text}\n`);
	const cut = fc.nat(80).map(length => `${rowIn('01').slice(0, length)}\n`);
	fc.assert(
		fc.property(fc.array(fc.oneof(noise, cut), {maxLength: 9}), parts => {
			const row = rowIn('08');
			assert.ok(
				parseTcpTable(`${parts.join('')}${row}`).some(
					({state}) => state === 'CLOSE-WAIT',
				),
			);
		}),
		{numRuns: runs},
	);
});

test('tcp-table: can be limited to ports, at either end', () => {
	const all = parseTcpTable(tcp + tcp6);
	fc.assert(
		fc.property(
			fc.uniqueArray(
				fc.constantFrom(0, 1, 1000, 37_228, 37_229, 38_261, 42_731, 44_496),
			),
			ports => {
				const isWanted = (address: string) =>
					ports.some(port => address.endsWith(`:${port}`));
				assert.deepEqual(
					brief(parseTcpTable(tcp + tcp6, new Set(ports))),
					brief(
						all.filter(
							({local, remote}) => isWanted(local) || isWanted(remote),
						),
					),
				);
			},
		),
	);
});

test('tcp-table: looks up both ends, and the listening socket', () => {
	const table = createTcpTable(parseTcpTable(tcp + tcp6));
	const {local, remote} = table.pair('127.0.0.1:38262', '127.0.0.1:37229');
	assert.equal(local?.state, 'FIN-WAIT-2');
	assert.equal(remote?.state, 'CLOSE-WAIT');
	assert.deepEqual(table.pair('127.0.0.1:1', '127.0.0.1:2'), {
		local: undefined,
		remote: undefined,
	});
	// As Node names the ends of a dual-stack socket.
	const mapped = ['[::ffff:127.0.0.1]:42731', '[::ffff:127.0.0.1]:44496'];
	assert.equal(table.pair(mapped[0]!, mapped[1]!).local?.state, 'ESTABLISHED');
	assert.equal(table.listening('127.0.0.1:38261')?.receiveQueueBytes, 2);
	assert.equal(table.listening('127.0.0.1:42731'), undefined);
	assert.equal(table.listening('[::]:42731')?.state, 'LISTEN');
});

const writeFolder = async (owner: Owner, files: Record<string, string>) => {
	const folder = await mkdtemp(join(tmpdir(), 'sockchat-table-'));
	owner.after(async () => rm(folder, {recursive: true}));
	for (const [name, text] of Object.entries(files)) {
		await writeFile(join(folder, name), text);
	}

	return folder;
};

test('tcp-table: reads 10,000 rows, wherever a read splits them', async t => {
	const ports = Array.from({length: 10_000}, (_port, index) => 20_000 + index);
	const rows = ports.map(port =>
		rowIn('01', port.toString(16).toUpperCase().padStart(4, '0')),
	);
	const folder = await writeFolder(t, {tcp: rows.join(''), tcp6});
	const table = await readTcpTable(undefined, folder);
	for (const port of ports) {
		const {local} = table!.pair('127.0.0.1:37228', `127.0.0.1:${port}`);
		assert.equal(local?.state, 'ESTABLISHED', String(port));
	}

	assert.equal(table!.listening('[::]:42731')?.state, 'LISTEN');
});

test('tcp-table: works without IPv6; without both files it is undefined', async t => {
	const folder = await writeFolder(t, {tcp});
	const table = await readTcpTable(undefined, folder);
	assert.equal(table?.listening('127.0.0.1:38261')?.state, 'LISTEN');
	assert.equal(await readTcpTable(undefined, `${folder}/none`), undefined);
});
