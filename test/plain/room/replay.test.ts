/** `--last` over pages, while the room goes on. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import type {ChatEvent} from '../../../source/event/event.js';
import {Replay} from '../../../source/plain/room/replay.js';
import type {ServerFrame} from '../../../source/protocol/frame.js';
import {messageFrame, welcomeFrame} from '../../helpers/scripted.js';
import {until} from '../../helpers/until.js';

/** A log whose pages the test answers one by one. */
const openReplay = (last: number, head: number) => {
	const printed: string[] = [];
	const asked: Array<{id: number; before: number}> = [];
	const texts = new Map<number, string>();
	let count = 0;
	const replay = new Replay(
		{last, since: undefined},
		{
			emit(event: ChatEvent) {
				if (event.type === 'frame' && 'seq' in event.frame) {
					const {seq} = event.frame;
					printed.push(`${seq}${event.isReplay ? ' replay' : ''}`);
				} else if (event.type === 'frame' && event.frame.type === 'gap') {
					printed.push(`gap ${event.frame.from}-${event.frame.to}`);
				}
			},
			drained: async () => undefined,
		},
	);
	const take = (frame: ServerFrame) => {
		replay.take({type: 'frame', at: 0, frame});
	};

	const message = (seq: number) =>
		messageFrame(seq, {text: texts.get(seq) ?? 'short'});
	replay.start({
		id: 'own',
		readPast(before) {
			const id = ++count;
			asked.push({id, before: before!});
			return id;
		},
	});
	take(welcomeFrame({head}));
	return {
		replay,
		printed,
		asked,
		take,
		live(seq: number, text = 'short') {
			texts.set(seq, text);
			take(message(seq));
		},
		/** Answers the newest request from a log that ends there. */
		async answer(end: number, oldest = 1) {
			const request = await until(() => asked.shift(), {what: 'a request'});
			const after = Math.min(request.before, end + 1);
			const from = Math.max(oldest, after - 100);
			const entries = Array.from(
				{length: Math.max(0, after - from)},
				(_, index) => message(from + index),
			);
			take({type: 'past', id: request.id, entries, oldest});
		},
	};
};

test('replay: what is said meanwhile waits, and follows once', async () => {
	const {replay, printed, live, answer} = openReplay(2, 4);
	live(5);
	await answer(5);
	live(6);
	await answer(5);
	await replay.done;
	live(7);
	assert.deepEqual(printed, ['3 replay', '4 replay', '5', '6', '7']);
});

test('replay: what is too much to hold is read from the log', async () => {
	const {replay, printed, live, answer} = openReplay(1, 1);
	const long = 'x'.repeat(16_000);
	for (let seq = 2; seq <= 400; seq++) {
		live(seq, long);
	}

	await answer(400);
	for (let page = 0; page < 3; page++) {
		await answer(400);
	}

	await replay.done;
	assert.deepEqual(
		printed,
		Array.from({length: 400}, (_, index) =>
			index === 0 ? '1 replay' : String(index + 1),
		),
	);
});

test('replay: after a reconnect the page is asked for again', async () => {
	const {replay, printed, take, asked, answer} = openReplay(1, 3);
	asked.length = 0;
	take(welcomeFrame({head: 3}));
	await answer(3);
	await answer(3);
	await replay.done;
	assert.deepEqual(printed, ['3 replay']);
});

test('replay: in another log it ends with what is held', async () => {
	const {replay, printed, take, live} = openReplay(5, 3);
	live(4);
	take(welcomeFrame({head: 1, log: 'other'}));
	await replay.done;
	assert.deepEqual(printed, ['4']);
});

test('replay: entries that the log has dropped are a gap', async () => {
	const {replay, printed, answer} = openReplay(9, 52);
	await answer(52, 51);
	await answer(52, 51);
	await replay.done;
	assert.deepEqual(printed, ['gap 1-50', '51 replay', '52 replay']);
});
