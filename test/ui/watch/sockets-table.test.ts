import assert from 'node:assert/strict';
import {test} from 'node:test';
import fc from 'fast-check';
import {
	reducePort,
	type PortModel,
	type PortModelEvent,
} from '../../../source/store/port-model.js';
import {cellsOfSpans} from '../../../source/ui/text/row.js';
import {
	socketsTableRows,
	tableChangesAt,
	wantedTableRows,
} from '../../../source/ui/watch/sockets-table.js';
import {textsOf} from '../../helpers/models.js';
import {
	listed,
	portModel,
	stepOfState,
	watchedConnection,
	watchedEnd,
} from '../../helpers/watched-port.js';

const table = (
	model: PortModel,
	{width = 80, height = 9, now = 0, hasHead = true} = {},
): string[] =>
	textsOf(socketsTableRows({model, width, height, now, hasHead})).map(row =>
		row.trimEnd(),
	);

test('sockets table: who listens, and both ends of each connection', () => {
	assert.deepEqual(table(portModel(listed())), [
		' socket        state           recv-q   send-q program             blocks in',
		' server :5001  LISTEN          0 of 1          python3 11',
		' client :41306 ESTABLISHED          0        0 python3 12',
		' server :41306 ESTABLISHED          0        0 python3 11          recv(1024)',
	]);
});

test('sockets table: narrow ones keep whose it is, and the state', () => {
	assert.deepEqual(table(portModel(listed()), {width: 20, hasHead: false}), [
		' s:5001  LISTEN',
		' c:41306 ESTABLISHED',
		' s:41306 ESTABLISHED',
	]);
});

test('sockets table: says that nobody listens yet, or any more', () => {
	const nobody = listed({listening: [], connections: []});
	assert.equal(table(portModel()).length, 1, 'nothing is known');
	assert.equal(
		table(portModel(nobody))[1],
		' nobody listens on 127.0.0.1:5001 yet',
	);
	assert.equal(
		table(portModel(listed(), nobody))[1],
		' nobody listens on 127.0.0.1:5001 any more',
	);
	// Whose connection was over at once listened between two lists.
	const listening = stepOfState('LISTEN', 'local', undefined);
	assert.equal(
		table(portModel(listening, nobody))[1],
		' nobody listens on 127.0.0.1:5001 any more',
	);
	// The title has the address; 'any more' is not to be cut off.
	assert.equal(
		table(portModel(listed(), nobody), {width: 40})[1],
		' nobody listens any more',
	);
	assert.equal(
		table(portModel(nobody), {width: 40})[1],
		' nobody listens on 127.0.0.1:5001 yet',
	);
	assert.match(
		table(portModel({...nobody, isReadable: false}))[1]!,
		/tables can't be read any more/,
	);
});

const timeWait = (inMs: number) =>
	portModel(
		listed({
			at: 1000,
			connections: [
				watchedConnection({
					local: undefined,
					remote: watchedEnd({
						state: 'TIME-WAIT',
						timer: {name: 'time-wait', inMs},
					}),
				}),
			],
		}),
	);

test('sockets table: TIME-WAIT counts down in steps of ten seconds', () => {
	const model = timeWait(60_000);
	const at = (now: number) => table(model, {now})[2]!;
	assert.match(at(1000), /client :41306 TIME-WAIT +0 +0 ends in ≤60 s$/);
	assert.match(at(1000 + 10_001), / ends in ≤50 s$/);
	assert.match(at(1000 + 50_001), / ends in <10 s$/);
	assert.match(table(model)[3]!, /server :41306 CLOSED$/);
	// It is drawn again when it reads differently, and not before.
	let now = 1000;
	const times: number[] = [];
	while (now < Infinity) {
		now = tableChangesAt(model, now);
		times.push(now);
	}

	assert.deepEqual(times, [11_000, 21_000, 31_000, 41_000, 51_000, Infinity]);
});

test('sockets table: what waits in the backlog, and what is stopped', () => {
	for (const state of ['ESTABLISHED', 'CLOSE-WAIT'] as const) {
		const local = watchedEnd({state});
		const waiting = watchedConnection({isAccepted: false, local});
		const rows = table(portModel(listed({connections: [waiting]})));
		assert.match(rows[3]!, new RegExp(`${state} +0 +0 in the backlog$`));
	}

	const remote = watchedEnd({
		program: 'python3',
		pid: 12,
		call: 'recv(1024)',
		isStopped: true,
	});
	const stopped = portModel(
		listed({connections: [watchedConnection({remote})]}),
	);
	assert.match(table(stopped)[2]!, /python3 12 +stopped$/, 'no recv(1024)');
	assert.match(table(stopped, {width: 76})[2]!, /stopped: python3 12$/);
});

