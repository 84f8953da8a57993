/** What docs/scaling.md works out follows from the costs that it gives. */
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {test} from 'node:test';
import {
	engineRate,
	memberUs,
	rooms,
	serverRate,
	sharedRate,
	superclusterFigures,
	superclusters,
	type Costs,
} from '../../benchmark/scaling.js';

const page = readFileSync(
	new URL('../../docs/scaling.md', import.meta.url),
	'utf8',
);

const numbersIn = (cell: string): readonly number[] =>
	Array.from(cell.matchAll(/\d[\d,]*(?:\.\d+)?/g), ([digits]) =>
		Number(digits.replaceAll(/,(?=\d)/g, '').replaceAll(',', '')),
	);

/** The rows of the tables after a heading, as cells. */
const tablesAfter = (heading: string): ReadonlyArray<readonly string[][]> =>
	page
		.slice(page.indexOf(`## ${heading}\n`) + 1)
		.split('\n## ')[0]!
		.split('\n\n')
		.filter(part => part.startsWith('|'))
		.map(part =>
			part
				.trim()
				.split('\n')
				.slice(2)
				.map(row => row.split('|').slice(1, -1)),
		);

/** The costs, as the page gives them. */
const costsOf = (): Costs => {
	const [[server, engine]] = tablesAfter('Worked out') as [
		[string[], string[], string[]],
	];
	const [perServer, perMember] = numbersIn(server[1]!);
	const [store, deliver] = numbersIn(engine[1]!);
	return {
		server: perServer!,
		member: perMember!,
		store: store!,
		deliver: deliver!,
	};
};

test('docs: the costs of a relayed message are those that were measured', () => {
	const {server, member, store, deliver} = costsOf();
	const [, sentence] = /A message costs each server ([^.]+)\./.exec(page)!;
	const [, upper, first, last] = numbersIn(
		sentence!.replaceAll(/\b(?:one|ten) /g, ''),
	);
	assert.equal(server, upper);
	assert.equal(member, memberUs);
	assert.equal(store + deliver, first);
	// Ten times what was rounded.
	assert.ok(Math.abs(store + 10 * deliver - last!) <= 5);
});

test('docs: what one room takes follows from the costs', () => {
	const costs = costsOf();
	const [, table = []] = tablesAfter('Worked out');
	assert.equal(table.length, rooms.length);
	for (const [index, row] of table.entries()) {
		const {servers, members} = rooms[index]!;
		assert.deepEqual(numbersIn(row[0]!), [servers, members]);
		const server = serverRate(costs, {members});
		const engine = engineRate(costs, {servers});
		assert.deepEqual(numbersIn(row[1]!), [Math.min(server, engine)]);
		assert.ok(
			row[2]!.trim().startsWith(server <= engine ? 'a server' : 'the engine'),
			row.join('|'),
		);
	}

	const shared = /these costs give ([^:]+):/.exec(page)![1]!;
	assert.deepEqual(numbersIn(shared), [
		sharedRate(costs, 3),
		sharedRate(costs, 10),
	]);
});

test('docs: the figures of a supercluster follow from the costs', () => {
	const [table = []] = tablesAfter('A supercluster');
	assert.equal(table.length, superclusters.length);
	for (const [index, row] of table.entries()) {
		const each = superclusters[index]!;
		const {members, server, engine, beats} = superclusterFigures(
			costsOf(),
			each,
		);
		assert.deepEqual(numbersIn(row[0]!), [each.sites]);
		assert.deepEqual(numbersIn(row[1]!), [
			each.rooms,
			each.servers,
			each.members,
		]);
		assert.deepEqual(
			row.slice(2, 6).map(cell => numbersIn(cell)[0]),
			[members, server, engine, beats],
			row.join('|'),
		);
	}
});
