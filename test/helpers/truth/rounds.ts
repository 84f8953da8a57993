/** Scenarios, each played once, or ten times with TRUTH=full. */
import assert from 'node:assert/strict';
import {env} from 'node:process';
import type {TestContext} from 'node:test';
import type {Judged, Unsaid} from './claims.js';
import {openScene, type Scene} from './scene.js';

export type Scenario = {
	readonly name: string;
	readonly host?: '127.0.0.1' | '::1';
	readonly run: (scene: Scene, t: TestContext) => Promise<void>;
};

const rounds = env['TRUTH'] === 'full' ? 10 : 1;

export type Found = {
	readonly scene: Scene;
	readonly judged: readonly Judged[];
	readonly unsaid: readonly Unsaid[];
};

/**
 * Fails if nothing is said, or if something is not.
 *
 * @param isDue Whether it has to be said.
 */
export const playRounds = async (
	t: TestContext,
	{host, run}: Scenario,
	check: (found: Found) => void,
	isDue: (unsaid: Unsaid) => boolean = () => true,
): Promise<void> => {
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
		const unsaid = scene.unsaid().filter(one => isDue(one));
		assert.ok(judged.length > 0);
		check({scene, judged, unsaid});
		assert.deepEqual(
			unsaid.filter(({why}) => why === 'none'),
			[],
			scene.story(),
		);
	}
};
