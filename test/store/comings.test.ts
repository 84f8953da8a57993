import assert from 'node:assert/strict';
import {env} from 'node:process';
import {test} from 'node:test';
import fc from 'fast-check';
import type {ChatEvent} from '../../source/event/event.js';
import type {Entry} from '../../source/protocol/frame.js';
import {maxNamed} from '../../source/store/comings.js';
import {comingsText, outcomeOf} from '../../source/store/comings-words.js';
import type {Comings, Item} from '../../source/store/item.js';
import {createModel, type Model} from '../../source/store/model.js';
import {olderThan} from '../../source/store/older-entries.js';
import {reduce} from '../../source/store/reduce.js';
import {itemAt} from '../../source/store/transcript.js';
import {messageFrame, welcomeFrame} from '../helpers/scripted.js';

const runs = Number(env['FAST_CHECK_RUNS'] ?? 500);

const start = createModel({
	mode: 'room',
	where: '127.0.0.1:5001',
	id: 'ffffffffffffffff',
	nick: 'otter',
});

const at = new Date(2026, 10, 27, 9).getTime();

const told = (entries: readonly Entry[]): ChatEvent[] =>
	entries.map(frame => ({type: 'frame', at, frame}));

const itemsOf = ({transcript}: Model): Item[] =>
	Array.from({length: transcript.length}, (_item, index) =>
		itemAt(transcript, transcript.first + index)!,
	);

type Did = readonly [
	what: 'joined' | 'left' | 'renamed' | 'message' | 'one-shot',
	nick: string,
	to?: string,
];

const entryOf = ([what, nick, to = nick]: Did, index: number): Entry => {
	const entry = {seq: index + 1, at, id: `id-${nick}`};
	switch (what) {
		case 'joined': {
			return {type: 'joined', ...entry, nick};
		}

		case 'left': {
			return {type: 'left', ...entry, nick, reason: 'quit'};
		}

		case 'renamed': {
			return {type: 'renamed', ...entry, from: nick, to};
		}

		case 'one-shot': {
			return {type: 'joined', ...entry, nick, oneShot: true};
		}

		case 'message': {
			return messageFrame(entry.seq, {at, from: nick});
		}
	}
};

const entriesOf = (...did: readonly Did[]): Entry[] => did.map(entryOf);

const textOf = (...did: readonly Did[]): string => {
	const items = itemsOf(reduce(start, told(entriesOf(...did))));
	assert.equal(items.length, 1);
	return comingsText(items[0] as Comings);
};

test('comings: on a Unix domain socket nobody leaves with FIN or RST', () => {
	const leftAt = (where: string, reason: 'closed' | 'reset') => {
		const model = reduce(
			{...start, where},
			told([
				{type: 'joined', seq: 1, at, id: 'id-crane', nick: 'crane'},
				{type: 'left', seq: 2, at, id: 'id-heron', nick: 'heron', reason},
			]),
		);
		return comingsText(itemsOf(model)[0] as Comings);
	};

	assert.equal(
		leftAt('127.0.0.1:5001', 'closed'),
		'crane joined · heron left (closed: FIN)',
	);
	assert.equal(
		leftAt('/run/room.sock', 'closed'),
		'crane joined · heron left (closed)',
	);
	assert.equal(leftAt('@room', 'reset'), 'crane joined · heron left (reset)');
});

test('comings: those who come back after oneself, when a server had ended, are in its row', () => {
	const own = 'otter';
	const idOf = (nick: string) => (nick === own ? start.id : `id-${nick}`);
	let seq = 1;
	const shutdown = (nick: string): Entry => ({
		type: 'left',
		seq: ++seq,
		at,
		id: idOf(nick),
		nick,
		reason: 'shutdown',
		notBefore: at - 1,
	});
	const back = (nick: string): Entry => ({
		type: 'joined',
		seq: ++seq,
		at,
		id: idOf(nick),
		nick,
	});
	const welcome = (head: number): ChatEvent => ({
		type: 'frame',
		at,
		frame: welcomeFrame({head}),
	});
	const events: ChatEvent[] = [
		welcome(0),
		...told([messageFrame(seq, {at})]),
		welcome(7),
		...told(['heron', 'wren', 'ibis', own].map(nick => shutdown(nick))),
		...told(['wren', own, 'ibis', 'tern', 'heron'].map(nick => back(nick))),
	];
	const textsOf = (model: Model) =>
		itemsOf(model).map(item =>
			item.kind === 'comings'
				? comingsText(item)
				: 'text' in item
					? item.text
					: '',
		);
	const oneByOne = events.map(event => [event]);
	const inTwo = events.map((_event, index) => [
		events.slice(0, index),
		events.slice(index),
	]);
	for (const batches of [oneByOne, ...inTwo]) {
		let model = start;
		for (const batch of batches) {
			model = reduce(model, batch);
		}

		assert.deepEqual(textsOf(model).slice(-3), [
			'wren, ibis came back · heron left (the server had ended)',
			// How many were back by then, the row above says better.
			'You are otter in room again.',
			'tern, heron joined',
		]);
	}
});

