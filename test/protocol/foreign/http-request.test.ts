import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import {env} from 'node:process';
import {test} from 'node:test';
import fc from 'fast-check';
import {
	isRequestLine,
	RequestWatch,
} from '../../../source/protocol/foreign/http-request.js';
import {anyRequest, chatLines, methods} from '../../helpers/http.js';

const runs = Number(env['FAST_CHECK_RUNS'] ?? 1000);

const watch = (...pieces: readonly string[]) => {
	const request = new RequestWatch();
	for (const piece of pieces) {
		request.push(Buffer.from(piece));
	}

	return request;
};

const cutAt = (text: string, cuts: readonly number[]): string[] => {
	const places = [0, ...cuts.map(cut => cut % text.length), text.length];
	places.sort((a, b) => a - b);
	return places.slice(1).map((end, index) => text.slice(places[index], end));
};

test('request: recognises any method, path, case and header, however it is split', () => {
	fc.assert(
		fc.property(anyRequest, fc.array(fc.nat()), (request, cuts) => {
			const seen = watch(...cutAt(request, cuts));
			assert.equal(seen.verdict, 'HTTP');
		}),
		{numRuns: runs},
	);
});

test('request: releases nothing of a request before recognising it', () => {
	fc.assert(
		fc.property(anyRequest, request => {
			const seen = new RequestWatch();
			for (const byte of Buffer.from(request)) {
				seen.push(Buffer.of(byte));
				assert.notEqual(seen.verdict, 'plain');
			}
		}),
		{numRuns: Math.min(runs, 1000)},
	);
});

test('request: recognises the rest of a request after a pause', () => {
	fc.assert(
		fc.property(anyRequest, fc.nat(), fc.nat(), (request, first, second) => {
			const seen = new RequestWatch();
			for (const piece of cutAt(request, [first, second])) {
				seen.push(Buffer.from(piece));
				seen.pause();
				if (seen.verdict === 'open') {
					seen.release();
				}
			}

			assert.equal(seen.verdict, 'HTTP');
		}),
		{numRuns: runs},
	);
});

test('request: ordinary text is not a request, whole or byte by byte', () => {
	for (const line of chatLines) {
		assert.equal(watch(`${line}\n`, 'and more\n').verdict, 'plain', line);
		assert.equal(watch(...`${line}\nand more\n`).verdict, 'plain', line);
		assert.equal(isRequestLine(line), false, line);
		const paused = watch(line);
		paused.pause();
		assert.equal(paused.verdict, 'open');
		assert.equal(paused.release().toString(), line);
	}
});

test('request: buffers the first line until the next line or a pause', () => {
	const seen = watch('hello\n');
	assert.equal(seen.verdict, 'open');
	seen.pause();
	assert.equal(seen.release().toString(), 'hello\n');
	seen.push(Buffer.from('world\n'));
	assert.equal(seen.verdict, 'plain');
	assert.equal(seen.release().toString(), 'world\n');
});

test('request: buffers lines that look like headers too', () => {
	const log = watch('yesterday they said\nbob: hi\nalice: hello\n');
	assert.equal(log.verdict, 'open');
	log.push(Buffer.from('that was all\n'));
	assert.equal(log.verdict, 'plain');
	assert.equal(watch('a b\nX: y\nHost: z\n').verdict, 'HTTP');
	assert.equal(watch('a b\nno header\nHost: z\n').verdict, 'HTTP', 'in hand');
	assert.equal(watch('a b\nUser-Agent: z\n').verdict, 'HTTP');
});

test('request: a verb and its target are enough', () => {
	for (const start of ['GET /', 'OPTIONS *', 'PUT http:', '\r\n GET /']) {
		assert.equal(watch(start).verdict, 'HTTP');
	}
});

test('request: a first line longer than a frame needs only a method', () => {
	const path = 'A'.repeat(70_000);
	assert.equal(watch(`Visit-evil-now /${path}`).verdict, 'HTTP');
	assert.equal(watch(path).verdict, 'plain');
	const slow = watch(...`Visit /${path}`.match(/.{1,1000}/g)!);
	assert.equal(slow.verdict, 'HTTP');
});

test('request: a later line has to be a whole request', () => {
	for (const method of methods) {
		assert.ok(isRequestLine(`${method} /chat HTTP/1.1`));
		assert.ok(isRequestLine(`  ${method} example.org:443 http/1.0\r`));
	}

	assert.ok(isRequestLine('host : 127.0.0.1'));
	assert.ok(!isRequestLine('I prefer HTTP/1.1'));
	assert.ok(!isRequestLine('I said: GET / HTTP/1.1'));
});
