import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import {test} from 'node:test';
import {
	spelledCall,
	spelledFailure,
	spellings,
	spellingTable,
} from '../../source/tcp/spelling.js';
import {
	callNames,
	lingerZero,
	nameOfCall,
	type Call,
} from '../../source/tcp/tcp.js';
import {requireExecutable} from '../helpers/environment.js';

/** Every form that a call is reported in. */
const calls: readonly Call[] = [
	'socket()',
	'setsockopt(SO_REUSEADDR, 1)',
	'setsockopt(IPV6_V6ONLY, 0)',
	'setsockopt(TCP_NODELAY, 0)',
	'setsockopt(SO_KEEPALIVE, 1)',
	lingerZero,
	'bind(127.0.0.1:5001)',
	'bind([::1]:5001)',
	'bind()',
	'listen(1)',
	'listen()',
	'accept()',
	'connect(127.0.0.1:5001)',
	'connect([::1]:5001)',
	'connect()',
	'recv(1024)',
	'recv(1024, MSG_PEEK | MSG_WAITALL)',
	'recv()',
	'send(6)',
	'send(6, MSG_NOSIGNAL | 0x4000000)',
	'send()',
	'read(1024)',
	'read()',
	'write(6)',
	'write()',
	'recvmsg()',
	'sendmsg()',
	'shutdown(SHUT_WR)',
	'close()',
	'pause()',
	'resume()',
];

const written = (call: Call, isAccepted = false) =>
	spellings.map(spelling => spelledCall(call, spelling, isAccepted));

test('spelling: a call in the sockets API, in Python and in C', () => {
	assert.deepEqual(written('bind(127.0.0.1:5001)'), [
		'bind(127.0.0.1:5001)',
		"s.bind(('127.0.0.1', 5001))",
		'bind(fd, &addr, sizeof addr)',
	]);
	assert.equal(written('bind([::1]:5001)')[1], "s.bind(('::1', 5001))");
	assert.deepEqual(written('recv(1024)', true), [
		'recv(1024)',
		'conn.recv(1024)',
		'recv(conn, buf, 1024, 0)',
	]);
	assert.equal(written('recv(1024)')[2], 'recv(fd, buf, 1024, 0)');
	assert.deepEqual(written('recv(512, MSG_PEEK | MSG_WAITALL)', true), [
		'recv(512, MSG_PEEK | MSG_WAITALL)',
		'conn.recv(512, socket.MSG_PEEK | socket.MSG_WAITALL)',
		'recv(conn, buf, 512, MSG_PEEK | MSG_WAITALL)',
	]);
	assert.deepEqual(written('send(6, MSG_OOB)').slice(1), [
		's.send(data, socket.MSG_OOB)',
		'send(fd, buf, 6, MSG_OOB)',
	]);
	assert.deepEqual(written('accept()').slice(1), [
		'conn, addr = s.accept()',
		'conn = accept(fd, NULL, NULL)',
	]);
	assert.deepEqual(written('connect()').slice(1), [
		's.connect(...)',
		'connect(fd, &addr, sizeof addr)',
	]);
});

test('spelling: a failed call in the sockets API, in Python and in C', () => {
	const failed = (errno: string) =>
		spellings.map(spelling => spelledFailure(errno, spelling));
	assert.deepEqual(failed('EPIPE'), [
		' = EPIPE',
		' raises BrokenPipeError',
		' = -1 EPIPE',
	]);
	assert.equal(failed('EADDRINUSE')[1], ' raises OSError EADDRINUSE');
});

test('spelling: Python raises for an errno what is said here', () => {
	const errnos = [
		'ECONNREFUSED',
		'ECONNRESET',
		'EPIPE',
		'ETIMEDOUT',
		'EACCES',
		'EPERM',
		'EADDRINUSE',
		'EADDRNOTAVAIL',
		'EINVAL',
	];
	// OSError() makes the subclass of its errno, as a failed call does.
	const {stdout, stderr} = spawnSync(
		requireExecutable('python3', 'python3'),
		[
			'-c',
			[
				'import errno, sys',
				'for name in sys.argv[1:]:',
				"    print(type(OSError(getattr(errno, name), '')).__name__)",
			].join('\n'),
			...errnos,
		],
		{encoding: 'utf8'},
	);
	const raised = stdout.trim().split('\n');
	assert.deepEqual(
		errnos.map(errno => spelledFailure(errno, 'python')),
		errnos.map(
			(errno, index) =>
				` raises ${raised[index] === 'OSError' ? `OSError ${errno}` : raised[index]!}`,
		),
		stderr,
	);
});

test('spelling: every name of a call is among the forms', () => {
	assert.deepEqual(
		new Set(calls.map(call => nameOfCall(call))),
		new Set(callNames),
	);
	assert.deepEqual(
		new Set(spellingTable.map(([call]) => nameOfCall(call))),
		new Set(callNames),
	);
});

const all = (spelling: 'python' | 'c') =>
	calls.flatMap(call =>
		[false, true].map(isAccepted => spelledCall(call, spelling, isAccepted)),
	);

test('spelling: Python parses all of it', () => {
	const {status, stderr} = spawnSync(
		requireExecutable('python3', 'python3'),
		['-c', 'import ast, sys; ast.parse(sys.stdin.read())'],
		{input: all('python').join('\n'), encoding: 'utf8'},
	);
	assert.equal(status, 0, stderr);
});

test('spelling: Python has every constant that is named', () => {
	const named = new Set(
		all('python')
			.join('\n')
			.match(/socket\.[A-Z]\w+/g),
	);
	assert.ok(named.has('socket.MSG_WAITALL'));
	const {status, stderr} = spawnSync(
		requireExecutable('python3', 'python3'),
		['-c', ['import socket', ...named].join('\n')],
		{encoding: 'utf8'},
	);
	assert.equal(status, 0, stderr);
});

test('spelling: a C compiler takes all of it', () => {
	const program = [
		'#define _GNU_SOURCE',
		'#include <netinet/in.h>',
		'#include <netinet/tcp.h>',
		'#include <sys/socket.h>',
		'#include <unistd.h>',
		'void calls(int fd, int conn, char *buf, size_t size, int backlog) {',
		'struct sockaddr_in addr;',
		'struct msghdr msg;',
		...all('c').map(statement => `${statement};`),
		'}',
	].join('\n');
	const {status, stderr} = spawnSync(
		requireExecutable('cc', 'build-essential'),
		['-fsyntax-only', '-Werror', '-xc', '-'],
		{input: program, encoding: 'utf8'},
	);
	assert.equal(status, 0, `${stderr}\n${program}`);
});
