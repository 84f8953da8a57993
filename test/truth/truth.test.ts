/**
 * Everything that sockchat says of TCP, held against tcpdump, strace and a fast
 * poll of the kernel: a state, a segment or a call is false if it didn't happen,
 * and late if its time, or its bounds, are not those of what happened. And what
 * happened has been said, or lies within the bounds of what has; the rows of the
 * ladder are in the order of cause and effect; and what --capture reports is what
 * tcpdump spells. TRUTH=full plays each scenario ten times, with and without
 * --capture.
 */
import assert from 'node:assert/strict';
import {after, test} from 'node:test';
import {isCounted} from '../../source/tcp/segment-counts.js';
import type {Judged, Unsaid} from '../helpers/truth/claims.js';
import {playRounds, withCaptures} from '../helpers/truth/rounds.js';
import {Tally} from '../helpers/truth/tally.js';
import {scenarios} from './scenarios.js';

const all: Judged[] = [];
const allUnsaid: Unsaid[] = [];
const tally = new Tally();

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
	console.log(String(tally));
	const count = (wanted: Unsaid['why']) =>
		allUnsaid.filter(({why}) => why === wanted).length;
	console.log(
		`unsaid: ${count('none')}; within bounds ${count('gap')}, of an end that is never read ${count('unknown')}, after the last reading ${count('unread')}`,
	);
});

for (const scenario of withCaptures(scenarios)) {
	test(`truth: ${scenario.name}`, async t => {
		await playRounds(
			t,
			scenario,
			found => {
				const {scene, judged, unsaid} = found;
				all.push(...judged);
				allUnsaid.push(...unsaid);
				const wrong = judged.filter(({verdict}) => verdict !== 'right');
				assert.deepEqual(
					wrong.map(({claim, verdict}) => ({verdict, ...claim})),
					[],
					`${summaryOf(judged)}\n${JSON.stringify(wrong)}\n${scene.story()}`,
				);
				tally.take(found);
			},
			{isOwn: true},
		);
	});
}
