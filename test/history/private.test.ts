import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import {
	chmodSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	rmSync,
	statSync,
	symlinkSync,
	writeFileSync,
} from 'node:fs';
import {dirname, join} from 'node:path';
import process from 'node:process';
import {test} from 'node:test';
import {logIdOf} from '../../source/history/log-id.js';
import {look, makeFolder, makePath, open} from '../helpers/history/kept.js';

const modeOf = (path: string): string =>
	(statSync(path).mode & 0o777).toString(8);

test('history: creates its default folders 0700 and its files 0600, under any umask', async t => {
	const base = makeFolder(t);
	for (const mask of [0o000, 0o077, 0o022]) {
		const folder = join(base, String(mask), 'state', 'sockchat');
		const path = join(folder, 'room.jsonl');
		const before = process.umask(mask);
		try {
			await look(path, async ({appendEach}) => appendEach(20), {
				fileBytes: 1000,
				isDefault: true,
			});
		} finally {
			process.umask(before);
		}

		assert.equal(modeOf(folder), '700');
		assert.equal(modeOf(path), '600');
		assert.equal(modeOf(`${path}.000000000001`), '600');
		assert.equal(modeOf(`${path}.lock.1`), '600');
	}
});

test('history: refuses a missing folder that the user named', async t => {
	const base = makeFolder(t);
	for (const folder of [join(base, 'tpyo'), join(base, 'tpyo', 'deeper')]) {
		await assert.rejects(open(join(folder, 'room.jsonl')), {
			code: 'ERR_HISTORY',
			message: `The history ${folder}/room.jsonl can't be opened or read: there is no folder ${folder}; create it with mkdir, or choose another file.`,
		});
	}

	assert.deepEqual(readdirSync(base), []);
	const file = join(base, 'file');
	writeFileSync(file, '');
	await assert.rejects(open(join(file, 'room.jsonl')), {
		message: /file is not a folder/,
	});
});

test('history: makes a file private that others could read', async t => {
	const path = makePath(t);
	await look(path, async ({append}) => append());
	chmodSync(path, 0o644);
	await look(path, ({history}) => {
		assert.equal(history.recovered.head, 1);
	});
	assert.equal(modeOf(path), '600');
});

test('history: leaves the mode of a file that is no history', async t => {
	const path = makePath(t);
	writeFileSync(path, 'dear diary\n');
	chmodSync(path, 0o644);
	await assert.rejects(open(path), {
		code: 'ERR_HISTORY',
		message: /it begins with "dear diary\\n"\. It was not changed/,
	});
	assert.equal(await logIdOf(path), undefined);
	assert.equal(modeOf(path), '644');
});

test('history: a start that is refused leaves the file beside it, too', async t => {
	const path = makePath(t);
	writeFileSync(path, 'dear diary\n');
	writeFileSync(`${path}.new`, 'chapter two\n');
	await assert.rejects(open(path), {code: 'ERR_HISTORY'});
	assert.equal(readFileSync(`${path}.new`, 'utf8'), 'chapter two\n');
});

test('history: leaves a FILE.new that is no history, whatever FILE is', async t => {
	const path = makePath(t);
	const draft = `${path}.new`;
	const assertRefused = async () => {
		await assert.rejects(open(path), {
			code: 'ERR_HISTORY',
			message:
				/room\.jsonl\.new can't be read .* begins with "chapter two\\n"\. It was not changed/,
		});
		assert.equal(readFileSync(draft, 'utf8'), 'chapter two\n');
		assert.equal(modeOf(draft), '644');
	};

	writeFileSync(draft, 'chapter two\n');
	chmodSync(draft, 0o644);
	await assertRefused();
	assert.deepEqual(readdirSync(dirname(path)), ['room.jsonl.new']);

	rmSync(draft);
	await look(path, async ({append}) => append());
	writeFileSync(draft, 'chapter two\n');
	chmodSync(draft, 0o644);
	await assertRefused();

	rmSync(draft);
	await look(path, ({history}) => {
		assert.equal(history.recovered.head, 1);
	});
});

