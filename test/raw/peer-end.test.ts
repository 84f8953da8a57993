import assert from 'node:assert/strict';
import test from 'node:test';
import {lostWithConnection} from '../../source/chat/open-raw.js';
import {notSent} from '../../source/plain/raw/script.js';
import {answersLost, cutOff, inputLost} from '../../source/raw/peer-end.js';

test('raw sentences: one byte is not several', () => {
	const sending = {bytesRead: 1, hasEnded: true, isOver: true};
	const sentences = [
		inputLost('a', 1, 0, true),
		cutOff({peer: 'a', bytesIn: 1}),
		answersLost('a', {bytesToSay: 1, bytesSaid: 0})!,
		notSent(sending, 0),
		lostWithConnection(1),
	].map(({message}) => message);
	for (const sentence of sentences) {
		assert.match(sentence, /\b1 byte (?!were)/);
	}

	assert.match(notSent({...sending, bytesRead: 2}, 0).message, /2 bytes were/);
});
