/**
 * A room that falls quiet. Traffic that never pauses hides what happens to a
 * server that has nothing to keep: here it has nothing to keep again and again.
 */
import assert from 'node:assert/strict';
import {env} from 'node:process';
import {test} from 'node:test';
import fc from 'fast-check';
import {
	actionNames,
	actions,
	openQuietRoom,
	textsIn,
	type ActionName,
} from '../helpers/faults/quiet-room.js';
import {sized} from '../helpers/faults/size.js';
import type {Owner} from '../helpers/environment.js';

const runs = Number(env['FAST_CHECK_RUNS'] ?? sized(250, 15));

/** Runs something with an end of its own. */
const within = async (work: (owner: Owner) => Promise<void>): Promise<void> => {
	const stops: Array<() => Promise<void>> = [];
	try {
		await work({
			after(stop) {
				stops.push(stop);
			},
		});
	} finally {
		for (const stop of stops.toReversed()) {
			await stop();
		}
	}
};

/** After these, an ordinary message is to reach everybody and the disk. */
const tryAll = async (names: readonly ActionName[]): Promise<void> =>
	within(async owner => {
		const room = await openQuietRoom(owner);
		for (const name of names) {
			await actions[name](room);
			if (name !== 'an ordinary message') {
				await room.settle();
			}
		}

		await room.settle();
		const {witness, otter, plain, path} = room;
		room.say('the last word');
		await witness.untilSaid('the last word');
		assert.equal(textsIn(path).at(-1), 'the last word');
		await otter.untilSaid('the last word');
		await plain.untilText(': the last word\n');
		plain.write('and one from nc\n');
		await witness.untilSaid('and one from nc');
		assert.equal(textsIn(path).at(-1), 'and one from nc');
		await otter.untilSaid('and one from nc');
	});

for (const name of actionNames) {
	test(`quiet: after ${name}, a message arrives and is on the disk`, async () => {
		await tryAll([name]);
	});
}

test('quiet: after any of these in any order, a message arrives and is on the disk', async t => {
	await fc.assert(
		fc.asyncProperty(
			fc.array(fc.constantFrom(...actionNames), {minLength: 2, maxLength: 12}),
			tryAll,
		),
		{numRuns: runs},
	);
	t.diagnostic(`${runs} sequences of ${actionNames.length} kinds`);
});
