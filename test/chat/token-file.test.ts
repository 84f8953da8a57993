import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import {
	chmodSync,
	chownSync,
	mkdtempSync,
	rmSync,
	symlinkSync,
	writeFileSync,
} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import process from 'node:process';
import {test, type TestContext} from 'node:test';
import {readToken} from '../../source/chat/token-file.js';
import {Token} from '../../source/protocol/token.js';

const secret = 'a'.repeat(32);
const exchange = {place: 'unix', clientNonce: 'c', serverNonce: 's'};
const proof = new Token(secret).prove('server', exchange);

const createFolder = (t: TestContext) => {
	const folder = mkdtempSync(join(tmpdir(), 'sockchat-test-'));
	t.after(() => {
		rmSync(folder, {recursive: true});
	});
	return (name: string) => join(folder, name);
};

test('token file: one that only we can access is read, without its line end', async t => {
	const inFolder = createFolder(t);
	const path = inFolder('token');
	writeFileSync(path, `${secret}\n`, {mode: 0o600});
	for (const mode of [0o600, 0o400]) {
		chmodSync(path, mode);
		const token = await readToken(path, {});
		assert.equal(token?.prove('server', exchange), proof);
	}
});

test('token file: one that others can access is refused in a sentence', async t => {
	const inFolder = createFolder(t);
	const path = inFolder('token');
	writeFileSync(path, secret);
	for (const mode of [0o640, 0o604, 0o602, 0o610, 0o644, 0o777]) {
		chmodSync(path, mode);
		await assert.rejects(readToken(path, {}), {
			code: 'ERR_TOKEN_FILE',
			message: `"${path}" can't hold a token: others may access it (mode ${mode.toString(8)}); run chmod 600 on it.`,
		});
	}

	// A link is as safe as its target.
	symlinkSync(path, inFolder('link'));
	await assert.rejects(readToken(inFolder('link'), {}), /others may access it/);
	chmodSync(path, 0o600);
	assert.ok(await readToken(inFolder('link'), {}));
});

test("token file: another user's is refused, whatever its mode", async t => {
	const path = createFolder(t)('token');
	writeFileSync(path, secret, {mode: 0o600});
	// Only root can give a file away; other users test with one of root's.
	const isRoot = process.getuid?.() === 0;
	if (isRoot) {
		chownSync(path, 65_534, 65_534);
	}

	const uid = isRoot ? 65_534 : 0;
	await assert.rejects(readToken(isRoot ? path : '/etc/hostname', {}), {
		code: 'ERR_TOKEN_FILE',
		message: new RegExp(`belongs to another user \\(uid ${uid}\\)\\.$`),
	});
});

test('token file: anything but a small regular file is refused at once', async t => {
	const inFolder = createFolder(t);
	execFileSync('mkfifo', ['-m', '600', inFolder('pipe')]);
	writeFileSync(inFolder('large'), 'a'.repeat(4097), {mode: 0o600});
	writeFileSync(inFolder('one'), 'a', {mode: 0o600});
	writeFileSync(inFolder('short'), 'a'.repeat(15), {mode: 0o600});
	for (const [name, why] of [
		['pipe', /it is not a regular file\.$/],
		['', /it is not a regular file\.$/],
		['large', /it has 4097 bytes; the limit is 4096\.$/],
		['short', /^The token has 15 bytes; it needs at least 16\. Make one/],
		['one', /^The token has 1 byte; it needs at least 16\. Make one/],
		['none', /can't hold a token: there is no such file\.$/],
		['short/deep', /token: a part of its path is not a folder\.$/],
		['large'.repeat(100), /token: it can't be read \(ENAMETOOLONG\)\.$/],
	] as const) {
		await assert.rejects(readToken(inFolder(name), {}), {
			code: 'ERR_TOKEN_FILE',
			message: why,
		});
	}
});

test('token: the variable is read once, and not inherited', async () => {
	const environment: NodeJS.ProcessEnv = {SOCKCHAT_TOKEN: ` ${secret}\n`};
	const token = await readToken(undefined, environment);
	assert.equal(token?.prove('server', exchange), proof);
	assert.deepEqual(environment, {});
	assert.equal(await readToken(undefined, environment), undefined);
});