test('comings: one alone says what it always said', () => {
	assert.equal(textOf(['joined', 'heron']), 'heron joined');
	assert.equal(textOf(['left', 'heron']), 'heron left (quit)');
	assert.equal(textOf(['renamed', 'heron', 'tern']), 'heron is now tern');
});

test('comings: of several, each person is named once, with the outcome', () => {
	const pass = [
		['joined', 'ci'],
		['left', 'ci'],
	] as const;
	assert.equal(textOf(...pass), '⇄ ci');
	assert.equal(textOf(...pass, ...pass, ...pass), '⇄ ci ×3');
	assert.equal(
		textOf(
			...pass,
			['joined', 'heron'],
			['left', 'wren'],
			...pass,
			['joined', 'tern'],
			['left', 'owl'],
		),
		'⇄ ci ×2 · heron, tern joined · wren, owl left (quit)',
	);
	assert.equal(
		textOf(['left', 'heron'], ['joined', 'heron']),
		'heron came back',
	);
	assert.equal(
		textOf(['joined', 'heron'], ['renamed', 'heron', 'tern']),
		'tern joined',
	);
	assert.equal(
		textOf(['renamed', 'heron', 'tern'], ['left', 'tern']),
		'heron left (quit)',
	);
	assert.equal(
		textOf(['renamed', 'heron', 'tern'], ['renamed', 'tern', 'heron']),
		'⇄ 2 changes of nick, and back',
	);
});

test('comings: who joins, leaves or comes back repeatedly is named once, and counted', () => {
	const join = ['joined', 'zoe'] as const;
	const go = ['left', 'zoe'] as const;
	assert.equal(textOf(join, go, join), 'zoe joined ×2 and left ×1');
	assert.equal(textOf(join, go, join, go, join), 'zoe joined ×3 and left ×2');
	assert.equal(
		textOf(join, go, ['joined', 'heron'], join, go, join),
		'heron joined · zoe joined ×3 and left ×2',
	);
	assert.equal(textOf(go, join, go), 'zoe ×2 left (quit)');
	assert.equal(textOf(go, join, go, join), 'zoe ×2 came back');
	assert.equal(
		textOf(go, ['left', 'heron'], join, go),
		'zoe ×2, heron left (quit)',
	);
	// Its server was killed, so nothing says that it left.
	assert.equal(textOf(join, join), 'zoe ×2 joined');
	assert.equal(textOf(join, join, go), '⇄ zoe ×2');
	// Another person has had the nick meanwhile.
	assert.equal(
		textOf(join, ['renamed', 'zoe', 'max'], join, go, join),
		'max joined · zoe joined ×2 and left ×1',
	);
});

test('comings: of those who came and went in the same way, it is said once', () => {
	const entries = ['heron', 'ci', 'wren', 'tern'].flatMap(
		(nick, index): Entry[] => {
			const entry = {at, id: `id-${nick}`, nick};
			const reason =
				nick === 'ci' ? 'quit' : nick === 'tern' ? 'reset' : 'closed';
			return [
				{type: 'joined', seq: 2 * index + 1, ...entry},
				{type: 'left', seq: 2 * index + 2, ...entry, reason},
			];
		},
	);
	const [item] = itemsOf(reduce(start, told(entries)));
	assert.equal(
		comingsText(item as Comings),
		'⇄ heron, wren (closed: FIN) · ⇄ ci · ⇄ tern (reset: RST)',
	);
});

