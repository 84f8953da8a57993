/** A server that is killed and started again, as the others log it. */
import assert from 'node:assert/strict';
import {join} from 'node:path';
import {test} from 'node:test';
import {openClient} from '../helpers/client.js';
import {makeScratch, openRelayed, startNats} from '../helpers/nats.js';
import {serveJson} from '../helpers/sockchat.js';

test('e2e: who comes back with a server that was killed has left before', async t => {
	const nats = await startNats(t);
	const one = await openRelayed(t, nats.url);
	const otter = openClient(t, one.address, 'otter');
	await otter.untilPhase('open');
	const path = join(makeScratch(t), 'lab.jsonl');
	const start = async () =>
		serveJson(t, [
			'--room=lab',
			`--relay=${nats.url}`,
			`--history=${path}`,
			'--nick=wren',
			'--input=none',
		]);
	const comings = () =>
		otter
			.frames()
			.flatMap(frame =>
				(frame.type === 'joined' || frame.type === 'left') &&
				frame.nick === 'wren'
					? [frame.type]
					: [],
			);
	const {server} = await start();
	await otter.until('its host', () => comings().length === 1);
	server.signal('SIGKILL');
	await server.waitForExit();
	await start();
	await otter.until(
		'its host again',
		() => comings().at(-1) === 'joined' && comings().length > 1,
	);
	assert.deepEqual(comings(), ['joined', 'left', 'joined']);
});
