import assert from 'node:assert/strict';
import {test} from 'node:test';
import {
	complete,
	type Candidates,
} from '../../../source/ui/input/completion.js';
import {after, candidates, draftOf, shown} from '../../helpers/drafts.js';

test('completion: makes a nick an address only at the start of the line', () => {
	const tab = (marked: string) => shown(after(draftOf(marked), 'complete'));
	assert.equal(tab('her|'), 'heron: |');
	assert.equal(tab('is HER|'), 'is heron |');
	assert.equal(tab('is her| in'), 'is heron| in');
	assert.equal(tab('/msg her|'), '/msg heron |');
	assert.equal(tab('her|?'), 'heron: |?');
});

test('completion: completes commands only at the start of the line', () => {
	const tab = (marked: string) => shown(after(draftOf(marked), 'complete'));
	assert.equal(tab('/N|'), '/nick |');
	assert.equal(tab('see /n|'), 'see /n|');
	assert.equal(tab('/x|'), '/x|');
});

test('completion: cycles forwards and backwards through the matches', () => {
	const draft = draftOf('hi ot| there');
	const first = after(draft, 'complete');
	assert.equal(shown(first), 'hi Otter| there');
	assert.equal(shown(after(first, 'complete')), 'hi otto| there');
	assert.equal(shown(after(first, 'complete', 'complete')), shown(first));
	assert.equal(shown(after(draft, 'complete-back')), 'hi otto| there');
	assert.equal(shown(after(first, 'complete-back')), 'hi otto| there');
	// Any other key ends the cycle: the next Tab is about what stands there.
	const again = after(first, 'right', 'left', 'complete');
	assert.equal(shown(again), shown(first));
	assert.equal(again.completion, undefined);
});

test('completion: continues with the next word after a single match', () => {
	const draft = after(draftOf('/ms|'), 'complete', 'complete');
	assert.equal(shown(draft), '/msg Otter |');
});

test('completion: leaves an empty word alone outside of commands', () => {
	assert.equal(complete('', 0, candidates), undefined);
	assert.equal(complete('hi ', 3, candidates), undefined);
	assert.deepEqual(complete('/msg ', 5, candidates), {
		before: '/msg ',
		after: '',
		choices: ['Otter ', 'otto ', 'heron '],
		index: 0,
	});
});

const wide: Candidates = {
	commands: ['/help', '/nodelay', '/msg', '/me'],
	nicks: ['heron', 'herring'],
	usages: new Map([
		['/help', '[TOPIC]'],
		['/nodelay', 'on|off [PEER]'],
		['/msg', 'NAME TEXT'],
	]),
	topics: ['chat', 'keys'],
};

const completed = (text: string) => {
	const completion = complete(text, text.length, wide);
	return completion?.choices.map(choice => completion.before + choice);
};

test('completion: @ keeps its sign, and gets no colon', () => {
	assert.deepEqual(completed('@he'), ['@heron ', '@herring ']);
	assert.deepEqual(completed('hi @herr'), ['hi @herring ']);
	for (const line of ['@', 'hello @']) {
		assert.deepEqual(completed(line)?.slice(0, 2), [
			`${line}heron `,
			`${line}herring `,
		]);
	}

	const gone = {commands: [], nicks: ['bob'], gone: ['bot']};
	assert.deepEqual(complete('@bo', 3, gone)?.choices, ['@bob ', '@bot ']);
	assert.equal(complete('bot', 3, gone), undefined);
});

test('completion: a peer of a raw server is found by its address or its port', () => {
	const peers = ['127.0.0.1:53122', '127.0.0.1:40000', 'unix:2'];
	const raw: Candidates = {
		commands: ['/to'],
		nicks: [],
		peers,
		usages: new Map([['/to', 'PEER [TEXT]']]),
	};
	const tab = (text: string) => complete(text, text.length, raw)?.choices;
	assert.deepEqual(
		tab('/to '),
		peers.map(peer => `${peer} `),
	);
	for (const typed of ['531', ':531', '127.0.0.1:5']) {
		assert.deepEqual(tab(`/to ${typed}`), ['127.0.0.1:53122 '], typed);
	}

	assert.deepEqual(tab('/to 2'), ['unix:2 ']);
	// A line is bytes, and no address is put into it.
	assert.equal(tab('127'), undefined);
	assert.equal(tab('/to :53122 127'), undefined);
});

test('completion: a command knows what it takes', () => {
	assert.deepEqual(completed('/help k'), ['/help keys ']);
	assert.deepEqual(completed('/nodelay o'), ['/nodelay on ', '/nodelay off ']);
	assert.deepEqual(completed('/nodelay on herr'), ['/nodelay on herring ']);
	assert.deepEqual(completed('/msg her'), ['/msg heron ', '/msg herring ']);
	assert.deepEqual(completed('/w her'), ['/w heron ', '/w herring ']);
	assert.deepEqual(completed('/msg heron hi herr'), ['/msg heron hi herring ']);
	assert.deepEqual(completed('/MSG herr'), ['/MSG herring ']);
});
