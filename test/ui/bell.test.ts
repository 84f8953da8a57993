import assert from 'node:assert/strict';
import {test} from 'node:test';
import {Store} from '../../source/store/store.js';
import {bellSentence, startBell, type Bell} from '../../source/ui/bell.js';
import {FakeClock} from '../helpers/clock.js';
import {modelOf} from '../helpers/models.js';
import {messageFrame} from '../helpers/scripted.js';

const open = (bell: Bell) => {
	const clock = new FakeClock();
	const store = new Store(modelOf({id: 'own', nick: 'otter'}), clock);
	const written: string[] = [];
	const titles: string[] = [];
	let seq = 0;
	const say = (...texts: readonly string[]) => {
		for (const text of texts) {
			const frame = messageFrame(++seq, {text});
			store.dispatch({type: 'frame', at: 1, frame});
		}
	};

	const start = () =>
		startBell({
			store,
			bell,
			monotonicMs: clock.monotonicMs,
			write(sequence) {
				written.push(sequence);
			},
			setTitle(title) {
				titles.push(title);
			},
		});

	return {clock, store, written, titles, say, start};
};

test('bell: calls within a second ring once, and each is counted', () => {
	const {clock, written, titles, say, start} = open({
		isOn: true,
		notification: 'none',
	});
	const ringing = start();
	say('otter 1', 'otter 2', 'heron');
	clock.advance(33);
	assert.deepEqual(written, ['\u0007']);
	assert.deepEqual(titles, ['(2) sockchat']);
	clock.advance(900);
	say('otter 3');
	clock.advance(33);
	assert.deepEqual(written, ['\u0007']);
	clock.advance(100);
	say('otter 4');
	clock.advance(33);
	assert.deepEqual(written, ['\u0007', '\u0007']);
	ringing.look();
	say('nobody');
	clock.advance(33);
	say('otter 5');
	clock.advance(33);
	assert.deepEqual(titles.slice(1), [
		'(3) sockchat',
		'(4) sockchat',
		'sockchat',
		'(1) sockchat',
	]);
	ringing.stop();
	say('otter 6');
	clock.advance(2000);
	assert.equal(titles.length, 5);
});

test('bell: a call that came while the screen was loading rings', () => {
	const {store, written, titles, say, start} = open({
		isOn: true,
		notification: 'none',
	});
	say('otter?');
	store.flush();
	start();
	assert.deepEqual(written, ['\u0007']);
	assert.deepEqual(titles, ['(1) sockchat']);
});

test('bell: a notification needs no bell, and /bell says both', () => {
	const {clock, written, say, start} = open({
		isOn: false,
		notification: 'osc777',
	});
	start();
	say('hello; otter\nand more');
	clock.advance(33);
	assert.deepEqual(written, [
		'\u001B]777;notify;heron;hello, otter⏎and more\u001B\\',
	]);
	assert.equal(
		bellSentence({isOn: false, notification: 'osc777'}),
		'The bell is off. Notifications: osc777.',
	);
});
