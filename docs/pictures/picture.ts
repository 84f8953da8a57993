/**
 * Makes the README's picture: a conversation in real terminals, as shown on
 * heron's screen, with a guest that uses only netcat.
 *
 * usage: npx tsx docs/pictures/picture.ts [PORT]     5001 by default
 *
 * Needs the built bin. Size, texts and both ports are the same in each run; the
 * guest's port, times and measurements are real and differ.
 */
/* eslint-disable node-test/no-import-test-files -- helpers, and no test runs. */
import {writeFile} from 'node:fs/promises';
import process from 'node:process';
import {startNetcat} from '../../test/helpers/peers.js';
import {bin} from '../../test/helpers/process.js';
import {openTerminal} from '../../test/helpers/terminal.js';
import {renderSvg} from './svg.js';

const [port = '5001'] = process.argv.slice(2);
const heronPort = '53122';
const size = {columns: 110, rows: 20};
const target = new URL('../screen.svg', import.meta.url);

const stops: Array<() => Promise<void>> = [];
const owner = {
	after(stop: () => Promise<void>) {
		stops.unshift(stop);
	},
};

const open = async (...args: readonly string[]) => {
	const terminal = openTerminal(owner, {
		...bin(...args),
		...size,
		env: {TZ: 'UTC'},
	});
	await terminal.waitForModes({isBracketedPaste: true});
	return terminal;
};

try {
	const otter = await open('serve', '--port', port, '--nick', 'otter');
	await otter.waitFor(`listening on 127.0.0.1:${port}`);
	const heron = await open(
		'connect',
		'--port',
		port,
		'--local-port',
		heronPort,
		'--nick',
		'heron',
	);
	await otter.waitFor('heron joined');

	const guest = startNetcat(owner, Number(port));
	const speakers = {
		otter(text: string) {
			otter.type(`${text}\r`);
		},
		heron(text: string) {
			heron.type(`${text}\r`);
		},
		guest: guest.writeLine,
	};
	const conversation: ReadonlyArray<[keyof typeof speakers, string]> = [
		['heron', 'is the port free again?'],
		['otter', 'yes, since the FIN'],
		['otter', 'ss says TIME-WAIT, but SO_REUSEADDR is set'],
		['guest', '/nick crane'],
		['guest', 'hi, I have nothing but netcat'],
		['heron', '/me waves'],
		['otter', 'welcome! 你好 👋'],
		['guest', 'heron: which port was it?'],
		['heron', '5001; I’ll restart it: back in a minute'],
	];
	for (const [speaker, line] of conversation) {
		speakers[speaker](line);
		const shown = line
			.replace(/^\/nick (.*)/, '$1 joined')
			.replace('/me ', '* heron ');
		// Sequential, because it is a conversation.
		// eslint-disable-next-line no-await-in-loop
		await Promise.all([otter.waitFor(shown), heron.waitFor(shown)]);
	}

	await heron.waitFor(/back in a minute *✓/);
	// A ping's round trip: a message's would include drawing a frame.
	await heron.waitFor(/rtt +[\d.<]+ ms/);
	heron.type('and then we ');
	await heron.waitFor('› and then we');

	await writeFile(
		target,
		renderSvg({
			title: 'sockchat connect --nick heron',
			cells: heron.cells(),
			cursor: heron.modes.isCursorHidden ? undefined : heron.cursor(),
		}),
	);
} finally {
	for (const stop of stops) {
		// The guests leave before the host.
		// eslint-disable-next-line no-await-in-loop
		await stop();
	}
}
