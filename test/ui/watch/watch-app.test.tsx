import assert from 'node:assert/strict';
import {test, type TestContext} from 'node:test';
import {
	createPortModel,
	reducePort,
	type PortModelEvent,
} from '../../../source/store/port-model.js';
import {Published} from '../../../source/store/published.js';
import {createFocus} from '../../../source/ui/terminal/focus.js';
import {WatchApp} from '../../../source/ui/watch/watch-app.js';
import {FakeClock} from '../../helpers/clock.js';
import {openInkScreen} from '../../helpers/ink-screen.js';
import {
	counted,
	listed,
	stepOfState,
	watchedAddress,
} from '../../helpers/watched-port.js';

const openApp = async (t: TestContext) => {
	const clock = new FakeClock();
	const store = new Published(
		createPortModel(watchedAddress, false),
		clock,
		reducePort,
	);
	let left = 0;
	const screen = openInkScreen(
		t,
		80,
		<WatchApp
			store={store}
			wallMs={clock.wallMs}
			setTimer={clock.setTimer}
			focus={createFocus()}
			startJobControl={() => ({suspend() {}, stop() {}})}
			onLeave={() => {
				left++;
			}}
			onRedraw={() => undefined}
		/>,
		20,
	);
	const show = async (...events: readonly PortModelEvent[]) => {
		for (const event of events) {
			store.dispatch(event);
		}

		store.flush();
		await screen.rows();
	};

	await screen.rows();
	const text = async () => (await screen.rows()).join('\n');
	const bytes = async () => (await screen.drawn()).bytes;
	return {text, bytes, screen, show, left: () => left};
};

test('watch app: what reads the same writes nothing', async t => {
	const {text, bytes, show} = await openApp(t);
	await show(listed(), stepOfState('ESTABLISHED', 'remote'));
	assert.match(await text(), /client :41306 ESTABLISHED/);
	const before = await bytes();
	await show(listed({at: 250}));
	await show(listed({at: 500}));
	assert.equal(await bytes(), before);
	await show(counted('remote', 5));
	assert.ok((await bytes()) > before, 'what happens is shown');
});

test('watch app: bytes that were counted are dashed, with their segments', async t => {
	const {text, show} = await openApp(t);
	await show(
		listed(),
		stepOfState('ESTABLISHED', 'remote'),
		counted('remote', 5),
		counted('remote', 7, {count: 1}),
		counted('local', 9000, {count: 3, withoutData: 2, retransmitted: 1}),
	);
	const rows = await text();
	assert.match(rows, /○ send\(\) +│┄+ seq=1 len=5 ┄+▸│/);
	assert.match(rows, /○ send\(\) +│┄+ 1 segment seq=6 len=7 ┄+▸│/);
	// What does not fit is left out whole, first how many were sent again.
	assert.match(rows, /│◂┄+ 3 segments seq=1 len=9000 ┄+│ ○ send\(\)/);
});

test('watch app: keys that come in one read are each done', async t => {
	const {text, screen, show, left} = await openApp(t);
	await show(listed(), stepOfState('ESTABLISHED', 'remote'));
	await screen.type('ce/help\r');
	assert.match(await text(), /keys of sockchat watch/);
	await screen.type('?');
	assert.match(await text(), /· Python/);
	assert.match(await text(), /handshake is complete/);
	await screen.type('q');
	assert.equal(left(), 1);
});
