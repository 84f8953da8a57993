/** The flags of a relay. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {SockchatError} from '../../source/errors.js';
import {parseOptions} from '../helpers/parse-options.js';
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
		'nats://box:00',
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

const historyOf = (given: GivenFlags): string => {
	const {history} = wishOf({relay: 'nats://box', ...given}) as {
		history?: {path: string};
	};
	return history!.path;
};

test('options: a shared room is kept under its name, whatever its address', () => {
	for (const port of ['5001', '0']) {
		assert.equal(historyOf({port}), '/state/sockchat/relay-lab.jsonl');
	}

	assert.match(
		historyOf({room: 'the.lab'}),
		/\/relay-the.lab-[\da-f]{8}\.jsonl$/,
	);
});

test('options: a shared room has one file, however its name is composed', () => {
	const name = 'Café';
	assert.notEqual(name.normalize('NFD'), name.normalize('NFC'));
	assert.equal(
		historyOf({room: name.normalize('NFD')}),
		historyOf({room: name.normalize('NFC')}),
	);
});

test('options: each shared room has a file of its own, also where case is one', () => {
	const names = ['lab', 'Lab', 'LAB', 'l.ab', 'l-ab', 'l_ab', 'lab.', 'läb'];
	const longest = 'x'.repeat(24);
	const paths = [...names, longest, `${longest.slice(1)}y`].map(room =>
		historyOf({room}).toLowerCase(),
	);
	assert.equal(new Set(paths).size, paths.length, paths.join('\n'));
	for (const path of paths) {
		assert.match(path, /^\/state\/sockchat\/relay-[\w.-]+\.jsonl$/);
	}
});

test('options: a name of a shared room leads to no other folder', () => {
	for (const room of ['../lab', 'a/b', 'a\\b', '..', '.lab', 'x'.repeat(300)]) {
		const parsed = parse({relay: 'nats://box', room});
		assert.ok(parsed instanceof SockchatError, `${room} was taken`);
		assert.match(parsed.message, /can't be a room's name/);
	}
});
