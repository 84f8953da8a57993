import assert from 'node:assert/strict';
import {test} from 'node:test';
import type {ServerFrame} from '../../source/protocol/frame.js';
import {reduceOwnNick, unnamed} from '../../source/protocol/own-nick.js';
import {welcomeFrame} from '../helpers/scripted.js';

const renamed = (seq: number, to: string, id = 'own') =>
	({type: 'renamed', seq, at: 0, from: 'otter', to, id}) as const;

const nickAfter = (...frames: readonly ServerFrame[]): string => {
	let own = unnamed('otter');
	for (const frame of frames) {
		own = reduceOwnNick(own, 'own', frame);
	}

	return own.nick;
};

test('own nick: it is the welcome’s, and that of a rename after its head', () => {
	const welcome = welcomeFrame({nick: 'wren', head: 3}) as ServerFrame;
	assert.equal(nickAfter(), 'otter');
	assert.equal(nickAfter(welcome), 'wren');
	assert.equal(nickAfter(welcome, renamed(2, 'crane')), 'wren');
	assert.equal(nickAfter(welcome, renamed(3, 'crane')), 'wren');
	assert.equal(nickAfter(welcome, renamed(4, 'crane')), 'crane');
	assert.equal(nickAfter(welcome, renamed(4, 'crane', 'other')), 'wren');
});

test('own nick: each welcome has a head of its own', () => {
	const again = welcomeFrame({nick: 'heron', head: 1}) as ServerFrame;
	assert.equal(
		nickAfter(
			welcomeFrame({head: 9}) as ServerFrame,
			again,
			renamed(2, 'wren'),
		),
		'wren',
	);
});
