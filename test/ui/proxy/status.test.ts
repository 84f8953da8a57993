/** The line above the transcript of a proxy. */
import assert from 'node:assert/strict';
import test from 'node:test';
import {noFaults} from '../../../source/proxy/faults.js';
import {reduce} from '../../../source/store/reduce.js';
import {statusRows} from '../../../source/ui/connection/status-rows.js';
import {listeningOf, now, textsOf, wallNow} from '../../helpers/models.js';
import {pairsEvent, proxyModel} from '../../helpers/pairs.js';

test('proxy status: what is done to connections goes before how many there are', () => {
	const delayed = {...noFaults, delayMs: 100};
	const model = reduce({...proxyModel(), listening: listeningOf()}, [
		pairsEvent([], {faults: {out: delayed, in: delayed}}),
	]);
	const line = (width: number) =>
		textsOf(
			statusRows({model, now, wallNow, isExplained: false, width, height: 1}),
		)[0];
	assert.equal(
		line(80),
		'● listening <1 min · tcp LISTEN · both ways: delay 100 ms · 0 connected',
	);
	assert.equal(
		line(58),
		'● listening <1 min · tcp LISTEN · both ways: delay 100 ms',
	);
	assert.equal(line(20), '● listening · LISTEN');
});