test('comings: many names are counted, and very many entries too', () => {
	const names = Array.from({length: 50}, (_name, index) => `n${index}`);
	assert.equal(
		textOf(...names.map(name => ['joined', name] as const)),
		'n0, n1, n2, n3, n4, n5, n6, n7 and 42 more joined',
	);
	const rounds = Array.from({length: 1000}, () => [
		['joined', 'ci'] as const,
		['left', 'ci'] as const,
	]).flat();
	assert.equal(
		textOf(...rounds),
		'⇄ 2000 comings and goings; as many here as before',
	);
	assert.equal(
		textOf(...rounds, ['joined', 'heron']),
		'⇄ 2001 comings and goings; 1 more here',
	);
	assert.equal(
		textOf(['left', 'heron'], ['left', 'wren'], ...rounds),
		'⇄ 2002 comings and goings; 2 fewer here',
	);
});

test('comings: a one-shot leaves no row, though the people are counted', () => {
	const entries = entriesOf(['one-shot', 'ci'], ['message', 'ci']);
	const left: Entry = {
		type: 'left',
		seq: 3,
		at,
		nick: 'ci',
		id: 'id-ci',
		reason: 'quit',
		oneShot: true,
	};
	const {members} = start.presence;
	const model = reduce(start, told([...entries, left]));
	assert.deepEqual(
		itemsOf(model).map(({kind}) => kind),
		['message'],
	);
	assert.equal(
		reduce(start, told(entries)).presence.members.count,
		members.count + 1,
	);
	assert.equal(model.presence.members.count, members.count);
});

/** A room's entries as they can be: nicks are unique, who is here may leave. */
const anyStory = fc
	.array(
		fc.tuple(
			fc.constantFrom('come', 'go', 'rename', 'say', 'one-shot'),
			fc.nat(),
		),
		{maxLength: 80},
	)
	.map(steps => {
		const here = ['a', 'b', 'c'];
		const away = ['d', 'e', 'f', 'g'];
		const did: Did[] = [];
		for (const [step, number] of steps) {
			const present = here[number % here.length];
			const absent = away[number % away.length];
			if (step === 'come' && absent !== undefined) {
				away.splice(away.indexOf(absent), 1);
				here.push(absent);
				did.push(['joined', absent]);
			} else if (step === 'go' && present !== undefined) {
				here.splice(here.indexOf(present), 1);
				away.push(present);
				did.push(['left', present]);
			} else if (
				step === 'rename' &&
				present !== undefined &&
				absent !== undefined
			) {
				here[here.indexOf(present)] = absent;
				away[away.indexOf(absent)] = present;
				did.push(['renamed', present, absent]);
			} else if (step === 'say') {
				did.push(['message', present ?? 'a']);
			} else if (step === 'one-shot') {
				did.push(['one-shot', 'ci']);
			}
		}

		return did;
	});

/** The same items whatever the batches and pages they came in. */
const assembled = (
	entries: readonly Entry[],
	liveFrom: number,
	cuts: readonly number[],
): Model => {
	const live = entries.slice(liveFrom);
	const at0 = Math.floor(live.length / 2);
	let model = reduce(start, told(live.slice(0, at0)));
	for (const event of told(live.slice(at0))) {
		model = reduce(model, [event]);
	}

	let end = liveFrom;
	for (const cut of [...cuts.toSorted((a, b) => b - a), 0]) {
		if (cut >= end) {
			continue;
		}

		const page = entries.slice(cut, end);
		const frame = {type: 'past', id: 1, entries: page, oldest: 1} as const;
		model = reduce(model, [{type: 'frame', at, frame}]);
		end = cut;
	}

	return model;
};

/** The day that stands in front of the very first entry, and nothing else. */
const withoutDay = (items: readonly Item[]): readonly Item[] =>
	items.filter(item => item.kind === 'message' || item.kind === 'comings');

