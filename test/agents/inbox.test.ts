import assert from 'node:assert/strict';
import {test} from 'node:test';
import fc from 'fast-check';
import {Inbox, type Heard} from '../../source/agents/inbox.js';
import {parseKept} from '../../source/agents/kept.js';
import type {ServerFrame} from '../../source/protocol/frame.js';
import {welcomeFrame} from '../helpers/scripted.js';

const own = 'c0de';

const welcome = (log: string, head: number): ServerFrame =>
	welcomeFrame({log, nick: 'codex', head});

const message = (seq: number, text: string, id = 'a'): ServerFrame => ({
	type: 'message',
	seq,
	at: seq,
	from: id === own ? 'codex' : 'otter',
	id,
	n: seq,
	text,
});

const whisper = (n: number): ServerFrame => ({
	type: 'whispered',
	n,
	at: n,
	from: 'otter',
	id: 'a',
	to: 'codex',
	text: `psst ${n}`,
});

const opened = () => {
	const inbox = new Inbox(own, undefined);
	inbox.take(welcome('log', 10));
	return inbox;
};

/** As after a restart: the log is replayed from what was read. */
const restarted = (inbox: Inbox, entries: readonly ServerFrame[]): Inbox => {
	const kept = parseKept(JSON.stringify(inbox.kept()))!;
	const next = new Inbox(own, kept);
	next.take(welcome('log', entries.length));
	for (const entry of entries) {
		if ('seq' in entry && entry.seq > kept.read) {
			next.take(entry);
		}
	}

	return next;
};

type Action =
	| {readonly type: 'say'; readonly isCall: boolean; readonly isOwn: boolean}
	| {readonly type: 'whisper' | 'wait' | 'cancel' | 'restart'}
	| {readonly type: 'listen'; readonly rest: number}
	| {readonly type: 'read'; readonly part: number; readonly isUndone: boolean};

const action: fc.Arbitrary<Action> = fc.oneof(
	fc.record({
		type: fc.constant('say' as const),
		isCall: fc.boolean(),
		isOwn: fc.nat(3).map(value => value === 0),
	}),
	fc.record({
		type: fc.constantFrom(
			'whisper' as const,
			'wait' as const,
			'cancel' as const,
			'restart' as const,
		),
	}),
	fc.record({type: fc.constant('listen' as const), rest: fc.nat(2)}),
	fc.record({
		type: fc.constant('read' as const),
		part: fc.double({min: 0, max: 1, noNaN: true}),
		isUndone: fc.nat(4).map(value => value === 0),
	}),
);

const keyOf = ({seq, text}: Heard): string =>
	seq === undefined ? text : String(seq);

test('inbox: nothing is handed twice, or after it was read; no call is missed', () => {
	fc.assert(
		fc.property(fc.array(action, {maxLength: 80, size: 'max'}), actions => {
			const entries: ServerFrame[] = [];
			let inbox = new Inbox(own, undefined);
			inbox.take(welcome('log', 0));
			let whispers = 0;
			/** In order, what is to be read, and of it what calls. */
			const unread: string[] = [];
			const waiting = new Set<string>();
			const handed = new Set<string>();
			const hand = (found: Heard | undefined, isKept: boolean) => {
				if (!found) {
					return;
				}

				const undo = inbox.hand(found);
				assert.ok(!handed.has(keyOf(found)), 'twice');
				assert.ok(unread.includes(keyOf(found)), 'after it was read');
				if (isKept) {
					handed.add(keyOf(found));
					waiting.delete(keyOf(found));
				} else {
					undo();
				}
			};

			for (const each of actions) {
				switch (each.type) {
					case 'say': {
						const seq = entries.length + 1;
						const text = each.isCall ? 'codex?' : `text ${seq}`;
						const entry = message(seq, text, each.isOwn ? own : 'a');
						entries.push(entry);
						inbox.take(entry);
						if (!each.isOwn) {
							unread.push(String(seq));
							if (each.isCall) {
								waiting.add(String(seq));
							}
						}

						break;
					}

					case 'whisper': {
						whispers++;
						inbox.take(whisper(whispers));
						unread.push(`psst ${whispers}`);
						waiting.add(`psst ${whispers}`);
						break;
					}

					case 'wait':
					case 'cancel': {
						const found = inbox.next();
						const first = unread.find(key => waiting.has(key));
						assert.equal(found && keyOf(found), first);
						hand(found, each.type === 'wait');
						break;
					}

					case 'listen': {
						const found = inbox.next(
							({seq}) => seq !== undefined && seq % 3 === each.rest,
						);
						hand(found, true);
						break;
					}

					case 'read': {
						const count = Math.ceil(unread.length * each.part);
						const part = unread.slice(0, count);
						const seqs = part.map(Number).filter(seq => seq > 0);
						const upTo = Math.max(inbox.read, ...seqs);
						const shown = inbox.whispers.filter(({text}) =>
							part.includes(text),
						);
						const undo = inbox.advance(upTo, shown);
						if (each.isUndone) {
							undo();
							break;
						}

						for (const key of part) {
							waiting.delete(key);
						}

						unread.splice(0, count);
						break;
					}

					case 'restart': {
						inbox = restarted(inbox, entries);
						break;
					}
				}

				assert.equal(inbox.unreadCount, unread.length);
			}
		}),
	);
});

