/**
 * A program with a room of its own: whoever comes in can ask it how it is.
 *
 * Run it as `npx tsx examples/embedded-server.ts [PORT]`.
 */
import process from 'node:process';
import {startServer} from 'sockchat';

const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
	process.once(signal, () => {
		stop.abort();
	});
}

const server = await startServer({
	port: Number(process.argv[2] ?? 0),
	nick: 'worker',
	signal: stop.signal,
});
const {address} = server;
if (address.kind === 'tcp') {
	console.log(`sockchat connect ${address.port}`);
}

try {
	for await (const {from, text} of server.messages()) {
		if (text !== 'status?') {
			continue;
		}

		const {count} = server.members;
		const megabytes = Math.round(process.memoryUsage.rss() / 1e6);
		await server.say(`${from}: ${megabytes} MB, ${count} here`);
	}
} catch (error) {
	if (!stop.signal.aborted) {
		throw error;
	}
}

await server.closed;
