import assert from 'node:assert/strict';
import {test} from 'node:test';
import fc from 'fast-check';
import type {ChatEvent} from '../../source/event/event.js';
import type {Entry, ServerFrame} from '../../source/protocol/frame.js';
import {createModel, type Model} from '../../source/store/model.js';
import {reduce} from '../../source/store/reduce.js';
import {itemAt, newsFrom} from '../../source/store/transcript.js';
import {comingsText} from '../../source/store/comings-words.js';
import {messageFrame} from '../helpers/scripted.js';

const start = createModel({
	mode: 'room',
	where: '127.0.0.1:5001',
	id: 'ffffffffffffffff',
	nick: 'otter',
});

let seq = 0;
const frame = (part: ServerFrame): ChatEvent => ({
	type: 'frame',
	at: 1,
	frame: part,
});
const says = (from: string, text: string, id = `id-${from}`) =>
	frame(messageFrame(++seq, {from, id, text, at: 1}));
const joins = (nick: string, id = `id-${nick}`) =>
	frame({type: 'joined', seq: ++seq, at: 1, nick, id});
const leaves = (nick: string) =>
	frame({
		type: 'left',
		seq: ++seq,
		at: 1,
		nick,
		id: `id-${nick}`,
		reason: 'quit',
	});
const renames = (from: string, to: string) =>
	frame({type: 'renamed', seq: ++seq, at: 1, from, to, id: `id-${from}`});
const whispers = (from: string, text: string) =>
	frame({
		type: 'whispered',
		n: 1,
		from,
		id: `id-${from}`,
		to: 'otter',
		text,
		at: 1,
	});
const ignores = (nick?: string): ChatEvent => ({
	type: 'hide',
	at: 1,
	what: 'ignore',
	nick,
});
const quiet: ChatEvent = {type: 'hide', at: 1, what: 'quiet', nick: undefined};

const rowsOf = ({transcript}: Model): string[] =>
	Array.from({length: transcript.length}, (_row, index) => {
		const item = itemAt(transcript, transcript.first + index)!;
		if (item.kind === 'comings') {
			return comingsText(item);
		}

		return item.kind === 'message'
			? `${item.from}: ${item.text}`
			: 'text' in item
				? item.text
				: '';
	});

const lastOf = (model: Model): string | undefined => rowsOf(model).at(-1);

test('ignore: hides what somebody says, whispers and does, before it and after', () => {
	const model = reduce(start, [
		joins('ci'),
		says('ci', 'one'),
		says('heron', 'hello'),
		ignores('CI'),
		says('ci', 'two'),
		whispers('ci', 'three'),
		leaves('ci'),
		joins('wren'),
		says('wren', 'hi'),
	]);
	assert.deepEqual(rowsOf(model), [
		'heron: hello',
		'CI is ignored on this screen; /ignore CI ends it.',
		'wren joined',
		'wren: hi',
	]);
	const listed = reduce(model, [ignores()]);
	assert.equal(lastOf(listed), 'Ignored: CI (2 hidden).');
	const shown = reduce(model, [ignores('ci'), says('ci', 'four')]);
	assert.deepEqual(rowsOf(shown), [
		'ci joined',
		'ci: one',
		'heron: hello',
		'CI is ignored on this screen; /ignore CI ends it.',
		'ci: two',
		'three',
		'wren joined · ci left (quit)',
		'wren: hi',
		'ci is no longer ignored; 2 messages hidden meanwhile.',
		'ci: four',
	]);
	assert.match(lastOf(reduce(shown, [ignores()]))!, /^Nobody is ignored; /u);
});

test('ignore: follows a rename, and can be ended by either nick', () => {
	const model = reduce(start, [
		ignores('heron'),
		renames('heron', 'tern'),
		says('tern', 'me again', 'id-heron'),
		ignores(),
	]);
	assert.deepEqual(rowsOf(model).slice(1), ['Ignored: tern (1 hidden).']);
	for (const nick of ['tern', 'heron']) {
		const shown = reduce(model, [
			ignores(nick),
			says('tern', 'back', 'id-heron'),
		]);
		assert.equal(lastOf(shown), 'tern: back');
	}

	const unheard = reduce(start, [ignores('wren'), ignores('wren')]);
	assert.equal(lastOf(unheard), 'wren is no longer ignored.');
});

test('ignore: oneself is always seen', () => {
	const model = reduce(start, [ignores('otter'), says('otter', 'I', start.id)]);
	assert.deepEqual(rowsOf(model), ['That is you.', 'otter: I']);
});

test('ignore: pages of older entries leave it out too', () => {
	const past = [
		messageFrame(1, {from: 'ci', id: 'id-ci', at: 1}),
		messageFrame(2, {from: 'heron', id: 'id-heron', at: 1}),
	];
	const model = reduce(start, [
		frame(messageFrame(3, {at: 1})),
		ignores('ci'),
		frame({type: 'past', id: 1, entries: past, oldest: 1}),
	]);
	assert.ok(rowsOf(model).includes('heron: entry 2'));
	assert.ok(rowsOf(model).every(row => !row.startsWith('ci:')));
});

