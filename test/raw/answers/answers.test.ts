/** What a raw server says by itself. */
import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import test from 'node:test';
import fc from 'fast-check';
import type {SockchatError} from '../../../source/errors.js';
import {
	createAnswers,
	type Answering,
} from '../../../source/raw/answers/answers.js';
import {Broker} from '../../../source/raw/answers/broker.js';
import {Heard} from '../../../source/raw/heard.js';
import {splitReply} from '../../../source/raw/answers/reply-rules.js';
import {until} from '../../helpers/until.js';

const rule = (source: string, answer: string) => ({
	pattern: new RegExp(source, 'g'),
	bytes: Buffer.from(answer),
});

/** A peer whose kernel takes everything at once, unless it is stuck. */
const speaker = (name = 'peer') => {
	const got: Buffer[] = [];
	const stuck: Array<() => void> = [];
	return {
		name,
		isStuck: false,
		isGone: false,
		stuck,
		got: () => Buffer.concat(got).toString(),
		async write(bytes: Buffer) {
			if (this.isStuck && !this.isGone) {
				await new Promise<void>(resolve => {
					stuck.push(resolve);
				});
			}

			if (!this.isGone) {
				got.push(bytes);
			}

			return !this.isGone;
		},
		disconnect() {
			this.isGone = true;
			for (const settle of stuck) {
				settle();
			}
		},
	};
};

const bound = (peer: ReturnType<typeof speaker>) => ({
	name: peer.name,
	write: peer.write.bind(peer),
	disconnect: peer.disconnect.bind(peer),
});

const answering = (wanted: Answering) => {
	const failures: SockchatError[] = [];
	const join = createAnswers(wanted, error => {
		failures.push(error);
	});
	return {failures, join};
};

/** What is answered to a text that comes in pieces. */
const answered = async (
	rules: ReadonlyArray<ReturnType<typeof rule>>,
	pieces: readonly string[],
) => {
	const peer = speaker();
	const {join} = answering({type: 'reply', rules});
	const answerer = join(bound(peer), new Heard());
	for (const piece of pieces) {
		await answerer.hear(Buffer.from(piece));
	}

	await answerer.endHearing();
	return peer.got();
};

test('reply: splits at the first = that no backslash stands before', () => {
	assert.deepEqual(splitReply('PING=PONG'), {source: 'PING', answer: 'PONG'});
	assert.deepEqual(splitReply(String.raw`a\=(\d+)=b=c`), {
		source: String.raw`a=(\d+)`,
		answer: 'b=c',
	});
	assert.deepEqual(splitReply('QUIT='), {source: 'QUIT', answer: ''});
	assert.equal(splitReply('PING'), undefined);
	assert.equal(splitReply('=PONG'), undefined);
	assert.equal(splitReply(String.raw`a\=b`), undefined);
});

test('reply: the equals sign of a group or of any other part is written with a backslash', () => {
	const sourceOf = (text: string) => splitReply(`${text}=b`)?.source;
	assert.equal(sourceOf(String.raw`a(?\=b)`), 'a(?=b)');
	assert.equal(sourceOf(String.raw`(?<\=a)b\=`), '(?<=a)b=');
	// A backslash, and an equals sign.
	assert.equal(sourceOf(String.raw`a\\=b`), String.raw`a\\=b`);
	assert.equal(sourceOf(String.raw`a\\\=b`), String.raw`a\\=b`);
});

test('reply: the earliest match wins, then the earlier rule; each word once', async () => {
	const rules = [rule('b+', '<B>'), rule('a', '<A>'), rule('ab', '<AB>')];
	assert.equal(await answered(rules, ['xab-bb-a']), '<A><B><B><A>');
});

test('reply: a match without a character is none', async () => {
	assert.equal(await answered([rule('x*', '<X>')], ['abc']), '');
	assert.equal(await answered([rule('x*', '<X>')], ['axxb']), '<X>');
});

