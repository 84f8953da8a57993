import assert from 'node:assert/strict';
import {
	chmodSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	renameSync,
	rmSync,
	statSync,
	symlinkSync,
	utimesSync,
	writeFileSync,
} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import process from 'node:process';
import {test, type TestContext} from 'node:test';
import {
	takeIdentity,
	type KeptOptions,
} from '../../source/chat/kept-identity.js';
import {startProcess, withTypeScript} from '../helpers/process.js';

const openFolder = (t: TestContext): string => {
	const folder = mkdtempSync(join(tmpdir(), 'sockchat-clients-'));
	t.after(() => {
		rmSync(folder, {recursive: true, force: true});
	});
	return join(folder, 'clients');
};

const take = (folder: string, changes: Partial<KeptOptions> = {}) =>
	takeIdentity({
		folder,
		address: {kind: 'tcp', host: '127.0.0.1', port: 5001},
		nick: 'otter',
		hasToken: false,
		...changes,
	});

const onlyFile = (folder: string): string => {
	const names = readdirSync(folder);
	assert.equal(names.length, 1, names.join(' '));
	return join(folder, names[0]!);
};

test('kept identity: the next process has the secret, and goes on with the numbers', t => {
	const folder = openFolder(t);
	const first = take(folder);
	assert.equal(first.lastN, 0);
	for (const n of [1, 2, 3]) {
		first.use(n);
	}

	first.release();
	const second = take(folder);
	assert.equal(second.secret, first.secret);
	assert.equal(second.lastN, 3);
	second.release();
	assert.equal(take(folder).lastN, 3, 'it has used none');
});

test('kept identity: while it is in use, another gets a secret of its own, which is not kept', t => {
	const folder = openFolder(t);
	const first = take(folder);
	const second = take(folder);
	assert.notEqual(second.secret, first.secret);
	second.use(1);
	second.release();
	assert.notEqual(take(folder).secret, first.secret, 'it is still in use');
	first.release();
	assert.equal(take(folder).secret, first.secret);
});

test('kept identity: each room, way in and nick has its own; a look-alike is the same nick', t => {
	const folder = openFolder(t);
	const changes: Array<Partial<KeptOptions>> = [
		{},
		{nick: 'heron'},
		{nick: 'otter-token'},
		{nick: 'otter.2'},
		{nick: 'héron'},
		{hasToken: true},
		{address: {kind: 'tcp', host: '127.0.0.1', port: 5002}},
		{address: {kind: 'tcp', host: '::1', port: 5001}},
		{address: {kind: 'unix', path: '/run/room.sock'}},
		{address: {kind: 'unix', path: '/run/room-sock'}},
	];
	const secrets = changes.map(change => take(folder, change).secret);
	assert.equal(new Set(secrets).size, changes.length);
	assert.equal(readdirSync(folder).length, changes.length);
	const alike = take(folder, {nick: 'OTTER'});
	alike.release();
	assert.equal(
		readdirSync(folder).length,
		changes.length,
		'it is in use under another case',
	);
});

test('kept identity: the files are for the user alone', t => {
	const folder = openFolder(t);
	take(folder);
	assert.equal(statSync(folder).mode & 0o777, 0o700);
	assert.equal(statSync(onlyFile(folder)).mode & 0o777, 0o600);
});

const script = `
import {takeIdentity} from ${JSON.stringify(new URL('../../source/chat/kept-identity.ts', import.meta.url).href)};
const address = {kind: 'tcp', host: '127.0.0.1', port: 5001};
const identity = takeIdentity({folder: process.argv[1], address, nick: 'otter', hasToken: false});
for (let n = 1; n <= 1500; n++) identity.use(identity.lastN + n);
console.log(identity.secret + ' ' + (identity.lastN + 1500));
process.stdin.on('end', () => identity.release()).resume();
`;

const startHolder = (t: TestContext, folder: string) =>
	startProcess(t, process.execPath, [
		withTypeScript,
		'--input-type=module',
		'--eval',
		script,
		folder,
	]);

const said = async (holder: ReturnType<typeof startHolder>) => {
	const secret = await holder.waitForOutput(/^(\S+) \d+$/m, {
		deadlineMs: 60_000,
	});
	return {secret, lastN: Number(/ (\d+)$/m.exec(holder.stdout())![1])};
};

test('kept identity: after kill -9 it is free at once, and no number comes twice', async t => {
	const folder = openFolder(t);
	const holder = startHolder(t, folder);
	const {secret, lastN} = await said(holder);
	assert.notEqual(take(folder).secret, secret, 'it is in use');
	holder.signal('SIGKILL');
	await holder.waitForExit();
	const next = take(folder);
	assert.equal(next.secret, secret);
	assert.ok(next.lastN >= lastN, `${next.lastN} < ${lastN}`);
	assert.ok(next.lastN < lastN + 1024, `${next.lastN} is far from ${lastN}`);
});

test('kept identity: of processes that start at once, no two have the same secret', async t => {
	const folder = openFolder(t);
	let kept: string | undefined;
	for (const isKilled of [false, true, false, true]) {
		const holders = Array.from({length: 5}, () => startHolder(t, folder));
		const all = await Promise.all(holders.map(async holder => said(holder)));
		const secrets = all.map(({secret}) => secret);
		assert.equal(new Set(secrets).size, secrets.length, secrets.join(' '));
		if (kept !== undefined) {
			assert.ok(secrets.includes(kept), 'one of them has the kept one');
		}

		for (const holder of holders) {
			if (isKilled) {
				holder.signal('SIGKILL');
			} else {
				holder.end();
			}
		}

		await Promise.all(holders.map(async holder => holder.waitForExit()));
		const last = take(folder);
		kept = last.secret;
		last.release();
	}

	onlyFile(folder);
});

