/**
 * Says each line of a log that looks like a failure, and ends with the log.
 *
 * Run it as `tail -F app.log | npx tsx examples/log-tailer.ts PORT`.
 */
import process from 'node:process';
import {createInterface} from 'node:readline';
import {connect} from 'sockchat';

await using room = await connect({
	port: Number(process.argv[2] ?? 5001),
	nick: 'log',
	// It doesn't listen.
	last: 0,
});
for await (const line of createInterface({input: process.stdin})) {
	if (!/error|fail/i.test(line)) {
		continue;
	}

	const {seq} = await room.say(line);
	console.log(`stored as ${seq}`);
}
