/**
 * Offers `/deploy STAGE` to all members of a room, and answers who asked.
 *
 * Run it as `npx tsx examples/deploy-bot.ts PORT`, and type `/deploy web` in
 * the room.
 */
import process from 'node:process';
import {setTimeout} from 'node:timers/promises';
import {connect} from 'sockchat';

await using room = await connect({
	port: Number(process.argv[2] ?? 5001),
	nick: 'deployer',
});
const stages = new Set(['web', 'api']);
await room.offer(
	'deploy',
	{usage: 'web|api', help: 'deploy a stage'},
	async ({text, from}) => {
		if (!stages.delete(text)) {
			return {text: `"${text}" can't be deployed now.`, hasFailed: true};
		}

		// What all may know is said to all; the answer is for who asked.
		await room.say(`${from} deploys ${text}`);
		const startedAt = performance.now();
		await setTimeout(10);
		stages.add(text);
		return `${text} took ${Math.round(performance.now() - startedAt)} ms`;
	},
);
await room.closed;
