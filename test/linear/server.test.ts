/** The worst that a peer can send holds nobody up. */
import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import {test} from 'node:test';
import {openCounted} from '../helpers/counted.js';
import {costRatio} from '../helpers/growth.js';
import {hostileTexts} from '../helpers/hostile-texts.js';
import {helloFrame} from '../helpers/wire-peer.js';

const frameBytes = 60_000;
const marks = hostileTexts['marks out of order']!(frameBytes / 2);
const nested = `${'['.repeat(frameBytes / 2)}${']'.repeat(frameBytes / 2)}`;
const line = (frame: object) => `${JSON.stringify(frame)}\n`;

/** One of every type, as long as a frame may be and as slow as is known. */
const worstFrames: Readonly<Record<string, string>> = {
	challenge: line({type: 'challenge', v: 1, nonce: marks}),
	hello: line(helloFrame(marks)),
	say: line({type: 'say', n: 1, text: marks}),
	whisper: line({type: 'whisper', n: 1, to: marks, text: 'x'}),
	search: line({type: 'search', id: 1, text: marks}),
	past: `{"type":"past","id":${nested}}\n`,
	nick: line({type: 'nick', nick: marks}),
	ping: `{"type":"ping","id":1,"x":${nested}}\n`,
	pong: `{"type":"pong","id":1,${'"x":1,'.repeat(9000)}"y":1}\n`,
	bye: `{"type":"bye","x":[${'[],'.repeat(19_000)}0]}\n`,
	none: `${nested}\n`,
};

// A text may be 16 KiB: four of them make as many bytes.
const honestFrames = Array.from({length: 4}, (_, index) =>
	line({type: 'say', n: index + 1, text: 'caf\u00E9 '.repeat(2500)}),
).join('');

const openHall = async (isMember: boolean) => {
	const {join, members, addStranger, settle, forget} = openCounted();
	await join(2);
	const peer = isMember ? members[0]! : addStranger();
	/** Until what was sent is dealt with. */
	const take = async (bytes: string) => {
		peer.push(Buffer.from(bytes));
		await settle();
		forget();
	};

	return {take};
};

for (const [type, frame] of Object.entries(worstFrames)) {
	for (const isMember of type === 'hello' ? [true, false] : [true]) {
		const who = isMember ? 'a member' : 'a stranger';
		test(`linear: the worst ${type} of ${who} costs about what an honest frame does`, async () => {
			const attacked = await openHall(isMember);
			const honest = await openHall(true);
			const ratio = await costRatio(
				async () => attacked.take(frame),
				async () => honest.take(honestFrames),
				20,
			);
			assert.equal(ratio, undefined, `${ratio} times`);
		});
	}
}

test('linear: a text that is slow to show is made ready once, however many plain peers there are', async () => {
	const open = async (listeners: number) => {
		const {join, members, addStranger, settle, forget} = openCounted();
		await join(1);
		for (let count = 0; count < listeners; count++) {
			// Its first line waits for the second: it might be of an HTTP request.
			addStranger().push(Buffer.from('here\n\n'));
		}

		await settle();
		forget();
		const [speaker] = members;
		const text = '\uFF76\uFF9E'.repeat(2700);
		return async () => {
			speaker!.say(text);
			await settle();
			assert.ok(members.every(({writes}) => writes.length > 0));
			forget();
		};
	};

	const toMany = await open(12);
	const toOne = await open(1);
	const ratio = await costRatio(toMany, toOne, 4);
	assert.equal(ratio, undefined, `${ratio} times`);
});
