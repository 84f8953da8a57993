/** The example in docs/history.md is a valid history. */
import assert from 'node:assert/strict';
import {readFileSync, writeFileSync} from 'node:fs';
import {test} from 'node:test';
import {look, makePath, range, seqsOf} from '../helpers/history/kept.js';

const docs = readFileSync(
	new URL('../../docs/history.md', import.meta.url),
	'utf8',
);
const example = /<!-- example -->\s+```\n(.*?)```/s.exec(docs)![1]!;

test('history: opens the example in the docs, with all its entries', async t => {
	const path = makePath(t);
	writeFileSync(path, example, {mode: 0o600});
	await look(path, ({history}) => {
		const {recovered} = history;
		assert.equal(recovered.head, 4);
		assert.equal(recovered.cutBytes, 0);
		assert.deepEqual(seqsOf(recovered.tail), range(1, 4));
		assert.deepEqual([...recovered.lastN], [['989c76f162238717', 3]]);
	});
});
