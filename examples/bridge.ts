/**
 * Carries what is said in either of two rooms to the other one.
 *
 * Run it as `npx tsx examples/bridge.ts PORT PORT`.
 */
import process from 'node:process';
import {connect, type Client} from 'sockchat';

const [here, there] = process.argv.slice(2).map(Number);
await using one = await connect({port: here, nick: 'bridge'});
await using two = await connect({port: there, nick: 'bridge'});

// A room doesn't give it what it says itself, so nothing goes round in circles.
const carry = async (from: Client, to: Client): Promise<void> => {
	for await (const message of from.messages()) {
		if (message.gap) {
			const {gap} = message;
			await to.say(`(entries ${gap.from} to ${gap.to} are missing)`);
		}

		if (!message.isReplay) {
			await to.say(`${message.from}: ${message.text}`);
		}
	}
};

await Promise.all([carry(one, two), carry(two, one)]);
