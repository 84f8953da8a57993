import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import {test} from 'node:test';
import {
	spelledCall,
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
	'recv(1024, 0x40)',
	'recv()',
	'send(6)',
	'send(6, 0x4000)',
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
	assert.deepEqual(written('accept()').slice(1), [
		'conn, addr = s.accept()',
		'conn = accept(fd, NULL, NULL)',
	]);
	assert.deepEqual(written('connect()').slice(1), [
		's.connect(...)',
		'connect(fd, &addr, sizeof addr)',
	]);
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
