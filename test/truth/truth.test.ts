/**
 * Everything that sockchat says of TCP, held against tcpdump and a fast poll of
 * the kernel: a state or a segment is false if it didn't happen, and late if its
 * time, or its bounds, are not those of what happened. And what happened has been
 * said, or lies within the bounds of what has. TRUTH=full plays each scenario ten
 * times.
 */
import assert from 'node:assert/strict';
import {env} from 'node:process';
import {after, test} from 'node:test';
import {isCounted} from '../../source/tcp/segment-counts.js';
import type {Judged, Unsaid} from '../helpers/truth/claims.js';
import {openScene} from '../helpers/truth/scene.js';
import {scenarios} from './scenarios.js';

const rounds = env['TRUTH'] === 'full' ? 10 : 1;
const all: Judged[] = [];
const allUnsaid: Unsaid[] = [];

const summaryOf = (judged: readonly Judged[]): string => {
	const count = (which: (one: Judged) => boolean) =>
		judged.filter(one => which(one)).length;
	return [
		`${count(({claim}) => claim.step.kind === 'state')} states`,
		`${count(({claim}) => claim.step.kind === 'segment')} segments (${count(({claim}) => isCounted(claim.step))} of them counts)`,
		`${count(({verdict}) => verdict === 'false')} false`,
		`${count(({verdict}) => verdict === 'late')} late`,
	].join(', ');
};

after(() => {
	console.log(summaryOf(all));
	const count = (wanted: Unsaid['why']) =>
		allUnsaid.filter(({why}) => why === wanted).length;
	console.log(
		`unsaid: ${count('none')}; within bounds ${count('gap')}, of an end that is never read ${count('unknown')}, after the last reading ${count('unread')}`,
	);
});

for (const {name, host, run} of scenarios) {
	test(`truth: ${name}`, async t => {
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
			const unsaid = scene.unsaid();
			allUnsaid.push(...unsaid);
			const wrong = judged.filter(({verdict}) => verdict !== 'right');
			assert.ok(judged.length > 0);
			assert.deepEqual(
				wrong.map(({claim, verdict}) => ({verdict, ...claim})),
				[],
				`${summaryOf(judged)}\n${JSON.stringify(wrong)}\n${scene.story()}`,
			);
			assert.deepEqual(
				unsaid.filter(({why}) => why === 'none'),
				[],
				scene.story(),
			);
		}
	});
}
