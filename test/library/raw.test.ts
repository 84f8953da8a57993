/** `connectRaw()` and `serveRaw()`, as programs call them. */
import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import {randomBytes} from 'node:crypto';
import {once} from 'node:events';
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {Readable} from 'node:stream';
import {pipeline} from 'node:stream/promises';
import {test, type TestContext} from 'node:test';
import fc from 'fast-check';
import {
	connectRaw,
	serveRaw,
	SockchatError,
	type RawConnection,
	type RawServeOptions,
	type RawServer,
} from '../../source/index.js';
import {anyCharacter} from '../helpers/any-character.js';
import {until} from '../helpers/until.js';

const serve = async (t: TestContext, options: RawServeOptions = {}) => {
	const server = await serveRaw(
		options.path === undefined ? {port: 0, ...options} : options,
	);
	t.after(async () => server.close());
	return server;
};

const accept = async (server: RawServer): Promise<RawConnection> => {
	const result = await server[Symbol.asyncIterator]().next();
	assert.ok(!result.done);
	return result.value;
};

/** Both ends of a connection. */
const openPair = async (
	t: TestContext,
	options?: RawServeOptions,
): Promise<[near: RawConnection, far: RawConnection]> => {
	const server = await serve(t, options);
	const near = await connectRaw({address: server.address});
	const far = await accept(server);
	t.after(() => {
		near.stream.destroy();
	});
	return [near, far];
};

const readAll = async (connection: RawConnection): Promise<Buffer> => {
	const chunks: Uint8Array[] = [];
	for await (const chunk of connection) {
		chunks.push(chunk);
	}

	return Buffer.concat(chunks);
};

test('raw: the same bytes arrive, however they are cut, both ways', async t => {
	const server = await serve(t);
	await fc.assert(
		fc.asyncProperty(
			fc.array(fc.uint8Array({maxLength: 300}), {maxLength: 20}),
			fc.array(fc.string({unit: anyCharacter, maxLength: 30}), {maxLength: 5}),
			async (out, back) => {
				const near = await connectRaw({address: server.address});
				const far = await accept(server);
				const [received, answered] = await Promise.all([
					readAll(far),
					readAll(near),
					(async () => {
						for (const bytes of out) {
							await near.write(bytes);
						}

						await near.end();
					})(),
					(async () => {
						for (const text of back) {
							await far.write(text);
						}

						await far.end();
					})(),
				]);
				assert.deepEqual(received, Buffer.concat(out));
				assert.deepEqual(answered, Buffer.from(back.join('')));
				assert.equal(await near.closed, undefined);
				assert.equal(await far.closed, undefined);
			},
		),
		{numRuns: 30},
	);
});

test('raw: a peer that does not read holds up write(), and loses nothing', async t => {
	const [near, far] = await openPair(t);
	const piece = randomBytes(1024 * 1024);
	let settled = 0;
	const pieces = 64;
	const writing = (async () => {
		for (let count = 0; count < pieces; count++) {
			await near.write(piece);
			settled++;
		}

		await near.end();
	})();
	// The kernel's buffers take a few; one that didn't wait would take all at once.
	await until(() => settled > 0 && near.stream.writableLength > 0, {
		what: 'a write() that waits',
		seen: () => `${settled} of ${pieces} were taken`,
	});
	assert.ok(settled < pieces, `${settled} of ${pieces} were taken`);
	const twice = Buffer.concat([piece, piece]);
	let bytes = 0;
	for await (const chunk of far) {
		const at = bytes % piece.length;
		const expected = twice.subarray(at, at + chunk.length);
		assert.equal(Buffer.compare(chunk, expected), 0);
		bytes += chunk.length;
	}

	await writing;
	assert.equal(bytes, pieces * piece.length);
});

test('raw: a loop that stops leaves the rest to the next one', async t => {
	const [near, far] = await openPair(t);
	await near.write('one');
	const heard: string[] = [];
	for await (const chunk of far) {
		heard.push(Buffer.from(chunk).toString());
		if (heard.join('') === 'one') {
			break;
		}
	}

	await near.write('two');
	await near.end();
	assert.equal((await readAll(far)).toString(), 'two');
});

test('raw: after our FIN the other side may still send', async t => {
	const [near, far] = await openPair(t);
	await near.end();
	assert.equal((await readAll(far)).length, 0);
	await assert.rejects(near.write('more'), {code: 'ERR_NOT_SENT'});
	await far.write('late');
	await far.end();
	assert.equal((await readAll(near)).toString(), 'late');
});

