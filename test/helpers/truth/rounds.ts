/**
 * Scenarios, each played once, or ten times with TRUTH=full; TRUTH=60 plays all
 * that this does sixty times, to meet what happens rarely.
 */
import assert from 'node:assert/strict';
import {env} from 'node:process';
import type {TestContext} from 'node:test';
import type {Judged, Unsaid} from './claims.js';
import {
	openScene,
	type Scene,
	type SceneFindings,
	type SceneOptions,
} from './scene.js';

export type Scenario = {
	readonly name: string;
	readonly host?: '127.0.0.1' | '::1';
	/** Played with --capture, too: always, or with TRUTH=full. */
	readonly capture?: 'always' | 'full' | 'never';
	/** Whether it is with --capture now. */
	readonly isCaptured?: boolean;
	readonly run: (scene: Scene, t: TestContext) => Promise<void>;
};

const {TRUTH: wanted = '1'} = env;
/** How often each scenario is played. */
export const rounds = wanted === 'full' ? 10 : Number(wanted);
const isFull = rounds > 1;

/** Each scenario, and those that are played with --capture after it. */
export const withCaptures = <T extends Scenario>(
	scenarios: readonly T[],
): readonly T[] =>
	scenarios.flatMap(scenario => {
		const {name, capture = 'full'} = scenario;
		const isWanted = capture === 'always' || (isFull && capture === 'full');
		return isWanted
			? [
					scenario,
					{...scenario, name: `${name}, with --capture`, isCaptured: true},
				]
			: [scenario];
	});

export type Found = {
	readonly scene: Scene;
	readonly judged: readonly Judged[];
	readonly unsaid: readonly Unsaid[];
	readonly findings: SceneFindings;
};

export type RoundOptions = Pick<SceneOptions, 'isOwn'> & {
	/** Whether it has to be said. */
	readonly isDue?: (unsaid: Unsaid) => boolean;
};

/** Fails if nothing is said, or if something is not. */
export const playRounds = async (
	t: TestContext,
	{host, isCaptured, run}: Scenario,
	check: (found: Found) => void,
	{isDue = () => true, isOwn}: RoundOptions = {},
): Promise<void> => {
	for (let round = 0; round < rounds; round++) {
		const scene = await openScene(t, {host, isCaptured, isOwn});
		try {
			await run(scene, t);
		} catch (error) {
			throw new Error(`${(error as Error).message}\n${scene.story()}`, {
				cause: error,
			});
		}

		const judged = await scene.finish();
		const unsaid = scene.unsaid().filter(one => isDue(one));
		assert.ok(judged.length > 0);
		check({scene, judged, unsaid, findings: scene.found()});
		assert.deepEqual(
			unsaid.filter(({why}) => why === 'none'),
			[],
			scene.story(),
		);
	}
};
