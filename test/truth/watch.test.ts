/**
 * What `sockchat watch` says of two other programs' states and calls, and of the
 * segments that it counts or captures, held against tcpdump, strace and a fast
 * poll of the kernel as in truth.test.ts. FIN and RST it doesn't see, without --capture.
 */
import assert from 'node:assert/strict';
import {after, test} from 'node:test';
import {isCounted} from '../../source/tcp/segment-counts.js';
import type {Judged, Unsaid} from '../helpers/truth/claims.js';
import {playRounds, withCaptures, type Found} from '../helpers/truth/rounds.js';
import {Tally} from '../helpers/truth/tally.js';
import {watchScenarios} from './watch-scenarios.js';
import {watchedRooms} from './watched-rooms.js';

const all: Judged[] = [];
const allUnsaid: Unsaid[] = [];
const tally = new Tally();

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
	console.log(`watch: ${String(tally)}`);
});

/** FIN and RST need --capture. */
const isDue = ({what}: Unsaid) => what !== 'FIN' && what !== 'RST';

for (const scenario of withCaptures([...watchScenarios, ...watchedRooms])) {
	const {name, shutdowns = 0} = scenario;
	test(`truth of watch: ${name}`, async t => {
		const check = (found: Found) => {
			const {scene, judged, unsaid} = found;
			all.push(...judged);
			allUnsaid.push(...unsaid);
			assert.deepEqual(
				judged.filter(({verdict}) => verdict !== 'right'),
				[],
				scene.story(),
			);
			const shutdown = scene.claims.filter(
				({step}) => step.kind === 'call' && step.call === 'shutdown(SHUT_WR)',
			);
			assert.ok(shutdown.length <= shutdowns, scene.story());
			tally.take(found);
		};

		await playRounds(t, scenario, check, {isDue});
	});
}
