/**
 * Sends bytes to any TCP service of this machine, and prints what comes back.
 *
 * Run it as `npx tsx examples/raw-client.ts 6379 'PING\r\n'`.
 */
import process from 'node:process';
import {connectRaw} from 'sockchat';

const [port, text = ''] = process.argv.slice(2);
await using service = await connectRaw({
	port: Number(port),
	signal: AbortSignal.timeout(10_000),
});
await service.write(
	text.replaceAll(String.raw`\r`, '\r').replaceAll(String.raw`\n`, '\n'),
);
// FIN says that nothing more comes; the answer still does.
await service.end();
for await (const chunk of service) {
	process.stdout.write(chunk);
}
