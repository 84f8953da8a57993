import assert from 'node:assert/strict';
import test from 'node:test';
import {createEmulator} from '../helpers/emulator.js';
import {renderSvg} from '../../docs/pictures/svg.js';

const draw = async (bytes: string, columns = 12, rows = 2) => {
	const emulator = createEmulator(columns, rows);
	const parsed = Promise.withResolvers<void>();
	emulator.write(bytes, parsed.resolve);
	await parsed.promise;
	const svg = renderSvg({title: 'a <b>', cells: emulator.cells()});
	emulator.dispose();
	return svg;
};

test('svg: gives each word its column and its length', async () => {
	const svg = await draw('one  three');
	assert.match(svg, /<text x="16" y="50" textLength="27" [^>]*>one</);
	assert.match(svg, /<text x="61" y="50" textLength="45" [^>]*>three</);
});

test('svg: escapes XML characters', async () => {
	const svg = await draw('<&>"');
	assert.match(svg, />&lt;&amp;&gt;&quot;<\/text>/);
	assert.match(svg, /<title>a &lt;b&gt;<\/title>/);
});

test('svg: shows named, indexed and exact colours, bold, dim, inverse', async () => {
	const svg = await draw(
		'\u{1B}[31ma\u{1B}[38;5;196mb\u{1B}[38;5;244mc\u{1B}[38;2;1;2;3md\u{1B}[0;1me\u{1B}[0;2mf\u{1B}[0;7mg',
	);
	assert.match(svg, /fill="#f07178">a</);
	assert.match(svg, /fill="#ff0000">b</);
	assert.match(svg, /fill="#808080">c</);
	assert.match(svg, /fill="#010203">d</);
	assert.match(svg, /fill="#d5d9e0" font-weight="bold">e</);
	assert.match(svg, /fill="#75797f">f</);
	assert.match(svg, /<rect x="70"[^>]* fill="#d5d9e0"\/>/);
	assert.match(svg, /fill="#15181e">g</);
});

test('svg: keeps the column after a wide character', async () => {
	const svg = await draw('日👨‍👩‍👧‍👦e\u0301|');
	assert.match(svg, /<text x="16" [^>]*>日</);
	assert.match(svg, /<text x="34" [^>]*>👨‍👩‍👧‍👦</);
	assert.match(svg, /<text x="52" [^>]*>e\u0301</);
	assert.match(svg, /<text x="61" [^>]*>\|</);
});

test('svg: draws lines and blocks as paths, not as text', async () => {
	const svg = await draw('╭─▄\r\n│');
	assert.match(
		svg,
		/<path d="M20\.5 55V50Q20\.5 45\.5 25 45\.5M[^"]+" fill="none" stroke="#d5d9e0"/,
	);
	assert.match(svg, /<path d="M34 45\.5h9v9\.5h-9z" fill="#d5d9e0"\/>/);
	assert.doesNotMatch(svg, />[╭─▄│]/);
});
