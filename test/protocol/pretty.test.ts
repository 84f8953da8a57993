import assert from 'node:assert/strict';
import {test} from 'node:test';
import fc from 'fast-check';
import {layOut} from '../../source/protocol/pretty.js';

test('pretty: JSON is laid out', () => {
	assert.deepEqual(layOut('{"a":[1, 2,{}],"b":{"c":null}}\n'), [
		'{',
		'  "a": [',
		'    1,',
		'    2,',
		'    {}',
		'  ],',
		'  "b": {',
		'    "c": null',
		'  }',
		'}',
	]);
});

test('pretty: no token changes, and none is lost', () => {
	assert.deepEqual(
		layOut(String.raw`[12345678901234567890,1e400,"\u00e9\"]"]`),
		[
			'[',
			'  12345678901234567890,',
			'  1e400,',
			String.raw`  "\u00e9\"]"`,
			']',
		],
	);
	assert.deepEqual(layOut('{"a":1,"a":2}'), [
		'{',
		'  "a": 1,',
		'  "a": 2',
		'}',
	]);
	fc.assert(
		fc.property(fc.oneof(fc.object(), fc.array(fc.jsonValue())), value => {
			const text = JSON.stringify(value);
			const rows = layOut(text)!;
			assert.equal(JSON.stringify(JSON.parse(rows.join('\n'))), text);
		}),
	);
});

test('pretty: what a chunk cuts off is laid out as far as it goes', () => {
	assert.deepEqual(layOut('{"a":[1,"tw'), [
		'{',
		'  "a": [',
		'    1,',
		'    "tw',
	]);
	fc.assert(
		fc.property(
			fc.array(fc.jsonValue(), {minLength: 1}),
			fc.nat(),
			(value, cut) => {
				const text = JSON.stringify(value);
				const part = text.slice(0, 1 + (cut % text.length));
				const rows = layOut(part);
				// A literal that is cut is none.
				if (rows) {
					assert.equal(
						rows.join('').replaceAll(/\s/gu, ''),
						part.replaceAll(/\s/gu, ''),
					);
				}
			},
		),
	);
});

test('pretty: what is no JSON is left alone', () => {
	for (const text of [
		'',
		'hello\n',
		'[12:03:04] started\n',
		'[INFO] hi',
		'{a: 1}',
		'{"a" 1}',
		'[1,]',
		'{"a":1]',
		'[1] and more',
		'12\n',
		'"x"',
		'begin {\n{\nend\n',
	]) {
		assert.equal(layOut(text), undefined, text);
	}
});

test('pretty: each line of JSON is laid out, other lines keep their ends', () => {
	assert.deepEqual(layOut('ok\r\n{"a":1}\r\n[2]\r\n'), [
		'ok\r\n',
		'{',
		'  "a": 1',
		'}',
		'[',
		'  2',
		']',
	]);
});

test('pretty: an HTTP head is laid out, with its JSON', () => {
	assert.deepEqual(
		layOut(
			'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nDate: now\r\n\r\n{"a":1}',
		),
		[
			'HTTP/1.1 200 OK',
			'  Content-Type: application/json',
			'  Date: now',
			'',
			'{',
			'  "a": 1',
			'}',
		],
	);
	assert.deepEqual(layOut('GET / HTTP/1.1\r\nHost: otter\r\n\r\n'), [
		'GET / HTTP/1.1',
		'  Host: otter',
	]);
	assert.deepEqual(layOut('HTTP/1.1 204 No Content\r\nX: y'), [
		'HTTP/1.1 204 No Content',
		'  X: y',
	]);
	assert.deepEqual(layOut('HTTP/1.1 200 OK\r\n\r\n7\r\n{"a":1}\r\n0\r\n\r\n'), [
		'HTTP/1.1 200 OK',
		'',
		'7\r\n',
		'{',
		'  "a": 1',
		'}',
		'0\r\n',
		'\r\n',
	]);
});

test('pretty: deep values cost no more than their length', () => {
	const deep = '['.repeat(50_000);
	assert.ok(layOut(deep)!.join('').length < 2 * deep.length);
	const keys = '{"":'.repeat(50_000);
	assert.ok(layOut(keys)!.join('').length < 2 * keys.length);
});