test('reply: whole words are answered wherever chunks are cut', async () => {
	const rules = [rule('ping\n', 'pong\n'), rule('é', 'e')];
	await fc.assert(
		fc.asyncProperty(
			fc.array(fc.constantFrom('ping\n', 'é', '.'), {maxLength: 8}),
			fc.array(fc.nat(20), {maxLength: 6}),
			async (words, cuts) => {
				const bytes = Buffer.from(words.join(''));
				const places = [...cuts, bytes.length].toSorted((a, b) => a - b);
				const peer = speaker();
				const {join} = answering({type: 'reply', rules});
				const answerer = join(bound(peer), new Heard());
				let start = 0;
				for (const end of places) {
					await answerer.hear(bytes.subarray(start, end));
					start = Math.max(start, Math.min(end, bytes.length));
				}

				await answerer.endHearing();
				const wanted = words.map(word => {
					if (word === '.') {
						return '';
					}

					return word === 'é' ? 'e' : 'pong\n';
				});
				assert.equal(peer.got(), wanted.join(''));
			},
		),
		{numRuns: 50},
	);
});

test('reply: an expression that backtracks without end disconnects its peer alone', async () => {
	const [slow, other] = [speaker('slow'), speaker('other')];
	const {failures, join} = answering({
		type: 'reply',
		rules: [rule('ok', 'yes'), rule('^(a+)+$', 'no')],
	});
	const toSlow = join(bound(slow), new Heard());
	const toOther = join(bound(other), new Heard());
	await toSlow.hear(Buffer.from(`${'a'.repeat(50)}!`));
	assert.ok(slow.isGone);
	assert.deepEqual(
		failures.map(({code, message}) => [code, message]),
		[
			[
				'ERR_PATTERN',
				'--reply took more than a second on 51 characters of slow, which is disconnected; write its expressions so that they backtrack less.',
			],
		],
	);
	await toSlow.hear(Buffer.from('ok'));
	assert.equal(slow.got(), '');
	await toOther.hear(Buffer.from('ok'));
	assert.equal(other.got(), 'yes');
});

test('broker: each hears what the others say, and not itself', async () => {
	const {join} = answering({type: 'broker'});
	const peers = ['a', 'b', 'c'].map(name => speaker(name));
	const [a, b, c] = peers.map(peer => join(bound(peer), new Heard()));
	await a!.hear(Buffer.from('1'));
	await b!.hear(Buffer.from('2'));
	c!.leave();
	await a!.hear(Buffer.from('3'));
	assert.deepEqual(
		peers.map(peer => peer.got()),
		['2', '13', '12'],
	);
});

test('broker: waits for the slowest, and disconnects one that reads nothing', async () => {
	const failures: string[] = [];
	const broker = new Broker(({code, message}) => {
		failures.push(`${code}: ${message}`);
	}, 50);
	const [a, b, c] = ['a', 'b', 'c'].map(name => speaker(name));
	const answerers = [a!, b!, c!].map(peer => broker.join(bound(peer)));
	b!.isStuck = true;
	let isHeard = false;
	void answerers[0]!.hear(Buffer.from('1')).then(() => {
		isHeard = true;
	});
	await until(() => c!.got() === '1', {what: 'the other one'});
	assert.equal(isHeard, false);
	await until(() => isHeard, {what: 'the end of patience'});
	assert.ok(b!.isGone);
	assert.deepEqual(failures, [
		'ERR_SLOW_PEER: b has read nothing for 0.05 seconds while others waited for it; it is disconnected, and lacks what they say from here on.',
	]);
});

test('broker: a slow one that reads on keeps its connection', async () => {
	const failures: string[] = [];
	const broker = new Broker(({message}) => {
		failures.push(message);
	}, 60_000);
	const [a, b, c] = ['a', 'b', 'c'].map(name => speaker(name));
	const [toA, , toC] = [a!, b!, c!].map(peer => broker.join(bound(peer)));
	b!.isStuck = true;
	const both = [toA!.hear(Buffer.from('1')), toC!.hear(Buffer.from('2'))];
	for (const settle of b!.stuck) {
		settle();
	}

	await Promise.all(both);
	assert.equal(b!.got(), '12');
	assert.deepEqual(failures, []);
});
