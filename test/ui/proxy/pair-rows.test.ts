/** The connections of a proxy, in rows of any width. */
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import {displayWidth} from '../../../source/protocol/display.js';
import {reduce} from '../../../source/store/reduce.js';
import {noFaults} from '../../../source/proxy/faults.js';
import type {PairRow} from '../../../source/event/proxy-event.js';
import {
	pairsHead,
	pairsRows,
	rowsOfPair,
} from '../../../source/ui/proxy/pair-rows.js';
import {sideRows} from '../../../source/ui/proxy/side-rows.js';
import {kernelSocket, now, textsOf} from '../../helpers/models.js';
import {
	directionRow,
	pairRow,
	pairsEvent,
	proxyModel,
	sideRow,
} from '../../helpers/pairs.js';

const modelWith = (...rows: readonly PairRow[]) =>
	reduce(proxyModel(), [pairsEvent(rows)]);

const shown = (row: PairRow, width: number): string[] =>
	textsOf(pairsRows([row], modelWith(row), {now, width})).map(text =>
		text.trimEnd(),
	);

const busy = pairRow({
	client: {
		...sideRow('127.0.0.1:9000', '127.0.0.1:40000'),
		kernel: {
			local: kernelSocket({receiveQueueBytes: 4_100_000}),
			remote: kernelSocket({sendQueueBytes: 2_500_000}),
		},
	},
	target: {
		...sideRow('127.0.0.1:50000', '127.0.0.1:6379'),
		kernel: {
			local: kernelSocket({state: 'CLOSE-WAIT'}),
			remote: kernelSocket({state: 'FIN-WAIT-2', receiveQueueBytes: 3}),
		},
	},
	out: directionRow({
		bytes: 14,
		heldBytes: 65_536,
		faults: {...noFaults, isPaused: true, sliceBytes: 10},
	}),
	in: directionRow({
		bytes: 5200,
		faults: {...noFaults, delayMs: 200, rateLimit: 20_000},
	}),
});

test('pair rows: four ends in one row, with the states and addresses of each, and what waits where', () => {
	assert.deepEqual(textsOf([pairsHead(modelWith(busy), 200)]), [
		'         client ⇄ proxy           ┆           proxy ⇄ target',
	]);
	assert.deepEqual(shown(busy, 200), [
		`127.0.0.1:40000 ⇄ 127.0.0.1:9000  ┆ 127.0.0.1:50000 ⇄ 127.0.0.1:6379 ${'<1 min'.padStart(131)}`,
		'    ESTABLISHED ⇄ ESTABLISHED     ┆      CLOSE-WAIT ⇄ FIN-WAIT-2',
		"  out → 14 B · paused · slice 10 B · 2.5 MB in client's send-q · 4.1 MB unread here · 65.5 kB held here · 3 B unread by target",
		'  in  ← 5.2 kB · delay 200 ms · limit 20.0 kB/s',
	]);
});

test('pair rows: in a narrow place the two connections stand below each other', () => {
	assert.deepEqual(shown(busy, 40), [
		'client 127.0.0.1:40000            <1 min',
		'       ESTABLISHED ⇄ ESTABLISHED',
		'target 127.0.0.1:6379',
		'       CLOSE-WAIT ⇄ FIN-WAIT-2',
		'  out → 14 B · paused · slice 10 B · 2.…',
		'  in  ← 5.2 kB · delay 200 ms · limit 2…',
	]);
	assert.deepEqual(shown(busy, 24).slice(0, 4), [
		'client :40000     <1 min',
		'ESTABLISHED⇄ESTABLISHED',
		'target :6379',
		'CLOSE-WAIT⇄FIN-WAIT-2',
	]);
});

test('pair rows: an end that the kernel has forgotten is closed, and nothing is said of what has no states', () => {
	const over = pairRow({
		isOpen: false,
		client: {
			...sideRow('127.0.0.1:9000', '127.0.0.1:40000'),
			kernel: {local: undefined, remote: kernelSocket({state: 'TIME-WAIT'})},
		},
		target: {
			link: 'unix',
			local: undefined,
			remote: undefined,
			kernel: undefined,
		},
	});
	const [addresses, states] = shown(over, 100);
	assert.match(
		addresses!,
		/^127\.0\.0\.1:40000 ⇄ 127\.0\.0\.1:9000 +┆ +unix ⇄ 127\.0\.0\.1:6379 +closed$/,
	);
	assert.match(states!, /^ +TIME-WAIT ⇄ CLOSED +┆ +– ⇄ – +tcp ⇄ unix$/);
	// A row that was missed while the table changed.
	const missed = pairRow({
		client: {
			...sideRow('127.0.0.1:9000', '127.0.0.1:40000'),
			kernel: {local: kernelSocket(), remote: undefined},
		},
	});
	assert.match(shown(missed, 100)[1]!, /^ +– ⇄ ESTABLISHED /);
});

test('pair rows: beside the transcript the newest come first, as many as fit', () => {
	const rows = [1, 2, 3].map(index =>
		pairRow({
			peer: `127.0.0.1:4000${index}`,
			out: directionRow({bytes: index}),
		}),
	);
	const model = modelWith(...rows);
	assert.deepEqual(textsOf(sideRows(model, 25, 8)), [
		'─ c client · t target ───',
		':40003        → 3 B ← 0 B',
		'c ESTABLISHED⇄ESTABLISHED',
		't ESTABLISHED⇄ESTABLISHED',
		':40002        → 2 B ← 0 B',
		'c ESTABLISHED⇄ESTABLISHED',
		't ESTABLISHED⇄ESTABLISHED',
		'… 1 more: /peers',
	]);
	const paused = reduce(model, [
		pairsEvent([busy], {
			faults: {
				out: {...noFaults, isPaused: true},
				in: {...noFaults, isPaused: true},
			},
		}),
	]);
	assert.deepEqual(textsOf(sideRows(paused, 25, 20)), [
		'both ways: paused',
		'─ c client · t target ───',
		':40000    → 14 B ← 5.2 kB',
		'c ESTABLISHED⇄ESTABLISHED',
		't CLOSE-WAIT⇄FIN-WAIT-2',
		'  → 6.7 MB waiting, paus…',
		'  ← delay 200 ms, limit …',
	]);
});

test('pair rows: none is wider than its place, and each connection has as many as said', () => {
	fc.assert(
		fc.property(
			fc.integer({min: 8, max: 220}),
			fc.integer({min: 0, max: 60}),
			fc.constantFrom(busy, pairRow(), pairRow({isOpen: false})),
			(width, height, row) => {
				const model = modelWith(row, row);
				const rows = pairsRows([row, row], model, {now, width});
				assert.equal(rows.length, 2 * rowsOfPair(width));
				const side = sideRows(model, width, height);
				assert.ok(side.length <= height);
				for (const {spans} of [...rows, ...side, pairsHead(model, width)]) {
					const text = spans.map(span => span.text).join('');
					assert.ok(displayWidth(text as never) <= width, text);
				}
			},
		),
	);
});
