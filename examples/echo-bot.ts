/**
 * Says again what is said to it: `echo: hello` gets `hello`.
 *
 * Run it as `npx tsx examples/echo-bot.ts PORT`.
 */
import process from 'node:process';
import {connect} from 'sockchat';

await using room = await connect({
	port: Number(process.argv[2] ?? 5001),
	nick: 'echo',
});
for await (const {text, isReplay} of room.messages()) {
	const [, said] = /^echo: (.+)$/s.exec(text) ?? [];
	// What was said before it came is not for it.
	if (said !== undefined && !isReplay) {
		await room.say(said);
	}
}
