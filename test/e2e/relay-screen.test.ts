/** What a host sees of the relay: its engine dies, and comes back. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {startNats} from '../helpers/nats.js';
import {openScreen} from '../helpers/sockchat.js';
import {waitForWhole} from '../helpers/whole-screen.js';

// With the pane, its rows start where its section does.
const inPane = (rows: string) =>
	new RegExp(String.raw`─ relay ─[^\n]*\n(?:[^\n]*\n)*?[^\n]*${rows}`);

for (const {columns, rows, hasPane} of [
	{columns: 80, rows: 24, hasPane: false},
	{columns: 110, rows: 30, hasPane: true},
	{columns: 200, rows: 60, hasPane: true},
	{columns: 40, rows: 12, hasPane: false},
]) {
	const size = {columns, rows};
	test(`e2e: the relay on a screen of ${columns}x${rows}, its engine killed and back`, async t => {
		const nats = await startNats(t);
		const terminal = await openScreen(
			t,
			[
				'serve',
				'--port=0',
				'--nick=otter',
				'--room=lab',
				`--relay=${nats.url}`,
			],
			size,
		);
		await terminal.waitFor('You are otter');
		const seen = async (pane: string, line: RegExp) =>
			terminal.waitFor(hasPane ? inPane(pane) : line);
		// Of 40 columns the state of a relay that is well needs none.
		await (columns > 40 && seen('● open +<1 min', /relay open, 1 server/));
		if (hasPane) {
			await terminal.waitFor(inPane(`127.0.0.1:${nats.port}`));
			await terminal.waitFor(inPane('1 server'));
		}

		terminal.type('before\r');
		await terminal.waitFor(/before *✓/);
		await nats.kill();
		await seen('● away +<1 min', /relay away/);
		await terminal.waitFor(/was lost|not yet shared/);
		terminal.type('while it is away\r');
		await terminal.waitFor(/while it is away *◌/);
		await (columns > 40 && seen('outbox 1', /relay away, outbox 1/));
		await waitForWhole(terminal, size, {shown: /while it is away *◌/});
		await nats.start();
		await terminal.waitFor(/while it is away *✓/, {deadlineMs: 30_000});
		await (columns > 40 && seen('● open +<1 min', /relay open, 1 server/));
		await terminal.waitForNot(/relay away|● away|outbox|lag/);
		await waitForWhole(terminal, size, {shown: /while it is away *✓/});
		assert.equal(
			terminal.text().match(/while it is away/g)?.length,
			1,
			terminal.framed(),
		);
	});
}