test('quiet: hides comings and goings, and shows them in their places again', () => {
	const model = reduce(start, [
		joins('ci'),
		says('ci', 'one'),
		leaves('ci'),
		quiet,
		joins('wren'),
		says('wren', 'hi'),
		quiet,
		leaves('wren'),
	]);
	assert.deepEqual(rowsOf(model), [
		'ci joined',
		'ci: one',
		'ci left (quit)',
		'Comings and goings are hidden on this screen; /quiet shows them again.',
		'wren joined',
		'wren: hi',
		'Comings and goings are shown again.',
		'wren left (quit)',
	]);
});

test('quiet: while it lasts, joins, leaves and new nicks are no rows', () => {
	const model = reduce(start, [
		quiet,
		joins('wren'),
		says('wren', 'hi'),
		renames('wren', 'tern'),
		leaves('tern'),
	]);
	assert.deepEqual(rowsOf(model).slice(1), ['wren: hi']);
});

test('ignore: many ids behind one nick cost no more than a few', () => {
	const model = reduce(start, [
		ignores('ci'),
		...Array.from({length: 5000}, (_event, index) =>
			joins('ci', `id-${index}`),
		),
	]);
	assert.equal(model.hiding.ignored[0]!.ids.length, 32);
	assert.equal(model.transcript.length, 1);
});

const nicks = ['ci', 'heron', 'wren'];

type Step =
	| {
			readonly what: 'says' | 'joins' | 'leaves' | 'ignores';
			readonly nick: string;
	  }
	| {readonly what: 'quiet' | 'clear' | 'page'};

const anyStep: fc.Arbitrary<Step> = fc.oneof(
	fc.record({
		what: fc.constantFrom('says', 'joins', 'leaves', 'ignores'),
		nick: fc.constantFrom(...nicks),
	}),
	fc.record({what: fc.constantFrom('quiet', 'clear', 'page')}),
);

const past: readonly Entry[] = Array.from({length: 20}, (_entry, index) =>
	messageFrame(index + 1, {
		from: nicks[index % 3]!,
		id: `id-${nicks[index % 3]!}`,
		text: `entry ${index + 1}`,
		at: 1,
	}),
);

test('hiding: once all is shown again, nothing is missing or moved', () => {
	fc.assert(
		fc.property(
			fc.array(anyStep, {maxLength: 30}),
			fc.boolean(),
			(steps, isAtOnce) => {
				let oldest = past.length + 1;
				seq = past.length;
				const page = (): ChatEvent => {
					const entries = past.filter(
						entry => entry.seq < oldest && entry.seq >= oldest - 5,
					);
					oldest = entries[0]?.seq ?? oldest;
					return frame({type: 'past', id: 1, entries, oldest: 1});
				};

				const clear = (): ChatEvent => {
					oldest = seq + 1;
					return {type: 'clear', at: 1};
				};

				const plain = {clear, page, quiet: () => quiet};
				const named = {
					says: (nick: string) => says(nick, `text ${seq}`),
					joins: (nick: string) => joins(nick),
					leaves,
					ignores,
				};
				const events = steps.map(step =>
					'nick' in step ? named[step.what](step.nick) : plain[step.what](),
				);
				const runAll = (all: readonly ChatEvent[]) => {
					let model = start;
					for (const group of isAtOnce ? [all] : all.map(one => [one])) {
						model = reduce(model, group);
					}

					return model;
				};

				const model = runAll(events);
				const back = reduce(model, [
					...model.hiding.ignored.map(({nick}) => ignores(nick)),
					...(model.hiding.isQuiet ? [quiet] : []),
				]);
				assert.equal(back.whole, back.transcript);
				const unhidden = runAll(events.filter(({type}) => type !== 'hide'));
				assert.deepEqual(contentsOf(back), contentsOf(unhidden));
			},
		),
	);
});

/** Entries in their order; a notice between two comings cuts their row in two. */
const contentsOf = ({transcript}: Model): unknown[] =>
	Array.from({length: transcript.length}, (_item, index) =>
		itemAt(transcript, transcript.first + index)!,
	).flatMap((item): unknown[] => {
		switch (item.kind) {
			case 'message': {
				return [item.seq];
			}

			case 'comings': {
				return [...item.each!];
			}

			default: {
				return [];
			}
		}
	});

test('hiding: what is hidden is in no count of news, nor a call', () => {
	const model = reduce(start, [
		ignores('ci'),
		says('ci', 'otter: look'),
		whispers('ci', 'psst'),
	]);
	assert.equal(model.calls.count, 0);
	assert.equal(model.transcript.news, 0);
	const {end} = model.transcript;
	const shown = reduce(model, [ignores('ci')]);
	assert.equal(newsFrom(shown.transcript, end), 0);
	assert.deepEqual(rowsOf(shown).slice(1, 3), ['ci: otter: look', 'psst']);
});
