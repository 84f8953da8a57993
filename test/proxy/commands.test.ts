/** What is typed to a proxy. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {parseProxyLine} from '../../source/proxy/commands.js';
import {noFaults, pauseMsAfter, pieceBytes} from '../../source/proxy/faults.js';

const all = {direction: undefined, peer: undefined};

test('proxy commands: a fault, for both directions or one, for all or one client', () => {
	assert.deepEqual(parseProxyLine('/delay 200'), {
		type: 'faults',
		change: {delayMs: 200},
		scope: all,
	});
	assert.deepEqual(parseProxyLine(' /rate-limit  1000 out :40000 '), {
		type: 'faults',
		change: {rateLimit: 1000},
		scope: {direction: 'out', peer: '40000'},
	});
	assert.deepEqual(parseProxyLine('/slice off 127.0.0.1:40000 in'), {
		type: 'faults',
		change: {sliceBytes: undefined},
		scope: {direction: 'in', peer: '127.0.0.1:40000'},
	});
	assert.deepEqual(parseProxyLine('/pause'), {
		type: 'faults',
		change: {isPaused: true},
		scope: all,
	});
	assert.deepEqual(parseProxyLine('/cut out'), {
		type: 'cut',
		scope: {direction: 'out', peer: undefined},
	});
	assert.deepEqual(parseProxyLine('/quit'), {type: 'quit'});
});

test('proxy commands: a wrong one gets a sentence', () => {
	for (const [typed, sentence] of [
		['/delay', '/delay needs a number of milliseconds; got nothing.'],
		['/slice -1', '/slice needs a number of bytes, or off; got "-1".'],
		['/pause in out', 'Unexpected "out"; /help lists what there is.'],
		['/cut a b', 'Unexpected "b"; /help lists what there is.'],
		['/reset in', '/reset is for both directions: RST ends a connection.'],
		[
			'constructor 5',
			'"constructor" is no command of a proxy; /help lists them.',
		],
		['__proto__', '"__proto__" is no command of a proxy; /help lists them.'],
		['hello', '"hello" is no command of a proxy; /help lists them.'],
		['toString 3', '"toString" is no command of a proxy; /help lists them.'],
		[
			'constructor',
			'"constructor" is no command of a proxy; /help lists them.',
		],
		[
			'/peers',
			'/peers is a command of the screen; /help lists those of a proxy without it.',
		],
		[
			'/wire',
			'/wire is a command of the screen; /help lists those of a proxy without it.',
		],
		[
			'/lifecycle :5000',
			'/lifecycle is a command of the screen; /help lists those of a proxy without it.',
		],
		[
			'/save',
			'/save is a command of the screen; /help lists those of a proxy without it.',
		],
	] as const) {
		assert.equal(parseProxyLine(typed), sentence);
	}
});

test('proxy faults: a limit makes pieces of a tenth of a second', () => {
	assert.equal(pieceBytes(noFaults), Infinity);
	assert.equal(pieceBytes({...noFaults, rateLimit: 1000}), 100);
	assert.equal(pieceBytes({...noFaults, rateLimit: 1000, sliceBytes: 7}), 7);
	assert.equal(pieceBytes({...noFaults, rateLimit: 3}), 1);
	assert.equal(pauseMsAfter(100, {...noFaults, rateLimit: 1000}), 100);
	assert.equal(pauseMsAfter(100, noFaults), 0);
});
