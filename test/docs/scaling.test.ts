/** What docs/scaling.md works out follows from the costs that it gives. */
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {test} from 'node:test';

const page = readFileSync(
	new URL('../../docs/scaling.md', import.meta.url),
	'utf8',
);

const numbersIn = (cell: string): readonly number[] =>
	Array.from(cell.matchAll(/\d[\d,]*(?:\.\d+)?/g), ([digits]) =>
		Number(digits.replaceAll(',', '')),
	);

/** The rows of the first table after a heading, as cells. */
const rowsAfter = (heading: string): readonly string[][] =>
	page
		.slice(page.indexOf(`## ${heading}\n`))
		.split('\n\n')
		.find(part => part.startsWith('|'))!
		.split('\n')
		.slice(2)
		.map(row => row.split('|').slice(1, -1));

/** As the page rounds: two digits, downwards. */
const rounded = (value: number): number => {
	const digit = 10 ** (Math.floor(Math.log10(value)) - 1);
	return Math.floor(value / digit + 1e-9) * digit;
};

test('docs: the figures of a supercluster follow from the costs', () => {
	const rows = rowsAfter('A supercluster');
	assert.equal(rows.length, 7);
	for (const row of rows) {
		const [sites] = numbersIn(row[0]!) as [number];
		const [rooms, servers, members] = numbersIn(row[1]!) as [
			number,
			number,
			number,
		];
		const roomsPerSite = Math.max(1, rooms / sites);
		const all = [
			rooms * servers * members,
			rounded(1e6 / (33 + 0.12 * members)),
			rounded(1e6 / (roomsPerSite * (6 + servers))),
			(roomsPerSite * servers ** 2 * 60 * members) / 2 / 1e6,
		];
		assert.deepEqual(
			row.slice(2, 6).map(cell => numbersIn(cell)[0]),
			all,
			row.join('|'),
		);
	}
});
