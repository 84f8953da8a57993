import assert from 'node:assert/strict';
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test, {after} from 'node:test';
import {startBin} from '../helpers/process.js';

const secret = 'correct horse battery staple';
const folder = mkdtempSync(join(tmpdir(), 'sockchat-test-'));
const file = join(folder, 'token');
writeFileSync(file, `${secret}\n`, {mode: 0o600});
after(() => {
	rmSync(folder, {recursive: true});
});

test('e2e: a room with a token takes who knows it, by file or variable', async t => {
	const server = startBin(t, [
		'serve',
		'--port',
		'0',
		'--nick',
		'otter',
		'--json',
		'--token-file',
		file,
	]);
	const port = await server.waitForOutput(/"port":(\d+)/);
	const args = ['connect', '--port', port, '--message', 'hello'];
	const byFile = startBin(t, [...args, '--nick', 'a', '--token-file', file]);
	assert.equal((await byFile.waitForExit()).code, 0, byFile.stderr());
	const byVariable = startBin(t, [...args, '--nick', 'b'], {
		env: {SOCKCHAT_TOKEN: secret},
	});
	assert.equal((await byVariable.waitForExit()).code, 0, byVariable.stderr());
	const without = startBin(t, [...args, '--nick', 'c']);
	assert.equal((await without.waitForExit()).code, 1);
	assert.match(without.stderr(), /^This room needs a token;/m);
	const wrong = startBin(t, [...args, '--nick', 'd'], {
		env: {SOCKCHAT_TOKEN: `${secret}!`},
	});
	assert.equal((await wrong.waitForExit()).code, 1);
	assert.match(
		wrong.stderr(),
		/^This server can't prove that it knows the token/m,
	);
	for (const {stdout, stderr} of [server, byFile, byVariable, wrong]) {
		assert.ok(!(stdout() + stderr()).includes(secret));
	}

	// Nor can another user read it in the list of processes.
	const commandLine = readFileSync(`/proc/${server.pid}/cmdline`, 'utf8');
	assert.ok(!commandLine.includes(secret));
});

test('e2e: a token file that others may read is refused in one sentence', async t => {
	const open = join(folder, 'open');
	writeFileSync(open, secret, {mode: 0o644});
	const server = startBin(t, ['serve', '--port', '0', '--token-file', open]);
	assert.equal((await server.waitForExit()).code, 2);
	assert.equal(
		server.stderr(),
		`"${open}" can't hold a token: others may access it (mode 644); run chmod 600 on it.\n`,
	);
});
