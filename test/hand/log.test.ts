import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import {
	mkdtempSync,
	readFileSync,
	rmSync,
	statSync,
	writeFileSync,
} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {after, test} from 'node:test';
import type {ChatEvent} from '../../source/event/event.js';
import {LineLog} from '../../source/hand/log.js';
import {saveTranscript} from '../../source/hand/save.js';
import {createModel} from '../../source/store/model.js';
import {reduce} from '../../source/store/reduce.js';

const folder = mkdtempSync(join(tmpdir(), 'sockchat-log-'));
after(() => {
	rmSync(folder, {recursive: true});
});

/** For a failure that must not be. */
const unexpected = (error: Error): void => {
	assert.ifError(error);
};

const at = new Date(2026, 0, 2, 14, 2).getTime();
const chunk = (bytes: Uint8Array, peer?: string): ChatEvent => ({
	type: 'chunk',
	at,
	direction: 'in',
	peer,
	bytes,
});
const euro = Buffer.from('€');
const events: readonly ChatEvent[] = [
	{type: 'notice', at, tone: 'info', text: 'Connecting again.'},
	chunk(Buffer.from('hi\n')),
	chunk(euro.subarray(0, 2)),
	chunk(euro.subarray(2)),
	chunk(Buffer.from([0xc3])),
	chunk(Buffer.from('plain')),
	chunk(euro.subarray(0, 1)),
	chunk(euro.subarray(1, 2)),
	chunk(Buffer.from('no')),
	{type: 'accepted', at, peer: '127.0.0.1:4'},
];
const time = '2026-01-02 14:02:00.000';
const lines = [
	`${time} -- Connecting again.`,
	`${time} ← 3 hi⏎`,
	`${time} ← 2 ‹e2›‹82›`,
	`${time} ← 1 €`,
	`${time} ← 1 ‹c3›`,
	`${time} ← 5 plain`,
	`${time} ← 1 ‹e2›`,
	`${time} ← 1 ‹82›`,
	`${time} ← 2 no`,
	`${time} -- connection from 127.0.0.1:4 made`,
	'',
].join('\n');

test('log: keeps the lines as they come, for its owner alone', () => {
	const path = join(folder, 'log');
	const log = new LineLog(path, unexpected);
	for (const event of events) {
		log.see(event);
	}

	assert.equal(readFileSync(path, 'utf8'), lines);
	assert.equal(statSync(path).mode % 0o1000, 0o600);
});

test('log: what is shown is saved in the same lines', () => {
	const path = join(folder, 'saved');
	const model = reduce(createModel({mode: 'raw', where: 'x'}), events);
	assert.equal(
		saveTranscript(path, model.transcript).sentence,
		`Saved to ${path}: 10 items.`,
	);
	assert.equal(readFileSync(path, 'utf8'), lines);
	assert.equal(statSync(path).mode % 0o1000, 0o600);
	assert.equal(
		saveTranscript(path, model.transcript).sentence,
		`Can't save to ${path}: the file is there already, and not empty.`,
	);
});

test('log: a failed write is said once, and nothing more is written', () => {
	const failures: string[] = [];
	const log = new LineLog('/dev/full', ({message}) => {
		failures.push(message);
	});
	for (const event of events) {
		log.see(event);
	}

	assert.deepEqual(failures, [
		'The log /dev/full is not complete: no space is left on the device (ENOSPC).',
	]);
	assert.equal(log.failure?.code, 'ERR_LOG');
});

test('log: a file that is there is not written over', () => {
	const path = join(folder, 'old');
	writeFileSync(path, 'mine');
	assert.throws(() => new LineLog(path, unexpected), {
		code: 'ERR_LOG',
		message: `Can't log to ${path}: the file is there already, and not empty.`,
	});
});