test('raw: a reset is an error of its own, in a loop, in write() and as closed', async t => {
	const [near, far] = await openPair(t);
	const reading = assert.rejects(readAll(far), {code: 'ERR_RESET'});
	near.reset();
	await reading;
	assert.equal((await far.closed)?.code, 'ERR_RESET');
	await assert.rejects(far.write('x'), {code: 'ERR_RESET'});
});

test('raw: disposing sends what was written, then FIN, and drops what comes', async t => {
	const [near, far] = await openPair(t);
	void near.write('the last');
	await far.write('unread');
	const disposed = near[Symbol.asyncDispose]();
	assert.equal((await readAll(far)).toString(), 'the last');
	await far.end();
	await disposed;
	assert.equal(await near.closed, undefined);
});

test('raw: an abort ends it at once, and all that waits has its reason', async t => {
	const server = await serve(t);
	const stop = new AbortController();
	const near = await connectRaw({
		address: server.address,
		signal: stop.signal,
	});
	const reason = new Error('enough');
	const reading = assert.rejects(readAll(near), reason);
	stop.abort(reason);
	await reading;
	await assert.rejects(near.write('x'), reason);
	await assert.rejects(
		connectRaw({address: server.address, signal: stop.signal}),
		reason,
	);
	assert.equal(await near.closed, undefined);
});

test('raw: an abort of a server ends its loop and its connections', async t => {
	const stop = new AbortController();
	const server = await serve(t, {port: 0, signal: stop.signal});
	const near = await connectRaw({address: server.address});
	const connections = server[Symbol.asyncIterator]();
	await connections.next();
	const reason = new Error('enough');
	const waiting = assert.rejects(connections.next(), reason);
	stop.abort(reason);
	await waiting;
	assert.equal((await readAll(near)).length, 0);
	await near.end();
	await near.closed;
	await server.closed;
	await assert.rejects(connectRaw({address: server.address}), {
		code: 'ERR_REFUSED',
	});
});

test('raw: errors advise in the words of the API', async t => {
	const server = await serve(t);
	const {address} = server;
	await assert.rejects(serveRaw({address}), (error: unknown) => {
		assert.ok(error instanceof SockchatError);
		assert.equal(error.code, 'ERR_PORT_TAKEN');
		assert.doesNotMatch(error.message, /--|sockchat /);
		return true;
	});
	await server.close();
	await assert.rejects(connectRaw({address}), (error: unknown) => {
		assert.ok(error instanceof SockchatError);
		assert.equal(error.code, 'ERR_REFUSED');
		assert.doesNotMatch(error.message, /--|sockchat /);
		return true;
	});
});

test('raw: another host is refused before a socket is opened', async () => {
	for (const host of ['0.0.0.0', '10.1.2.3', 'example.org']) {
		await assert.rejects(connectRaw({host, port: 1}), {
			code: 'ERR_NOT_LOOPBACK',
		});
		await assert.rejects(serveRaw({host, port: 0}), {
			code: 'ERR_NOT_LOOPBACK',
		});
	}

	await assert.rejects(connectRaw({port: 0}), {code: 'ERR_PORT_RANGE'});
});

test('raw: a Unix domain socket, and a pipeline of streams', async t => {
	const folder = mkdtempSync(join(tmpdir(), 'sockchat-raw-'));
	t.after(() => {
		rmSync(folder, {recursive: true, force: true});
	});
	const [near, far] = await openPair(t, {path: join(folder, 'raw.sock')});
	assert.equal(near.local, undefined);
	const bytes = randomBytes(300_000);
	const [received] = await Promise.all([
		readAll(far),
		pipeline(Readable.from([bytes]), near.stream),
	]);
	assert.deepEqual(received, bytes);
	await far.end();
	const [one, other] = await openPair(t, {path: join(folder, 'reset.sock')});
	one.reset();
	assert.equal((await readAll(other)).length, 0);
	await other.end();
});

test('raw: connections that nobody takes wait unread, in order', async t => {
	const server = await serve(t);
	const clients = [];
	for (const text of ['one', 'two', 'three']) {
		const client = await connectRaw({address: server.address});
		await client.write(text);
		await client.end();
		clients.push(client);
	}

	const heard: string[] = [];
	for await (const connection of server) {
		heard.push((await readAll(connection)).toString());
		await connection.end();
		if (heard.length === 3) {
			break;
		}
	}

	assert.deepEqual(heard, ['one', 'two', 'three']);
	await Promise.all(clients.map(async client => readAll(client)));
});

test('raw: an exception in a loop is the program’s own', async t => {
	const [near, far] = await openPair(t);
	await near.write('x');
	const own = new Error('mine');
	await assert.rejects(async () => {
		for await (const chunk of far) {
			if (chunk.length === 1) {
				throw own;
			}
		}
	}, own);
	await near.write('y');
	await once(far.stream, 'readable');
	near.stream.destroy();
});