test('inbox: begins at the head when the agent first joins', () => {
	const inbox = opened();
	inbox.take(message(9, 'codex: earlier'));
	assert.equal(inbox.unreadCount, 0);
	assert.equal(inbox.next(), undefined);
	inbox.take(message(11, 'codex: now'));
	assert.equal(inbox.next()?.text, 'codex: now');
	assert.equal(inbox.read, 10);
});

test('inbox: in another log all is unread, and what was handed means nothing', () => {
	const inbox = opened();
	inbox.take(message(11, 'codex: one'));
	inbox.hand(inbox.next()!);
	inbox.take(whisper(1));
	inbox.take(welcome('next', 3));
	inbox.take(message(2, 'codex: two'));
	assert.deepEqual([inbox.read, inbox.unreadCount], [0, 2]);
	const whispered = inbox.next()!;
	assert.equal(whispered.text, 'psst 1');
	inbox.hand(whispered);
	assert.equal(inbox.next()?.text, 'codex: two');
});

test('inbox: what waits is bounded, and what is dropped is known', () => {
	const inbox = opened();
	for (let seq = 11; seq <= 5010; seq++) {
		inbox.take(message(seq, 'x'));
	}

	assert.equal(inbox.unreadCount, 5000);
	assert.equal(inbox.next(() => true)?.seq, 4011);
	assert.equal(inbox.droppedUpTo, 4010);
	for (let n = 1; n <= 250; n++) {
		inbox.take(whisper(n));
	}

	assert.equal(inbox.takeDropped(), 50);
	assert.equal(inbox.takeDropped(), 0);
	assert.equal(inbox.next()?.text, 'psst 51');
});

test('inbox: its file stays small, however many messages waits return', () => {
	const inbox = opened();
	for (let seq = 11; seq <= 4010; seq++) {
		inbox.take(message(seq, 'codex?'));
		inbox.hand(inbox.next()!);
	}

	const kept = inbox.kept()!;
	assert.ok(kept.handed.length <= 1000, `${kept.handed.length}`);
	assert.equal(kept.read, 10);
	assert.equal(inbox.next(), undefined);
	const next = new Inbox(own, kept);
	next.take(welcome('log', 4010));
	for (let seq = 11; seq <= 4010; seq++) {
		next.take(message(seq, 'codex?'));
	}

	assert.equal(next.next(), undefined);
	assert.equal(next.unreadCount, 4000);
});

test('kept: a file that is not ours is nothing', () => {
	const kept = opened().kept()!;
	assert.deepEqual(parseKept(JSON.stringify(kept)), kept);
	for (const change of [
		{log: 1},
		{read: -1},
		{floor: 0.5},
		{handed: {}},
		{handed: ['1']},
		{whispers: [{}]},
	]) {
		assert.equal(parseKept(JSON.stringify({...kept, ...change})), undefined);
	}

	for (const text of ['', '{', 'null', '[]', '1']) {
		assert.equal(parseKept(text), undefined);
	}
});

test('inbox: a new nick of an earlier time is not the agent’s', () => {
	const inbox = opened();
	const renamed = (seq: number): ServerFrame => ({
		type: 'renamed',
		seq,
		at: seq,
		from: 'codex',
		to: 'robert',
		id: own,
	});
	inbox.take(renamed(10));
	assert.equal(inbox.nick, 'codex');
	inbox.take(renamed(11));
	assert.equal(inbox.nick, 'robert');
});
