import assert from 'node:assert/strict';
import {test} from 'node:test';
import {inspect} from 'node:util';
import {Token, type Exchange} from '../../source/protocol/token.js';

const secret = 'a secret of 24 bytes....';
const token = new Token(secret);
const exchange: Exchange = {
	place: '5001',
	clientNonce: 'c'.repeat(64),
	serverNonce: 's'.repeat(64),
};

test('token: a proof is valid only for its side, port, nonces and client', () => {
	const proof = token.prove('client', exchange, 'id');
	assert.match(proof, /^[\da-f]{64}$/);
	assert.ok(token.isProof(proof, 'client', exchange, 'id'));
	assert.ok(new Token(secret).isProof(proof, 'client', exchange, 'id'));
	for (const isProof of [
		token.isProof(proof, 'server', exchange, 'id'),
		token.isProof(proof, 'client', exchange, 'other'),
		token.isProof(proof, 'client', {...exchange, place: '5002'}, 'id'),
		token.isProof(proof, 'client', {...exchange, clientNonce: 'x'}, 'id'),
		token.isProof(proof, 'client', {...exchange, serverNonce: 'x'}, 'id'),
		new Token(`${secret}.`).isProof(proof, 'client', exchange, 'id'),
		token.isProof(undefined, 'client', exchange, 'id'),
		token.isProof('', 'client', exchange, 'id'),
		token.isProof(`${proof}0`, 'client', exchange, 'id'),
		token.isProof('é'.repeat(32), 'client', exchange, 'id'),
	]) {
		assert.equal(isProof, false);
	}
});

test('token: a short token is refused', () => {
	for (const short of ['', 'a'.repeat(15)]) {
		assert.throws(() => new Token(short), {code: 'ERR_TOKEN_FILE'});
	}

	assert.ok(new Token('a'.repeat(16)));
});

test('token: shows in no trace', () => {
	for (const shown of [
		inspect(token, {depth: 9, showHidden: true}),
		JSON.stringify(token),
	]) {
		assert.ok(!shown.includes('secret'), shown);
	}
});
