import assert from 'node:assert/strict';
import {test} from 'node:test';
import {ConnectionRunner} from '../../source/socket/connection-runner.js';
import {FakeClock} from '../helpers/clock.js';

test('connection runner: continues after a listener throws', () => {
	const clock = new FakeClock();
	const phases: string[] = [];
	const runner = new ConnectionRunner({
		clock,
		random: () => 0,
		perform: () => undefined,
		link: () => undefined,
		onEvent(event) {
			if (event.type === 'connection') {
				phases.push(event.connection.phase);
				if (event.connection.phase === 'handshaking') {
					throw new Error('a fault of the listener');
				}
			}
		},
	});
	runner.start();
	const at = runner.now;
	assert.throws(() => {
		runner.dispatch({type: 'connected', at});
	}, /fault of the listener/);
	runner.dispatch({type: 'welcomed', at, heartbeatMs: 2000});
	assert.deepEqual(phases, ['connecting', 'handshaking', 'open']);
});
