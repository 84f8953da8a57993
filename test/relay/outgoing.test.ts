/** What waits for the engine, and whose it is. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {Outgoing} from '../../source/relay/outgoing.js';

test('outgoing: counts the messages besides the last of one client', () => {
	const outgoing = new Outgoing('01234567');
	const said = (id: string, n: number) => ({
		id,
		n,
		text: `{"type":"message","id":"${id}","n":${n},"text":""}`,
	});
	const joined = {id: 'wren', n: 0, text: '{"type":"joined","id":"wren"}'};
	outgoing.offer([joined, said('heron', 1), said('wren', 1)], 0);
	outgoing.offer([said('wren', 2), said('otter', 0)], 0);
	const counts = () =>
		['heron', 'wren', 'nobody'].map(id =>
			outgoing.messagesBesides(id, Infinity),
		);
	assert.equal(outgoing.messagesBesides('wren', 1), 3);
	assert.deepEqual(counts(), [3, 2, 4]);
	outgoing.remove('wren:1');
	outgoing.remove('wren:1');
	assert.deepEqual(counts(), [2, 2, 3]);
	outgoing.renumber((id, n) => id === 'wren' && n === 2);
	assert.deepEqual(counts(), [2, 2, 3]);
	outgoing.remove('heron:1');
	assert.deepEqual(counts(), [2, 1, 2]);
});