test('sockets table: whatever a program is called, its pid and that it is stopped are whole', () => {
	const held = (isStopped?: true) => {
		const remote = watchedEnd({
			program: 'gnome-terminal-',
			pid: 4_194_304,
			...(isStopped && {isStopped}),
		});
		return portModel(listed({connections: [watchedConnection({remote})]}));
	};

	assert.match(table(held())[2]!, / gnome-term… 4194304$/);
	assert.match(table(held(true), {width: 76})[2]!, /stopped: g… 4194304$/);
	assert.match(table(held(true))[2]!, / gnome-term… 4194304 stopped$/);
});

test('sockets table: a backlog is whole, however long', () => {
	const withBacklog = (waiting: number, backlog: number) => {
		const [listener] = listed().listening;
		const listening = [{...listener!, waiting, backlog}];
		return table(portModel(listed({listening})))[1]!;
	};

	assert.match(withBacklog(0, 4096), /LISTEN +0 of 4096 /);
	assert.match(withBacklog(512, 4096), /LISTEN +512\/4096 /);
	assert.match(withBacklog(4097, 4096), /LISTEN +4097\/4096 /);
});

const peers = (count: number) =>
	Array.from({length: count}, (_, index) =>
		watchedConnection({peer: `127.0.0.1:${40_000 + index}`}),
	);

test('sockets table: the chosen one is in view, and has a mark', () => {
	const model = portModel(listed({connections: peers(9), more: 3}));
	const down = {type: 'look', looking: {do: 'choose', by: 1}} as const;
	assert.match(table(model).at(-2)!, /^ server :40008/);
	assert.equal(table(model).at(-1), ' and 3 more connections');
	let chosen = model;
	for (let index = 0; index < 9; index++) {
		chosen = reducePort(chosen, [down]);
		const marked = table(chosen).filter(row => row.startsWith('▸'));
		assert.equal(marked.length, 2);
		assert.match(marked[0]!, new RegExp(`^▸client :${40_000 + index} `));
	}
});

test('sockets table: one that is there and not listed is not said to be CLOSED', () => {
	const unlisted = '127.0.0.1:39999';
	const opened = [
		stepOfState('ESTABLISHED', 'remote', unlisted),
		stepOfState('ESTABLISHED', 'local', unlisted),
	];
	const down = {type: 'look', looking: {do: 'choose', by: 1}} as const;
	const chosenIn = (more: number, ...steps: readonly PortModelEvent[]) => {
		const sockets = listed({connections: peers(2), more});
		const model = portModel(sockets, ...opened, ...steps, down);
		const rows = table(model).filter(row => row.startsWith('▸'));
		// Besides who listens, both ends of those listed, and how many aren't.
		const others = 1 + 4 + (more > 0 ? 1 : 0);
		assert.equal(wantedTableRows(model), others + rows.length);
		return rows;
	};

	assert.deepEqual(chosenIn(5), [
		'▸client :39999 ESTABLISHED',
		'▸server :39999 ESTABLISHED',
	]);
	assert.deepEqual(chosenIn(5, stepOfState('CLOSED', 'local', unlisted)), [
		'▸client :39999 ESTABLISHED',
		'▸server :39999 CLOSED',
	]);
	const closed = (['local', 'remote'] as const).map(end =>
		stepOfState('CLOSED', end, unlisted),
	);
	assert.deepEqual(chosenIn(5, ...closed), ['▸client :39999 CLOSED']);
	assert.deepEqual(chosenIn(0), ['▸client :39999 CLOSED']);
});

test('sockets table: never wider or higher than its place', () => {
	fc.assert(
		fc.property(
			fc.integer({min: 2, max: 120}),
			fc.integer({min: 0, max: 12}),
			fc.integer({min: 0, max: 20}),
			fc.boolean(),
			(width, height, count, hasHead) => {
				const model = portModel(listed({connections: peers(count)}));
				const rows = socketsTableRows({model, width, height, now: 0, hasHead});
				assert.ok(rows.length <= height);
				assert.equal(wantedTableRows(model), 1 + 2 * count);
				for (const row of rows) {
					assert.ok(cellsOfSpans(row.spans) <= width);
				}
			},
		),
	);
});
