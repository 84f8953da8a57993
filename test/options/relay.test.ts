/** The flags of a relay. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {SockchatError} from '../../source/errors.js';
import {parseOptions} from '../../source/options/chat/parse.js';
import type {GivenFlags} from '../../source/options/reader.js';

const parse = (given: GivenFlags, command = 'serve') =>
	parseOptions(
		{words: [command], given, error: undefined},
		{
			isTerminal: false,
			loginName: () => 'otter',
			env: {XDG_STATE_HOME: '/state'},
		},
	);

const refusal = (given: GivenFlags): string => {
	const parsed = parse(given);
	assert.ok(parsed instanceof SockchatError, 'it was taken');
	assert.equal(parsed.code, 'ERR_USAGE');
	return parsed.message;
};

const wishOf = (given: GivenFlags) => {
	const parsed = parse({room: 'lab', ...given});
	assert.ok(!(parsed instanceof SockchatError), 'it was refused');
	return 'relayWish' in parsed ? parsed : assert.fail('it has no relay');
};

test('options: a relay is a URL, with the usual port if it names none', () => {
	for (const [given, url] of [
		['nats://box', 'nats://box:4222'],
		['tls://box.example:4443/', 'tls://box.example:4443'],
		['nats://[::1]:5', 'nats://[::1]:5'],
		['NATS://a:1,nats://b', 'nats://a:1,nats://b:4222'],
	] as const) {
		assert.deepEqual(wishOf({relay: given}).relayWish, {
			url,
			isOptional: false,
			replicas: 1,
			credentialsFile: undefined,
		});
	}
});

test('options: a wrong URL is refused with what is needed', () => {
	for (const wrong of [
		'box:4222',
		'http://box',
		'nats://',
		'nats://box:0',
		'nats://box:65536',
		'nats://a,tls://b',
		'nats://a,',
	]) {
		assert.match(
			refusal({relay: wrong, room: 'lab'}),
			/^--relay needs nats:\/\/HOST:PORT or tls:\/\/HOST:PORT/,
		);
	}
});

test('options: credentials in a URL are refused, and not repeated', () => {
	const message = refusal({relay: 'nats://me:secret@box', room: 'lab'});
	assert.match(message, /SOCKCHAT_RELAY_CREDENTIALS/);
	assert.doesNotMatch(message, /secret/);
});

test('options: what belongs to a relay needs one, and a relay needs a room', () => {
	assert.match(
		refusal({relayOptional: true}),
		/^--relay-optional needs --relay/,
	);
	assert.match(refusal({relay: 'nats://box'}), /^--relay needs --room NAME/);
	assert.match(
		refusal({relay: 'nats://box', room: 'lab', relayReplicas: '6'}),
		/^--relay-replicas needs from 1 to 5; got 6/,
	);
});

test('options: a shared room is kept under its name, whatever its address', () => {
	for (const port of ['5001', '0']) {
		const {history} = wishOf({relay: 'nats://box', port}) as {
			history?: {path: string};
		};
		assert.equal(history?.path, '/state/sockchat/relay-lab.jsonl');
	}

	const odd = wishOf({relay: 'nats://box', room: 'the.lab'}) as {
		history?: {path: string};
	};
	assert.match(odd.history!.path, /\/relay-the.lab-[\da-f]{8}\.jsonl$/);
});