test('comings: the rows are the same whether entries came live or by pages of any size', () => {
	fc.assert(
		fc.property(
			anyStory,
			fc.nat({max: 80}),
			fc.array(fc.nat({max: 80}), {maxLength: 6}),
			(did, liveFrom, cuts) => {
				const entries = entriesOf(...did);
				// A page can only be asked for in front of an entry that is shown.
				const shown = entries.findIndex(
					(entry, index) =>
						index >= liveFrom && !('oneShot' in entry && entry.oneShot),
				);
				fc.pre(shown !== -1);
				const whole = reduce(start, told(entries));
				const model = assembled(entries, shown, cuts);
				assert.deepEqual(
					withoutDay(itemsOf(model)),
					withoutDay(itemsOf(whole)),
				);
				assert.equal(olderThan(model), undefined);
			},
		),
		{numRuns: runs},
	);
});

test('comings: each message is shown once, in order, and each run between two is one row', () => {
	fc.assert(
		fc.property(anyStory, did => {
			const items = itemsOf(reduce(start, told(entriesOf(...did))));
			assert.deepEqual(
				items.flatMap(item =>
					item.kind === 'message' ? [(item.seq ?? 0) - 1] : [],
				),
				did.flatMap(([what], index) => (what === 'message' ? [index] : [])),
			);
			for (const [index, {kind}] of items.entries()) {
				assert.ok(kind === 'message' || items[index + 1]?.kind !== kind);
			}
		}),
		{numRuns: runs},
	);
});

test('comings: the outcome of a run is what happened to who was here', () => {
	fc.assert(
		fc.property(anyStory, did => {
			const before = new Set(['a', 'b', 'c']);
			for (const item of itemsOf(reduce(start, told(entriesOf(...did))))) {
				if (item.kind !== 'comings') {
					continue;
				}

				const after = new Set(before);
				for (const coming of item.each!) {
					if (coming.kind !== 'joined') {
						assert.ok(after.delete(coming.nick));
					}

					if (coming.kind !== 'left') {
						after.add(coming.kind === 'joined' ? coming.nick : coming.to);
					}
				}

				const outcome = outcomeOf(item.each!);
				const expected = new Set(before);
				for (const {nick} of [...outcome.went, ...outcome.renamed]) {
					assert.ok(expected.delete(nick), `${nick} was here`);
				}

				for (const nick of [
					...outcome.came.map(({nick}) => nick),
					...outcome.renamed.map(({to}) => to),
				]) {
					assert.ok(!expected.has(nick), `${nick} was not here`);
					expected.add(nick);
				}

				assert.deepEqual(expected, after);
				assert.equal(item.more, after.size - before.size);
				for (const {nick} of outcome.returned) {
					assert.ok(before.has(nick) && after.has(nick));
				}

				before.clear();
				for (const nick of after) {
					before.add(nick);
				}
			}
		}),
		{numRuns: runs},
	);
});

test('comings: a run costs the same however long it is', () => {
	let model = start;
	let seq = 0;
	const enter = (): Entry => ({
		type: 'joined',
		seq: ++seq,
		at,
		nick: `n${seq}`,
		id: `id-${seq}`,
	});
	for (let batch = 0; batch < 2000; batch++) {
		model = reduce(model, told([enter(), enter(), enter()]));
		const [item, ...more] = itemsOf(model);
		assert.equal(more.length, 0);
		assert.equal(item?.kind, 'comings');
		assert.ok((item.each?.length ?? 0) <= maxNamed);
	}
});

test('comings: a page of nothing that is shown is behind one all the same', () => {
	const oneShots = (from: number): Entry[] =>
		Array.from({length: 100}, (_entry, index) => ({
			type: 'joined',
			seq: from + index,
			at,
			nick: 'ci',
			id: 'id-ci',
			oneShot: true,
		}));
	const page = (entries: Entry[]): ChatEvent => ({
		type: 'frame',
		at,
		frame: {type: 'past', id: 1, entries, oldest: 1},
	});
	const model = reduce(start, told([messageFrame(301, {at})]));
	assert.equal(olderThan(model), 301);
	const once = reduce(model, [page(oneShots(201))]);
	assert.equal(olderThan(once), 201);
	const twice = reduce(once, [page(oneShots(101))]);
	assert.equal(olderThan(twice), 101);
	assert.deepEqual(
		itemsOf(twice).map(({kind}) => kind),
		['message'],
	);
	const again = reduce(twice, [{type: 'forget-past', at}]);
	assert.equal(olderThan(again), 301);
});
