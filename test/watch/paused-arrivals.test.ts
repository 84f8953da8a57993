/** What reaches an end that reads nothing has arrived all the same. */
import assert from 'node:assert/strict';
import test from 'node:test';
import {ladderOf} from '../../source/tcp/ladder.js';
import {isCounted} from '../../source/tcp/segment-counts.js';
import {openScene, startPython} from '../helpers/truth/scene.js';

test('socket-watch: bytes for a paused end are shown while it is paused, and after close()', async t => {
	const scene = await openScene(t);
	const server = await scene.serve();
	const client = await startPython(t);
	await client.do(`s = socket.create_connection(('127.0.0.1', ${scene.port}))`);
	const peer = await server.peer();
	await server.control({type: 'pause'}, peer);
	await client.do("s.send(b'unread')");
	await scene.untilCounted(6);
	await server.control({type: 'close'}, peer);
	await scene.untilClaimed('close()');
	const steps = scene.claims.map(({step}) => step);
	const rungs = ladderOf(
		{
			steps: steps.filter(step => !isCounted(step)),
			transfers: steps.filter(step => isCounted(step)),
			segments: [],
		},
		{side: 'server'},
	);
	const data = rungs.findIndex(({arrow}) => arrow?.length === 6);
	const close = rungs.findIndex(
		({server: own}) => own?.kind === 'call' && own.call === 'close()',
	);
	assert.ok(data !== -1 && data < close, `${data} ${close}`);
});
