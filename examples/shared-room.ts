/**
 * A room that programs on several machines share: each runs this one, and all
 * of them have the same messages in the same order.
 *
 * Run it as `npx tsx examples/shared-room.ts nats://HOST:4222 NICK`, on each
 * machine, and type.
 */
import process from 'node:process';
import {createInterface} from 'node:readline';
import {startServer} from 'sockchat';

const [url = 'nats://127.0.0.1:4222', nick = 'worker'] = process.argv.slice(2);
await using server = await startServer({
	port: 0,
	nick,
	name: 'shared',
	relay: {url, credentials: process.env['NATS_CREDENTIALS']},
	onEvent(event) {
		if (event.type === 'relay' && event.isNews) {
			console.error(`relay: ${event.phase}`);
		}
	},
});

const say = async (): Promise<void> => {
	for await (const line of createInterface({input: process.stdin})) {
		const {seq} = await server.say(line);
		console.log(`stored everywhere as ${seq}`);
	}

	await server.drain();
};

void say();
for await (const {seq, from, text} of server.messages()) {
	console.log(`${seq} ${from}: ${text}`);
}