/** Renames the file that is in use, as another process would have named it. */
const leaveBy = (
	folder: string,
	change: (parts: [namespace: string, pid: string, boot: string]) => void,
): void => {
	const path = onlyFile(folder);
	const at = path.lastIndexOf('.') + 1;
	const parts = path.slice(at).split('_');
	change(parts as [string, string, string]);
	renameSync(path, path.slice(0, at) + parts.join('_'));
};

test('kept identity: that of a process before the last boot is free', t => {
	const folder = openFolder(t);
	const {secret} = take(folder);
	leaveBy(folder, parts => {
		parts[2] = 'another';
	});
	assert.equal(take(folder).secret, secret);
});

test('kept identity: that of another container, where nobody can be seen, is in use', t => {
	const folder = openFolder(t);
	const {secret} = take(folder);
	leaveBy(folder, parts => {
		parts[0] = '1';
	});
	assert.notEqual(take(folder).secret, secret);
});

test('kept identity: that of a process whose pid another one has now is free', t => {
	const folder = openFolder(t);
	const {secret} = take(folder);
	leaveBy(folder, parts => {
		parts[1] = '1';
	});
	assert.equal(take(folder).secret, secret);
});

for (const [name, content] of [
	['nothing', ''],
	['no JSON', 'otter'],
	['no secret', '{"secret":"otter","id":"d66820b8d48beac4","lastN":3}'],
	['no id', '{"secret":"9b2f5d2e-6c4e-4b7f-9d6a-0f3f2f6f1c11","lastN":3}'],
	[
		'no number',
		'{"secret":"9b2f5d2e-6c4e-4b7f-9d6a-0f3f2f6f1c11","id":"d66820b8d48beac4","lastN":-1}',
	],
] as const) {
	test(`kept identity: a file with ${name} gets a new secret, which lasts`, t => {
		const folder = openFolder(t);
		take(folder).release();
		writeFileSync(onlyFile(folder), content);
		const first = take(folder);
		assert.equal(first.lastN, 0);
		first.release();
		assert.equal(take(folder).secret, first.secret);
	});
}

test('kept identity: a file that others can read is not used', t => {
	const folder = openFolder(t);
	const first = take(folder);
	first.release();
	chmodSync(onlyFile(folder), 0o644);
	assert.notEqual(take(folder).secret, first.secret);
});

test('kept identity: a link is not followed', t => {
	const folder = openFolder(t);
	const first = take(folder);
	first.release();
	const path = onlyFile(folder);
	const target = join(folder, '..', 'target');
	renameSync(path, target);
	const before = readFileSync(target, 'utf8');
	symlinkSync(target, path);
	const second = take(folder);
	second.use(1);
	assert.notEqual(second.secret, first.secret);
	assert.equal(readFileSync(target, 'utf8'), before);
});

test('kept identity: without a folder that can be used there is a fresh one', t => {
	const folder = openFolder(t);
	writeFileSync(folder, 'a file');
	const places = ['/proc/nowhere/clients', folder, join(folder, 'clients')];
	for (const place of places) {
		const identity = take(place);
		identity.use(1);
		identity.release();
		assert.match(identity.secret, /^[\da-f-]{36}$/);
	}
});

test('kept identity: a folder taken away meanwhile does not matter', t => {
	const folder = openFolder(t);
	const identity = take(folder);
	rmSync(folder, {recursive: true});
	identity.use(1);
	identity.release();
	take(folder).release();
	onlyFile(folder);
});

test('kept identity: nicks used once do not fill the folder, and one in use is not removed', t => {
	const folder = openFolder(t);
	mkdirSync(folder, {recursive: true});
	const used = take(folder);
	const usedFile = onlyFile(folder);
	for (let job = 0; job < 1000; job++) {
		const path = join(folder, `127.0.0.1-5001-${job}`);
		writeFileSync(path, '', {mode: 0o600});
		utimesSync(path, 1, 1);
	}

	const newest = take(folder, {nick: 'heron'});
	assert.equal(readdirSync(folder).length, 503);
	assert.ok(readdirSync(folder).some(name => usedFile.endsWith(name)));
	newest.release();
	used.release();
	assert.equal(take(folder).secret, used.secret);
});

const roundsScript = `
import {createInterface} from 'node:readline';
import {takeIdentity} from ${JSON.stringify(new URL('../../source/chat/kept-identity.ts', import.meta.url).href)};
const address = {kind: 'tcp', host: '127.0.0.1', port: 5001};
console.log('ready');
createInterface({input: process.stdin}).on('line', folder => {
	takeIdentity({folder, address, nick: 'otter', hasToken: false});
	console.log('took ' + folder);
});
`;

test('kept identity: of processes that begin one at once, at most one keeps it', async t => {
	const parent = openFolder(t);
	const holders = Array.from({length: 3}, () =>
		startProcess(t, process.execPath, [
			withTypeScript,
			'--input-type=module',
			'--eval',
			roundsScript,
		]),
	);
	await Promise.all(
		holders.map(async holder =>
			holder.waitForOutput('ready', {deadlineMs: 60_000}),
		),
	);
	for (let round = 0; round < 100; round++) {
		const folder = `${parent}-${round}-`;
		mkdirSync(folder, {mode: 0o700});
		for (const holder of holders) {
			holder.writeLine(folder);
		}

		await Promise.all(
			holders.map(async holder => holder.waitForOutput(`took ${folder}`)),
		);
		const names = readdirSync(folder);
		assert.ok(names.length <= 1, names.join(' '));
	}
});
