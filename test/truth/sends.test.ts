/**
 * An arrow of the ladder beside a send() means that its bytes have left: held
 * against tcpdump while the other side is frozen and its window closes, with the
 * figures of `ss` and without.
 */
import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {env} from 'node:process';
import {after, afterEach, beforeEach, test} from 'node:test';
import {readTcpTable} from '../../source/socket/tcp-table.js';
import {isAcknowledgement} from '../../source/tcp/acknowledged.js';
import {ladderOf} from '../../source/tcp/ladder.js';
import type {Rung} from '../../source/tcp/rungs.js';
import {isCounted} from '../../source/tcp/segment-counts.js';
import {nameOfCall, type Step} from '../../source/tcp/tcp.js';
import {rounds} from '../helpers/truth/rounds.js';
import {openScene, startPython, type Scene} from '../helpers/truth/scene.js';
import {until} from '../helpers/until.js';

/** A window that doesn't grow holds a few of them. */
const chunk = Buffer.alloc(16 * 1024, 'x');

const counted = {arrows: 0, without: 0};

/** Here an `ss` fails, as an older one does. */
const folder = mkdtempSync(join(tmpdir(), 'sockchat-no-ss-'));
const {PATH: path} = env;
let hasSs = true;
beforeEach(() => {
	if (!hasSs) {
		writeFileSync(join(folder, 'ss'), '#!/bin/sh\nexit 1\n', {mode: 0o755});
		env['PATH'] = `${folder}:${path}`;
	}
});
afterEach(() => {
	env['PATH'] = path;
	hasSs = false;
});
after(() => {
	rmSync(folder, {recursive: true});
	const {arrows, without} = counted;
	console.log(`${arrows} send() with an arrow, ${without} without`);
});

const isTransfer = (step: Step): boolean =>
	(step.kind === 'call' && step.offset !== undefined) ||
	isCounted(step) ||
	isAcknowledgement(step);

type Send = {
	readonly offset: number;
	readonly length: number;
	readonly hasArrow: boolean;
};

/** An arrow of its own, or one that stands for the bytes of several calls. */
const sendsOf = (scene: Scene): readonly Send[] => {
	const all = scene.claims.map(({step}) => step);
	const rungs: readonly Rung[] = ladderOf(
		{
			steps: all.filter(step => !isTransfer(step)),
			transfers: all.filter(step => isTransfer(step)),
			segments: [],
		},
		{side: 'client'},
	);
	const covered = rungs
		.map(({arrow}) => arrow)
		.filter(arrow => arrow?.from === 'client' && arrow.seq !== undefined)
		.map(arrow => [arrow!.seq! - 1, arrow!.seq! - 1 + arrow!.length!] as const);
	return rungs.flatMap(({client: call}) => {
		if (call?.kind !== 'call' || nameOfCall(call.call) !== 'send') {
			return [];
		}

		const {offset = 0} = call;
		const length = Number(call.result);
		const hasArrow = covered.some(
			([from, to]) => from <= offset && to >= offset + length,
		);
		return [{offset, length, hasArrow}];
	});
};

/** How many bytes of the client tcpdump has seen. */
const sentBytes = (scene: Scene): number => {
	const own = scene.segments.filter(({to}) => to === scene.place);
	const base = own.find(({isSyn}) => isSyn)?.sequence ?? 0;
	return Math.max(
		0,
		...own.map(({sequence, length}) => ((sequence - base) >>> 0) + length - 1),
	);
};

for (const how of ['with', 'without']) {
	test(`truth: send() beside a closed window, ${how} ss`, async t => {
		for (let round = 0; round < rounds; round++) {
			const scene = await openScene(t, {isOwn: true});
			const other = await startPython(t);
			await other.do(
				`l = socket.socket(); l.bind(('127.0.0.1', ${scene.port})); l.listen(5)`,
			);
			const {client, untilPhase} = await scene.connect();
			await untilPhase('open');
			await other.do('s, peer = l.accept()');
			const untilSends = async (
				what: string,
				which: (sends: readonly Send[]) => boolean,
			) =>
				until(() => which(sendsOf(scene)), {
					what,
					seen: () => JSON.stringify(sendsOf(scene)),
				});
			await client.write(Buffer.from('hello'));
			await untilSends('an arrow', ([hello]) => hello?.hasArrow === true);
			other.signal('SIGSTOP');
			// Until the kernel takes no more: what it took last is still there.
			await until(
				() => {
					void client.write(chunk);
					return client.queuedBytes > 0;
				},
				{what: 'the kernel to take no more', deadlineMs: 30_000},
			);
			await untilSends('a reading', each => each[1]?.hasArrow === true);
			const {local, remote} = client.endpoints;
			await until(
				async () => {
					const table = await readTcpTable(new Set([scene.port]));
					const timer = table?.pair(local!, remote!).local?.timer;
					return timer?.name === 'persist';
				},
				{what: 'a closed window'},
			);
			const sends = sendsOf(scene);
			const left = sentBytes(scene);
			const kept = sends.filter(({offset, length}) => offset + length > left);
			assert.ok(kept.length > 0, JSON.stringify({sends, left}));
			assert.deepEqual(
				sends
					.filter(({hasArrow}) => hasArrow)
					.filter(one => kept.includes(one)),
				[],
				`${left} bytes were sent`,
			);
			counted.without += kept.length;
			other.signal('SIGCONT');
			const all = client.bytesOut + client.queuedBytes;
			await other.do(`s.recv(${all}, socket.MSG_WAITALL)`);
			await untilSends('all arrows', each =>
				each.every(({hasArrow}) => hasArrow),
			);
			counted.arrows += sendsOf(scene).length;
			assert.equal(
				scene.claims.some(({step}) => isCounted(step)),
				hasSs,
			);
			client.leave();
			await other.do('s.close(); l.close()');
			const wrong = (await scene.finish()).filter(
				({verdict}) => verdict !== 'right',
			);
			assert.deepEqual(wrong, [], scene.story());
		}
	});
}
