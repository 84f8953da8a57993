/** The list of a proxy's connections, sorted by a key. */
import assert from 'node:assert/strict';
import test from 'node:test';
import {noFaults} from '../../../source/proxy/faults.js';
import {sortPairs} from '../../../source/ui/proxy/pair-order.js';
import {openApp} from '../../helpers/app.js';
import {
	directionRow,
	pairRow,
	pairsEvent,
	proxyModel,
} from '../../helpers/pairs.js';
import {listeningOf} from '../../helpers/models.js';

const paused = {...noFaults, isPaused: true};
const rows = [
	pairRow({peer: 'first'}),
	pairRow({peer: 'busy', out: directionRow({bytes: 10})}),
	pairRow({peer: 'held', in: directionRow({bytes: 1, heldBytes: 5})}),
	pairRow({peer: 'faulty', in: directionRow({faults: paused})}),
];

test('pair order: by time, bytes waiting, bytes passed and faults, and again; the newest first, as beside the transcript', () => {
	const names = (sortedBy: number) =>
		sortPairs(rows, sortedBy).map(({peer}) => peer);
	const byTime = ['faulty', 'held', 'busy', 'first'];
	assert.deepEqual([0, 1, 2, 3, 4].map(names), [
		byTime,
		['held', 'faulty', 'busy', 'first'],
		['busy', 'held', 'faulty', 'first'],
		['faulty', 'held', 'busy', 'first'],
		byTime,
	]);
});

test('pair order: Ctrl-O sorts the list of connections, which scrolls by rows', async t => {
	const app = await openApp(t, {
		model: {...proxyModel(), listening: listeningOf()},
		columns: 80,
		rows: 16,
	});
	await app.tell(pairsEvent(rows));
	await app.type('/peers\r');
	assert.match(await app.text(), /connections 4/);
	assert.match(await app.footer(), /↓ 2 below · by time · Ctrl-O sorts/);
	await app.press('ctrl-o');
	assert.match(await app.footer(), /by bytes waiting/);
	assert.match((await app.rows())[6]!, /5 B held here/);
	await app.press('end');
	assert.match(await app.footer(), /^─ by bytes waiting/);
	await app.resize(20, 8);
	await app.assertWhole();
});
