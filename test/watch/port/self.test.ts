/** A socket that is connected to itself has one end, on real sockets. */
import assert from 'node:assert/strict';
import test from 'node:test';
import {watchFreePort} from '../../helpers/port-watch.js';
import {startPython} from '../../helpers/truth/scene.js';
import {until} from '../../helpers/until.js';

test('port-watch: a socket that connects to itself is one end, and accepts nothing', async t => {
	const {port, events, seen} = await watchFreePort(t);
	const untilState = async (state: string) =>
		until(
			() =>
				events.some(
					event =>
						event.type === 'step' &&
						event.step.kind === 'state' &&
						event.step.state === state &&
						event.step.evidence === 'read',
				),
			{what: state, seen},
		);
	const python = await startPython(t);
	await python.do(
		`a = ('127.0.0.1', ${port}); s = socket.socket(); s.bind(a); s.connect(a)`,
	);
	await untilState('ESTABLISHED');
	await python.do("s.send(b'me'); s.recv(9)");
	await until(() => events.some(({type}) => type === 'data'), {
		what: 'bytes',
		seen,
	});
	await python.do('s.close()');
	await untilState('TIME-WAIT');
	const steps = events.flatMap(event =>
		event.type === 'step' ? [event.step] : [],
	);
	const names: string[] = steps.map(step =>
		step.kind === 'state'
			? step.state
			: step.kind === 'call'
				? step.call
				: step.segment,
	);
	assert.ok(
		steps.every(step => step.kind === 'segment' || step.end === 'local'),
		seen(),
	);
	assert.deepEqual(names.slice(0, 5), [
		'socket()',
		'connect()',
		'SYN-SENT',
		'SYN-RECEIVED',
		'ESTABLISHED',
	]);
	for (const wrong of ['accept()', 'FIN-WAIT-2', 'CLOSE-WAIT', 'LAST-ACK']) {
		assert.ok(!names.includes(wrong), seen());
	}

	assert.ok(names.includes('FIN-WAIT-1'), seen());
	const sent = events.flatMap(event => (event.type === 'data' ? [event] : []));
	assert.deepEqual(
		sent.map(({from, bytes}) => [from, bytes]),
		[['local', 2]],
	);
});