test('history: a power cut leaves zero bytes in FILE.new, and the room opens', async t => {
	const path = makePath(t);
	writeFileSync(`${path}.new`, '\0'.repeat(100));
	await look(path, async ({append}) => append());
	writeFileSync(`${path}.new`, '\0'.repeat(100));
	await look(path, ({history}) => {
		assert.equal(history.recovered.head, 1);
	});
});

test('history: a start that is refused leaves no lock behind, but those that it found', async t => {
	const path = makePath(t);
	const folder = dirname(path);
	writeFileSync(path, 'dear diary\n');
	await assert.rejects(open(path), {code: 'ERR_HISTORY'});
	assert.deepEqual(readdirSync(folder), ['room.jsonl']);

	writeFileSync(`${path}.lock`, '');
	await assert.rejects(open(path), {code: 'ERR_HISTORY'});
	assert.deepEqual(readdirSync(folder), ['room.jsonl', 'room.jsonl.lock']);

	rmSync(path);
	rmSync(`${path}.lock`);
	await look(path, async ({append}) => append());
	const files = readdirSync(folder);
	writeFileSync(path, 'dear diary\n');
	await assert.rejects(open(path), {code: 'ERR_HISTORY'});
	assert.deepEqual(
		readdirSync(folder),
		files.map(name => name.replace('.lock.1', '.lock.2')),
	);
});

test('history: refuses a folder that others may write to', async t => {
	const folder = join(makeFolder(t), 'shared');
	mkdirSync(folder);
	for (const mode of [0o777, 0o775]) {
		chmodSync(folder, mode);
		await assert.rejects(open(join(folder, 'room.jsonl')), {
			code: 'ERR_HISTORY',
			message:
				/others may write to \(mode 77[57]\).*chmod go-w.*--history FILE/,
		});
	}

	// A sticky folder such as /tmp is shared on purpose, so it isn't changed.
	chmodSync(folder, 0o1777);
	await assert.rejects(open(join(folder, 'room.jsonl')), ({message}: Error) => {
		assert.match(message, /others may write to \(mode 1777\)/);
		assert.match(message, /a folder of your own.*--history FILE/);
		assert.doesNotMatch(message, /chmod/);
		return true;
	});

	chmodSync(folder, 0o755);
	await look(join(folder, 'room.jsonl'), () => undefined);
});

test('history: refuses a symbolic link, wherever it leads', async t => {
	const folder = makeFolder(t);
	const path = join(folder, 'room.jsonl');
	const elsewhere = join(folder, 'elsewhere');
	symlinkSync(elsewhere, path);
	const refused = {code: 'ERR_HISTORY', message: /is a symbolic link/};
	await assert.rejects(open(path), refused);
	writeFileSync(elsewhere, 'precious');
	await assert.rejects(open(path), refused);
	assert.equal(readFileSync(elsewhere, 'utf8'), 'precious');
});

test('history: refuses a FIFO and a folder', async t => {
	const folder = makeFolder(t);
	const fifo = join(folder, 'fifo');
	execFileSync('mkfifo', [fifo]);
	await assert.rejects(open(fifo), {
		code: 'ERR_HISTORY',
		message: /is not a regular file/,
	});
	const other = join(folder, 'folder');
	mkdirSync(other);
	await assert.rejects(open(other), {
		code: 'ERR_HISTORY',
		message: /it is a folder.*--no-history/,
	});
});

test("history: says why a folder can't be created", async t => {
	const file = join(makeFolder(t), 'file');
	writeFileSync(file, '');
	const path = join(file, 'state', 'room.jsonl');
	await assert.rejects(open(path, {isDefault: true}), {
		code: 'ERR_HISTORY',
		message: /ENOTDIR: not a directory; .*--history FILE/,
	});
});
