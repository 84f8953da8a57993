/**
 * A service of raw bytes: counts what each peer sends, and says so at its FIN.
 *
 * Run it as `npx tsx examples/raw-server.ts [PORT]`.
 */
import process from 'node:process';
import {serveRaw, type RawConnection} from 'sockchat';

const count = async (peer: RawConnection): Promise<void> => {
	let bytes = 0;
	try {
		await using connection = peer;
		for await (const chunk of connection) {
			bytes += chunk.length;
		}

		await connection.write(`${bytes} bytes\n`);
	} catch (error) {
		// A peer that is reset fails alone.
		console.error(`${peer.remote} after ${bytes} bytes: ${String(error)}`);
	}
};

await using server = await serveRaw({port: Number(process.argv[2] ?? 0)});
console.log(server.address);
for await (const peer of server) {
	void count(peer);
}
