import assert from 'node:assert/strict';
import {test} from 'node:test';
import {rowsOfItem} from '../../../source/ui/transcript/item-rows.js';
import {createRowCache} from '../../../source/ui/transcript/row-cache.js';
import {message} from '../../helpers/items.js';

test('row cache: returns the rows that wrapping gives, and wraps once', () => {
	const wrap = createRowCache();
	const item = message({text: 'lorem ipsum '.repeat(20)});
	const rows = wrap(item, 40);
	assert.deepEqual(rows, rowsOfItem(item, 40));
	assert.equal(wrap(item, 40), rows);
});

test('row cache: wraps again for another width, and for a replaced item', () => {
	const wrap = createRowCache();
	const item = message({text: 'lorem ipsum '.repeat(20)});
	const rows = wrap(item, 40);
	assert.deepEqual(wrap(item, 60), rowsOfItem(item, 60));
	assert.notEqual(wrap({...item}, 60), wrap(item, 60));
	assert.deepEqual(wrap(item, 40), rows);
});

test('row cache: keeps an item that is shown repeatedly, however much passes', () => {
	const wrap = createRowCache();
	const kept = message();
	const passed = message();
	const rows = [wrap(kept, 40), wrap(passed, 40)];
	for (let count = 0; count < 10_000; count++) {
		wrap(message(), 40);
		assert.equal(wrap(kept, 40), rows[0]);
	}

	assert.notEqual(wrap(passed, 40), rows[1]);
});
