/**
 * What `sockchat watch` says of two other programs' states, and of the segments
 * that it counts, held against tcpdump and a fast poll of the kernel as in
 * truth.test.ts. FIN and RST it doesn't see, without --capture.
 */
import assert from 'node:assert/strict';
import {env} from 'node:process';
import {after, test} from 'node:test';
import {isCounted} from '../../source/tcp/segment-counts.js';
import type {Judged, Unsaid} from '../helpers/truth/claims.js';
import {openScene} from '../helpers/truth/scene.js';
import {watchScenarios} from './watch-scenarios.js';

const rounds = env['TRUTH'] === 'full' ? 10 : 1;
const all: Judged[] = [];
const allUnsaid: Unsaid[] = [];

after(() => {
	const count = (which: (one: Judged) => boolean) =>
		all.filter(one => which(one)).length;
	const unsaid = (wanted: Unsaid['why']) =>
		allUnsaid.filter(({why}) => why === wanted).length;
	console.log(
		[
			`watch: ${count(({claim}) => claim.step.kind === 'state')} states`,
			`${count(({claim}) => isCounted(claim.step))} counts of segments`,
			`${count(({verdict}) => verdict === 'false')} false`,
			`${count(({verdict}) => verdict === 'late')} late`,
			`${unsaid('none')} unsaid`,
		].join(', '),
	);
});

for (const {name, host, shutdowns = 0, run} of watchScenarios) {
	test(`truth of watch: ${name}`, async t => {
		for (let round = 0; round < rounds; round++) {
			const scene = await openScene(t, host ? {host} : {});
			try {
				await run(scene, t);
			} catch (error) {
				throw new Error(`${(error as Error).message}\n${scene.story()}`, {
					cause: error,
				});
			}

			const judged = await scene.finish();
			all.push(...judged);
			const unsaid = scene
				.unsaid()
				.filter(({what}) => what !== 'FIN' && what !== 'RST');
			allUnsaid.push(...unsaid);
			assert.ok(judged.length > 0);
			assert.deepEqual(
				judged.filter(({verdict}) => verdict !== 'right'),
				[],
				scene.story(),
			);
			const shutdown = scene.claims.filter(
				({step}) => step.kind === 'call' && step.call === 'shutdown(SHUT_WR)',
			);
			assert.ok(shutdown.length <= shutdowns, scene.story());
			assert.deepEqual(
				unsaid.filter(({why}) => why === 'none'),
				[],
				scene.story(),
			);
		}
	});
}
